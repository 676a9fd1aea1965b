"""What feeds tell, as records of an engine, and what the engine's books are after each."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.config.settings import Gates
from cambist.engine import build_info, make_engine
from cambist.engine.protocol import BookInspection, ChannelView, EngineSetup
from cambist.model.events import Connected, Direction, Disconnected, Gap, RecordKind, pack
from cambist.model.opportunity import Need, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.model.events import Channel

Levels = tuple[tuple[int, int], ...]
WHOLE = 1 << 30


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


class _Channels(msgspec.Struct):
    channels: list[ChannelView]


_AGELESS = EngineSetup(gates=Gates(max_book_age_ms=1_000_000_000))
"""What is measured is when a book notices a fault, not how old one may be to be traded on."""
_BOOK = msgspec.json.Decoder(BookInspection | None)
_CHANNELS = msgspec.json.Decoder(_Channels)
_NEED = msgspec.json.Decoder(Need)


class EngineSink:
    """A `feeds.base.Sink` that steps an engine with each record."""

    def __init__(
        self,
        channels: Sequence[Channel],
        symbols: Sequence[str],
        *,
        setup: EngineSetup | None = None,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        """`symbols` are those of the books that are looked at, at the first channel's venue."""
        self.symbols, self._venue = tuple(symbols), channels[0].venue
        name = "native" if build_info().native else "reference"
        self.engine = make_engine(name, msgspec.structs.replace(setup or _AGELESS, channels=tuple(channels)))
        self.now_ns = now_ns or _anchored()
        self.needed: Callable[[Need], None] = lambda need: None
        """Takes what the engine wants fetched."""
        self.after: Callable[[int], None] = lambda channel: None
        """Called after each record with its channel."""
        self.seq = 0
        self.frames: Counter[int] = Counter()
        """Frames received, by channel."""
        self.received: Counter[tuple[int, int]] = Counter()
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
        self.received[channel, conn] += direction == Direction.IN
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

    def books(self, depth: int = WHOLE) -> dict[str, Shown]:
        """Returns every book that was told of, by symbol."""
        found = ((symbol, self.book(symbol, depth)) for symbol in self.symbols)
        return {symbol: shown for symbol, shown in found if shown is not None}

    def book(self, symbol: str, depth: int = WHOLE) -> Shown | None:
        """Returns a book with at most `depth` levels a side, `None` if nothing was told of it."""
        book = _BOOK.decode(self.engine.inspect_book(f"{self._venue}:{symbol}", depth, self.now_ns()))
        if book is None:
            return None
        touch = _price(book.best_bid), _price(book.best_ask)
        return Shown(
            book.state == "live", book.state, book.last_update_id, book.bids, book.asks, book.seeds, book.gaps, touch,
            book.silent_ns or 0, book.as_of_ns,
        )  # fmt: skip

    def channel_figures(self) -> tuple[int | None, str]:
        """Returns the lag of the first channel, and the last error on it."""
        channel = _CHANNELS.decode(self.engine.present(self.now_ns())).channels[0]
        return channel.lag_ns, channel.last_error

    def usable(self) -> frozenset[str]:
        """Returns the symbols whose book can be traded on."""
        return frozenset(symbol for symbol in self.symbols if (book := self.book(symbol, 0)) and book.usable)

    def live(self, symbols: Sequence[str]) -> bool:
        """Returns whether all these books can be traded on."""
        return self.usable().issuperset(symbols)

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


def _price(level: tuple[int, int] | None) -> int:
    return 0 if level is None else level[0]


def _anchored() -> Callable[[], int]:
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: time.monotonic_ns() + offset
