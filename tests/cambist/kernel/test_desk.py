"""Orders on their way: in which order they wake, what is kept of those that ended, and what is in hand."""

from __future__ import annotations

import msgspec
import pytest

from cambist.engine.protocol import EngineSetup
from cambist.kernel.desk import FOREVER_NS, LAST_FILLS, MAX_CLOSED, Desk
from cambist.kernel.state import KernelSetup, opened
from cambist.model.ledger import CHAIN, Account, EntryKind, Posting
from cambist.model.orders import Charges, Stage, Working
from tests import orders
from tests.fakes import SOL, TOKENS, USDC

SETUP = EngineSetup(tokens=TOKENS)
WALLET = {SOL: 10**15, USDC: 20_000_000_000}


def desk(working: list[Working] | None = None) -> Desk:
    return Desk(SETUP, opened(KernelSetup(SETUP, wallet=WALLET)), working or [], [])


def values(mints, now_ns):
    return [None for _ in mints]


def test_orders_wake_by_their_time_then_by_their_number_and_those_that_only_wait_never() -> None:
    book = desk()
    assert book.due_ns == FOREVER_NS
    for number, due in ((3, 50), (1, 70), (4, 50), (2, 10)):
        assert not book.send(orders.order(number, due_ns=due), values).closed
    assert [working.order.id for working in book.working] == [2, 3, 4, 1]
    assert book.due_ns == 10
    part = orders.fill(book.working[0].order, 5, status=Stage.PARTIAL, amount_in=7)
    book.book(book.working[0], part, values)
    assert [working.order.id for working in book.working] == [3, 4, 1, 2]
    assert book.due_ns == 50
    assert FOREVER_NS == 2**63 - 1


def test_a_part_is_added_to_what_was_filled_and_charged_before() -> None:
    book, of = desk(), orders.order()
    book.send(of, values)
    for at, (spent, out) in enumerate(((7, 5), (11, 13)), 1):
        charges = Charges(at, 10 * at, 100 * at)
        fill = orders.fill(of, out, status=Stage.PARTIAL, amount_in=spent, charges=charges, attempt=at)
        step = book.book(book.working[0], fill, values)
        assert (step.closed, step.entry is not None) == (False, True)
    assert book.find(1) == Working(of, Stage.PARTIAL, 18, 18, Charges(3, 30, 300), 2)
    assert book.find(2) is None
    assert book.closed == []
    assert [outcome.fill.amount_in for outcome in book.outcomes] == [7, 11]


def test_an_end_is_booked_as_a_fill_only_if_something_came_out() -> None:
    book = desk()
    kinds = []
    for number, fill in enumerate((orders.fill(orders.order(1), 1), orders.ended(orders.order(2))), 1):
        book.send(orders.order(number), values)
        step = book.book(book.working[0], fill, values)
        assert step.closed
        assert step.entry is not None
        kinds.append(step.entry.kind)
    assert kinds == [EntryKind.FILLED, EntryKind.ENDED]
    assert book.ledger.wallet()[SOL] < WALLET[SOL]


def test_a_stage_that_moves_nothing_makes_no_entry_and_an_outcome_worth_nothing() -> None:
    book, of = desk(), orders.order()
    book.send(of, values)
    step = book.book(book.working[0], orders.ended(of, Stage.ACKNOWLEDGED), values)
    assert (step.entry, step.closed, book.outcomes[-1].worth) == (None, False, 0)
    step = book.book(book.working[0], orders.ended(of, Stage.UNKNOWN), values)
    assert (step.entry, len(book.outcomes), book.due_ns) == (None, 1, FOREVER_NS)


def test_the_last_that_ended_can_be_taken_back_and_the_last_outcomes_are_told() -> None:
    book = desk()
    for number in range(1, LAST_FILLS + 3):
        of = orders.order(number)
        book.send(of, values)
        book.book(book.working[0], orders.ended(of, Stage.MISSED), values)
    assert (MAX_CLOSED, LAST_FILLS) == (64, 200)
    assert [outcome.order.id for outcome in book.outcomes] == [*range(3, LAST_FILLS + 3)]
    assert [closed.fill.order_id for closed in book.closed] == [*range(LAST_FILLS + 3 - MAX_CLOSED, LAST_FILLS + 3)]


def test_only_an_outcome_that_is_unknown_again_takes_one_back_and_only_its_own() -> None:
    book = desk()
    fills = {}
    for number in (1, 2, 3):
        of = orders.order(number, due_ns=number)
        book.send(of, values)
        fills[number] = orders.fill(of, of.expected_out + number)
        book.book(book.working[0], fills[number], values)
    of = orders.order(2, due_ns=2)
    assert book.dropped(orders.ended(of, Stage.MISSED)) is None
    assert book.dropped(orders.ended(orders.order(9), Stage.UNKNOWN)) is None
    back = book.dropped(orders.ended(of, Stage.UNKNOWN, recv_ns=77))
    assert back is not None
    assert back.fill == fills[2]
    before = book.ledger.wallet()[SOL]
    step = book.take_back(back, orders.ended(of, Stage.UNKNOWN, recv_ns=77), values)
    assert [closed.fill.order_id for closed in book.closed] == [1, 3]
    assert (step.closed, [change.stage for change in step.stages]) == (False, [Stage.UNKNOWN])
    assert step.entry is not None
    assert (step.entry.at_ns, step.entry.order_id) == (77, 2)
    assert before - book.ledger.wallet()[SOL] == fills[2].amount_out
    assert book.outcomes[-1].worth == step.entry.worth == -fills[2].net
    assert len(book.outcomes) == 4
    assert book.working == [Working(of, Stage.UNKNOWN)]


def test_an_order_that_was_filled_in_parts_is_open_again_as_it_was_before_the_last() -> None:
    book, of = desk(), orders.order()
    book.send(of, values)
    book.book(book.working[0], orders.fill(of, 9, status=Stage.PARTIAL, amount_in=7, charges=Charges(1)), values)
    tied = book.ledger.balance(Account.IN_FLIGHT, SOL)
    book.book(book.working[0], orders.fill(of, 5, amount_in=of.amount_in - 7, charges=Charges(2)), values)
    unknown = orders.ended(of, Stage.UNKNOWN)
    closed = book.dropped(unknown)
    assert closed is not None
    book.take_back(closed, unknown, values)
    assert book.working == [Working(of, Stage.UNKNOWN, 7, 9, Charges(1))]
    assert book.ledger.balance(Account.IN_FLIGHT, SOL) == tied


def test_in_hand_is_what_is_free_and_what_is_on_its_way_on_chain() -> None:
    book, of = desk(), orders.order()
    assert book.holdings() == WALLET
    book.send(of, values)
    assert book.ledger.wallet()[SOL] < WALLET[SOL]
    assert book.holdings() == WALLET
    elsewhere = (Posting(Account.WALLET, "kraken", SOL, 5), Posting(Account.OPENING, "kraken", SOL, -5))
    book.ledger.enter(EntryKind.OPENING, 0, 0, elsewhere, values)
    assert book.holdings() == WALLET
    assert CHAIN == "solana"


def test_a_kernel_of_the_same_state_wakes_alike() -> None:
    book = desk()
    book.send(orders.order(1, due_ns=9), values)
    again = Desk(SETUP, book.ledger.state(), [*book.working], [*book.closed])
    assert (again.due_ns, again.find(1)) == (9, book.find(1))
    with pytest.raises(ValueError, match="order 1"):
        again.book(again.working[0], orders.fill(orders.order(1), -1), values)
    assert msgspec.json.encode(again.ledger.state()) == msgspec.json.encode(book.ledger.state())
