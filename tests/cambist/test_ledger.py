"""The books: every step of an order posts what it moves, sums to zero, and is booked once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.protocol import EngineSetup
from cambist.execution.order_life import NEXT, NoSuchStep, ended
from cambist.kernel.desk import Desk
from cambist.kernel.ledger import Ledger, LedgerState
from cambist.kernel.state import KernelSetup, opened
from cambist.model.ledger import CHAIN, COSTS, DAY_NS, Account, EntryKind, Posting, TokenValue, Unbalanced
from cambist.model.orders import Charges, Fill, Order, Stage
from tests import orders
from tests.fakes import SOL, TOKENS, USDC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.kernel.desk import Step

SETUP = EngineSetup(tokens=TOKENS)
WALLET = {SOL: 100_000_000_000, USDC: 20_000_000_000}
BUSD = [USDC, SOL, USDC]


def values(mints: Sequence[str], now_ns: int) -> list[TokenValue | None]:
    del now_ns
    known = {SOL: TokenValue(150.0, "orca", 5), USDC: TokenValue(1.0)}
    return [known.get(mint) for mint in mints]


def desk() -> Desk:
    return Desk(SETUP, opened(KernelSetup(SETUP, wallet=WALLET)), [], [])


def flows(step: Step) -> dict[tuple[str, str], int]:
    """Returns what an entry posted, by account and symbol."""
    assert step.entry is not None
    symbols = {SOL: "SOL", USDC: "USDC"}
    return {(p.account.value, symbols[p.token]): p.atoms for p in step.entry.postings}


def test_an_order_ties_up_its_amount_what_its_legs_cost_beside_it_and_all_that_the_chain_may_take() -> None:
    of = orders.order(tokens=BUSD, amount_in=500_000_000, transfer=3_000, loan_fee=700)
    book = desk()
    step = book.send(of, values)
    assert [change.stage for change in step.stages] == ["new", "sent"]
    assert flows(step) == {
        ("wallet", "USDC"): -500_003_700, ("in_flight", "USDC"): 500_003_700,
        ("wallet", "SOL"): -525_000, ("in_flight", "SOL"): 525_000,
    }  # fmt: skip
    assert step.entry is not None
    assert (step.entry.net, step.entry.worth) == ({}, 0), "nothing is earned by sending"


def test_a_fill_in_dollars_pays_the_chain_in_sol_and_is_worth_both_at_the_price_of_its_time() -> None:
    of = orders.order(
        tokens=BUSD, amount_in=500_000_000, expected_out=503_000_000, pool_fees=900_000, transfer=3_000, loan_fee=700
    )
    book = desk()
    book.send(of, values)
    step = book.book(book.working[0], orders.fill(of, 502_900_000, charges=Charges(25_000, 500_000, 2_000)), values)
    assert flows(step) == {
        ("in_flight", "USDC"): -500_003_700, ("wallet", "USDC"): 502_900_000,
        ("result", "USDC"): -3_900_000, ("pool_fee", "USDC"): 900_000, ("slippage", "USDC"): 100_000,
        ("transfer", "USDC"): 3_000, ("loan_fee", "USDC"): 700,
        ("in_flight", "SOL"): -525_000, ("wallet", "SOL"): -2_000,
        ("network_fee", "SOL"): 25_000, ("tip", "SOL"): 500_000, ("rent_held", "SOL"): 2_000,
    }  # fmt: skip
    assert step.entry is not None
    assert step.entry.net == {USDC: 2_896_300, SOL: -525_000}, "rent is held, not spent"
    assert step.entry.worth == round(2_896_300 / 1e6 / 150.0 * 1e9) - 525_000
    assert book.ledger.today.paid == {
        "pool_fee": {USDC: 900_000}, "slippage": {USDC: 100_000}, "transfer": {USDC: 3_000}, "loan_fee": {USDC: 700},
        "network_fee": {SOL: 25_000}, "tip": {SOL: 500_000},
    }  # fmt: skip


@pytest.mark.parametrize(("status", "owed"), [(Stage.REVERTED, 25_000), (Stage.MISSED, 0), (Stage.EXPIRED, 0)])
def test_an_order_that_does_nothing_gives_all_back_but_what_a_revert_owes(status: Stage, owed: int) -> None:
    of, book = orders.order(), desk()
    before = book.ledger.wallet()
    book.send(of, values)
    step = book.book(book.working[0], orders.ended(of, status), values)
    assert book.ledger.wallet() == {**before, SOL: before[SOL] - owed}
    assert book.ledger.balance(Account.IN_FLIGHT, SOL) == 0
    assert step.entry is not None
    assert step.entry.worth == -owed
    assert book.outcomes[-1].worth == -owed


def test_a_second_outcome_and_an_impossible_one_change_nothing() -> None:
    of, book = orders.order(), desk()
    book.send(of, values)
    working = book.working[0]
    was = msgspec.json.encode(book.ledger.state())
    impossible = (
        orders.fill(of, 5, amount_in=of.amount_in + 1),
        orders.fill(of, -1),
        orders.fill(of, 1 << 64),
        orders.ended(of, amount_out=1),
        orders.fill(of, 5, charges=Charges(-1)),
    )
    for fill in impossible:
        with pytest.raises(ValueError, match="order 1"):
            book.book(working, fill, values)
        assert (msgspec.json.encode(book.ledger.state()), book.working) == (was, [working])
    book.book(working, orders.fill(of, of.expected_out), values)
    booked = msgspec.json.encode(book.ledger.state())
    with pytest.raises(NoSuchStep, match="order 1 is filled, it can't be missed next"):
        book.book(msgspec.structs.replace(working, stage=Stage.FILLED), orders.ended(of, Stage.MISSED), values)
    assert msgspec.json.encode(book.ledger.state()) == booked


def test_a_block_that_falls_out_takes_its_outcome_back_and_the_order_is_open_again() -> None:
    of, book = orders.order(), desk()
    book.send(of, values)
    sent = book.ledger.wallet()
    book.book(book.working[0], orders.fill(of, of.expected_out), values)
    dropped = book.dropped(orders.ended(of, Stage.UNKNOWN))
    assert dropped is not None
    step = book.take_back(dropped, orders.ended(of, Stage.UNKNOWN), values)
    assert step.entry is not None
    assert step.entry.kind == EntryKind.REVERSED
    assert book.ledger.wallet() == sent
    assert (book.working[0].stage, book.ledger.today.worth, book.due_ns) == (Stage.UNKNOWN, 0, 2**63 - 1)
    assert book.dropped(orders.ended(of, Stage.UNKNOWN)) is None, "once"
    book.book(book.working[0], orders.fill(of, of.expected_out), values)
    assert book.ledger.today.worth == of.expected_net


def test_an_entry_that_does_not_balance_is_refused() -> None:
    ledger = Ledger(LedgerState(), TOKENS, SOL)
    with pytest.raises(Unbalanced, match="sum to 1, not to 0"):
        ledger.enter(EntryKind.FILLED, 0, 1, (Posting(Account.WALLET, CHAIN, SOL, 1),), values)
    assert ledger.state() == LedgerState()


def test_a_day_is_of_utc_and_a_clock_that_goes_back_begins_none() -> None:
    book = desk()
    for number, day in enumerate((5, 5, 6, 5), 1):
        of = orders.order(number, sent_ns=day * DAY_NS)
        book.send(of, values)
        book.book(book.working[0], orders.ended(of, recv_ns=day * DAY_NS + number), values)
    today = book.ledger.today
    assert (book.ledger.day, today.worth, today.entries, today.peak, today.from_peak) == (6, -50_000, 2, 0, -50_000)


def test_the_peak_is_the_highest_of_the_day_and_losses_are_counted_from_it() -> None:
    book, seen = desk(), []
    for number, out in enumerate((1_010_000_000, 1_001_000_000, 1_020_000_000, 1_000_000_000), 1):
        of = orders.order(number)
        book.send(of, values)
        book.book(book.working[0], orders.fill(of, out), values)
        seen.append((book.ledger.today.worth, book.ledger.today.peak, book.ledger.today.from_peak))
    gains = (9_475_000, 475_000, 19_475_000, -525_000)
    totals = [sum(gains[: n + 1]) for n in range(4)]
    assert seen == [
        (totals[0], totals[0], 0), (totals[1], totals[1], 0), (totals[2], totals[2], 0),
        (totals[3], totals[2], -525_000),
    ]  # fmt: skip


def test_every_stage_has_its_followers_and_ends_have_none() -> None:
    assert set(NEXT) == set(Stage)
    assert [stage for stage in Stage if not NEXT[stage]] == [Stage.FINAL, Stage.MISSED, Stage.EXPIRED]


@pytest.mark.parametrize("at", [stage for stage in Stage if Stage.FILLED in NEXT[stage]])
def test_a_fill_goes_through_legal_stages_wherever_the_order_was(at: Stage) -> None:
    for fill in (orders.fill(orders.order(), 5), orders.ended(orders.order())):
        if fill.status not in NEXT[at]:
            continue
        last = at
        for change in ended(fill, at):
            assert change.stage in NEXT[last], (at, change.stage)
            last = change.stage
        assert last == fill.status
    assert [change.stage for change in ended(orders.fill(orders.order(), 5))] == [Stage.LANDED, Stage.FILLED]


amounts = st.integers(0, 2_000_000)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int, Charges]]:
    """What happens to an order: (what, in, out, charges)."""
    kinds = st.sampled_from(["part", "fill", "revert", "miss", "unknown", "drop", "again"])
    charges = st.builds(Charges, st.integers(0, 9_000), st.integers(0, 9_000), st.integers(0, 9_000))
    return draw(st.lists(st.tuples(kinds, amounts, amounts, charges), max_size=8))


@given(
    st.lists(
        st.tuples(steps(), st.integers(1, 2_000_000), st.integers(0, 9_000), st.booleans()), min_size=1, max_size=6
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_the_books_balance_and_wallets_are_the_sum_of_postings(
    flow: list[tuple[list[tuple[str, int, int, Charges]], int, int, bool]],
) -> None:
    book, posted = desk(), list(opened(KernelSetup(SETUP, wallet=WALLET)).balances)
    for number, (happens, amount_in, beside, dollars) in enumerate(flow, 1):
        of = orders.order(
            number,
            tokens=BUSD if dollars else orders.TOKENS,
            amount_in=amount_in,
            transfer=beside,
            loan_fee=beside // 3,
        )
        _take(posted, book.send(of, values))
        for kind, spent, out, charges in happens:
            _try(book, of, posted, kind, (spent, out, charges))
        if number % 2:
            book = Desk(SETUP, book.ledger.state(), book.working, book.closed)
    sums: Counter[tuple[str, str, str]] = Counter()
    for posting in posted:
        sums[posting.account, posting.venue, posting.token] += posting.atoms
    state = book.ledger.state()
    assert {(p.account, p.venue, p.token): p.atoms for p in state.balances} == {k: v for k, v in sums.items() if v}
    assert not book.ledger.off()
    spent = {t: sum(sums[a, CHAIN, t] for a in (*COSTS, Account.RESULT)) for t in WALLET}
    held = {t: sum(sums[a, CHAIN, t] for a in (Account.WALLET, Account.IN_FLIGHT, Account.RENT_HELD)) for t in WALLET}
    assert held == {t: WALLET[t] - spent[t] for t in WALLET}
    if not book.working:
        assert all(atoms == 0 for (account, _, _), atoms in sums.items() if account == Account.IN_FLIGHT)


def _try(book: Desk, of: Order, posted: list[Posting], kind: str, amounts: tuple[int, int, Charges]) -> None:
    """Lets something happen to an order; what can't is refused and posts nothing."""
    spent, out, charges = amounts
    working = book.find(of.id)
    if kind == "drop":
        closed = book.dropped(orders.ended(of, Stage.UNKNOWN))
        if closed is not None:
            _take(posted, book.take_back(closed, orders.ended(of, Stage.UNKNOWN), values))
        return
    if working is None:
        return
    left = of.amount_in - working.filled_in
    status = {"part": Stage.PARTIAL, "revert": Stage.REVERTED, "miss": Stage.MISSED, "unknown": Stage.UNKNOWN}.get(
        kind, Stage.FILLED
    )
    if status in (Stage.FILLED, Stage.PARTIAL):
        taken = left if status == Stage.FILLED else spent
        fill: Fill = orders.fill(of, out, status=status, amount_in=taken, charges=charges)
    else:
        fill = orders.ended(of, status, charges=charges)
    try:
        _take(posted, book.book(working, fill, values))
    except ValueError:
        assert book.find(of.id) == working


def _take(posted: list[Posting], step: Step) -> None:
    if step.entry is not None:
        posted += step.entry.postings


@pytest.mark.parametrize("status", [Stage.MISSED, Stage.EXPIRED])
def test_what_never_was_in_a_block_can_not_fall_out_of_one(status: Stage) -> None:
    of, book = orders.order(), desk()
    book.send(of, values)
    book.book(book.working[0], orders.ended(of, status), values)
    assert book.dropped(orders.ended(of, Stage.UNKNOWN)) is None
    other = orders.order(2)
    book.send(other, values)
    book.book(book.working[0], orders.ended(other), values)
    dropped = book.dropped(orders.ended(other, Stage.UNKNOWN))
    assert dropped is not None, "a revert is in a block"
    assert dropped.before.order == other
