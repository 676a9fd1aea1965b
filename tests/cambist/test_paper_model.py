"""How a paper order ends, to the atom: slippage against the trader, fees of a fill and of a miss."""

import math
from hashlib import blake2b
from typing import Any

import pytest

from cambist.engine.protocol import RouteQuote
from cambist.execution.paper_model import PPM, PaperParams, draw, land
from cambist.execution.routes import legs_of
from cambist.model.orders import Charges, Order
from tests import orders

SEED = 7
SLIPPING = PaperParams(failure_ppm=0, slippage_ppm=30)
SENT, PAID = 1_000_000, 1_010_001


class Market:
    """Quotes every route alike."""

    def __init__(self, paid: int, reason: str = "") -> None:
        self._quote = RouteQuote(paid, reason)

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        return self._quote


def order(number: int, min_out: int = 0) -> Order:
    return orders.order(
        number, tokens=["T", "U", "T"], amount_in=SENT, min_out=min_out, fee=70, miss_fee=20, charges=Charges(20, 50),
        miss_charges=Charges(20),
    )  # fmt: skip


def landed(made: Order, paid: int = PAID, reason: str = "", params: PaperParams = SLIPPING) -> Any:
    engine: Any = Market(paid, reason)
    [end] = land(params, SEED, made, engine, 5)
    return end


@pytest.mark.parametrize("number", range(1, 9))
def test_slippage_takes_from_what_is_paid_and_is_rounded_against_the_trader(number: int) -> None:
    slip = draw(SEED, number, "slippage", 31)
    whole, rest = divmod(PAID * slip, PPM)
    out = PAID - whole - (1 if rest else 0)
    found = landed(order(number))
    assert (found.status, found.amount_in, found.amount_out, found.fee) == ("filled", SENT, out, 70)
    assert found.net == out - SENT - 70


def test_some_of_those_numbers_slip_and_leave_a_rest() -> None:
    slips = [draw(SEED, number, "slippage", 31) for number in range(1, 9)]
    assert any(PAID * slip % PPM for slip in slips)
    assert len({*slips}) > 3


def test_the_least_that_is_asked_for_is_enough_and_an_atom_less_is_not() -> None:
    out = landed(order(3)).amount_out
    assert landed(order(3, out)).status == "filled"
    missed = landed(order(3, out + 1))
    assert (missed.status, missed.reason) == ("reverted", "price moved")
    assert (missed.amount_in, missed.amount_out, missed.fee, missed.net) == (0, 0, 20, -20)


def test_a_route_that_is_refused_costs_what_a_miss_does() -> None:
    missed = landed(order(3), 0, "stale")
    assert (missed.status, missed.reason, missed.fee, missed.net) == ("reverted", "stale", 20, -20)


def test_an_order_that_never_lands_costs_nothing() -> None:
    missed = landed(order(3), params=PaperParams(failure_ppm=PPM))
    assert (missed.status, missed.reason, missed.fee, missed.net) == ("missed", "not landed", 0, 0)
    assert landed(order(3), params=PaperParams(failure_ppm=0, slippage_ppm=0)).amount_out == PAID


@pytest.mark.parametrize("span", [1, 2, 1_000, PPM, 10**15])
def test_a_draw_is_a_hash_of_what_it_is_for_within_its_span(span: int) -> None:
    for number in range(40):
        text = f"{SEED}:{number}:latency".encode()
        assert draw(SEED, number, "latency", span) == int(blake2b(text, digest_size=8).hexdigest(), 16) % span
    assert len({draw(SEED, number, "latency", 10**15) for number in range(40)}) == 40
    assert draw(SEED, 1, "latency", 10**15) != draw(SEED, 1, "failure", 10**15) != draw(SEED + 1, 1, "failure", 10**15)


@pytest.mark.parametrize("span", [0, -1])
def test_a_draw_from_nothing_is_nothing(span: int) -> None:
    assert draw(SEED, 1, "latency", span) == 0


def test_a_rest_of_one_part_in_a_million_is_rounded_against_the_trader_too() -> None:
    number = next(each for each in range(1, 99) if math.gcd(draw(SEED, each, "slippage", 31), PPM) == 1)
    slip = draw(SEED, number, "slippage", 31)
    paid = pow(slip, -1, PPM) + PPM
    assert paid * slip % PPM == 1
    assert landed(order(number), paid).amount_out == paid - paid * slip // PPM - 1


def test_an_order_fails_below_its_share_and_not_at_it() -> None:
    drawn = draw(SEED, 3, "failure", PPM)
    assert landed(order(3), params=PaperParams(failure_ppm=drawn)).status == "filled"
    assert landed(order(3), params=PaperParams(failure_ppm=drawn + 1)).status == "missed"


def test_an_end_says_what_the_chain_took_and_by_how_much_the_price_missed() -> None:
    out = landed(order(3)).amount_out
    missed = landed(order(3, out + 7))
    assert (missed.charges, missed.miss) == (Charges(20), 7)
    stale = landed(order(3), 0, "stale")
    assert (stale.charges, stale.miss) == (Charges(20), None)
    never = landed(order(3), params=PaperParams(failure_ppm=PPM))
    assert (never.charges, never.miss) == (Charges(), None)
    assert landed(order(3)).charges == Charges(20, 50)


def test_a_route_has_a_token_more_than_edges() -> None:
    with pytest.raises(ValueError, match="zip"):
        legs_of(["A:0"], ["T", "U", "T"])


def test_paper_costs_and_waits_unless_it_is_told_otherwise() -> None:
    assert PPM == 10**6
    usual = PaperParams()
    assert (usual.latency_ns, usual.jitter_ns) == (80_000_000, 120_000_000)
    assert (usual.failure_ppm, usual.slippage_ppm) == (50_000, 30)
