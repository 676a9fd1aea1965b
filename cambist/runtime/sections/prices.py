"""The Prices section: every token on every venue, and the pairs that stand for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.text import sanitise, short
from cambist.runtime.sections import AGE_STEP_NS
from cambist.runtime.words import EQUIVALENCE, Names, peg_words, venue_class, venue_rank
from cambist.view import PanelState, PriceRow, PricesSection

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup, EngineView, EquivalenceView, PriceView


Kin = tuple[str, str]
"""What prices must share to be compared: token and what they are in; the source where either is but a ticker."""


class PriceRows:
    """Makes the rows of one setup's prices."""

    def __init__(self, setup: EngineSetup, names: Names) -> None:
        self._setup, self._names = setup, names
        self._quote = self._quote_name()
        ranks = {t.mint: (t.base or 1_000, n) for n, t in enumerate(setup.tokens)}
        self._price_order = lambda p: (*ranks.get(p.mint, (2_000, 0)), p.mint, venue_rank(p.venue), p.source)

    def section(self, engine: EngineView, now_ns: int, silent: PanelState | None) -> PricesSection:
        """Returns the section; `silent` is what it says of itself while no feed brings anything."""
        best_bid: dict[Kin, float] = {}
        best_ask: dict[Kin, float] = {}
        for p in engine.prices:
            if p.usable and p.bid is not None and p.ask is not None and not p.synthetic:
                kin = _kin(p)
                best_bid[kin] = max(p.bid, best_bid.get(kin, p.bid))
                best_ask[kin] = min(p.ask, best_ask.get(kin, p.ask))
        ordered = sorted(engine.prices, key=self._price_order)
        rows = tuple(self._price_row(p, now_ns, best_bid, best_ask) for p in ordered)
        pegs = tuple(self._peg_row(each) for each in engine.equivalences)
        pools = len(self._setup.pools)
        tokens = len({p.mint for p in engine.prices})
        state = PanelState()
        if not rows:
            what = f"account data. {pools} pools are watched." if pools else "quote."
            state = silent or PanelState("loading", f"Waiting for the first {what}")
        elif not any(p.usable for p in engine.prices):
            state = PanelState("stale", "no source is current.", "Retrying by itself.", since_ns=engine.slot_ns or 0)
        return PricesSection(version=0, state=state, rows=(*rows, *pegs), quote=self._quote, tokens=tokens, pools=pools)

    def _price_row(self, p: PriceView, now_ns: int, bids: dict[Kin, float], asks: dict[Kin, float]) -> PriceRow:
        mid = None if p.bid is None or p.ask is None else (p.bid + p.ask) / 2
        change = None if mid is None or not p.hour_ago else mid / p.hour_ago - 1
        return PriceRow(
            key=f"{p.mint}/{p.source}",
            token=self._names.symbol(p.mint) if self._names.knows(p.mint) else sanitise(p.symbol, 12),
            venue=p.venue,
            bid=p.bid,
            ask=p.ask,
            age_ns=None if p.current_ns is None else max(0, now_ns - p.current_ns),
            changed_ns=p.changed_ns,
            change_1h=change,
            change_span_ns=p.hour_span_ns,
            spark=p.closes,
            rsi=p.rsi,
            ema=p.ema,
            band_low=p.band_low,
            band_high=p.band_high,
            best_bid=p.bid is not None and p.usable and p.bid == bids.get(_kin(p)),
            best_ask=p.ask is not None and p.usable and p.ask == asks.get(_kin(p)),
            stale=not p.usable,
            source=short(p.source),
            synthetic=p.synthetic,
            venue_class=venue_class(p.venue),
            depth=p.depth,
            reference=p.reference,
            quote=sanitise(p.quote, 12),
            unit=self._price_unit(p),
        )

    def _price_unit(self, p: PriceView) -> str:
        """Returns what a price is in, with a `?` where only a ticker says so beside a table of tokens."""
        if p.unit == self._setup.quote_mint:
            return self._quote
        name, tabled = sanitise(p.quote, 12), self._names.knows(self._setup.quote_mint)
        return f"{name}?" if name and tabled and not p.unit else name

    def _peg_row(self, e: EquivalenceView) -> PriceRow:
        """Returns an equivalence as a row."""
        venue = e.pair.partition(":")[0]
        age_ns = e.age_ns
        return PriceRow(
            key=f"{EQUIVALENCE}/{e.pair}",
            token=self._names.symbol(e.a),
            venue=sanitise(venue, 20),
            bid=e.bid,
            ask=e.ask,
            age_ns=None if age_ns is None else age_ns - age_ns % AGE_STEP_NS,
            stale=bool(e.detail),
            source=sanitise(e.pair, 40),
            venue_class=venue_class(venue),
            quote=self._names.symbol(e.b),
            unit=self._names.symbol(e.b),
            peg=e.state,
            peg_words=peg_words(e),
        )

    def _quote_name(self) -> str:
        """Returns what prices are in; without a token table the one quote that all instruments share."""
        setup = self._setup
        quotes = {i.quote for i in setup.instruments}
        if self._names.knows(setup.quote_mint) or len(quotes) != 1:
            return self._names.symbol(setup.quote_mint)
        return sanitise(quotes.pop(), 12)


def _kin(price: PriceView) -> Kin:
    return (price.mint, price.unit) if price.mint and price.unit else (price.source, "")
