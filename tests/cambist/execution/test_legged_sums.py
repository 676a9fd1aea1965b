"""What a trade by legs is cut into and comes to, and what a book fills of an order: to the atom, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cambist.config import Paper
from cambist.engine.protocol import RouteQuote
from cambist.execution import legged
from cambist.execution.legged import Filled, Left, Part, Settled
from cambist.execution.paper_model import SHARES, PaperParams, draw, land, send_parts
from cambist.execution.risk import Approved, Limits, RiskGate
from cambist.execution.routes import legs_of, turned
from cambist.model.ledger import CHAIN
from cambist.model.opportunity import Cost, Lamports
from cambist.model.orders import Charges, Intent, OrderLeg, Stage
from tests import orders
from tests.fakes import SOL, opportunity

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.model.orders import Fill, Order

SURE = PaperParams(failure_ppm=0, slippage_ppm=0)


class Curve:
    """Quotes what a function says of a route and an amount; `None` is too much."""

    def __init__(self, paid: Callable[[list[str], int], int | None]) -> None:
        self._paid = paid

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        assert now_ns == 5
        paid = self._paid(route, amount_in)
        return RouteQuote(0, "liquidity") if paid is None else RouteQuote(paid, "")


def curve(paid: Callable[[list[str], int], int | None]) -> Any:
    return Curve(paid)


FIRST = orders.order(1, route=["A:0"], tokens=["T", "U"], amount_in=100, expected_out=200, transfer=3, loan_fee=2)
LAST = orders.order(2, route=["x:S:1"], tokens=["U", "T"], amount_in=200, expected_out=107)
BOTH = [FIRST, LAST]


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        ([Filled(100, 198, 5), Filled(200, 106, 1)], Settled(100, -100 - 5 - 5 - 1 - 1 + 106, [])),
        ([Filled(100, 201, 5), Filled(200, 107)], Settled(100, -100 - 5 - 5 + 0 + 107, [])),
        ([Filled(100, 204, 5), Filled(200, 107)], Settled(100, -100 - 5 - 5 + 2 + 107, [])),
        ([Filled(100, 198, 5), Filled(100, 53)], Settled(50, -50 - 10 - 1 + 53, [Left("U", 99, "T", 50, FIRST)])),
        ([Filled(100, 198, 5), Filled(67, 35)], Settled(34, -34 - 10 - 1 + 35, [Left("U", 132, "T", 66, FIRST)])),
        ([Filled(100, 198, 5), Filled()], Settled(0, -10, [Left("U", 198, "T", 100, FIRST)])),
        ([Filled(0, 0, 4), Filled(200, 106)], Settled(0, -4, [Left("T", 106, "U", 200, LAST)])),
        ([Filled(51, 101, 5), Filled(200, 107)], Settled(51, -51 - 5 - 2 - 1 + 54, [Left("T", 53, "U", 98, LAST)])),
        ([Filled(), Filled()], Settled(0, 0, [])),
    ],
)
def test_a_trade_comes_to_its_least_leg_less_all_that_was_paid(fills: list[Filled], expected: Settled) -> None:
    settled = legged.settle(100, 107, BOTH, fills)
    assert settled == expected
    assert settled.whole == (settled.amount_in > 0 and not settled.left)


def test_where_an_equivalence_ends_a_trade_its_last_order_is_worth_what_the_whole_was_to_bring() -> None:
    tied = [FIRST, orders.order(2, route=["x:S:1"], tokens=["U", "V"], amount_in=200, expected_out=214)]
    assert legged.settle(100, 107, tied, [Filled(100, 200), Filled(200, 212)]).net == -100 - 5 + 106
    assert legged.settle(100, 107, tied, [Filled(100, 200), Filled(200, 211)]).net == -100 - 5 + 105
    assert not legged.settle(100, 107, BOTH, [Filled(), Filled(200, 5)]).whole


def test_parts_are_the_chain_together_each_exchange_for_itself_and_no_equivalence() -> None:
    found = opportunity(
        route=["A:0", "B:1", "x:S:1", "x:R:0", "equivalence:x:P:0", "C:1"],
        tokens=["T", "U", "V", "W", "Y", "Z", "T"],
        amount_in=1_000,
        amount_out=1_030,
    )
    paid = {2: 400, 3: 90, 4: 5_000, 5: 4_990, 6: 1_030}
    asked: list[tuple[int, int]] = []

    def quote(route: list[str], amount: int) -> int:
        asked.append((len(route), amount))
        return paid[len(route)]

    made = legged.parts(curve(quote), found, 1_010, 5)
    assert asked == [(at, 1_000) for at in (2, 3, 4, 5, 6)]
    legs = legs_of(found.route, found.tokens)
    assert made == (
        Part(legs[:2], 1_000, 400, 400 - 400 * 20 // (1_030 * 4)),
        Part(legs[2:3], 400, 90, 90 - 90 * 20 // (1_030 * 4)),
        Part(legs[3:4], 90, 5_000, 5_000 - 5_000 * 20 // (1_030 * 4)),
        Part(legs[5:], 4_990, 1_030, 1_030 - 5),
    )
    assert [part.venue for part in made] == [CHAIN, "x", "x", CHAIN]
    assert legged.parts(curve(lambda route, _: None if len(route) > 3 else 7), found, 1, 5) == "liquidity"


@pytest.mark.parametrize(("least", "each"), [(107, 107), (200, 107), (106, 107), (105, 106), (1, 54)])
def test_a_part_may_fall_short_by_its_share_of_what_the_whole_has_over(least: int, each: int) -> None:
    found = opportunity(route=["x:S:1", "y:S:0"], tokens=["T", "U", "T"], amount_in=100, amount_out=107)
    (_, last) = legged.parts(curve(lambda *_: 107), found, least, 5)
    assert last.min_out == each
    (_, nothing) = legged.parts(curve(lambda *_: 0), found, least, 5)
    assert (nothing.expected_out, nothing.min_out) == (0, 1)


def test_the_way_back_takes_the_other_direction_of_each_edge_last_first() -> None:
    legs = legs_of(["A:0", "x:S:1"], ["T", "U", "V"])
    assert turned(legs) == (OrderLeg("x:S:0", "x", "V", "U"), OrderLeg("A:1", CHAIN, "U", "T"))
    assert turned(turned(legs)) == legs


def test_a_hedge_needs_an_order_that_was_not_filled_whole_and_makes_the_same_of_the_same() -> None:
    (left,) = legged.settle(100, 107, BOTH, [Filled(100, 198), Filled(100, 53)]).left
    whole, part = [Filled(100, 198), Filled(200, 106)], [Filled(100, 198), Filled(100, 53)]
    assert legged.way_back(left, BOTH, part, hedge=True) == LAST.legs
    assert legged.way_back(left, BOTH, whole, hedge=True) == turned(FIRST.legs)
    assert legged.way_back(left, BOTH, part, hedge=False) == turned(FIRST.legs)
    for tokens in (["U", "W"], ["W", "T"]):
        other = [FIRST, orders.order(2, route=["x:S:1"], tokens=tokens, amount_in=200)]
        assert legged.way_back(left, other, part, hedge=True) == turned(FIRST.legs)


def at_exchange(min_out: int, paid: Callable[[int], int | None], amount_in: int = SHARES) -> list[Fill]:
    order: Order = orders.order(
        1, route=["x:S:1"], tokens=["U", "T"], amount_in=amount_in, min_out=min_out, fee=0, charges=Charges()
    )
    return land(SURE, 7, order, curve(lambda _, amount: paid(amount)), 5)


def told(fills: list[Fill]) -> list[tuple[Any, ...]]:
    return [(fill.status, fill.amount_in, fill.amount_out, fill.reason, fill.miss) for fill in fills]


def test_what_brings_the_limit_is_filled_whole_and_an_atom_less_in_part() -> None:
    assert told(at_exchange(1_000, lambda x: x - 24)) == [(Stage.FILLED, SHARES, 1_000, "", None)]
    assert told(at_exchange(1_001, lambda x: min(x, 1_000))) == [
        (Stage.PARTIAL, 1_022, 1_000, "", None), (Stage.EXPIRED, 0, 0, "price moved", 1),
    ]  # fmt: skip


def test_a_book_that_ends_is_filled_to_its_end_and_the_rest_is_cancelled_for_that() -> None:
    assert told(at_exchange(1_000, lambda x: x if x <= 500 else None)) == [
        (Stage.PARTIAL, 500, 500, "", None), (Stage.EXPIRED, 0, 0, "liquidity", None),
    ]  # fmt: skip
    assert told(at_exchange(1_000, lambda _: None)) == [(Stage.MISSED, 0, 0, "liquidity", None)]
    # The amount of a share is rounded down: of 3,000 atoms 500 shares are 1,464.
    assert told(at_exchange(2_900, lambda x: x if x <= 1_465 else None, 3_000))[0][1:3] == (1_464, 1_464)


def test_a_book_that_gets_worse_is_filled_as_far_as_its_price_keeps_the_limit_on_average() -> None:
    def paid(amount: int) -> int:
        return amount - amount * amount // 20_000

    most = max(k for k in range(1, SHARES) if paid(k) * SHARES >= 1_000 * k)
    part, ended = told(at_exchange(1_000, paid))
    assert part == (Stage.PARTIAL, most, paid(most), "", None)
    assert ended == (Stage.EXPIRED, 0, 0, "price moved", 1_000 - paid(SHARES))
    assert told(at_exchange(1_000, lambda x: x // 2)) == [(Stage.MISSED, 0, 0, "price moved", 1_000 - SHARES // 2)]


def test_the_smallest_share_alone_is_a_fill_and_slippage_counts_before_the_limit() -> None:
    assert told(at_exchange(SHARES, lambda x: 1 if x == 1 else 0))[0] == (Stage.PARTIAL, 1, 1, "", None)
    slips = PaperParams(failure_ppm=0, slippage_ppm=999_999)
    order = orders.order(1, route=["x:S:1"], tokens=["U", "T"], amount_in=SHARES, min_out=1_000, fee=0)
    (end,) = land(slips, 7, order, curve(lambda _, x: x), 5)
    assert (end.status, end.reason) == (Stage.MISSED, "price moved")


def test_an_atom_that_goes_around_is_a_trade_and_outcomes_are_those_of_the_orders() -> None:
    ones = [orders.order(n, route=["A:0"], tokens=["T", "U"], amount_in=1, expected_out=1) for n in (1, 2)]
    settled = legged.settle(1, 1, ones, [Filled(1, 1), Filled(1, 1)])
    assert (settled, settled.whole) == (Settled(1, 0, []), True)
    with pytest.raises(ValueError, match="shorter"):
        legged.settle(1, 1, ones, [Filled(1, 1)])
    (left,) = legged.settle(100, 107, BOTH, [Filled(100, 198), Filled()]).left
    with pytest.raises(ValueError, match="shorter"):
        legged.way_back(left, BOTH, [Filled(100, 198)], hedge=True)


def test_no_part_asks_for_less_than_an_atom_or_gives_away_what_the_whole_has_not_over() -> None:
    alone = opportunity(route=["x:S:1", "equivalence:x:P:0"], tokens=["T", "U", "T"], amount_in=9, amount_out=1)
    (part,) = legged.parts(curve(lambda *_: 1), alone, 0, 5)
    assert part.min_out == 1
    two = opportunity(route=["x:S:1", "y:S:0"], tokens=["T", "U", "T"], amount_in=100, amount_out=107)
    first, _ = legged.parts(curve(lambda route, _: 5_000 if len(route) == 1 else 107), two, 200, 5)
    assert first.min_out == 5_000
    assert told(at_exchange(1, lambda _: None)) == [(Stage.MISSED, 0, 0, "liquidity", None)]


def test_each_cost_of_a_trade_is_borne_by_one_of_its_orders() -> None:
    cost = Cost(1_000, 200, 30, 4, 5_000, 60_000, 700_000, 8_000_000)
    found = opportunity(
        route=["A:0", "x:S:1", "y:S:0"],
        tokens=[SOL, "U", "V", SOL],
        settlement="legged",
        cost=cost,
        lamports=Lamports(11, 22, 330, 4_400),
        net=77,
    )
    limits = Limits({SOL: 10**18}, {SOL: 10**18})
    approved = RiskGate(limits).check(Intent(9, "s", found, found.amount_in, 10**12), 5, {SOL: 10**18})
    assert isinstance(approved, Approved)
    parts = legged.parts(curve(lambda *_: 10**12), found, 10**12, 5)
    params = PaperParams(1_000, 900, 0, 0, 100, 90, {"y": 7})
    made = send_parts(params, 3, 40, approved, parts, 5)
    beside, chain = 200 + 700_000, 30 + 4 + 5_000 + 60_000
    assert [(o.id, o.trade, o.intent_id, o.venue) for o in made] == [
        (40, 40, 9, CHAIN), (41, 40, 9, "x"), (42, 40, 9, "y"),
    ]  # fmt: skip
    assert [(o.fee, o.miss_fee, o.transfer, o.loan_fee) for o in made] == [
        (chain, 34, beside, 8_000_000), (0, 0, 0, 0), (0, 0, 0, 0),
    ]  # fmt: skip
    assert [(o.pool_fees, o.expected_net) for o in made] == [(0, 0), (0, 0), (1_000, 77)]
    assert [(o.charges, o.miss_charges) for o in made] == [
        (Charges(33, 330, 4_400), Charges(33)), (Charges(), Charges()), (Charges(), Charges()),
    ]  # fmt: skip
    late = [draw(3, n, "latency", span) for n, span in ((40, 901), (41, 91), (42, 91))]
    assert [o.due_ns for o in made] == [5 + 1_000 + late[0], 5 + 100 + late[1], 5 + 7 + late[2]]
    assert late[1] != draw(3, 39, "latency", 91)


def test_what_is_not_said_of_paper_is_as_the_config_means_it() -> None:
    ms = 10**6
    assert PaperParams() == PaperParams(
        80 * ms, 120 * ms, 50_000, 30, 80 * ms, 70 * ms, {}, 230_000, 600_000, protected=False
    )
    for venue, least, most in ((CHAIN, 80, 120), ("x", 80, 70)):
        late = draw(3, 40, "latency", most * ms + 1)
        assert PaperParams().due_ns(3, 40, venue, 5) == 5 + least * ms + late
    said = Paper()
    assert (said.exchange_latency_ms * ms, said.exchange_jitter_ms * ms) == (80 * ms, 70 * ms)
