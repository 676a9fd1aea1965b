"""Binance: market streams on one connection, depth snapshots over REST. Spot and USD-M futures.

    {"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@depth@100ms"],"id":1}   →   {"result":null,"id":1}
    {"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.35190000","B":"31.21000000",…}}

1. One SUBSCRIBE names every stream: messages, pings included, are limited to 5 a second. So it is not pinged; a
   connection that is quiet is asked for its streams, in turn with what else is sent.
2. A stream name that does not exist is acknowledged and stays silent: only its missing first data tells.
3. A connection lives 24 hours; `serverShutdown` tells of an earlier end.
4. Spot instruments are asked for by name, and one unknown name makes the whole list HTTP 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import msgspec

from feeds.conversation import KeepAlive, SocketLimits
from feeds.venue import NOTHING, Deadlines, Op, ParsedFrame, Query, Refused, Subscription, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.venue import ErrorClass

STREAMS = {"ticker": "bookTicker", "book": "depth@100ms", "trade": "trade"}
LEVELS = 1000
HOUR_S = 3600.0


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


class _Named(msgspec.Struct):
    symbol: str


class _Info(msgspec.Struct):
    symbols: list[_Named]


class _Time(msgspec.Struct):
    serverTime: int


_MESSAGE = msgspec.json.Decoder(_Message)
_INFO = msgspec.json.Decoder(_Info)
_NAMES = msgspec.json.Decoder(list[_Named])
_TIME = msgspec.json.Decoder(_Time)


class Binance(Venue):
    """The spot market."""

    name = "binance"
    ws = "wss://data-stream.binance.vision"
    path = "/stream"
    rest = "https://data-api.binance.vision"
    protocol = "binance.spot"
    seeding = "rest"
    seedings = ("rest",)
    whole = True
    base_path: ClassVar[str] = "/api/v3"
    depth_weight: ClassVar[float] = 50
    socket = SocketLimits(
        ping_interval_s=None, send_interval_s=0.25, lifetime_s=23 * HOUR_S, lifetime_jitter_s=HOUR_S, overlap_s=60.0
    )
    limits = VenueLimits(
        attempts=(300, 300.0),
        rest=(6000.0, 60.0),
        batch=1024,
        subscriptions=1024,
        operations=(240.0, 60.0),
        pauses_s={429: 120.0, 418: 120.0, 403: 120.0},
    )
    deadlines = Deadlines(alive_s=4.5, silence_s=15.0)
    keep_alive = KeepAlive(b'{"method":"LIST_SUBSCRIPTIONS","id":0}', quiet_s=2.0)
    plain = ((b'{"stream":"', (b"@",)),)
    errors: ClassVar[dict[str, ErrorClass]] = {
        "-1021": "clock",
        "-1003": "throttle",
        "429": "throttle",
        "418": "throttle",
        "-1006": "unknown",
        "-1007": "unknown",
        "-2010": "refusal",
        "-1013": "refusal",
        "-1111": "refusal",
        "-2011": "not_found",
        "-2013": "not_found",
        "-2014": "auth",
        "-2015": "auth",
        "-1016": "maintenance",
        "serverShutdown": "maintenance",
        "-1121": "bad_subscription",
    }

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns one stream for each symbol and kind."""
        return [
            Subscription(f"{symbol.lower()}@{STREAMS[stream]}", symbol, stream, STREAMS[stream])
            for symbol in symbols
            for stream in streams
        ]

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns `{"method":"SUBSCRIBE",…}`."""
        keys = [one.key for one in subscriptions]
        return msgspec.json.encode({"method": op.upper(), "params": keys, "id": number})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns which stream speaks, which request is answered, or that the server shuts down."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return NOTHING
        if message.e == "serverShutdown" or message.stream == "!serverShutdown":
            return ParsedFrame(notice="the server shuts down")
        if message.stream:
            return ParsedFrame(data=(message.stream,))
        number = message.id if isinstance(message.id, int) else None
        if message.error is not None or message.code is not None:
            fault = message.error or _Fault(message.code or 0, message.msg)
            return ParsedFrame(refused=Refused(fault.msg, str(fault.code), number=number))
        return NOTHING if number is None else ParsedFrame(answered=number)

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns `exchangeInfo`, of the named symbols alone: all of them are 15 MB."""
        if not symbols:
            return Query(f"{self.base_path}/exchangeInfo", 20)
        names = quote(msgspec.json.encode(list(symbols)).decode(), safe="")
        return Query(f"{self.base_path}/exchangeInfo?symbols={names}", 20)

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns `symbols[].symbol`."""
        return tuple(entry.symbol for entry in _INFO.decode(body).symbols)

    def names(self) -> Query | None:
        """Returns the last prices of everything: 150 KB that name every symbol."""
        return Query(f"{self.base_path}/ticker/price", 4)

    def named(self, body: bytes) -> tuple[str, ...]:
        """Returns `[].symbol`."""
        return tuple(entry.symbol for entry in _NAMES.decode(body))

    def depth(self, symbol: str) -> Query:
        """Returns a snapshot of a thousand levels a side."""
        return Query(f"{self.base_path}/depth?symbol={quote(symbol, safe='')}&limit={LEVELS}", self.depth_weight)

    def check(self, body: bytes) -> str:
        """Returns `{"code":-1121,"msg":"Invalid symbol."}` as text."""
        message = _MESSAGE.decode(body)
        return f"{message.code} {message.msg}" if message.code is not None and message.code < 0 else ""

    def server_time(self) -> Query | None:
        """Returns where the time is told."""
        return Query(f"{self.base_path}/time")

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns `{"serverTime":1499827319559}`, told in ms."""
        return _TIME.decode(body).serverTime * 1_000_000, 1_000_000


class BinanceUsdm(Binance):
    """USD-M futures: a book of its own, with another rule of continuity, and never an edge."""

    name = "binance-usdm"
    ws = "wss://fstream.binance.com"
    rest = "https://fapi.binance.com"
    protocol = "binance.usdm"
    base_path = "/fapi/v1"
    depth_weight = 20
    limits = msgspec.structs.replace(Binance.limits, rest=(2400.0, 60.0))

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns `exchangeInfo`, which takes no names here."""
        return Query(f"{self.base_path}/exchangeInfo")

    def names(self) -> Query | None:
        """Returns nothing: the list names them all."""
        return None


SPOT = Binance()
USDM = BinanceUsdm()
