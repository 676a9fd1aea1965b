"""Predicted against happened: by tenth of the prediction, each order once, and taken back as it was counted."""

from __future__ import annotations

import copy

import pytest

from cambist.kernel.reliability import MOST_ENDED, TENTHS, Reliability


@pytest.mark.parametrize(
    ("chance_ppm", "row"),
    [(0, 0), (99_999, 0), (100_000, 1), (500_000, 5), (899_999, 8), (900_000, 9), (1_000_000, 9), (None, TENTHS)],
)
def test_an_order_is_counted_in_the_tenth_of_its_prediction(chance_ppm: int | None, row: int) -> None:
    found = Reliability()
    found.sent(7, chance_ppm)
    assert not any(found.ended), "it has no end yet"
    found.took_end(7, landed=True)
    assert found.ended == found.landed == [int(at == row) for at in range(TENTHS + 1)]
    assert sum(found.predicted_ppm) == (chance_ppm or 0)
    assert found.mean_ppm(row) == chance_ppm
    assert found.waiting == {}


def test_the_mean_is_of_the_row_and_one_that_did_not_land_counts_as_an_order_alone() -> None:
    found = Reliability()
    for number, chance_ppm in enumerate((610_000, 640_000, 690_001)):
        found.sent(number, chance_ppm)
        found.took_end(number, landed=number == 1)
    assert (found.ended[6], found.landed[6], found.mean_ppm(6)) == (3, 1, 646_667)
    assert (found.mean_ppm(5), found.mean_ppm(TENTHS)) == (None, None)


def test_one_that_was_sent_before_the_session_began_counts_as_not_predicted() -> None:
    found = Reliability()
    found.took_end(3, landed=True)
    found.took_end(4, landed=False)
    assert (found.ended[TENTHS], found.landed[TENTHS]) == (2, 1)


@pytest.mark.parametrize("landed", [True, False])
def test_an_end_that_is_taken_back_is_counted_no_more_and_once_when_it_ends_again(landed: bool) -> None:
    found, before = Reliability(), Reliability()
    for each in (found, before):
        each.sent(1, 250_000)
    found.took_end(1, landed=landed)
    found.take_back(1, landed=landed)
    assert found == before
    found.take_back(1, landed=landed)
    assert found == before, "it has no end to take back"
    found.took_end(1, landed=not landed)
    assert (found.ended[2], found.landed[2], found.predicted_ppm[2]) == (1, int(not landed), 250_000)


def test_the_last_ones_that_ended_can_be_taken_back() -> None:
    found = Reliability()
    for number in range(MOST_ENDED + 1):
        found.sent(number, 950_000)
        found.took_end(number, landed=True)
    found.take_back(0, landed=True)
    assert found.ended[9] == MOST_ENDED + 1
    found.take_back(1, landed=True)
    assert (found.ended[9], found.landed[9], found.waiting) == (MOST_ENDED, MOST_ENDED, {1: 950_000})


def test_a_copy_goes_on_alone() -> None:
    found = Reliability()
    found.sent(1, 250_000)
    found.sent(2, 250_000)
    found.took_end(1, landed=True)
    other = copy.deepcopy(found)
    assert other == found
    other.took_end(2, landed=True)
    assert (found.ended[2], found.landed[2], found.predicted_ppm[2], found.waiting) == (1, 1, 250_000, {2: 250_000})
    assert list(found.over) == [1]
