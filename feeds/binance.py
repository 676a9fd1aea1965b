"""The Binance feed: market streams on one connection, depth snapshots over REST when the engine asks for them.

One SUBSCRIBE names every stream: messages, pings included, are limited to 5 a second. A stream name that does not
exist is acknowledged and stays silent, so each stream has a deadline for its first data.

    {"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@depth@100ms"],"id":1}   →   {"result":null,"id":1}
    {"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.35190000","B":"31.21000000",…}}
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from cambist.model.text import sanitise
from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.http import HttpChannel, HttpLimits, Refusal, Unreachable
from feeds.socket import SocketLimits, WebSocketSource
from feeds.watchdog import Budget

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from cambist.model.events import Channel
    from cambist.model.opportunity import Need
    from feeds.watchdog import Breach

MAX_STREAMS = 1024
STREAMS = ("bookTicker", "depth@100ms")
SUBSCRIBE = "subscribe"
ANY = "any stream"
SEED_CALM_S = 60.0
"""A book that needed no seed for this long starts its backoff over."""
PATHS = {"spot": "/api/v3", "usdm": "/fapi/v1"}


class BinanceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Market data of some symbols."""

    ws: str = "wss://data-stream.binance.vision"
    rest: str = "https://data-api.binance.vision"
    symbols: tuple[str, ...] = ()
    market: str = "spot"
    """`spot` or `usdm`."""
    name: str = "binance"
    depth_limit: int = 1000
    """Levels of a snapshot."""
    depth_weight: int = 50
    """What a snapshot of that many levels costs."""
    weight_per_minute: int = 3000
    """Half of what the venue allows an address."""
    ack_s: float = 5.0
    first_data_s: float = 20.0
    silence_s: float = 15.0
    """Of all streams together: then the connection is made anew."""
    seed_backoff_s: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    socket: SocketLimits = SocketLimits(ping_interval_s=None, send_interval_s=0.25)
    http: HttpLimits = HttpLimits()


class _Fault(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Message(msgspec.Struct):
    stream: str = ""
    id: int | str | None = None
    e: str = ""
    code: int | None = None
    msg: str = ""
    error: _Fault | None = None


_MESSAGE = msgspec.json.Decoder(_Message)


class BinanceFeed:
    """A `Feed` on one market of Binance."""

    def __init__(
        self,
        config: BinanceConfig,
        ws: Channel,
        info: Channel | None,
        depth: Mapping[str, Channel],
        sink: Sink,
        *,
        note: Note = no_note,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`depth` maps each symbol to the channel of its snapshots. Raises `EndpointError`, `ValueError`."""
        if config.market not in PATHS or len(config.symbols) * len(STREAMS) > MAX_STREAMS:
            message = f"market {config.market!r} of {len(config.symbols)} symbols, expected spot or usdm, at most 512"
            raise ValueError(message)
        if missing := sorted(set(config.symbols) - set(depth)):
            message = f"no depth channel for {', '.join(missing)}"
            raise ValueError(message)
        self.name = config.name
        self._config, self._ws, self._info, self._depth, self._note = config, ws, info, dict(depth), note
        url = config.ws.rstrip("/") + "/stream"
        self._socket = WebSocketSource(
            url, ws.id, sink, self, name=config.name, limits=config.socket, clock=clock, rng=rng, note=note
        )
        self._rest = HttpChannel(config.rest, sink, name=config.name, limits=config.http, note=note)
        self._budget = Budget(config.weight_per_minute, clock)
        self._clock = clock
        self._channels = {ws.id, *(channel.id for channel in depth.values())}
        self._streams = {f"{symbol.lower()}@{kind}": False for symbol in config.symbols for kind in STREAMS}
        self._silent: set[str] = set()
        self._next_id = 1
        self._wanted: asyncio.Queue[str] = asyncio.Queue()
        self._seeding: set[str] = set()
        self._seeds: dict[str, tuple[int, float]] = {}
        """Symbol → (seeds in a row, time of the last)."""

    def channels(self) -> tuple[Channel, ...]:
        """Returns its streams, its snapshots and its instrument list."""
        return (self._ws, *self._depth.values(), *((self._info,) if self._info is not None else ()))

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how the streams and the REST side are."""
        socket = self._socket.status()
        if self._silent and socket.state == "live":
            names = ", ".join(sorted(self._silent)[:3])
            socket = msgspec.structs.replace(socket, note=f"{len(self._silent)} silent: {sanitise(names, 60)}")
        return socket, self._rest.status(self._info.id if self._info is not None else self._ws.id)

    def retry(self) -> None:
        """Connects now."""
        self._socket.retry()

    def need(self, need: Need) -> None:
        """Fetches a depth snapshot, unless one is on its way."""
        symbol = need.key
        if need.kind != "depth" or symbol not in self._depth or need.channel not in self._channels:
            return
        if symbol not in self._seeding:
            self._seeding.add(symbol)
            self._wanted.put_nowait(symbol)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._socket.run(), name=f"{self.name} streams")
                if self._info is not None:
                    tasks.create_task(self._instruments(self._info), name=f"{self.name} instruments")
                while True:
                    symbol = await self._wanted.get()
                    tasks.create_task(self._seed(symbol), name=f"{self.name} depth {symbol}")
        finally:
            await self._rest.close()

    # The socket's handler

    def opened(self) -> None:
        """Subscribes every stream in one message."""
        config, watch = self._config, self._socket.watch
        self._silent.clear()
        self._streams = dict.fromkeys(self._streams, False)
        if not self._streams:
            return
        request = {"method": "SUBSCRIBE", "params": list(self._streams), "id": self._next_id}
        self._next_id += 1
        self._socket.send(msgspec.json.encode(request))
        watch.sent(SUBSCRIBE, config.ack_s)
        watch.sent(ANY, config.ack_s + config.silence_s, silence_s=config.silence_s)
        for name in self._streams:
            watch.sent(name, config.ack_s + config.first_data_s)

    def received(self, body: bytes) -> None:
        """Looks at answers, at which stream speaks, and at the venue's goodbye; prices are the engine's."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return  # the engine counts it as malformed
        if message.e == "serverShutdown" or message.stream == "!serverShutdown":
            self._socket.reconnect("the server shuts down", at_once=True)
        elif message.stream:
            self._socket.watch.data(ANY)
            if self._streams.get(message.stream) is False:
                self._heard(message.stream)
        elif message.error is not None or message.code is not None:
            fault = message.error or _Fault(message.code or 0, message.msg)
            self._note("error", self.name, f"subscription refused: {fault.code} {sanitise(fault.msg, 80)}")
            self._socket.reconnect(f"subscription refused: {fault.code}")
        elif message.id is not None:
            self._socket.watch.acked(SUBSCRIBE)

    def closed(self, reason: str) -> None:
        """Nothing outlives a connection but what `opened` sets anew."""

    def overdue(self, breach: Breach) -> bool:
        """One silent stream is reported; no answer at all or silence of all ends the connection."""
        if breach.key in self._streams:
            self._silent.add(breach.key)
            self._note("warn", self.name, f"{sanitise(breach.key)} has sent nothing for {breach.seconds:g} s")
            return False
        return True

    def _heard(self, stream: str) -> None:
        self._streams[stream] = True
        self._silent.discard(stream)
        self._socket.watch.forget(stream)
        self._socket.watch.acked(SUBSCRIBE)

    # REST

    async def _instruments(self, channel: Channel) -> None:
        path = f"{PATHS[self._config.market]}/exchangeInfo"
        if self._config.market == "spot" and self._config.symbols:
            names = msgspec.json.encode(self._config.symbols).decode()
            path += f"?symbols={quote(names, safe='')}"
        wait_s = 1.0
        while True:
            try:
                await self._rest.get(channel.id, path, check_rest)
            except Unreachable as error:
                self._note("warn", self.name, f"no instrument list: {error}")
                await asyncio.sleep(wait_s)
                wait_s = min(60.0, wait_s * 2)
            else:
                return

    async def _seed(self, symbol: str) -> None:
        config = self._config
        try:
            await asyncio.sleep(self._seed_wait(symbol))
            await asyncio.sleep(self._budget.take(config.depth_weight))
            path = f"{PATHS[config.market]}/depth?symbol={quote(symbol, safe='')}&limit={config.depth_limit}"
            await self._rest.get(self._depth[symbol].id, path, check_rest)
        except Unreachable as error:
            self._note("warn", self.name, f"no depth of {sanitise(symbol)}: {error}")
            again = error.status not in (400, 404)
        else:
            again = False
        finally:
            self._seeding.discard(symbol)
        if again and symbol not in self._seeding:
            self._seeding.add(symbol)
            self._wanted.put_nowait(symbol)

    def _seed_wait(self, symbol: str) -> float:
        """Returns the wait before a symbol's next seed, longer each time while it needs one after the other."""
        now = self._clock()
        count, last = self._seeds.get(symbol, (0, now))
        if now - last > SEED_CALM_S:
            count = 0
        self._seeds[symbol] = (count + 1, now)
        steps = self._config.seed_backoff_s
        return steps[min(count, len(steps) - 1)]


def check_rest(body: bytes) -> None:
    """Raises `Refusal` if a REST reply is an error in a 200's clothes, or no JSON object."""
    try:
        message = _MESSAGE.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        what = f"no Binance reply ({sanitise(str(error), 60)})"
        raise Refusal(what, 200, None) from error
    if message.code is not None and message.code < 0:
        what = f"{message.code} {sanitise(message.msg, 60)}"
        raise Refusal(what, 200, None)
