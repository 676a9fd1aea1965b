"""Two books as the strategy between exchanges sees them: the same from Rust and from its twin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine import build_info
from cambist.engine.protocol import BookInspection
from cambist.engine.spreads import Meeting, SpreadConfig, VenueQuote, meet, spread_of

pytestmark = pytest.mark.skipif(not build_info().native, reason="the Rust engine is not built")
ONE = 10**8


def book(bid: int, ask: int, quantity: int, decimals: int = 8) -> BookInspection:
    return BookInspection(
        source="v:S", state="live", last_update_id=1, best_bid=None, best_ask=None,
        bids=((bid, quantity), (max(1, bid * 99 // 100 - 1), quantity)), asks=((ask, quantity), (ask * 2, quantity)),
        as_of_ns=0, silent_ns=None, seeds=1, gaps=0, tick=None, step=None, min_notional=None, price_decimals=decimals,
    )  # fmt: skip


def said(backend: str, *args: object) -> object:
    try:
        return meet(*args, backend)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)


prices = st.tuples(st.integers(100, 10**12), st.integers(-5, 10**9)).map(lambda p: (p[0], p[0] + p[1]))
books = st.builds(
    lambda price, quantity, decimals: book(*price, quantity, decimals),
    prices,
    st.integers(0, 10**12),
    st.integers(8, 10),
)


@settings(max_examples=200, deadline=None)
@given(books, books, st.tuples(st.integers(0, 5_000), st.integers(0, 1_000_001)), st.integers(0, 10**12))
def test_books_meet_alike(buy: BookInspection, sell: BookInspection, fees: tuple[int, int], base: int) -> None:
    found = said("native", buy, sell, fees, base)
    assert found == said("reference", buy, sell, fees, base)
    if isinstance(found, Meeting) and found.prices is not None:
        assert base <= found.base


def test_only_what_crosses_in_that_direction_meets() -> None:
    low, high = book(99 * ONE, 100 * ONE, 5 * ONE), book(103 * ONE, 104 * ONE, 5 * ONE)
    for backend in ("native", "reference"):
        assert meet(low, high, (0, 0), ONE, backend) == Meeting(5 * ONE, (100 * ONE, 103 * ONE))
        assert meet(low, high, (0, 0), 5 * ONE + 1, backend) == Meeting(5 * ONE, None)
        assert meet(high, low, (0, 0), ONE, backend) is None
        assert meet(low, high, (15_000, 15_000), ONE, backend) is None, "fees eat three parts in a hundred"
        found = meet(low, high, (10_000, 10_000), ONE, backend)
        assert found is not None
        assert found.prices is not None
        assert (found.prices[0] > 101 * ONE, found.prices[1]) == (True, 101_970_000_00)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.builds(VenueQuote, st.sampled_from(["kraken", "okx"]), st.floats(1e-6, 1e9)), max_size=3),
    st.builds(SpreadConfig, decay_percent_per_s=st.floats(0, 1), window_s=st.floats(0, 20), established=st.booleans()),
)
def test_spreads_are_alike_to_the_bit(quotes: list[VenueQuote], config: SpreadConfig) -> None:
    assert repr(spread_of(quotes, config, "native")) == repr(spread_of(quotes, config, "reference"))
