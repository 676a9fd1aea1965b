"""Tokens that stand for one another at par: the book that guards each pair of them, and what its two edges pay.

A pair whose mid left its band stays away until the mid was within half of it for a while: near the edge of the band a
mid crosses it every few minutes for weeks.

An edge pays at par or at the touch of the pair's book, whichever is less, and keeps the cost on top. It takes no more
than that touch: the guard has seen no further price, so beyond it the book could pay less than the edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.book.order_book import BookState, Side
from cambist.engine.reference.engine.book_scale import ONE8, PPM, U64, Scale, weight
from cambist.engine.reference.engine.market.kind import Kind
from cambist.engine.reference.exchanges.decimal import one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.engine.reference.engine.books import BookEntry
    from cambist.engine.reference.engine.market import Market
    from cambist.model.market import Equivalence

NEVER_NS = (1 << 63) - 1
_NS_PER_MS = 1_000_000


@dataclass(slots=True)
class Tie:
    """Two tokens that stand for one another, as set up, and the book that says whether they do."""

    facts: Equivalence
    edge: int | None = None
    """Its first edge (gives `a`); the second one (gives `b`) follows."""
    book: int | None = None
    """Place of the pair's book, `None` until it is known."""
    fits: bool = False
    """Whether that book prices `a` in `b`, spot."""
    due_ns: int = NEVER_NS
    """The last moment at which its edges as weighed, or its way back, rest on a book that is young enough."""
    away_ns: int | None = None
    """`None`, or after its mid left the band: since when that is within half of it again, 0 while it is not."""

    @property
    def name(self) -> str:
        """The stem of its edges' names."""
        return f"equivalence:{self.facts.pair}"

    @property
    def max_age_ns(self) -> int:
        """How old the book may be."""
        return self.facts.max_age_ms * _NS_PER_MS

    def follow(self, peg: str, now_ns: int, *, near: bool) -> None:
        """Takes over what the book says now; `near` is within half of the band."""
        if peg == "out_of_band":
            self.away_ns = 0
        if self.away_ns is None:
            return
        if peg != "in_band" or not near:
            self.away_ns = 0
            return
        self.away_ns = self.away_ns or now_ns
        if now_ns - self.away_ns >= self.facts.hold_ms * _NS_PER_MS:
            self.away_ns = None


class Guard(NamedTuple):
    """A pair's book beside par, and whether the pair came back to it."""

    peg: str
    """`in_band`, `out_of_band`, `stale`, `crossed` or `unknown`."""
    deviation_ppm: int | None
    """Of the mid from par, away from zero; as last known."""
    widened_ppm: int | None
    """How much more than the cost the dearer direction keeps, rounded up."""
    age_ns: int | None


def wire(market: Market) -> None:
    """Gives each equivalence its edges; the first nodes and edges after those of the books that are set up."""
    for at, tie in enumerate(market.ties):
        tie.edge = market.join(tie.facts.a, tie.facts.b, tie.name, at, Kind.EQUIVALENCE)


def find_pairs(market: Market, first: int) -> None:
    """Takes over where the books of equivalences are, from place `first` on."""
    for tie in market.ties:
        for at in range(first, len(market.books.entries)):
            entry = market.books.entries[at]
            if entry.name == tie.facts.pair:
                priced = (entry.base_mint, entry.quote_mint) == (tie.facts.a, tie.facts.b)
                tie.book, tie.fits = at, priced and entry.kind == "spot"


def is_tie(market: Market, at: int, edge: str) -> bool:
    """Returns whether an edge of this name can be one of the equivalence at a place."""
    return 0 <= at < len(market.ties) and edge in (f"{market.ties[at].name}:0", f"{market.ties[at].name}:1")


def restore(market: Market, away: Mapping[int, int | None]) -> None:
    """Finds the edges and books of the equivalences again in a graph and books that were restored.

    `away` is by the place of the book.
    """
    for tie in market.ties:
        tie.edge = market.graph.find_edge(f"{tie.name}:0")
    find_pairs(market, 0)
    for tie in market.ties:
        tie.away_ns = None if tie.book is None else away.get(tie.book)
        _note_due(market, tie)
    _note_first_due(market)


def settle(market: Market, now_ns: int) -> list[int]:
    """Weighs the equivalences whose book changed or grew too old; returns their edges."""
    touched: list[int] = []
    for tie in market.ties:
        if tie.edge is None or (tie.book not in market.dirty_books and tie.due_ns >= now_ns):
            continue
        _follow(market, tie, now_ns)
        weights: tuple[int | None, int | None] = (None, None)
        if guard(market, tie, now_ns).peg == "in_band":
            weights = weight(_price(market, tie, first=True)), weight(_price(market, tie, first=False))
        if weights != (None, None) or _is_held(market, tie.edge):
            touched += market.weigh(tie.edge, weights)
        _note_due(market, tie)
    _note_first_due(market)
    return touched


def _is_held(market: Market, first: int) -> bool:
    """Returns whether one of a pair of edges is in the graph."""
    return market.graph.weight(first) is not None or market.graph.weight(first + 1) is not None


def _follow(market: Market, tie: Tie, now_ns: int) -> None:
    entry, off = pair_book(market, tie), _off(market, tie)
    if entry is not None and off is not None and entry.as_of_ns > 0:
        peg = _peg(tie, entry, off, max(0, now_ns - entry.as_of_ns))
        tie.follow(peg, now_ns, near=2 * abs(off) <= tie.facts.band_ppm * _par(entry))
    else:
        tie.follow("unknown", now_ns, near=False)


def _note_due(market: Market, tie: Tie) -> None:
    held = tie.edge is not None and _is_held(market, tie.edge)
    tie.due_ns = NEVER_NS
    if (held or tie.away_ns) and tie.book is not None:
        tie.due_ns = min(NEVER_NS, market.books.entries[tie.book].as_of_ns + tie.max_age_ns)


def _note_first_due(market: Market) -> None:
    market.due_ns = min((tie.due_ns for tie in market.ties), default=NEVER_NS)


def holds(market: Market, tie: Tie, found: Guard) -> bool:
    """Returns whether an equivalence holds: its edges are in the graph, and rightly so."""
    return found.peg == "in_band" and tie.edge is not None and _is_held(market, tie.edge)


def pair_book(market: Market, tie: Tie) -> BookEntry | None:
    """Returns the book that guards an equivalence, `None` while it is unknown or prices other assets."""
    return market.books.entries[tie.book] if tie.book is not None and tie.fits else None


def guard(market: Market, tie: Tie, now_ns: int) -> Guard:
    """Returns what the book of an equivalence says of par now."""
    entry = pair_book(market, tie)
    if entry is None:
        return Guard("unknown", None, None, None)
    age = max(0, now_ns - entry.as_of_ns) if entry.as_of_ns > 0 else None
    bid, ask, off = entry.book.best(Side.BID), entry.book.best(Side.ASK), _off(market, tie)
    if bid is None or ask is None or off is None or age is None:
        return Guard("unknown", None, None, age)
    away, par = -(-abs(off) // _par(entry)), one(entry.book.scale)
    # What `b` costs more is counted in what is given for it: 1 − 1/ask.
    widened = max(-(-max(0, par - bid[0]) * PPM // par), -(-max(0, ask[0] - par) * PPM // ask[0]))
    peg = _peg(tie, entry, off, age)
    if peg == "in_band" and tie.away_ns is not None:
        peg = "out_of_band"
    return Guard(peg, -away if off < 0 else away, widened, age)


def _off(market: Market, tie: Tie) -> int | None:
    """Returns how far the mid of a pair's book is from par, in ppm × `_par`; `None` where there is none."""
    entry = pair_book(market, tie)
    if entry is None:
        return None
    bid, ask = entry.book.best(Side.BID), entry.book.best(Side.ASK)
    return None if bid is None or ask is None else (bid[0] + ask[0] - _par(entry)) * PPM


def _par(entry: BookEntry) -> int:
    """Returns bid and ask together where the mid is at par."""
    return 2 * one(entry.book.scale)


def _peg(tie: Tie, entry: BookEntry, off: int, age_ns: int) -> str:
    """Returns the state of a pair whose mid is `off` / `_par` ppm from par."""
    if entry.book.state is BookState.STALE:
        return "stale"
    if entry.book.state is not BookState.LIVE:
        return "unknown"
    if not entry.live:
        return "crossed"
    if age_ns > tie.max_age_ns:
        return "stale"
    return "out_of_band" if abs(off) > tie.facts.band_ppm * _par(entry) else "in_band"


def trouble(market: Market, edge: int, now_ns: int) -> tuple[str, int]:
    """Returns why an equivalence's edge does not hold now, empty if it does, and the age of what says so."""
    tie = market.ties[market.edges[edge].at]
    found = guard(market, tie, now_ns)
    age_ns = found.age_ns or 0
    if found.peg == "in_band" and market.graph.weight(edge) is not None:
        return "", age_ns
    return words(market, tie, found), age_ns


def words(market: Market, tie: Tie, found: Guard) -> str:
    """Returns why an equivalence does not hold: its pair, and by how much that is off par where it is known."""
    pair, entry, off = tie.facts.pair, pair_book(market, tie), found.deviation_ppm
    if entry is None:
        return f"{pair} {'unknown' if tie.book is None else 'prices other assets'}"
    if off is None:
        return f"{pair} {entry.state}, no mid"
    if found.peg == "in_band":
        return f"{pair} gives no rate"
    if found.peg == "out_of_band" and abs(off) <= tie.facts.band_ppm:
        return f"{pair} {off:+d} ppm off, not yet back in half of its band {tie.facts.band_ppm}"
    if found.peg == "out_of_band":
        return f"{pair} {off:+d} ppm off, band {tie.facts.band_ppm}"
    if found.peg == "stale" and entry.live:
        return f"{pair} is {(found.age_ns or 0) // _NS_PER_MS} ms old, {off:+d} ppm"
    return f"{pair} {entry.state}, {off:+d} ppm"


def _scale(market: Market, tie: Tie) -> Scale | None:
    """Returns what the exact steps of an equivalence need, `None` while its book or a token's decimals are unknown."""
    a, b, entry = market.places(tie.facts.a), market.places(tie.facts.b), pair_book(market, tie)
    return None if a is None or b is None or entry is None else Scale(a, b, entry.book.scale, tie.facts.cost_ppm)


def _touch(market: Market, tie: Tie, *, first: bool) -> tuple[int, int, int] | None:
    """Returns the touch that an edge leans on.

    That is (price, never in its favour beyond par; quantity; what the book takes, × 10⁸ of `a`, or of `b`
    that times a price of one).
    """
    entry = pair_book(market, tie)
    best = None if entry is None else entry.book.best_bid() if first else entry.book.best_ask()
    if entry is None or best is None:
        return None
    (price, qty), par = best, one(entry.book.scale)
    return (min(price, par), qty, qty) if first else (max(price, par), qty, price * qty)


def _price(market: Market, tie: Tie, *, first: bool) -> tuple[int, int] | None:
    scale, touch = _scale(market, tie), _touch(market, tie, first=first)
    if scale is None or touch is None:
        return None
    return scale.sell_rate(touch[0]) if first else scale.buy_rate(touch[0])


def rate(market: Market, edge: int) -> tuple[int, int] | None:
    """Returns the marginal rate of an equivalence's edge while it is in the graph."""
    if market.graph.weight(edge) is None:
        return None
    behind = market.edges[edge]
    return _price(market, market.ties[behind.at], first=behind.first)


def pay(market: Market, edge: int, amount_in: int) -> tuple[int, int] | str:
    """Returns what an equivalence's edge pays and keeps, in atoms of the tokens out and in, or why it pays nothing.

    `depeg` while it is not in the graph, `liquidity` beyond the touch or where nothing is left.
    """
    behind = market.edges[edge]
    tie = market.ties[behind.at]
    scale, touch = _scale(market, tie), _touch(market, tie, first=behind.first)
    if market.graph.weight(edge) is None or scale is None or touch is None:
        return "depeg"
    price, _, most = touch
    d_in, d_out = (scale.base, scale.quote) if behind.first else (scale.quote, scale.base)
    given8 = amount_in * ONE8 // 10**d_in
    par = one(scale.price)
    if (given8 if behind.first else given8 * par) > most:
        return "liquidity"
    got8 = given8 * price // par if behind.first else given8 * par // price
    out = scale.net(got8, d_out)
    if got8 > U64 or not 0 < out <= U64:
        return "liquidity"
    return out, max(0, amount_in - out * 10**d_in // 10**d_out)


def level(market: Market, edge: int) -> tuple[Scale | None, tuple[int, int] | None]:
    """Returns scale and (price, quantity) of the one level that an edge leans on; where sizing starts."""
    behind = market.edges[edge]
    tie = market.ties[behind.at]
    touch = _touch(market, tie, first=behind.first)
    return _scale(market, tie), None if touch is None else touch[:2]
