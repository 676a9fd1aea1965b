"""Bybit v5, spot.

    {"req_id":"1","op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT"]}
    {"success":true,"ret_msg":"","conn_id":"2324d924","req_id":"1","op":"subscribe"}
    {"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT","b":[…],"a":[],"u":177401,…}}

1. At most ten arguments in a message, and 21,000 characters of them on a connection.
2. One bad argument makes the venue refuse the whole message.
3. `{"op":"ping"}` every 20 s; its pong calls itself `ping`.
4. The touch, `orderbook.1`, is sent again after 3 s without a change: silence is never normal there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from feeds.conversation import KeepAlive, SocketLimits
from feeds.venue import NOTHING, Deadlines, Op, ParsedFrame, Query, Refused, Subscription, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.venue import ErrorClass

TOPICS = {"ticker": "orderbook.1", "book": "orderbook.50", "trade": "publicTrade"}


class _Message(msgspec.Struct):
    topic: str = ""
    success: bool | None = None
    ret_msg: str = ""
    op: str = ""
    req_id: str = ""


class _Answer(msgspec.Struct):
    retCode: int = -1
    retMsg: str = ""


class _Instrument(msgspec.Struct):
    symbol: str


class _List(msgspec.Struct):
    rows: list[_Instrument] = msgspec.field(name="list")


class _Instruments(msgspec.Struct):
    result: _List


class _Clock(msgspec.Struct):
    timeNano: str


class _Time(msgspec.Struct):
    result: _Clock


_MESSAGE = msgspec.json.Decoder(_Message)
_ANSWER = msgspec.json.Decoder(_Answer)
_INSTRUMENTS = msgspec.json.Decoder(_Instruments)
_TIME = msgspec.json.Decoder(_Time)


class Bybit(Venue):
    """The spot market."""

    name = "bybit"
    ws = "wss://stream.bybit.com"
    path = "/v5/public/spot"
    rest = "https://api.bybit.com"
    protocol = "bybit.spot"
    whole = True
    socket = SocketLimits(send_interval_s=0.02)
    limits = VenueLimits(
        attempts=(500, 300.0),
        rest=(600.0, 5.0),
        batch=10,
        key_chars=21_000,
        pauses_s={429: 10.0, 403: 600.0},
    )
    deadlines = Deadlines(alive_s=4.5, silence_s=15.0)
    keep_alive = KeepAlive(b'{"op":"ping"}', every_s=20.0, quiet_s=2.0)
    plain = ((b'{"topic":"', ()),)
    errors: ClassVar[dict[str, ErrorClass]] = {
        "10002": "clock",
        "10006": "throttle",
        "10018": "throttle",
        "10429": "throttle",
        "10403": "throttle",
        "403": "throttle",
        "10000": "unknown",
        "10016": "unknown",
        "170131": "refusal",
        "170124": "refusal",
        "170136": "refusal",
        "170140": "refusal",
        "170213": "not_found",
        "110001": "not_found",
        "10003": "auth",
        "10004": "auth",
        "10010": "auth",
        "Invalid topic": "bad_subscription",
        "Invalid symbol": "bad_subscription",
    }

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns one topic for each symbol and kind."""
        return [
            Subscription(f"{TOPICS[stream]}.{symbol}", symbol, stream, TOPICS[stream])
            for symbol in symbols
            for stream in streams
        ]

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns `{"req_id":"1","op":"subscribe","args":[…]}`."""
        return msgspec.json.encode({"req_id": str(number), "op": op, "args": [one.key for one in subscriptions]})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns which topic speaks, or which request is answered."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return NOTHING
        if message.topic:
            return ParsedFrame(data=(message.topic,))
        number = int(message.req_id) if message.req_id.isascii() and message.req_id.isdecimal() else None
        if message.op != "subscribe":
            return NOTHING
        if message.success is False:
            return ParsedFrame(refused=Refused(message.ret_msg, number=number))
        return NOTHING if number is None else ParsedFrame(answered=number)

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns the list of all spot instruments."""
        return Query("/v5/market/instruments-info?category=spot")

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns `result.list[].symbol`."""
        return tuple(entry.symbol for entry in _INSTRUMENTS.decode(body).result.rows)

    def check(self, body: bytes) -> str:
        """Returns `{"retCode":10006,"retMsg":"Too many visits!"}` as text."""
        answer = _ANSWER.decode(body)
        return "" if answer.retCode == 0 else f"{answer.retCode} {answer.retMsg}"

    def server_time(self) -> Query | None:
        """Returns where the time is told."""
        return Query("/v5/market/time")

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns `{"result":{"timeSecond":"1688639403","timeNano":"1688639403423213947"}}`."""
        return int(_TIME.decode(body).result.timeNano), 1


VENUE = Bybit()
