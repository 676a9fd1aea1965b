"""Prices of several quote assets, and equivalences, as the screens get them from an engine."""

import pytest

from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.market import Identity
from cambist.runtime.publish import Publisher
from cambist.view import PriceRow, View
from tests.parity.dollars import PAIR, VENUE, Dollars, dollar_setup
from tests.parity.markets import SOL, USDC, run


def built(market: Dollars, setup: EngineSetup | None = None, inspect: str = "") -> tuple[View, Kernel]:
    """Returns what is shown of an engine that was fed the market's frames."""
    setup = setup or dollar_setup()
    limits = Limits({SOL: 2 * 10**9}, {SOL: 10**9}, 8, 10_000)
    kernel = Kernel(KernelSetup(setup, limits, PaperParams(1, 1, 0, 0), wallet={SOL: 10**12}), make_engine, "reference")
    run(kernel.engine, market.take())
    publisher = Publisher(kernel)
    publisher.build(kernel, market.now_ns)
    if inspect:
        publisher.inspect(price=inspect)
    return publisher.build(kernel, market.now_ns), kernel


def rows_of(view: View, venue: str) -> list[PriceRow]:
    return [row for row in view.prices.rows if row.venue == venue]


def test_each_row_says_what_it_is_in_and_units_are_never_compared() -> None:
    market = Dollars()
    market.open()
    view, _ = built(market)
    (dollars,) = [row for row in rows_of(view, VENUE) if row.token == "SOL"]
    (usdc,) = [row for row in rows_of(view, "binance") if row.token == "SOL"]
    assert (dollars.unit, usdc.unit) == ("USD", "USDC")
    # 145 dollars beside 150 USDC: neither is the best bid or ask of the other's market.
    assert dollars.best_bid
    assert dollars.best_ask
    best = [row for row in view.prices.rows if row.token == "SOL" and row.unit == "USDC" and row.best_ask]
    assert best
    assert not dollars.reference


def test_a_ticker_alone_is_shown_with_a_question_mark_and_compared_with_nothing() -> None:
    market = Dollars()
    market.open()
    unnamed = (Identity(VENUE, "SOL", SOL), Identity("binance", "SOL", SOL), Identity("binance", "USDC", USDC))
    view, _ = built(market, dollar_setup(None, identities=unnamed))
    (dollars,) = [row for row in rows_of(view, VENUE) if row.token == "SOL"]
    assert dollars.unit == "USD?"


def test_a_price_in_dollars_opens_up_in_dollars() -> None:
    market = Dollars()
    market.open()
    view, _ = built(market, inspect=f"{SOL}/{VENUE}:SOLUSD")
    assert view.price_detail is not None
    assert (view.price_detail.quote, view.price_detail.venue) == ("USD", VENUE)
    view, _ = built(_opened(), inspect=f"{SOL}/binance:SOLUSDC")
    assert view.price_detail is not None
    assert view.price_detail.quote == "USDC"


def _opened() -> Dollars:
    market = Dollars()
    market.open()
    return market


@pytest.mark.parametrize(
    ("bid", "ask", "words", "stale"),
    [
        ("0.9999", "1.0001", "widened by 100 ppm", False),
        ("0.9980", "0.9982", "out of band -1900 ppm", True),
        ("1.0001", "0.9999", "crossed +0 ppm", True),
    ],
)
def test_an_equivalence_is_a_row_with_its_state(bid: str, ask: str, words: str, stale: bool) -> None:
    market = _opened()
    market.us_ticker("USDCUSD", bid, ask)
    view, _ = built(market)
    (row,) = [row for row in view.prices.rows if row.peg]
    assert (row.key, row.token, row.quote, row.peg_words, row.stale) == (
        f"equivalence/{PAIR}", "USDC", "USD", words, stale,
    )  # fmt: skip
    assert row.age_ns is not None
    routes = [leg.venue for cycle in view.cycles.rows for leg in cycle.legs]
    assert stale or "peg" in routes


def test_one_that_was_never_heard_of_is_unknown_not_zero() -> None:
    view, _ = built(Dollars())
    (row,) = [row for row in view.prices.rows if row.peg]
    assert (row.peg_words, row.bid, row.ask, row.age_ns, row.stale) == ("unknown", None, None, None, True)


def test_a_refusal_says_that_the_peg_does_not_hold() -> None:
    market = _opened()
    _, kernel = built(market)
    market.us_ticker("USDCUSD", "0.9980", "0.9982")
    run(kernel.engine, market.take())
    publisher = Publisher(kernel)
    view = publisher.build(kernel, market.now_ns)
    refused = [row for row in view.cycles.rows if row.reason == "depeg"]
    assert refused
    assert {(row.mark, row.decision, row.detail) for row in refused} == {
        ("stale", "off its peg", f"{PAIR} -1900 ppm off, band 500")
    }
