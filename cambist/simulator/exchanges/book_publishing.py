"""How an exchange publishes its books: the touch, trades, snapshots and updates, and the truth to hold them against."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from cambist.simulator.exchanges.digits import decimals
from cambist.simulator.exchanges.faults import Faults, Kind, Stage
from cambist.simulator.exchanges.publishing import Publisher
from cambist.simulator.exchanges.records import Day, Grid, Truth
from cambist.simulator.exchanges.views import Journal, View, changes, view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cambist.simulator.books import Book, Listing, Trade
    from cambist.simulator.exchanges.session import Session, Topic

BOOK_MOODS = (Kind.CROSSED, Kind.LOCKED, Kind.EMPTY_BOOK, Kind.DEEP_SNAPSHOT)


class BookPublisher(Publisher, ABC):
    """The books of one exchange and what its listeners have of them."""

    client_truncates: ClassVar[bool] = False
    """Whether levels pushed out of scope are not deleted by a message."""
    resets_by_snapshot: ClassVar[bool] = False
    """Whether sequence numbers that start anew do so with a whole book."""

    def __init__(self, books: Mapping[str, Book], clock_ms: Callable[[], int], seed: int) -> None:
        super().__init__(Faults(seed))
        self.books = books
        self._clock_ms = clock_ms
        self._started_ms = clock_ms()
        self.grids = {symbol: _grid(book.listing) for symbol, book in books.items()}
        self._shift: Counter[str] = Counter()
        """Symbol → what is added to its book's update id on the wire."""
        self._journals = {symbol: Journal(book, book.update_id) for symbol, book in books.items()}
        self._shown: dict[Topic, View] = {}
        """What those who listen to a book channel have."""
        self._moods: dict[str, dict[Kind, int]] = {}
        self._wrong: dict[str, bool] = {}
        """Symbols whose checksums are wrong at the moment, and whether that stays."""
        self._topics = {symbol: list(self._book_topics(symbol)) for symbol in books}
        self.days = {symbol: Day(book) for symbol, book in books.items()}

    @property
    def now_ms(self) -> int:
        """The venue's clock in Unix milliseconds."""
        found = self._clock_ms()
        if self.faults.armed(Stage.CLOCK):
            found += sum(fault.value for fault in self.faults.strike(Stage.CLOCK, None, None, self.now_s))
        return found

    @property
    def now_s(self) -> float:
        """Seconds of market time since the venue was made."""
        return (self._clock_ms() - self._started_ms) / 1_000.0

    def truth(self, symbol: str, sequence: int | None = None) -> Truth:
        """Returns the true book at a sequence number, the newest one if it is `None`.

        The number is what the wire carries where there is one per book; else it counts the changes of levels.
        Raises `KeyError` if that number was never told or is older than 512 changes.
        """
        number, bids, asks = self._journals[symbol].at(sequence)
        tick, step = self.grids[symbol].tick, self.grids[symbol].step
        return Truth(
            number,
            [(at * tick, bids[at] * step) for at in sorted(bids, reverse=True)],
            [(at * tick, asks[at] * step) for at in sorted(asks)],
        )

    # What the floor says

    def ticker(self, book: Book) -> None:
        """Publishes the touch."""
        for topic, body in self._touches(book):
            self.publish(topic, body)

    def trade(self, book: Book, trade: Trade) -> None:
        """Publishes a trade."""
        self.days[book.listing.symbol].add(trade, self.now_ms)
        for topic, body in self._trades(book, trade):
            self.publish(topic, body)

    def depth(self, book: Book, *, whole_second: bool) -> None:
        """Publishes the levels that changed."""
        changed = book.take_changes()
        if changed is None:
            return
        symbol = book.listing.symbol
        kinds = self._book_faults(book)
        _, _, bids, asks = changed
        for topic, depth in self._topics[symbol]:
            self._refresh(topic, book, depth, snapshot=Kind.SNAPSHOT in kinds)
        if self._wrong.get(symbol) is False:
            del self._wrong[symbol]
        self._journals[symbol].add(self.sequence(book), bids, asks)

    def sequence(self, book: Book) -> int:
        """Returns the book's sequence number on the wire."""
        return book.update_id + self._shift[book.listing.symbol]

    def mood(self, symbol: str) -> dict[Kind, int]:
        """Returns the faults that bend a book at the moment, with their values."""
        return self._moods.get(symbol, {})

    def touch(self, book: Book) -> tuple[int, int, int, int] | None:
        """Returns best bid, its lots, best ask, its lots as faults show them; `None` for an empty book."""
        mood = self.mood(book.listing.symbol)
        if Kind.EMPTY_BOOK in mood:
            return None
        bid, bid_lots, ask, ask_lots = book.top()
        if Kind.CROSSED in mood or Kind.LOCKED in mood:
            bid = ask + (Kind.CROSSED in mood)
        return bid, bid_lots, ask, ask_lots

    # What a venue adds

    @abstractmethod
    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        """Returns the frames of the touch, for the channels that somebody listens to."""

    @abstractmethod
    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        """Returns the frames of a trade, for the channels that somebody listens to."""

    @abstractmethod
    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        """Returns the channels of levels and how deep they go."""

    @abstractmethod
    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        """Returns the frame of a whole book."""

    @abstractmethod
    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        """Returns the frame of changed levels, after which a client sees `seen`."""

    def _advance(self, topic: Topic, book: Book) -> None:
        """Notes that the next frame of a book is a snapshot for all who listen."""

    def _reset(self, book: Book) -> None:
        """Lets sequence numbers start anew."""

    # Books

    def _book_faults(self, book: Book) -> dict[Kind, int]:
        """Returns the faults that strike this change of a book. Those that bend it stay until the next change."""
        symbol = book.listing.symbol
        if not self.faults.armed(Stage.BOOK) and symbol not in self._moods and symbol not in self._wrong:
            return {}
        struck = self.faults.strike(Stage.BOOK, None, symbol, self.now_s)
        found = {fault.kind: fault.value for fault in struck}
        before = self._moods.pop(symbol, {})
        self._wrong.pop(symbol, None)
        if Kind.CHECKSUM in found:
            self._wrong[symbol] = any(fault.kind is Kind.CHECKSUM and fault.count == 0 for fault in struck)
        if bent := {kind: value for kind, value in found.items() if kind in BOOK_MOODS}:
            self._moods[symbol] = bent
        whole = {Kind.EMPTY_BOOK, Kind.DEEP_SNAPSHOT}
        if (found.keys() & whole) != (before.keys() & whole):
            found = {**found, Kind.SNAPSHOT: 0}
        reset = Kind.SEQUENCE_RESET in found
        if reset:
            self._reset(book)
            if self.resets_by_snapshot:
                found[Kind.SNAPSHOT] = 0
        if bent or before or reset:
            self.ticker(book)
        return found

    def _restart(self, book: Book, sequence: int) -> None:
        """Gives a book a new sequence number, from which the truth begins anew."""
        symbol = book.listing.symbol
        self._shift[symbol] = sequence - book.update_id
        self._journals[symbol] = Journal(book, sequence)

    def _refresh(self, topic: Topic, book: Book, depth: int, *, snapshot: bool) -> None:
        if topic not in self.listeners:
            self._shown.pop(topic, None)
            return
        seen = view(book, depth, self.mood(book.listing.symbol))
        before = self._shown.get(topic)
        self._shown[topic] = seen
        if before is None or snapshot:
            self._advance(topic, book)
            self.publish(topic, self._snapshot(topic, book, seen))
            return
        changed = changes(before, seen, depth if self.client_truncates else 0)
        if not changed.empty:
            self.publish(topic, self._update(topic, book, changed, seen))

    def _seed(self, session: Session, topic: Topic, depth: int, *, send: bool = True) -> None:
        """Sends a new listener the book as those who listen already have it."""
        book = self.books[topic.symbol]
        self.depth(book, whole_second=False)
        seen = self._shown.get(topic)
        if seen is None or topic not in self.listeners:
            self._advance(topic, book)
            seen = self._shown[topic] = view(book, depth, self.mood(topic.symbol))
        if send:
            self.deliver(session, topic, self._snapshot(topic, book, seen))

    def _calm(self, symbol: str) -> bool:
        self.depth(self.books[symbol], whole_second=False)
        return symbol not in self._moods

    def _slow_change(self, book: Book) -> None:
        self.ticker(book)
        self.depth(book, whole_second=False)

    def _quick_change(self, book: Book) -> list[tuple[Topic, bytes]]:
        """Returns the frames of one change of the best bid's quantity, without looking at all other levels."""
        changed = book.take_changes()
        if changed is None:
            return []
        bids = changed[2]
        found = list(self._touches(book))
        for topic, _ in self._topics[book.listing.symbol]:
            seen = self._shown.get(topic) if topic in self.listeners else None
            if seen is not None:
                seen.bids.update(bids)
                found.append((topic, self._update(topic, book, View(bids, {}), seen)))
        self._journals[book.listing.symbol].add(self.sequence(book), bids, {})
        return found


def _grid(listing: Listing) -> Grid:
    tick, step, places = listing.tick, listing.step, listing.places
    return Grid(tick, step, decimals(tick, places), decimals(step), places)
