"""Prices: panel 1, and one of them opened up."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState


class PriceRow(msgspec.Struct, frozen=True, gc=False):
    """One token on one venue."""

    key: str
    token: str
    venue: str
    bid: float | None
    ask: float | None
    age_ns: int | None
    """Since the quote was last confirmed current: for a pool the newest slot on its connection."""
    changed_ns: int | None = None
    """Session time of the last change."""
    change_1h: float | None = None
    """Fraction, over the last hour or since the first price if younger."""
    change_span_ns: int = 0
    """What `change_1h` really spans."""
    spark: tuple[float, ...] = ()
    """Closes over the last 15 minutes, oldest first."""
    rsi: float | None = None
    ema: float | None = None
    band_low: float | None = None
    band_high: float | None = None
    best_bid: bool = False
    best_ask: bool = False
    stale: bool = False
    source: str = ""
    """Endpoint and channel the number came from."""
    synthetic: str = ""
    """`basis (synthetic)` for spot against perpetual; else empty."""
    venue_class: str = ""
    """Theme role of the venue, as its row in `cambist.model` says; `other` for none."""
    depth: float = 0.0
    """Quote tokens near the price; 0 where that is not known."""
    reference: bool = False
    """Whether this is the token's reference venue: the deepest that can be believed now."""
    quote: str = ""
    """What the source trades the token against; empty if it was not said."""
    unit: str = ""
    """What bid and ask are in: the section's quote token, or `quote`. Two units are never compared."""
    peg: str = ""
    """Of an equivalence of `token` and `quote`: `in_band`, `out_of_band`, `stale`, `crossed` or `unknown`; bid and ask
    are then those of the pair's book. Empty for a price."""
    peg_words: str = ""
    """Its state in words: `in band`, `widened by 100 ppm`, …"""


class PricesSection(msgspec.Struct, frozen=True):
    """Panel 1."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[PriceRow, ...] = ()
    quote: str = "USDC"
    tokens: int = 0
    pools: int = 0


class PriceBar(msgspec.Struct, frozen=True, gc=False):
    """A 5 s bar of the mid and the indicators after it, `None` where they have seen too few bars."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    ema: float | None
    kama: float | None
    band_low: float | None
    band_high: float | None


class PriceDetail(msgspec.Struct, frozen=True):
    """What `enter` on a price shows: the token's reference venue, and the token on every venue."""

    version: int
    key: str
    """Of the row that was asked for."""
    token: str
    quote: str
    venue: str
    """The reference venue, whose bars these are; where none can be believed now, the deepest."""
    venue_class: str
    source: str
    state: str
    """`live`, `injected`, or why its price is not believed now: `torn`, `stale`, …"""
    age_ns: int | None
    changed_ns: int | None
    """How long ago its price changed last."""
    bars: tuple[PriceBar, ...]
    """The last 60 closed ones at most, oldest first; a long silence leaves a hole."""
    provisional: PriceBar | None
    """The bar that is not closed, with the indicators as though it closed now."""
    rsi: float | None
    """With the provisional bar."""
    rows: tuple[PriceRow, ...]
    """The token on every venue, in the order of the table."""
