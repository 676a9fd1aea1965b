"""The feed of any exchange: connects, subscribes, seeds, replaces connections before they end. `feeds.venue` says how.

What a frame means for a book is the engine's business; it asks for seeds with `Need(kind="depth", key=symbol)`.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from typing import TYPE_CHECKING

import msgspec

from cambist.model.text import sanitise
from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.bucket import Bucket, Buckets
from feeds.exchange_config import ExchangeChannels, ExchangeConfig, seeding_of
from feeds.http import HttpChannel
from feeds.loop_time import loop_s
from feeds.reseeding import Reseeder
from feeds.socket import WebSocketSource
from feeds.subscription_state import Past, Shared
from feeds.subscriptions import Subscriptions
from feeds.transport import NativeSource
from feeds.venue import NOTHING, ParsedFrame
from feeds.venue_reads import VenueReads

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from cambist.model.events import Channel
    from cambist.model.opportunity import Need
    from feeds.conversation import Conversation
    from feeds.dial import Dial
    from feeds.transport import Wires
    from feeds.venue import Subscription, Venue

__all__ = ["ExchangeChannels", "ExchangeConfig", "ExchangeFeed", "seeding_of"]

SHOWN = 3
"""Names in a status note."""


class ExchangeFeed:
    """A `Feed` on a venue."""

    def __init__(
        self,
        venue: Venue,
        config: ExchangeConfig,
        channels: ExchangeChannels,
        sink: Sink,
        *,
        buckets: Buckets | None = None,
        note: Note = no_note,
        rng: random.Random | None = None,
        clock: Callable[[], float] = loop_s,
        wires: Wires | None = None,
        dial: Dial | None = None,
    ) -> None:
        """Feeds that share `buckets` share what the venue allows an address.

        With `wires` the streams come natively, with `dial` they and the reads come over that. Raises `EndpointError`,
        `ValueError`.
        """
        self.name = config.name or venue.name
        self._venue, self._config, self._channels, self._note, self._clock = venue, config, channels, note, clock
        self._deadlines = config.deadlines or venue.deadlines
        self._limits = config.limits or venue.limits
        self._seeding = seeding_of(venue, config.seed)
        self._wanted = self._subscriptions()
        self._past = {one.key: Past(config.attempts_per_minute) for one in self._wanted}
        self._own = self._owners()
        self._open: list[Subscriptions] = []
        """Of each connection that is open, the newest last."""
        self._state, self._unlisted = "", ""
        self._faults: set[str] = set()
        self._translate = self._translated if venue.protocol == "cambist" else None
        shared = buckets or Buckets(clock)
        self._dial = dial
        self._socket = self._make_socket(sink, shared, rng, wires)
        rest = config.rest or venue.rest
        self._bucket = shared.of("rest", venue.name, rest, *self._limits.rest) if rest else Bucket(1.0)
        self._reads = self._make_reads(rest, sink) if rest else None
        self._operations = Bucket(*self._limits.operations, clock=clock)
        self._reseeder = self._make_reseeder()
        self._tasks: asyncio.TaskGroup | None = None
        self._shared = self._make_shared()

    def _make_socket(
        self, sink: Sink, buckets: Buckets, rng: random.Random | None, wires: Wires | None
    ) -> WebSocketSource:
        config, venue = self._config, self._venue
        url = _address(config.ws or venue.ws, venue.path)
        make: Callable[..., WebSocketSource] = WebSocketSource
        if wires is not None:
            make = functools.partial(NativeSource, wires=wires, plain=venue.plain)
        elif self._dial is not None:
            make = functools.partial(WebSocketSource, dial=self._dial)
        return make(
            url,
            self._channels.ws.id,
            sink,
            self._opened,
            name=self.name,
            limits=config.socket or venue.socket,
            clock=self._clock,
            rng=rng,
            note=self._note,
            translate=self._translate,
            keep_alive=venue.keep_alive,
            attempts=buckets.of("connect", venue.name, url, *self._limits.attempts),
        )

    def _make_reads(self, url: str, sink: Sink) -> VenueReads:
        rest = HttpChannel(
            url,
            sink,
            name=self.name,
            limits=self._config.http,
            note=self._note,
            bucket=self._bucket,
            pauses_s=self._limits.pauses_s,
            translate=self._translate,
            dial=self._dial,
        )
        return VenueReads(self._venue, rest, self._bucket, lambda text: self._note("warn", self.name, text))

    def _subscriptions(self) -> list[Subscription]:
        """Returns what to subscribe. Raises `ValueError` if one connection can't carry it."""
        config, limits = self._config, self._limits
        if not config.symbols:
            return []
        wanted = self._venue.subscriptions(config.symbols, config.streams or self._venue.streams)
        chars = sum(len(one.key) for one in wanted)
        if len(wanted) > limits.subscriptions or chars > limits.key_chars:
            message = (
                f"{self.name}: {len(wanted)} subscriptions of {chars} characters, "
                f"a connection carries {limits.subscriptions} of {limits.key_chars}"
            )
            raise ValueError(message)
        return wanted

    def _owners(self) -> dict[str, str]:
        """Returns for each symbol, and each name its data may come by, the symbol that is subscribed for it."""
        owners: dict[str, str] = {}
        for symbol in self._config.symbols:
            owner = owners.setdefault(self._venue.book_name(symbol), symbol)
            owners[symbol] = owner
        if self._seeding == "rest" and (missing := sorted(set(self._config.symbols) - set(self._channels.depth))):
            message = f"{self.name}: no depth channel for {', '.join(missing)}"
            raise ValueError(message)
        return owners

    def _make_reseeder(self) -> Reseeder:
        config, by_rest = self._config, self._seeding == "rest"
        if by_rest and not (config.rest or self._venue.rest):
            message = f"{self.name}: books are seeded over HTTP, but there is no address for it"
            raise ValueError(message)
        weight = self._venue.depth(config.symbols[0]).weight if by_rest and config.symbols else 2.0
        return Reseeder(
            config.symbols,
            lambda: self._bucket if by_rest else self._operations,
            self._seed if by_rest else self._resubscribe,
            weight=weight if by_rest else 0.0,  # a message that subscribes is counted where it is sent
            batch=1 if by_rest else self._limits.batch,
            backoff_s=config.seed_backoff_s,
            alarm=lambda symbol: self._note(
                "error", self.name, f"the book of {sanitise(symbol)} is seeded again and again: its seeds don't last"
            ),
            clock=self._clock,
        )

    def _make_shared(self) -> Shared:
        by_stream = self._seeding == "resubscribe"
        return Shared(
            venue=self._venue,
            name=self.name,
            note=self._note,
            past=self._past,
            deadlines=self._deadlines,
            retry=self._config,
            numbers=itertools.count(1),
            roll=self._socket.roll,
            parse=self._parsed,
            recovered=self._reseeder.done if by_stream else self._spoke,
            on_state=self._take_state,
            ended=self._ended,
            clock=self._clock,
        )

    # A feed

    def channels(self) -> tuple[Channel, ...]:
        """Returns its streams, its snapshots and its instrument list."""
        channels = self._channels
        return (channels.ws, *channels.depth.values(), *((channels.info,) if channels.info is not None else ()))

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how the streams and the reads are."""
        socket = self._socket.status()
        subscribed = self._subscribed
        silent = subscribed.silent() if subscribed is not None and socket.state == "live" else []
        parts = [f"{len(silent)} silent: {_some(silent)}"] if silent else []
        refused = [key for key, past in self._past.items() if past.refused]
        if refused and not self._unlisted:
            parts.append(f"{len(refused)} refused: {_some(refused)}")
        parts += [part for part in (self._unlisted, self._state) if part]
        if parts and socket.state == "live":
            socket = msgspec.structs.replace(socket, note="; ".join(parts))
        if subscribed is not None and socket.state == "live" and silent and "live" not in subscribed.states().values():
            socket = msgspec.structs.replace(socket, state="stale")
        if self._reads is None:
            return (socket,)
        reads = self._reads
        socket = msgspec.structs.replace(
            socket, clock_offset_ns=reads.clock_offset_ns, clock_error_ns=reads.clock_error_ns
        )
        info = self._channels.info
        return socket, self._reads.status(info.id if info is not None else self._channels.ws.id)

    def retry(self) -> None:
        """Connects now, and asks again for what was refused."""
        refused = [past for past in self._past.values() if past.refused]
        for past in refused:
            past.refused, past.failures = "", 0
        self._unlisted = ""
        if refused:
            self._socket.roll("asked to try again")
        self._socket.retry()

    def need(self, need: Need) -> None:
        """Seeds a book anew, unless its seed is on its way."""
        symbol = self._own.get(need.key)
        known = {self._channels.ws.id, *(channel.id for channel in self._channels.depth.values())}
        if need.kind != "depth" or symbol is None or need.channel not in known:
            return
        if self._seeding == "resubscribe" and (self._subscribed is None or self._subscribed.pending(symbol)):
            return
        self._reseeder.want(symbol)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._socket.run(), name=f"{self.name} streams")
                tasks.create_task(self._reseeder.run(), name=f"{self.name} seeds")
                if self._reads is not None:
                    if self._channels.info is not None:
                        tasks.create_task(self._listing(self._reads, self._channels.info.id), name=f"{self.name} list")
                    tasks.create_task(self._reads.ask_time(self._config.clock_every_s), name=f"{self.name} clock")
        finally:
            self._tasks = None
            self._open.clear()
            self._reseeder.forget()
            if self._reads is not None:
                await self._reads.close()

    # Connections

    def _opened(self, talk: Conversation) -> Subscriptions:
        """Returns the handler of a new connection, which is the one that books are seeded on from now on."""
        self._operations = Bucket(*self._limits.operations, clock=self._clock)
        replaces = bool(self._open) and self._seeding == "rest"
        made = Subscriptions(talk, self._wanted, self._shared, self._operations, seeds=replaces)
        self._open.append(made)
        return made

    @property
    def _subscribed(self) -> Subscriptions | None:
        """The subscriptions of the newest connection."""
        return self._open[-1] if self._open else None

    def _ended(self, which: Subscriptions) -> None:
        if which is self._subscribed:
            self._reseeder.forget()
        if which in self._open:
            self._open.remove(which)

    def _take_state(self, state: str) -> None:
        """Keeps what the venue says of itself, if it is out of the ordinary."""
        state = "" if state == "online" else sanitise(state, 24)
        if state and state != self._state:
            self._note("warn", self.name, f"the venue says {state}")
        self._state = state

    def _parsed(self, body: bytes) -> ParsedFrame:
        """Reads a frame; a reader that fails, which a plug-in's may, is told once for each kind of failure."""
        try:
            return self._venue.parse(body)
        except Exception as error:  # whatever it is, the connection goes on
            self._fault("a frame can't be read", error)
            return NOTHING

    def _translated(self, body: bytes) -> Sequence[bytes]:
        """Returns a frame in cambist's own form; the frame itself, to be counted as malformed, if that fails."""
        try:
            return self._venue.translate(body)
        except Exception as error:
            self._fault("a frame can't be translated", error)
            return (body,)

    def _fault(self, what: str, error: Exception) -> None:
        if type(error).__name__ not in self._faults:
            self._faults.add(type(error).__name__)
            self._note("error", self.name, f"{what}: {type(error).__name__}: {sanitise(str(error), 60)}")

    # Seeds

    def _spoke(self, symbol: str) -> None:
        """Seeds a book whose stream begins on a connection that takes over: the old one ends only after that."""
        if len(self._open) > 1:
            self._reseeder.want(symbol, fresh=True)

    def _resubscribe(self, symbols: list[str]) -> None:
        if self._subscribed is not None:
            self._subscribed.recover(symbols)

    def _seed(self, symbols: list[str]) -> None:
        for symbol in symbols:
            if self._tasks is not None and self._reads is not None:
                self._tasks.create_task(self._fetch(self._reads, symbol), name=f"{self.name} depth {symbol}")

    async def _fetch(self, reads: VenueReads, symbol: str) -> None:
        fetched = await reads.depth(self._channels.depth[symbol].id, symbol)
        self._reseeder.done(symbol)
        if fetched == "later":
            self._reseeder.want(symbol)
        for one in self._open if fetched == "done" else ():
            one.seeded(symbol)

    def _give_up(self, reasons: Mapping[str, str]) -> None:
        """Gives up symbols that the venue doesn't list."""
        self._unlisted = "; ".join(f"{sanitise(symbol, 20)} {why}" for symbol, why in list(reasons.items())[:SHOWN])
        for symbol, why in reasons.items():
            for one in self._open:
                one.give_up(symbol, why)
            if not self._open:
                self._note("error", self.name, f"{sanitise(symbol)} is not subscribed: {why}")
            for sub in self._wanted:
                if sub.symbol == self._own[symbol]:
                    self._past[sub.key].refused = why

    async def _listing(self, reads: VenueReads, info: int) -> None:
        symbols = tuple(dict.fromkeys(self._config.symbols))
        self._give_up(await reads.unlisted(info, symbols))
        while True:  # for new steps of prices and quantities; what left the list meanwhile is left alone
            await asyncio.sleep(self._config.list_every_s)
            await reads.unlisted(info, symbols)


def _address(url: str, path: str) -> str:
    """Returns an address with the venue's path, given with or without it."""
    bare = url.rstrip("/")
    return bare if bare.endswith(path) else bare + path


def _some(keys: Sequence[str]) -> str:
    return sanitise(", ".join(sorted(keys)[:SHOWN]), 60)
