"""Exchange books as edges: which instruments may be one, who tells of them, what their venue's list says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.book.order_book import BookChange, BookState, Continuity, OrderBook, Outcome, Source, take
from cambist.engine.reference.engine.book_scale import NO_RULES, TradingRules
from cambist.engine.reference.exchanges.decimal import EIGHT, PriceScales, scale_of
from cambist.model.market import Instrument, is_multiple

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.engine.reference.exchanges import Event
    from cambist.engine.reference.exchanges import Instrument as Listed
    from cambist.engine.reference.exchanges.decimal import PriceScale


@dataclass(slots=True)
class Successor:
    """A book in the making, told by another connection."""

    generation: int
    book: OrderBook


class Delivery(NamedTuple):
    """How an event came to a book."""

    generation: int
    next: bool
    """Whether that is a connection about to take over."""
    source: Source
    now_ns: int


@dataclass(slots=True)
class BookEntry:
    """One instrument's book and, if it may be traded against pools, its two edges."""

    venue: str
    symbol: str
    base: str
    quote: str
    kind: str
    base_mint: str = ""
    quote_mint: str = ""
    taker_ppm: int | None = None
    edge: int | None = None
    """Its first edge (sells base); the second one (buys base) follows."""
    blocked: str = ""
    """Why it is no edge: `perp`, `multiplier`, `no_identity`, `unknown_fee`, `no_edge`."""
    channel: int | None = None
    """Channel that tells its changes."""
    as_of_ns: int = 0
    """When its last event was known to be true: receive time less lag."""
    book: OrderBook = field(default_factory=lambda: OrderBook(Continuity.of_kind("spot")))
    """It follows the rules of its kind until a channel tells of it, whose protocol knows better."""
    generation: int = 0
    """Connection whose frames the book is made of."""
    next: Successor | None = None
    """The book as the connection tells it that is about to take over; it becomes the book once it can be traded on."""
    listed: bool = True
    """The venue's list says that the pair is traded."""
    rules: TradingRules = NO_RULES
    """What that list asks of an order; the latest one counts."""
    moved: bool = True
    """Since the last picture."""

    @property
    def name(self) -> str:
        """`venue:symbol`."""
        return f"{self.venue}:{self.symbol}"

    @property
    def live(self) -> bool:
        """Whether its state machine says it can be traded on."""
        return self.book.usable

    def take(self, event: Event, delivery: Delivery) -> BookChange | None:
        """Takes over what an event says of the book, from whichever of two connections; `None` if it says nothing."""
        source, now_ns = delivery.source, delivery.now_ns
        if source is Source.FETCHED:
            if self.next is not None:
                take(self.next.book, event, source, now_ns)
                self._take_over()
            return take(self.book, event, source, now_ns)
        if delivery.generation < self.generation:
            return None
        if not delivery.next or self.generation == delivery.generation:
            self.generation = delivery.generation
            return take(self.book, event, source, now_ns)
        if self.next is None:
            self.next = Successor(delivery.generation, OrderBook(self.book.continuity, self.book.scale))
        change = take(self.next.book, event, source, now_ns)
        if change is None:
            return None
        return change if self._take_over() else BookChange(Outcome.IGNORED, change.need_seed)

    def _take_over(self) -> bool:
        """Makes the next book the book if it can be traded on; returns whether it did."""
        if self.next is None or not self.next.book.usable:
            return False
        self.next.book.succeed(self.book)
        self.book, self.generation, self.next = self.next.book, self.next.generation, None
        return True

    def inherit(self, generation: int) -> None:
        """The connection of the book is gone, and the one that was to take over is all there is."""
        if self.generation >= generation:
            return
        self.book.disconnect()
        self.book.connect()
        if self.next is not None:
            self.next.book.succeed(self.book)
            self.book, self.next = self.next.book, None
        self.generation = generation

    def disinherit(self, generation: int) -> None:
        """The connection that was to take over is gone; `generation` is the one that stays."""
        self.next = None
        if self.generation > generation:
            self.book.disconnect()
            self.book.connect()
            self.generation = generation

    @property
    def state(self) -> str:
        """The word for its state."""
        return word(self.book)


class Books:
    """Books by `venue:symbol`, in the order in which they became known."""

    def __init__(self, setup: EngineSetup) -> None:
        self.entries: list[BookEntry] = []
        self.index: dict[tuple[str, str], int] = {}
        self.refused: list[str] = []
        self.shut: set[str] = set()
        """Venues that said they don't trade now."""
        self._identities = {(i.venue, i.asset): i.mint for i in setup.identities}
        self._fees = {f.venue: f.taker_ppm for f in setup.venue_fees}
        self._scales: dict[str, PriceScales] = {}
        """Of the prices of each venue that has one which is not the usual."""
        for instrument in setup.instruments:
            self._refine(self.declare(instrument), scale_of(instrument.price_decimals))

    def declare(self, instrument: Instrument) -> int:
        """Returns the place of an instrument's book, made if it is new."""
        key = (instrument.venue, instrument.symbol)
        if key in self.index:
            return self.index[key]
        entry = BookEntry(instrument.venue, instrument.symbol, instrument.base, instrument.quote, instrument.kind)
        if instrument.kind == "perp":
            entry.book = OrderBook(Continuity.of_kind(entry.kind))
        entry.base_mint, entry.quote_mint = self._mint(entry.venue, entry.base), self._mint(entry.venue, entry.quote)
        entry.taker_ppm = self._fees.get(entry.venue)
        if entry.kind != "spot":
            entry.blocked = "perp"
        elif is_multiple(entry.base) or is_multiple(entry.quote):
            entry.blocked = "multiplier"
        elif not entry.base_mint or not entry.quote_mint:
            entry.blocked = "no_identity"
        elif entry.taker_ppm is None:
            entry.blocked = "unknown_fee"
            self.refused.append("unknown_fee")
        self.index[key] = len(self.entries)
        self.entries.append(entry)
        return self.index[key]

    def _mint(self, venue: str, asset: str) -> str:
        return "" if is_multiple(asset) else self._identities.get((venue, asset), "")

    def named(self, source: str) -> int | None:
        """Returns the place of the book of a `venue:symbol`, `None` if there is none."""
        venue, _, symbol = source.partition(":")
        return self.index.get((venue, symbol))

    def find(self, venue: str, symbol: str, rules: Continuity) -> int:
        """Returns the place of a book, made from its symbol alone if the venue's list did not name it.

        It follows the rules of the channel that tells of it.
        """
        kind = "perp" if rules.is_perpetual else "spot"
        at = self.index.get((venue, symbol))
        if at is None:
            at = self.declare(Instrument(venue, symbol, symbol, "", kind))
        entry = self.entries[at]
        if entry.book.continuity is not rules:
            entry.book = OrderBook(rules, entry.book.scale)
            entry.book.trade(is_open=entry.listed and venue not in self.shut)
        return at

    def scales(self, venue: str) -> PriceScales:
        """Returns the scales of a venue's prices."""
        return self._scales.get(venue, EIGHT)

    def _refine(self, at: int, scale: PriceScale) -> bool:
        """Gives a book's prices a finer scale, if it is one. Returns whether it is."""
        entry = self.entries[at]
        if entry.next is not None:
            entry.next.book.refine(scale)
        finer = entry.book.refine(scale)
        self.note_scale(at)
        return finer

    def note_scale(self, at: int) -> None:
        """Takes over the scale that a book has."""
        entry = self.entries[at]
        if entry.book.scale != self.scales(entry.venue).of(entry.symbol):
            self._scales.setdefault(entry.venue, PriceScales()).set(entry.symbol, entry.book.scale)

    def take_listing(self, venue: str, listed: Listed) -> int | None:
        """Takes an instrument of a venue's list.

        Returns its place if it opened or closed, or its limits or its scale changed.
        """
        at = self.declare(Instrument(venue, listed.symbol, listed.base, listed.quote))
        finer = self._refine(at, listed.price_decimals)
        entry = self.entries[at]
        entry.listed = _is_open(listed.status)
        before, entry.rules = entry.rules, TradingRules.of(listed, entry.book.scale)
        is_new = finer or before.limits != entry.rules.limits
        return at if self._review(at) or is_new else None

    def status(self, venue: str, status: str) -> list[int]:
        """A venue as a whole trades, or doesn't. Returns the places of books that opened or closed."""
        if _is_open(status):
            self.shut.discard(venue)
        else:
            self.shut.add(venue)
        return [at for at, entry in enumerate(self.entries) if entry.venue == venue and self._review(at)]

    def _review(self, at: int) -> bool:
        entry = self.entries[at]
        is_open = entry.listed and entry.venue not in self.shut
        if entry.next is not None:
            entry.next.book.trade(is_open=is_open)
        return entry.book.trade(is_open=is_open)


def word(book: OrderBook) -> str:
    """Returns the word for a book's state: `live` if it may be traded on."""
    return "crossed" if book.state is BookState.LIVE and not book.usable else book.state.value


def _is_open(status: str) -> bool:
    """Returns whether a pair or a venue with this status trades; each venue has its own word for it."""
    return status.lower() in ("", "trading", "online", "live")
