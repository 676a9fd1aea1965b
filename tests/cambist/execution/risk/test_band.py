"""The band leg by leg: below and above, with prices that are missing, for amounts down to one atom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cambist.engine.protocol import PriceView, RouteQuote
from cambist.execution.risk.band import Band, fair_prices
from cambist.model.opportunity import encode
from cambist.model.refusals import Refusal
from tests.fakes import SOL, USDC, ScriptedEngine, opportunity

if TYPE_CHECKING:
    from cambist.model.opportunity import Opportunity

BONK = "bonk"
DECIMALS = {SOL: 3, USDC: 2, BONK: 0}


def price(mint: str, mid: float, venue: str = "okx", **changes: object) -> PriceView:
    row = PriceView(mint, mint, venue, f"{venue}:{mint}", 1, mid, mid, 1, 1, True, "live", unit=USDC)
    return msgspec.structs.replace(row, **changes)


class Priced(ScriptedEngine):
    """Pays an amount after each leg, with a reason where there is one, and shows prices."""

    def __init__(self, paid: list[int], prices: list[PriceView], why: dict[int, str] | None = None) -> None:
        super().__init__()
        self.paid, self.prices, self.why = paid, prices, why or {}
        self.asked: list[tuple[list[str], int, int]] = []

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        self.asked.append((route, amount_in, now_ns))
        return RouteQuote(self.paid[len(route) - 1], self.why.get(len(route), ""))

    def present(self, now_ns: int) -> bytes:
        return b'{"prices":' + encode(self.prices) + b"}"


def refused(engine: Priced, ppm: int, *, closed: bool = True, found: Opportunity | None = None) -> object:
    found = found or opportunity(amount_in=1_000)
    return Band(ppm, DECIMALS, closed=closed).refusal(engine, found, ["kraken"], 7)  # type: ignore[arg-type]


SOL_AT_100 = [price(SOL, 100.0)]


@pytest.mark.parametrize(
    ("paid", "ppm", "why"),
    [
        ([10_000, 1_000], 0, None),
        ([9_000, 900], 100_000, None),
        ([9_000, 900], 99_999, "A:0: 100000 ppm off, 99999 allowed"),
        ([11_000, 1_100], 100_000, None),
        ([11_000, 1_100], 99_999, "A:0: 100000 ppm off, 99999 allowed"),
        ([10_000, 1_001], 1_000, None),
        ([10_000, 1_001], 999, "B:1: 1000 ppm off, 999 allowed"),
        ([10_000, 999], 999, "B:1: 1000 ppm off, 999 allowed"),
        ([9_999, 1_000], 100, "B:1: 101 ppm off, 100 allowed"),
        ([20_000, 2_000], 1_000_000, None),
        ([20_000, 2_000], 999_999, "A:0: 1000000 ppm off, 999999 allowed"),
    ],
)
def test_each_leg_alone_is_held_below_and_above(paid: list[int], ppm: int, why: str | None) -> None:
    engine = Priced(paid, SOL_AT_100)
    assert refused(engine, ppm) == (None if why is None else (Refusal.BAND, why))
    assert engine.asked[0] == (["A:0"], 1_000, 7)
    assert engine.asked[1:] in ([], [(["A:0", "B:1"], 1_000, 7)])


def test_a_leg_out_of_the_band_below_is_found_where_no_other_leg_has_a_price() -> None:
    found = opportunity(amount_in=1_000, tokens=[SOL, USDC, BONK], route=["A:0", "C:0"])
    assert refused(Priced([9_000, 5], SOL_AT_100), 99_999, closed=False, found=found) == (
        Refusal.BAND, "A:0: 100000 ppm off, 99999 allowed",
    )  # fmt: skip


def test_a_leg_without_a_price_is_passed_over_where_that_is_open_and_the_next_is_held_still() -> None:
    found = opportunity(amount_in=5, tokens=[BONK, USDC, SOL], route=["C:1", "A:1"])
    engine = Priced([10_000, 1_100], SOL_AT_100)
    assert refused(engine, 99_999, closed=True, found=found) == (Refusal.BAND_UNKNOWN, "C:1")
    assert refused(engine, 99_999, closed=False, found=found) == (
        Refusal.BAND, "A:1: 100000 ppm off, 99999 allowed",
    )  # fmt: skip
    assert refused(engine, 100_000, closed=False, found=found) is None


def test_a_quote_with_a_reason_has_no_price_whatever_it_would_pay() -> None:
    engine = Priced([10_000, 1_000], SOL_AT_100, {1: "torn"})
    assert refused(engine, 0) == (Refusal.BAND_UNKNOWN, "A:0 torn")
    assert refused(engine, 0, closed=False) is None


@pytest.mark.parametrize("paid", [[0, 1_000], [10_000, 0]])
def test_nothing_out_is_no_price(paid: list[int]) -> None:
    edge = "A:0" if not paid[0] else "B:1"
    assert refused(Priced(paid, SOL_AT_100), 10**9) == (Refusal.BAND_UNKNOWN, edge)
    assert refused(Priced(paid, SOL_AT_100), 10**9, closed=False) is None


def test_one_atom_in_and_one_out_have_a_price() -> None:
    one = opportunity(amount_in=1)
    assert refused(Priced([10, 1], SOL_AT_100), 0, found=one) is None
    cheap = [price(SOL, 0.125)]
    assert refused(Priced([1, 80], cheap), 0, found=opportunity(amount_in=80)) is None
    assert refused(Priced([1, 1], [price(SOL, 10.0)]), 0, found=one) is None


@pytest.mark.parametrize("unknown", [SOL, USDC])
def test_a_token_without_decimals_has_no_price(unknown: str) -> None:
    decimals = {mint: each for mint, each in DECIMALS.items() if mint != unknown}
    band = Band(10**9, decimals, closed=True)
    engine = Priced([10_000, 1_000], SOL_AT_100)
    found = band.refusal(engine, opportunity(amount_in=1_000), [], 7)  # type: ignore[arg-type]
    assert found == (Refusal.BAND_UNKNOWN, "A:0")


def test_what_can_not_be_used_hides_nothing_that_comes_after_it() -> None:
    rows = [price(SOL, 1.0, usable=False), price(SOL, 2.0, bid=None), price(SOL, 4.0), price(SOL, 8.0), price(SOL, 9.0)]
    assert fair_prices(rows, []) == {(SOL, USDC): 8}
    assert fair_prices(rows[:-1], []) == {(SOL, USDC): 6}
