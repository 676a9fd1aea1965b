"""Kraken, WebSocket API v2. Names are those of v2, `BTC/USD`; its REST lists still say `XBT/USD`.

    {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":true},"req_id":1}
    {"method":"subscribe","result":{"channel":"book","symbol":"BTC/USD","snapshot":true},"success":true,"req_id":1,…}
    {"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[…],"asks":[],"checksum":974947235,…}]}

1. Each symbol is acknowledged, or refused, by a message of its own.
2. There are no numbers: a book is seeded, and seeded anew after a wrong checksum, by subscribing it.
3. A heartbeat comes each second while nothing else does.
4. A ticker speaks on trades only, unless asked to speak on each change of the touch. It has no number, so nothing
   says whether it is newer than the book: the book alone is subscribed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from feeds.conversation import KeepAlive, SocketLimits
from feeds.venue import NOTHING, Deadlines, Op, ParsedFrame, Query, Refused, Subscription, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.venue import ErrorClass

DEPTH = 10
OPTIONS: dict[str, dict[str, object]] = {
    "book": {"depth": DEPTH, "snapshot": True},
    "ticker": {"event_trigger": "bbo", "snapshot": True},
    "trade": {"snapshot": False},
}
V2_ASSETS = {"XBT": "BTC", "XDG": "DOGE"}
"""Assets whose names in REST lists are older ones."""


class _Row(msgspec.Struct):
    symbol: str = ""
    system: str = ""


class _Result(msgspec.Struct):
    channel: str = ""
    symbol: str = ""


class _Message(msgspec.Struct):
    channel: str = ""
    data: list[_Row] = []
    method: str = ""
    result: _Result | None = None
    success: bool | None = None
    error: str = ""
    symbol: str = ""
    req_id: int | None = None


class _Pair(msgspec.Struct):
    wsname: str = ""
    fees: list[tuple[float, float]] = []
    """(volume in 30 days, percent)."""


class _Pairs(msgspec.Struct):
    result: dict[str, _Pair]


class _Clock(msgspec.Struct):
    unixtime: int


class _Time(msgspec.Struct):
    result: _Clock


class _Errors(msgspec.Struct):
    error: list[str] = []


_MESSAGE = msgspec.json.Decoder(_Message)
_PAIRS = msgspec.json.Decoder(_Pairs)
_TIME = msgspec.json.Decoder(_Time)
_ERRORS = msgspec.json.Decoder(_Errors)


class Kraken(Venue):
    """The spot market."""

    name = "kraken"
    ws = "wss://ws.kraken.com"
    path = "/v2"
    rest = "https://api.kraken.com"
    protocol = "kraken"
    streams = ("book",)
    socket = SocketLimits(send_interval_s=0.05)
    limits = VenueLimits(attempts=(150, 600.0), rest=(60.0, 60.0), batch=250, pauses_s={429: 120.0, 403: 600.0})
    deadlines = Deadlines(alive_s=4.5, silence_s=30.0)
    keep_alive = KeepAlive(b'{"method":"ping","req_id":0}', quiet_s=2.5)
    plain = tuple((b'{"channel":"%b"' % name, ()) for name in (b"book", b"ticker", b"trade"))
    errors: ClassVar[dict[str, ErrorClass]] = {
        "EAPI:Invalid nonce": "clock",
        "EOrder:Rate limit exceeded": "throttle",
        "EAPI:Rate limit exceeded": "throttle",
        "Exceeded msg rate": "throttle",
        "EService:Throttled": "throttle",
        "EService:Unavailable": "unknown",
        "EService:Busy": "unknown",
        "EOrder:Insufficient funds": "refusal",
        "EOrder:Invalid price": "refusal",
        "EOrder:Order minimum not met": "refusal",
        "EOrder:Post only order": "refusal",
        "EOrder:Unknown order": "not_found",
        "EAPI:Invalid key": "auth",
        "EAPI:Invalid signature": "auth",
        "EGeneral:Permission denied": "auth",
        "maintenance": "maintenance",
        "cancel_only": "maintenance",
        "Currency pair not supported": "bad_subscription",
    }

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns one of each channel and symbol; one message names one channel."""
        return [Subscription(f"{stream} {s}", s, stream, stream) for stream in streams for s in symbols]

    def group(self, subscription: Subscription) -> str:
        """Returns the channel."""
        return subscription.topic

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns `{"method":"subscribe","params":{"channel":"book","symbol":[…],…},"req_id":1}`."""
        channel = subscriptions[0].topic
        params: dict[str, object] = {"channel": channel, "symbol": [one.symbol for one in subscriptions]}
        if op == "subscribe":
            params |= OPTIONS[channel]
        elif channel == "book":
            params["depth"] = DEPTH
        return msgspec.json.encode({"method": op, "params": params, "req_id": number})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns which symbols a frame is about, and what it says of them."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return NOTHING
        if message.channel == "status":
            return ParsedFrame(state=message.data[0].system if message.data else "")
        if message.channel:
            return ParsedFrame(data=tuple(f"{message.channel} {row.symbol}" for row in message.data if row.symbol))
        if message.method == "subscribe" and message.success is False:
            return ParsedFrame(refused=Refused(message.error, symbol=message.symbol, number=message.req_id))
        if message.method == "subscribe" and message.result is not None:
            return ParsedFrame(acked=(f"{message.result.channel} {message.result.symbol}",))
        return NOTHING

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns the list of all pairs."""
        return Query("/0/public/AssetPairs")

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns `result.*.wsname`, in the names of v2."""
        return tuple(v2_name(pair.wsname) for pair in _PAIRS.decode(body).result.values() if pair.wsname)

    def taker_ppm(self, body: bytes, symbol: str) -> tuple[tuple[float, int], ...]:
        """Returns `result.*.fees`, told in percent."""
        pairs = (pair for pair in _PAIRS.decode(body).result.values() if pair.wsname and v2_name(pair.wsname) == symbol)
        return tuple((volume, round(percent * 10_000)) for pair in pairs for volume, percent in pair.fees)

    def check(self, body: bytes) -> str:
        """Returns `{"error":["EGeneral:Internal error"]}` as text."""
        return ", ".join(_ERRORS.decode(body).error)

    def server_time(self) -> Query | None:
        """Returns where the time is told."""
        return Query("/0/public/Time")

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns `{"result":{"unixtime":1616336594,…}}`, told in whole seconds."""
        return _TIME.decode(body).result.unixtime * 1_000_000_000, 1_000_000_000


def v2_name(wsname: str) -> str:
    """Returns the name in v2 of a pair that the lists call `XBT/USD`."""
    return "/".join(V2_ASSETS.get(asset, asset) for asset in wsname.split("/"))


VENUE = Kraken()
