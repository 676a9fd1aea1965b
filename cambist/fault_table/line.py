"""An exchange and an engine joined without a network: hundreds of thousands of frames, the books looked at after each.

The exchange is the loopback one with its wire format and faults; what a feed would do about a book that is lost
(subscribe it anew, or fetch it) is done at the next turn.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

from cambist.fault_table.sink import EngineSink
from cambist.fault_table.truth import Truth
from cambist.model.events import Channel, Direction
from cambist.simulator.exchanges import SIMULATED_OF
from cambist.simulator.exchanges.street import GENESIS_MS, Street
from cambist.simulator.http import Request, Response
from feeds import venues
from feeds.exchange_config import seeding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.model.opportunity import Need
    from cambist.simulator.books import Listing
    from cambist.simulator.sockets import Client
    from feeds.venue import Subscription

WS, INFO, DEPTH = 1, 2, 10
STEP_NS = 50_000_000
TOO_MANY = 429
RECOVERY_NS = 20_000_000_000
"""How long a book is subscribed anew for: OKX allows 480 messages an hour that subscribe or unsubscribe."""


class Wire:
    """The exchange's end of the connection: what it sends is kept for `take`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.open, self.dropped, self.unsent = True, False, 0
        self.closed_with = 0
        self._frames: list[bytes] = []

    def send(self, message: bytes, *, binary: bool = False) -> bool:
        """Takes a frame; binary ones look no different here."""
        del binary
        if self.open:
            self._frames.append(message)
        return self.open

    def send_encoded(self, frames: bytes) -> None:
        """Is not asked: bursts are for real sockets."""
        raise NotImplementedError

    def flush(self) -> None:
        """Has nothing to do."""

    def close(self, code: int, reason: str = "") -> None:
        """Closes."""
        del reason
        self.open, self.closed_with = False, code

    def abort(self) -> None:
        """Cuts off."""
        self.open = False

    def take(self) -> list[bytes]:
        """Returns what was sent since the last call."""
        frames, self._frames = self._frames, []
        return frames


class Line:
    """One exchange, one connection, one engine. `bend` may drop, repeat or reorder what passes."""

    def __init__(
        self,
        venue: str,
        *,
        seed: int,
        symbols: int = 1,
        bend: Callable[[list[bytes]], Iterable[bytes]] | None = None,
        rate: float = 1.0,
        listings: tuple[Listing, ...] = (),
    ) -> None:
        """`listings` in place of the venue's first `symbols`; the engine is told of them as a feed tells it."""
        self.venue = venues.find(venue)
        self._now_ns = GENESIS_MS * 1_000_000
        own = SIMULATED_OF[venue].listings[:symbols]  # nobody asks for the other books
        self.street = Street(
            seed, (venue,), rate=rate, listings={venue: listings or own}, clock_ms=lambda: self._now_ns // 1_000_000
        )
        self.exchange = self.street.exchanges[venue]
        self.exchange.seconds = lambda: self._now_ns / 1e9
        self.symbols = tuple(self.exchange.books)
        self.truth = Truth(self.exchange, self.symbols)
        self.frames = 0
        """Frames that reached the engine."""
        self.fetched = 0
        self.after: Callable[[bytes], None] = lambda frame: None
        """Called after each frame."""
        self.recovering: set[str] = set()
        self._bend = bend or (lambda frames: frames)
        self._by_rest = seeding_of(self.venue, "") == "rest"
        self._numbers = itertools.count(1)
        protocol = self.venue.protocol
        depth = {s: DEPTH + at for at, s in enumerate(self.symbols)} if self._by_rest else {}
        self._depth = depth
        channels = [Channel(WS, venue, venue, f"{protocol}.ws", "line")]
        channels += [Channel(at, venue, venue, f"{protocol}.depth", "line", s) for s, at in depth.items()]
        channels += [Channel(INFO, venue, venue, f"{protocol}.info", "line")] if listings else []
        self.sink = EngineSink(channels, self.symbols, now_ns=lambda: self._now_ns)
        self.sink.needed = self._needed
        self._wanted: dict[str, None] = {}
        self._generation = 0
        self._wire = Wire(self.venue.path)
        query = self.venue.instruments(self.symbols) if listings else None
        if query is not None:
            self.sink.frame(INFO, 1, 1, Direction.IN, self._get(query.target).body)
        self.connect()

    def connect(self) -> None:
        """Opens a connection, the old one being gone, and subscribes."""
        if self._generation:
            self._wire.open = False
            self._hang_up()
        self._generation += 1
        self._wire = Wire(self.venue.path)
        self.exchange._connected(self._client)
        self.sink.connected(WS, self._generation, self._generation, "line")
        self._send(self._subscriptions(self.symbols), "subscribe")
        self.truth.note()
        self._deliver(self._wire.take())

    def step(self) -> None:
        """Lets 50 ms pass: the floor moves, its frames arrive, what was lost is asked for."""
        self.street.step()
        self._now_ns += STEP_NS
        self.truth.note()
        self._deliver(self._bend(self._wire.take()))
        if not self._wire.open:
            self.connect()
        for symbol in list(self._wanted):
            del self._wanted[symbol]
            self._recover(symbol)

    def stall(self, seconds: float) -> None:
        """Lets time pass in which nothing comes."""
        self._now_ns += int(seconds * 1e9)
        self.sink.tick()

    def settle(self, steps: int = 40) -> bool:
        """Steps without bending until all books are the venue's; returns whether they came to be."""
        bend, self._bend = self._bend, lambda frames: frames
        try:
            for _ in range(steps):
                self.step()
                if self.truth.equal(self.sink.books()):
                    return True
            return False
        finally:
            self._bend = bend

    def _deliver(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self.frames += 1
            self.sink.frame(WS, self._generation, self._generation, Direction.IN, frame)
            self.truth.compare(self.sink.books())
            self.after(frame)

    def _needed(self, need: Need) -> None:
        if need.kind == "depth" and need.key in self.symbols:
            self._wanted[need.key] = None

    def _recover(self, symbol: str) -> None:
        """Does what a feed does for a lost book."""
        self.fetched += 1
        if not self._by_rest:
            self._now_ns += RECOVERY_NS
            books = [one for one in self._subscriptions((symbol,)) if one.stream == "book"]
            self._send(books, "unsubscribe")
            self._send(books, "subscribe")
            self._deliver(self._wire.take())
            return
        reply = self._get(self.venue.depth(symbol).target)
        if reply.status == TOO_MANY:  # as a feed does: it waits, and asks again
            self._now_ns += int(dict(reply.headers)["Retry-After"]) * 1_000_000_000
            self._wanted[symbol] = None
            return
        self.sink.frame(self._depth[symbol], 1, 1, Direction.IN, reply.body)

    def _get(self, target: str) -> Response:
        url = urlsplit(target)
        return self.exchange._request(Request("GET", url.path, dict(parse_qsl(url.query)), {}, b""))

    def _subscriptions(self, symbols: tuple[str, ...]) -> list[Subscription]:
        return self.venue.subscriptions(symbols, self.venue.streams)

    def _send(self, subscriptions: list[Subscription], op: str) -> None:
        for request in self.venue.requests(op, subscriptions, self._numbers):  # type: ignore[arg-type]
            self.exchange._received(self._client, request.message)

    @property
    def _client(self) -> Client:
        """The wire in place of a real client: this stands in for the exchange's own server."""
        return cast("Client", self._wire)

    def _hang_up(self) -> None:
        self.exchange._gone(self._client)
        self.sink.disconnected(WS, self._generation, self._generation, "cut")
