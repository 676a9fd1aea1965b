"""Which stage may follow which, which outcomes are possible, and what is told of an end."""

from __future__ import annotations

import re
from itertools import product

import msgspec
import pytest

from cambist.execution.order_life import ENDED, NEXT, WITHOUT_FILL, NoSuchStep, ended, require_possible, sent, step
from cambist.model.orders import Charges, Fill, Stage, StageChange, Working
from tests import orders

FOLLOWERS = {
    "new": "built sent missed expired",
    "built": "signed missed expired",
    "signed": "sent missed expired",
    "sent": "acknowledged partial landed filled missed reverted expired unknown unwinding",
    "acknowledged": "partial landed filled missed reverted expired unknown unwinding",
    "partial": "partial filled expired unknown unwinding",
    "landed": "filled reverted unknown",
    "unknown": "acknowledged partial landed filled missed reverted expired unwinding",
    "unwinding": "filled reverted unknown",
    "filled": "final unknown",
    "reverted": "final unknown",
    "final": "",
    "missed": "",
    "expired": "",
}
LEFT = 400
MOST = 2**64 - 1


@pytest.mark.parametrize(("at", "to"), [*product(Stage, Stage)])
def test_a_stage_is_followed_by_those_of_the_table_and_no_other(at: Stage, to: Stage) -> None:
    assert set(NEXT) == set(Stage)
    if to in FOLLOWERS[at].split():
        assert step(7, at, to) is to
        return
    with pytest.raises(NoSuchStep, match=f"^order 7 is {at}, it can't be {to} next$"):
        step(7, at, to)


def test_ends_are_those_at_which_nothing_is_on_its_way() -> None:
    assert {"filled", "final", "missed", "reverted", "expired"} == ENDED
    assert {"missed", "reverted", "expired"} == WITHOUT_FILL


def working() -> Working:
    """An order of 1,000 atoms of which 600 are filled."""
    return Working(orders.order(amount_in=1_000), Stage.PARTIAL, filled_in=600, filled_out=700)


def part(**changes: object) -> Fill:
    made = Fill(1, 5, Stage.PARTIAL, amount_in=LEFT, amount_out=450, fee=0, net=0)
    return msgspec.structs.replace(made, **changes)


ENDS = (Stage.MISSED, Stage.REVERTED, Stage.EXPIRED)
OPEN = (Stage.ACKNOWLEDGED, Stage.LANDED, Stage.UNKNOWN, Stage.UNWINDING)


@pytest.mark.parametrize(
    "fill",
    [
        part(),
        part(amount_in=0, amount_out=0),
        part(amount_out=MOST),
        part(status=Stage.FILLED, charges=Charges(MOST, 0, 0)),
        part(charges=Charges(0, MOST, MOST)),
        *(part(status=status, amount_in=0, amount_out=0, charges=Charges(1, 2, 3)) for status in ENDS),
        *(part(status=status, amount_in=0, amount_out=0) for status in OPEN),
    ],
)
def test_an_outcome_within_all_bounds_is_possible(fill: Fill) -> None:
    require_possible(working(), fill)


@pytest.mark.parametrize(
    ("fill", "why"),
    [
        (part(amount_in=-1), "an amount was -1"),
        (part(amount_out=-2), "an amount was -2"),
        (part(charges=Charges(0, -3)), "an amount was -3"),
        (part(charges=Charges(0, 0, -4)), "an amount was -4"),
        (part(amount_out=MOST + 1), f"an amount was {MOST + 1}"),
        (part(amount_in=MOST + 2), f"an amount was {MOST + 2}"),
        (part(charges=Charges(MOST + 3)), f"an amount was {MOST + 3}"),
        (part(amount_in=LEFT + 1), "401 filled of 400 that were left"),
        *((part(status=status, amount_in=0), f"{status} with 0 filled") for status in (*ENDS, *OPEN)),
        *((part(status=status, amount_out=0), f"{status} with 400 filled") for status in (*ENDS, *OPEN)),
        *(
            (part(status=status, amount_in=0, amount_out=0, charges=Charges(1, 2, 3)), f"{status} with 6 lamports paid")
            for status in OPEN
        ),
    ],
)
def test_an_outcome_out_of_one_bound_is_refused_with_its_number(fill: Fill, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'order 1: {why}')}$"):
        require_possible(working(), fill)


def test_a_paper_order_is_new_and_sent_at_once() -> None:
    of = orders.order(9, sent_ns=77)
    assert sent(of) == [StageChange(9, Stage.NEW, 77), StageChange(9, Stage.SENT, 77)]


@pytest.mark.parametrize("status", [Stage.FILLED, Stage.REVERTED])
def test_what_landed_landed_first(status: Stage) -> None:
    fill = part(status=status, recv_ns=50, net=-8, reason="price moved", attempt=3)
    assert ended(fill) == [
        StageChange(1, Stage.LANDED, 50, attempt=3),
        StageChange(1, status, 50, "price moved", -8, "atoms", 3),
    ]


@pytest.mark.parametrize("status", [Stage.MISSED, Stage.EXPIRED, Stage.UNKNOWN, Stage.PARTIAL])
def test_what_never_landed_did_not_and_a_miss_tells_by_how_much(status: Stage) -> None:
    assert ended(part(status=status, net=-8)) == [StageChange(1, status, 5, "", -8, "atoms", 1)]
    assert ended(part(status=status, net=-8, miss=0)) == [StageChange(1, status, 5, "", 0, "atoms", 1)]
