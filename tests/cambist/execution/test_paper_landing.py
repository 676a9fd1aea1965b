"""Where a paper transaction lands and what it is paid there: each bound, the mark, and what a revert costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.engine.protocol import StateQuote
from cambist.execution.paper_landing import MOST_LATE, UNPROVED, aimed, is_over, landed, seen, taken
from cambist.execution.paper_model import PPM, PaperParams, draw, slipped
from cambist.model.orders import Charges, Landing, Stage
from tests import orders

SURE = PaperParams(failure_ppm=0, slippage_ppm=0)
LATE = PaperParams(late_ppm=230_000, late_full_ppm=600_000)


def state(slot: int, out: int = 1_010_000_000, newest: int | None = None, reason: str = "") -> StateQuote:
    return StateQuote(slot if newest is None else newest, slot, 0 if reason else out, reason)


def late(number: int, chance: int, seed: int = 7) -> int:
    """Returns how many slots an order misses, counted from its draws."""
    missed = [draw(seed, number, f"slot {at}", PPM) < chance for at in range(MOST_LATE)]
    return missed.index(False) if False in missed else MOST_LATE


@pytest.mark.parametrize(
    ("congestion", "chance"), [(None, 600_000), (0.0, 230_000), (50.0, 415_000), (99.9, 596_300), (100.0, 600_000)]
)
def test_the_fuller_the_chain_the_later_it_lands(congestion: float | None, chance: int) -> None:
    found = [aimed(LATE, 7, orders.order(number), state(90, newest=95), congestion, 5).slot for number in range(1, 400)]
    assert found == [95 + late(number, chance) for number in range(1, 400)]
    assert len({*found}) > 3


def test_a_slot_that_pools_are_told_of_before_it_is_announced_counts_and_nobody_is_late_for_ever() -> None:
    never = PaperParams(late_ppm=PPM, late_full_ppm=PPM)
    prompt = PaperParams(late_ppm=0, late_full_ppm=0)
    assert aimed(prompt, 7, orders.order(), state(96, newest=95), None, 5) == Landing(
        96, None, 1_010_000_000, 1_010_000_000
    )
    assert aimed(prompt, 7, orders.order(), state(95, newest=96), 0.0, 5).slot == 96
    assert aimed(never, 7, orders.order(), state(95), 0.0, 5).slot == 95 + MOST_LATE


def test_of_the_states_before_its_slot_the_last_counts_of_later_ones_none() -> None:
    way = aimed(SURE, 7, orders.order(), state(95, 900), None, 5)
    way = Landing(97, None, way.worst, way.best)
    way = seen(way, state(96, 700), 6)
    assert way == Landing(97, None, 700, 700)
    way = seen(way, state(96, 800, newest=97), 7)
    assert way == Landing(97, 7, 800, 800)
    way = seen(way, state(97, 850), 8)
    assert way == Landing(97, 7, 800, 850)
    way = seen(way, state(97, 790), 9)
    assert way == Landing(97, 7, 790, 850)
    assert seen(way, state(98, 1), 10) == way
    assert [is_over(way, state(97, newest=newest)) for newest in (97, 98, 99, 100)] == [False, False, True, True]


def test_a_state_that_cannot_be_quoted_says_nothing_unless_it_is_all_there_is() -> None:
    torn = seen(Landing(97, 4, 800, 850), state(97, reason="torn"), 5)
    assert torn == Landing(97, 4, 800, 850)
    before = seen(Landing(97, None, 800, 850), state(96, reason="torn"), 5)
    assert before == Landing(97, None, None, None, "torn")
    assert seen(before, state(97, reason="stale"), 6) == Landing(97, 6, None, None, "stale")
    assert seen(before, state(97, 12), 6) == Landing(97, 6, 12, 12)


@given(st.lists(st.tuples(st.integers(90, 100), st.integers(1, 2**64 - 1), st.booleans()), max_size=30))
def test_it_is_the_least_of_its_own_slot_and_of_the_last_state_before(told: list[tuple[int, int, bool]]) -> None:
    told.sort(key=lambda each: each[0])
    way, expected = Landing(95), list[int]()
    for slot, out, is_torn in told:
        way = seen(way, state(slot, out, reason="torn" if is_torn else ""), 5)
        if slot < 95:
            expected = [] if is_torn else [out]
        elif slot == 95 and not is_torn:
            expected.append(out)
    assert (way.worst, way.best) == (min(expected, default=None), max(expected, default=None))


def test_what_an_order_of_ours_took_is_missing_to_the_next_and_that_needs_no_proof() -> None:
    way = Landing(97, 5, 800, 850)
    assert taken(way, state(97, 700)) == Landing(97, 5, 700, 700)
    assert taken(way, state(99, 820)) == Landing(97, 5, 800, 820)
    assert taken(way, state(97, 900)) == way
    assert taken(way, state(97, reason="torn")) == way
    assert taken(Landing(97, 5, None, None, "torn"), state(97, 3)) == Landing(97, 5, None, None, "torn")


def test_an_outcome_is_marked_only_where_another_place_in_the_slot_would_have_paid_otherwise() -> None:
    order = orders.order(min_out=1_000)
    alone = landed(SURE, 7, order, Landing(97, 5, 1_000, 1_000), 9)
    assert (alone.status, alone.amount_out, alone.slot, alone.reason, alone.recv_ns) == (
        Stage.FILLED, 1_000, 97, "", 9,
    )  # fmt: skip
    worst = landed(SURE, 7, order, Landing(97, 5, 1_000, 1_001), 9)
    assert (worst.status, worst.amount_out, worst.reason) == (Stage.FILLED, 1_000, UNPROVED)
    missed = landed(SURE, 7, order, Landing(97, 5, 999, 999), 9)
    assert (missed.status, missed.miss, missed.reason, missed.slot) == (Stage.REVERTED, 1, "price moved", 97)
    assert missed.charges == order.miss_charges
    both = landed(SURE, 7, order, Landing(97, 5, 900, 999), 9)
    assert (both.status, both.reason) == (Stage.REVERTED, "price moved")
    could = landed(SURE, 7, order, Landing(97, 5, 900, 1_000), 9)
    assert (could.status, could.miss, could.reason) == (Stage.REVERTED, 100, UNPROVED)
    blind = landed(SURE, 7, order, Landing(97, None, None, None, "torn"), 9)
    assert (blind.status, blind.miss, blind.reason) == (Stage.REVERTED, None, "torn")
    assert landed(SURE, 7, order, Landing(97), 9).reason == "stale"


def test_slippage_and_loss_are_those_of_any_paper_order() -> None:
    slips = PaperParams(failure_ppm=0, slippage_ppm=500_000)
    order = orders.order(3, min_out=1)
    slip = draw(7, 3, "slippage", 500_001)
    assert slip > 0
    assert landed(slips, 7, order, Landing(97, 5, 1_001, 1_001), 9).amount_out == slipped(1_001, slip) < 1_001
    bound = orders.order(3, min_out=slipped(1_001, slip))
    assert landed(slips, 7, bound, Landing(97, 5, 900, 1_001), 9).reason == UNPROVED
    over = orders.order(3, min_out=slipped(1_001, slip) + 1)
    assert landed(slips, 7, over, Landing(97, 5, 900, 1_001), 9).reason == "price moved"
    lost = landed(PaperParams(failure_ppm=PPM), 7, order, Landing(97, 5, 1_001, 1_002), 9)
    assert (lost.status, lost.reason, lost.slot, lost.charges) == (Stage.MISSED, "not landed", None, Charges())


def test_a_bundle_that_would_revert_does_not_land_and_costs_nothing() -> None:
    made = orders.order(min_out=1_000, protected=True)
    missed = landed(SURE, 7, made, Landing(97, 5, 999, 999), 9)
    assert (missed.status, missed.fee, missed.net, missed.charges, missed.slot) == (
        Stage.MISSED, 0, 0, Charges(), None,
    )  # fmt: skip
    assert (missed.reason, missed.miss) == ("price moved", 1)
    assert landed(SURE, 7, made, Landing(97, 5, 999, 1_000), 9).reason == UNPROVED
