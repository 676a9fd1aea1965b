"""The market's DAMM v2 against what the deployed binary did."""

import base64

from cambist.engine.reference.chain import program
from cambist.engine.reference.venues.damm2.layout import DammV2Pool
from cambist.engine.reference.venues.damm2.owned import METEORA_DAMM_V2
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.execution import Outcome
from cambist.simulator.metas import readonly, written
from cambist.simulator.pool import Pool, PoolSpec
from cambist.simulator.tokens import TokenSpec
from cambist.simulator.transactions import Instruction, Meta
from cambist.simulator.venues.damm2.accounts import DammV2Account
from cambist.simulator.venues.damm2.layout import LpFees
from cambist.simulator.venues.damm2.market import Damm2Market
from cambist.simulator.venues.damm2.program import DAMM_SWAP, DAMM_SWAP2
from tests.simulator.venues.wallets import USER, WALLETS, code, key32, run
from tests.svm_vectors import load

MODES = {"in": 0, "partial": 1, "out": 2}


def damm_v2(case: dict, data: dict) -> tuple[Pool, dict[bytes, Account]]:
    """Returns the recorded pool as the market holds pools, and its accounts."""
    raw = base64.b64decode(case["pool_b64"])
    state = DammV2Pool.decode(raw)
    tokens = [TokenSpec(name, mint, 6, program.TOKEN, real=False) for name, mint in zip("AB", state.mints, strict=True)]
    address = key32(data["addresses"]["pool"])
    pool = Damm2Market(PoolSpec("damm2", *tokens, 0.0, 0, 0, 0, address, *state.vaults))
    accounts: dict[bytes, Account] = {USER: Account(bytes(32), b"", 10**12)}
    accounts[address] = DammV2Account(raw, state, LpFees((0, 0), (0, 0)))
    for keys, holder, amount in (
        (state.vaults, key32(data["addresses"]["authority"]), data["vault_balance"]),
        (WALLETS, USER, data["user_balance"]),
    ):
        for key, mint in zip(keys, state.mints, strict=True):
            accounts[key] = TokenBalance.new(program.TOKEN, mint, holder, amount, native=False, withheld=False)
    return pool, accounts


def swap(case: dict, data: dict) -> tuple[Pool, dict[bytes, Account], Outcome]:
    pool, accounts = damm_v2(case, data)
    spec, version = pool.spec, 2 if case["ix"] == "swap2" else 1
    users = WALLETS if case["a2b"] else WALLETS[::-1]
    tail = (program.TOKEN, program.TOKEN, METEORA_DAMM_V2)
    metas = (
        readonly(key32(data["addresses"]["authority"])),
        written(spec.address),
        *(written(key) for key in (*users, spec.vault_a, spec.vault_b)),
        readonly(spec.token_a.mint),
        readonly(spec.token_b.mint),
        Meta(USER, signer=True, writable=False),
        *(readonly(key) for key in tail),
        readonly(key32(data["addresses"]["event_authority"])),
        readonly(METEORA_DAMM_V2),
    )
    args = case["amount"].to_bytes(8, "little") + case["limit"].to_bytes(8, "little")
    args += bytes((MODES[case["mode"]],)) if version == 2 else b""
    tag = DAMM_SWAP if version == 1 else DAMM_SWAP2
    outcome = run(pool, accounts, Instruction(METEORA_DAMM_V2, metas, tag + args), data["clock"])
    return pool, accounts, outcome


def test_damm_v2_swaps_end_as_the_recorded_ones() -> None:
    """Amounts, price, fees owed, volatility, the event byte for byte, and error codes."""
    data, done, failed, dynamic = load("meteora_damm_v2"), 0, 0, 0
    for case in data["cases"]:
        exp = case["exp"]
        pool, accounts, outcome = swap(case, data)
        assert code(outcome) == exp["err"], (case["i"], outcome.logs)
        if not exp["ok"]:
            failed += 1
            continue
        before, after = accounts[pool.spec.address].pool, DammV2Pool.decode(outcome.account(pool.spec.address).data)
        moved = [abs(outcome.account(key).amount - accounts[key].amount) for key in WALLETS]
        assert moved == [exp["amount_a"], exp["amount_b"]]
        owed = [new - old for new, old in zip(after.protocol_fees, before.protocol_fees, strict=True)]
        assert owed == [exp["protocol_a"], exp["protocol_b"]]
        assert after.sqrt_price == int(exp["sqrt_price"])
        if exp.get("dyn"):
            fee = after.dynamic_fee
            seen = {"last": fee.last_update, "ref": str(fee.sqrt_price_reference)}
            seen |= {"vacc": fee.volatility_accumulator, "vref": fee.volatility_reference}
            assert {name: seen[name] for name in exp["dyn"]} == exp["dyn"]
            dynamic += 1
        assert [event.hex() for event in outcome.events] == exp["event_cpi"]
        done += 1
    assert done > 150
    assert failed > 25
    assert dynamic > 30


def test_damm_v2_uses_about_the_recorded_compute_units() -> None:
    data = load("meteora_damm_v2")
    for case in data["cases"]:
        if case["exp"]["ok"]:
            _, _, outcome = swap(case, data)
            name = "swap_in" if case["ix"] == "swap" else f"swap2_{case['mode']}"
            assert outcome.units == data["cu"][name]["median"]
