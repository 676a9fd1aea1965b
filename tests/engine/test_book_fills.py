"""Orders of on-chain books in transactions: fills in lots and atoms, and the swaps they amount to.

The figures are composed, not recorded: no transaction of these programs is among the shared data.
"""

import pytest

from cambist.engine.reference.chain import program, tx_parser
from cambist.engine.reference.chain.log_parser.parse import parse_logs
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.events import decode_fills
from cambist.engine.reference.venues.slab_decoder import Lots
from tests.parity import book_fills as made
from tests.parity.transactions import body

LOTS = {made.MARKET: Lots(made.BASE_LOT, made.QUOTE_LOT)}
MINTS = made.QUOTE_MINT, made.BASE_MINT


def parsed(answer, markets=LOTS):
    [transaction] = tx_parser.parse_transactions(body(answer), markets)
    assert transaction.refused == []
    return transaction


@pytest.mark.parametrize("sells", [False, True])
def test_a_phoenix_swap_behind_a_router_is_told_by_its_fills_and_transfers(sells: bool):
    transaction = parsed(made.through_phoenix(sells=sells))
    [swap] = transaction.swaps
    assert (swap.venue, swap.pool, swap.place.router, swap.place.depth) == ("phoenix", made.MARKET, made.ROUTER, 2)
    assert swap.mints == (MINTS[::-1] if sells else MINTS)
    amounts = (made.BASE, made.GROSS - made.FEE) if sells else (made.GROSS + made.FEE, made.BASE)
    assert swap.amounts == swap.by_transfers == amounts
    assert (swap.decimals, swap.disagrees) == ((9, 6) if sells else (6, 9), False)
    assert [(fill.event.price, fill.event.base_lots) for fill in transaction.fills] == list(made.MATCHED)
    for fill in transaction.fills:
        assert fill.place == swap.place
        event = fill.event
        assert (event.venue, event.market, event.maker, event.taker) == (
            "phoenix", made.MARKET, made.MAKER, made.TRADER,
        )  # fmt: skip
        assert event.taker_buys is not sells
    assert sum(fill.atoms[0] for fill in transaction.fills) == made.BASE
    assert sum(fill.atoms[1] for fill in transaction.fills) == made.GROSS


def test_an_order_that_meets_nothing_is_no_swap():
    inner = [made.phoenix_swap(), made.called(owned.PHOENIX, [made.LOG_AUTHORITY], made.phoenix_log(), 3)]
    transaction = parsed(made.answer([made.called(made.ROUTER, [], b"\1", None)], {0: inner}))
    assert (transaction.swaps, transaction.fills) == ([], [])


def test_a_phoenix_log_counts_only_below_phoenix():
    fill = made.phoenix_log(made.phoenix_fill(0, 150, 20, maker_bids=False))
    forged = made.called(owned.PHOENIX, [made.LOG_AUTHORITY], fill, 2)
    transaction = parsed(made.answer([made.called(made.ROUTER, [], b"\1", None)], {0: [forged]}))
    assert transaction.fills == []
    other = made.called(made.ROUTER, [made.LOG_AUTHORITY], fill, 3)
    transaction = parsed(made.answer([made.called(made.ROUTER, [], b"\1", None)], {0: [made.phoenix_swap(), other]}))
    assert transaction.fills == []


def test_a_take_order_of_openbook_is_told_thrice_and_the_cranks_fill_is_no_swap():
    transaction = parsed(made.through_openbook())
    [swap] = transaction.swaps
    assert (swap.venue, swap.pool, swap.mints) == ("openbook2", made.MARKET, MINTS)
    assert swap.amounts == swap.by_event == swap.by_transfers == (made.GROSS + made.FEE, made.BASE)
    assert not swap.disagrees
    first, second, third = transaction.fills
    assert [fill.event.price for fill in (first, second)] == [150, 151]
    assert (first.place, second.place) == (swap.place, swap.place)
    assert (third.place.instruction, third.event.taker_buys) == (1, False)
    assert third.atoms == (made.BASE_LOT, 149 * made.QUOTE_LOT)


def test_an_order_of_openbook_that_settles_later_is_told_by_its_totals():
    logs = made.framed(owned.OPENBOOK_V2, made.data_line(made.total_log(made.GROSS + made.FEE, made.BASE)))
    top, paid = [made.place_order()], made.moved(made.USER_QUOTE, made.VAULT_QUOTE, made.GROSS + made.FEE, 2)
    logs[-1:-1] = made.framed(program.TOKEN, depth=2)
    [swap] = parsed(made.answer(top, {0: [paid]}, logs)).swaps
    assert (swap.pool, swap.amounts) == (made.MARKET, (made.GROSS + made.FEE, made.BASE))
    assert swap.by_transfers == (made.GROSS + made.FEE, None)
    assert swap.mints == (made.QUOTE_MINT, None)


@pytest.mark.parametrize("sells", [False, True])
def test_a_send_take_of_serum_is_told_by_its_transfers(sells: bool):
    transaction = parsed(made.through_serum(sells=sells))
    [swap] = transaction.swaps
    assert (swap.venue, swap.pool, swap.by_event) == ("serum", made.MARKET, None)
    assert swap.mints == (MINTS[::-1] if sells else MINTS)
    assert swap.amounts == ((made.BASE, made.GROSS - made.FEE) if sells else (made.GROSS + made.FEE, made.BASE))
    assert transaction.fills == []


def test_fills_of_a_market_whose_lots_are_not_given_stay_in_lots():
    assert [fill.atoms for fill in parsed(made.through_phoenix(), {}).fills] == [None, None]
    huge = {made.MARKET: Lots(2**60, 1)}
    assert [fill.atoms for fill in parsed(made.through_phoenix(), huge).fills] == [None, None]


def test_lines_tell_the_fills_of_openbook_in_its_own_frame_only():
    line = made.data_line(made.fill_log(150, 20))
    logs = parse_logs(made.framed(made.ROUTER, line, *made.framed(owned.OPENBOOK_V2, line, depth=2), line))
    [fill] = logs.fills
    assert (fill.line, fill.frame, fill.event.price, fill.event.sequence) == (3, 1, 150, 5)
    assert logs.refused == []


@pytest.mark.parametrize(
    ("key", "data", "message"),
    [
        (owned.PHOENIX, made.phoenix_log()[:92], "phoenix_log: size was 92, expected 93"),
        (owned.PHOENIX, b"\x0f\x02" + made.phoenix_log()[2:], "phoenix_log: header was 2"),
        (owned.PHOENIX, made.phoenix_log(count=1), "phoenix_log: size was 93, expected 94"),
        (owned.PHOENIX, made.phoenix_log(b"\x02"), "phoenix_log: size was 94, expected 160"),
        (owned.PHOENIX, made.phoenix_log(b"\x01"), "phoenix_log: event was 1"),
        (owned.PHOENIX, made.phoenix_log(b"\x0a"), "phoenix_log: event was 10"),
        (owned.PHOENIX, made.phoenix_log(made.phoenix_fill(0, 0, 1, maker_bids=True)), "phoenix_log: price was 0"),
        (owned.PHOENIX, made.phoenix_log(made.phoenix_fill(0, 1, 0, maker_bids=True)), "phoenix_log: quantity was 0"),
        (owned.OPENBOOK_V2, made.fill_log(1, 1)[:178], "openbook_v2_fill: size was 178, expected 179"),
        (owned.OPENBOOK_V2, made.fill_log(-1, 1), f"openbook_v2_fill: price was {2**64 - 1}"),
        (owned.OPENBOOK_V2, made.fill_log(1, 0), "openbook_v2_fill: quantity was 0"),
    ],
)
def test_what_cannot_be_a_fill_is_refused_with_what_it_was(key: bytes, data: bytes, message: str):
    assert decode_fills([(key, data)]) == [message]


def test_a_damaged_log_of_phoenix_is_named_and_the_swap_kept():
    inner = [made.phoenix_swap(), made.called(owned.PHOENIX, [made.LOG_AUTHORITY], made.phoenix_log(count=1), 3)]
    inner += made.both_ways(made.GROSS, made.BASE, 3)
    [transaction] = tx_parser.parse_transactions(
        body(made.answer([made.called(made.ROUTER, [], b"\1", None)], {0: inner}))
    )
    assert transaction.refused == ["phoenix_log: size was 93, expected 94"]
    assert [swap.amounts for swap in transaction.swaps] == [(made.GROSS, made.BASE)]
