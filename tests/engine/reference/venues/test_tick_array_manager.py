import pytest

from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues.orca.layout import TickArray
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.sqrt_price import MAX_TICK, MIN_TICK
from cambist.engine.reference.venues.tick_array_manager import Ticks, array_start, swap_array_starts

SPACING, SPAN = 4, 352


def array(start: int, *ticks: int) -> TickArray:
    return TickArray(bytes(32), start, tuple(((tick - start) // SPACING, 7) for tick in ticks))


def test_a_swap_down_takes_the_array_of_the_price_and_two_below():
    assert swap_array_starts(5, SPACING, a_to_b=True) == [0, -SPAN, -2 * SPAN]
    assert swap_array_starts(-1, SPACING, a_to_b=True) == [-SPAN, -2 * SPAN, -3 * SPAN]


def test_a_swap_up_from_the_last_spacing_starts_at_the_next_array():
    assert swap_array_starts(SPAN - SPACING - 1, SPACING, a_to_b=False) == [0, SPAN, 2 * SPAN]
    assert swap_array_starts(SPAN - SPACING, SPACING, a_to_b=False) == [SPAN, 2 * SPAN, 3 * SPAN]


def test_arrays_beyond_the_price_range_are_left_out():
    assert swap_array_starts(MIN_TICK, SPACING, a_to_b=True) == [array_start(MIN_TICK, SPACING)]
    assert swap_array_starts(0, 32896, a_to_b=True) == [0, -32896 * 88]
    assert swap_array_starts(MAX_TICK, SPACING, a_to_b=False) == [array_start(MAX_TICK, SPACING)]


def test_the_search_down_includes_the_tick_and_the_search_up_does_not():
    ticks = Ticks(SPACING, [array(0, 8, 16), array(-SPAN, -4)], [-2 * SPAN, SPAN, 2 * SPAN])
    down, up = ticks.reach(8, a_to_b=True), ticks.reach(8, a_to_b=False)
    assert (down.next_stop(8).tick, down.next_stop(8).net) == (8, 7)
    assert down.next_stop(7).tick == -4
    assert up.next_stop(8).tick == 16


def test_empty_arrays_are_passed_over_and_only_the_last_has_an_edge():
    ticks = Ticks(SPACING, [array(0)], [-SPAN, -2 * SPAN, SPAN, 2 * SPAN])
    down, up = ticks.reach(8, a_to_b=True).next_stop(8), ticks.reach(8, a_to_b=False).next_stop(8)
    assert (down.tick, down.net, down.is_wall) == (-2 * SPAN, None, False)
    assert (up.tick, up.net, up.is_wall) == (3 * SPAN - 1, None, False)


def test_the_outermost_arrays_end_at_the_price_range():
    low, high = array_start(MIN_TICK, SPACING), array_start(MAX_TICK, SPACING)
    ticks = Ticks(SPACING, [], [low, high])
    assert ticks.reach(MIN_TICK + 9, a_to_b=True).next_stop(MIN_TICK + 9).tick == MIN_TICK
    assert ticks.reach(MAX_TICK - 9, a_to_b=False).next_stop(MAX_TICK - 9).tick == MAX_TICK


def test_an_array_that_was_never_seen_is_a_wall():
    ticks = Ticks(SPACING, [array(0, 4)], [-2 * SPAN])
    stop = ticks.reach(3, a_to_b=True).next_stop(3)
    assert (stop.tick, stop.is_wall) == (0, True)
    with pytest.raises(QuoteError, match="missing_account"):
        ticks.reach(-1, a_to_b=True)


def test_beyond_the_last_array_there_is_no_stop():
    reach = Ticks(SPACING, [array(0)], [-SPAN, -2 * SPAN]).reach(5, a_to_b=True)
    with pytest.raises(QuoteError, match="liquidity"):
        reach.next_stop(-2 * SPAN - 1)


@pytest.mark.parametrize("start", [1, SPACING, SPAN * 10_000, -SPAN * 10_000])
def test_a_misplaced_array_is_refused(start: int):
    with pytest.raises(LayoutError, match=f"start_tick_index was {start}"):
        Ticks(SPACING, [array(start)])


def test_an_array_given_twice_is_refused():
    with pytest.raises(LayoutError, match="start_tick_index was 0"):
        Ticks(SPACING, [array(0)], [0])
