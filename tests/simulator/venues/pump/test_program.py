"""The market's Pump AMM: its published formulas and interface. No execution of the program is recorded."""

from collections.abc import Callable

import pytest

from cambist.engine.reference.venues.events import decode_event
from cambist.engine.reference.venues.pump import maths as pump
from cambist.engine.reference.venues.pump.layout import PumpFees, PumpPool
from cambist.simulator.accounts import TokenBalance
from cambist.simulator.addresses import associated
from cambist.simulator.execution import Outcome, execute
from cambist.simulator.market import Market
from cambist.simulator.swap_builder import SwapBuilder
from cambist.simulator.transactions import Budget, Instruction, Meta, Transaction
from cambist.simulator.venues import HANDLERS
from cambist.simulator.venues.pump.catalogue import PROGRAM, TIERS
from cambist.simulator.venues.pump.market import PumpMarket
from tests.simulator.venues.wallets import code

AMOUNT = 5_000_000_000


class Scene:
    """A freshly opened market, and one of its wallets."""

    def __init__(self, canonical: bool = True) -> None:
        self.market = Market(7)
        self.chain = self.market.chain
        self.owner = self.market.world.noise[0].key
        self.builder = SwapBuilder(self.chain.accounts.get)
        self.pool = next(
            pool
            for pool in self.market.world.pools
            if isinstance(pool, PumpMarket) and pool.facts.canonical == canonical
        )
        spec = self.pool.spec
        keys = self.builder.swap(self.pool, self.owner, 1, 1, a_to_b=False).accounts
        self.fee_account, self.creator_account = keys[10].key, keys[17].key
        self.users = associated(self.owner, spec.token_a), associated(self.owner, spec.token_b)

    def run(self, swap: Instruction) -> Outcome:
        transaction = Transaction(
            (bytes(64),), b"", self.owner, bytes(32), (swap,), Budget(200_000, 0), frozenset(), verified=True
        )
        pools = {self.pool.spec.address: self.pool}
        return execute(transaction, self.chain.accounts, pools, HANDLERS, slot=1, now=2, epoch=3)

    def swap(self, *, a_to_b: bool, exact_in: bool, version: int, limit: int, amount: int = AMOUNT) -> Instruction:
        return self.builder.swap(
            self.pool, self.owner, amount, limit, a_to_b=a_to_b, exact_in=exact_in, version=version
        )

    def moved(self, outcome: Outcome) -> tuple[int, ...]:
        """Returns what user, vaults, fee account and creator got, base before quote."""
        spec = self.pool.spec
        keys = (*self.users, spec.vault_a, spec.vault_b, self.fee_account, self.creator_account)
        found = []
        for key in keys:
            before, after = self.chain.accounts[key], outcome.account(key)
            assert isinstance(before, TokenBalance)
            assert isinstance(after, TokenBalance)
            found.append(after.amount - before.amount)
        return tuple(found)


FORMULAS: dict[tuple[bool, bool], Callable[..., pump.PumpFill]] = {
    (False, True): pump.buy_exact_in,
    (False, False): pump.buy_exact_out,
    (True, True): pump.sell_exact_in,
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("a_to_b", "exact_in"), FORMULAS)
@pytest.mark.parametrize("canonical", [True, False])
def test_tokens_and_fees_go_where_the_interface_says(
    canonical: bool, a_to_b: bool, exact_in: bool, version: int
) -> None:
    scene = Scene(canonical)
    spec = scene.pool.spec
    state = scene.pool.state(scene.chain.accounts.get)
    base, quote = (scene.chain.accounts[key].amount for key in (spec.vault_a, spec.vault_b))
    fees = state.fees()
    assert fees.creator > 0 if canonical else fees == PumpFees(25, 5, 0)
    fill = FORMULAS[a_to_b, exact_in](pump.PumpReserves(base, quote), fees, AMOUNT)
    limit = fill.amount_out if exact_in else fill.amount_in
    outcome = scene.run(scene.swap(a_to_b=a_to_b, exact_in=exact_in, version=version, limit=limit))
    assert outcome.err is None, outcome.logs
    paid, got, owed = fill.amount_in, fill.amount_out, fill.owed()
    out = owed if version == 1 else 0
    users = (-paid, got) if a_to_b else (got, -paid)
    vaults = (paid, -got - out) if a_to_b else (-got, paid - out)
    shares = (fill.protocol_fee, fill.creator_fee) if version == 1 else (0, 0)
    assert scene.moved(outcome) == (*users, *vaults, *shares)
    after = PumpPool.decode(outcome.account(spec.address).data)
    assert after.virtual_quote_reserves == (0 if version == 1 else -owed)
    [event] = [decode_event(PROGRAM, data[8:]) for data in outcome.events]
    assert event is not None
    assert (event.pool, event.a_to_b, event.amount_in, event.amount_out) == (spec.address, a_to_b, paid, got)
    assert event.fees == ((0, fill.fee()) if a_to_b else (fill.fee(), 0))


def test_both_versions_leave_the_same_price() -> None:
    prices = []
    for version in (1, 2):
        scene = Scene()
        outcome = scene.run(scene.swap(a_to_b=False, exact_in=True, version=version, limit=1))
        reserves = scene.pool.state(outcome.account)
        prices.append((reserves.amounts[0], reserves.amounts[1] + reserves.account.virtual_quote_reserves))
    assert prices[0] == prices[1]


def test_fees_follow_the_market_cap() -> None:
    scene = Scene()
    state = scene.pool.state(scene.chain.accounts.get)
    supply = scene.pool.facts.supply
    for at, (least, bps) in enumerate(TIERS.items()):
        amounts = (supply, (least + 1) * 10**9)
        assert type(state)(*(*vars(state).values(),)[:5], amounts, (None, None)).fees() == PumpFees(*bps), at
    seen = set()
    for _ in range(60):
        scene.market.slot()
        for pool in scene.market.world.pools:
            if isinstance(pool, PumpMarket):
                seen.add(pool.state(scene.chain.accounts.get).fees())
    assert {PumpFees(20, 5, 5), PumpFees(20, 5, 4), PumpFees(25, 5, 0)} == seen


def test_pump_refuses_limits_that_are_missed_by_an_atom() -> None:
    for a_to_b, exact_in in FORMULAS:
        scene = Scene()
        state = scene.pool.state(scene.chain.accounts.get)
        fill = state.fill(a_to_b, AMOUNT, exact_in=exact_in)
        missed = fill.amount_out + 1 if exact_in else fill.amount_in - 1
        outcome = scene.run(scene.swap(a_to_b=a_to_b, exact_in=exact_in, version=1, limit=missed))
        assert code(outcome) == 6004
        assert scene.moved(outcome) == (0,) * 6


@pytest.mark.parametrize("version", [1, 2])
def test_pump_refuses_wrong_accounts_and_amounts(version: int) -> None:
    scene = Scene()
    good = scene.swap(a_to_b=False, exact_in=True, version=version, limit=1)

    def with_key(at: int, key: bytes) -> tuple[Meta, ...]:
        return (*good.accounts[:at], good.accounts[at]._replace(key=key), *good.accounts[at + 1 :])

    pool, wallet = scene.pool, scene.owner
    wrong = [
        (good.accounts[:16], 3005),
        (with_key(0, wallet), 3007),
        (with_key(2, wallet), 2012),
        (with_key(7, pool.spec.vault_b), 2012),
        (with_key(5, scene.users[1]), 2003),
        ((good.accounts[0], good.accounts[1]._replace(signer=False), *good.accounts[2:]), 3010),
    ]
    if version == 1:
        wrong += [
            (with_key(9, wallet), 6013),
            (with_key(10, scene.users[1]), 2003),
            (with_key(17, scene.fee_account), 2003),
            (with_key(18, wallet), 2006),
            (with_key(20, wallet), 2006),
            (with_key(21, wallet), 2012),
            (good.accounts[:24], 3005),
            (with_key(24, wallet), 6013),
        ]
    else:
        wrong += [(with_key(12, wallet), 2006), (with_key(14, scene.users[1]), 6013)]
    for metas, wanted in wrong:
        outcome = scene.run(good._replace(accounts=metas))
        assert code(outcome) == wanted, (wanted, outcome.logs)
    nothing = [(False, True, 6002), (False, False, 6001), (True, True, 6001)]
    for a_to_b, exact_in, wanted in nothing:
        swap = scene.swap(a_to_b=a_to_b, exact_in=exact_in, version=version, limit=0, amount=0)
        assert code(scene.run(swap)) == wanted
    everything = scene.swap(a_to_b=False, exact_in=False, version=version, limit=2**64 - 1, amount=2**62)
    assert code(scene.run(everything)) == 6016
