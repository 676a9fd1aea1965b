"""What feeds tell, as records of an engine, and what the engine's books are after each."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.engine import build_info, make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.order_book.pace import Pace
from cambist.model.events import Connected, Direction, Disconnected, Gap, RecordKind, pack
from cambist.model.opportunity import Need, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.model.events import Channel

Levels = tuple[tuple[int, int], ...]


class Shown(NamedTuple):
    """A book as the engine has it."""

    usable: bool
    state: str
    last: int
    bids: Levels
    asks: Levels
    seeds: int
    gaps: int
    touch: tuple[int, int]
    """Best bid and ask, a newer ticker on top; 0 where there is none."""
    due_ns: int
    """When it is silent if nothing more is said of it."""
    as_of_ns: int
    """When what it shows was true."""


class _Ticker(msgspec.Struct):
    bid: int
    ask: int


class _Book(msgspec.Struct):
    state: str
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    last: int
    crossed: int
    halted: bool
    counts: dict[str, int]
    ticker: _Ticker | None
    pace: Pace


class _Entry(msgspec.Struct):
    venue: str
    symbol: str
    as_of_ns: int
    book: _Book


class _Channel(msgspec.Struct):
    lag_ns: int | None
    last_error: str


class _State(msgspec.Struct):
    books: list[_Entry]
    channels: list[_Channel]


_STATE = msgspec.json.Decoder(_State)
_NEED = msgspec.json.Decoder(Need)


class EngineSink:
    """A `feeds.base.Sink` that steps an engine with each record."""

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        setup: EngineSetup | None = None,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        name = "native" if build_info().native else "reference"
        self.engine = make_engine(name, msgspec.structs.replace(setup or EngineSetup(), channels=tuple(channels)))
        self.now_ns = now_ns or _anchored()
        self.needed: Callable[[Need], None] = lambda need: None
        """Takes what the engine wants fetched."""
        self.after: Callable[[int], None] = lambda channel: None
        """Called after each record with its channel."""
        self.seq = 0
        self.frames: Counter[int] = Counter()
        """Frames received, by channel."""
        self.heard: Counter[tuple[int, int]] = Counter()
        """The same by channel and connection."""
        self.dropped = 0
        """Frames that the feed says it dropped."""
        self.open: dict[tuple[int, int], None] = {}
        """(channel, connection) of what is open, the newest last."""
        self.sent: Counter[int] = Counter()
        self.go = 0
        self.reasons: list[str] = []
        """Why connections ended."""

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Takes one raw frame."""
        (self.frames if direction == Direction.IN else self.sent)[channel] += 1
        self.heard[channel, conn] += direction == Direction.IN
        self._step(RecordKind.FRAME, body, direction, channel, conn, generation)

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Notes that a connection is open."""
        self.open[channel, conn] = None
        self._step(RecordKind.CONNECTED, encode(Connected(label)), 0, channel, conn, generation)

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Notes that a connection ended."""
        self.reasons.append(reason)
        self.open.pop((channel, conn), None)
        self._step(RecordKind.DISCONNECTED, encode(Disconnected(reason)), 0, channel, conn, generation)

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Notes frames that a source dropped."""
        self.dropped += count
        self._step(RecordKind.GAP, encode(Gap(count, reason)), 0, channel, 0, 0)

    def tick(self) -> None:
        """Tells the engine that time has passed."""
        self._step(RecordKind.TICK, b"", 0, 0, 0, 0)

    def books(self) -> dict[str, Shown]:
        """Returns every book by symbol."""
        return {entry.symbol: _shown(entry) for entry in _STATE.decode(self.engine.snapshot()).books}

    def said(self) -> tuple[int | None, str]:
        """Returns the lag of the first channel, and the last error on it."""
        channel = _STATE.decode(self.engine.snapshot()).channels[0]
        return channel.lag_ns, channel.last_error

    def live(self, symbols: Sequence[str]) -> bool:
        """Returns whether all these books can be traded on."""
        books = self.books()
        return all(symbol in books and books[symbol].usable for symbol in symbols)

    def _step(self, kind: int, body: bytes, direction: int, channel: int, conn: int, generation: int) -> None:
        self.seq += 1
        now_ns = self.now_ns()
        record = pack(
            self.seq, now_ns, kind, body, direction=direction, channel=channel, conn=conn, generation=generation
        )
        engine = self.engine
        done = engine.ingest(record, 0, 1 << 62) if kind == RecordKind.FRAME else engine.control(record, 0)
        self.go += done.go
        for line in done.needs.splitlines():
            self.needed(_NEED.decode(line))
        self.after(channel)


def _shown(entry: _Entry) -> Shown:
    book = entry.book
    return Shown(
        book.state == "live" and not book.crossed and not book.halted,
        book.state,
        book.last,
        tuple(book.bids),
        tuple(book.asks),
        book.counts["seeds"],
        book.counts["gaps"],
        _touch(book),
        (book.pace.heard_ns or 0) + book.pace.patience_ns,
        entry.as_of_ns,
    )


def _touch(book: _Book) -> tuple[int, int]:
    if book.ticker is not None:
        return book.ticker.bid, book.ticker.ask
    return (book.bids[0][0] if book.bids else 0), (book.asks[0][0] if book.asks else 0)


def _anchored() -> Callable[[], int]:
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: time.monotonic_ns() + offset
