"""OKX v5, public channels.

    {"id":"1","op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}
    {"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}
    {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[…],"bids":[…],"seqId":1004,…}]}

1. Each argument is acknowledged, or refused, by a message of its own; a message is at most 64 KB.
2. 480 subscriptions and unsubscriptions an hour on a connection, counted by message.
3. The text `ping` is answered by the text `pong`; a connection that is silent for 30 s is closed.
4. Notice 64008 comes before the connection is closed for an upgrade.
5. A book is seeded by the snapshot that a subscription begins with, or over REST: OKX means to drop the snapshot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import msgspec

from feeds.conversation import KeepAlive, SocketLimits
from feeds.venue import NOTHING, Deadlines, Op, ParsedFrame, Query, Refused, Subscription, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.venue import ErrorClass

CHANNELS = {"ticker": "bbo-tbt", "book": "books", "trade": "trades"}
NAMED = re.compile(r"channel:\s*([\w-]+),\s*instId:\s*([\w-]+)")
"""How the text of an error names what it refuses."""


class _Arg(msgspec.Struct):
    channel: str = ""
    instId: str = ""


class _Message(msgspec.Struct):
    arg: _Arg | None = None
    event: str = ""
    code: str = ""
    msg: str = ""
    id: str = ""


class _Instrument(msgspec.Struct):
    instId: str


class _Instruments(msgspec.Struct):
    data: list[_Instrument]


class _Clock(msgspec.Struct):
    ts: str


class _Time(msgspec.Struct):
    data: list[_Clock]


_MESSAGE = msgspec.json.Decoder(_Message)
_INSTRUMENTS = msgspec.json.Decoder(_Instruments)
_TIME = msgspec.json.Decoder(_Time)


class Okx(Venue):
    """The spot market."""

    name = "okx"
    ws = "wss://ws.okx.com:8443"
    path = "/ws/v5/public"
    rest = "https://www.okx.com"
    protocol = "okx"
    seedings = ("resubscribe", "rest")
    socket = SocketLimits(ping_interval_s=None, send_interval_s=0.1)
    limits = VenueLimits(
        attempts=(3, 1.0),
        rest=(40.0, 2.0),
        batch=1000,
        request_bytes=64_000,
        operations=(480.0, 3600.0),
        pauses_s={429: 4.0, 403: 600.0},
    )
    deadlines = Deadlines(alive_s=4.5, silence_s=30.0)
    keep_alive = KeepAlive(b"ping", quiet_s=2.0)
    plain = ((b'{"arg":{', (b'"data":[',)),)
    errors: ClassVar[dict[str, ErrorClass]] = {
        "50102": "clock",
        "60006": "clock",
        "50011": "throttle",
        "50061": "throttle",
        "60014": "throttle",
        "50004": "unknown",
        "50026": "unknown",
        "63999": "unknown",
        "51008": "refusal",
        "51020": "refusal",
        "51120": "refusal",
        "51000": "refusal",
        "51400": "not_found",
        "51503": "not_found",
        "51603": "not_found",
        "50110": "auth",
        "50111": "auth",
        "50112": "auth",
        "50113": "auth",
        "60005": "auth",
        "60009": "auth",
        "60011": "auth",
        "64003": "auth",
        "50001": "maintenance",
        "64008": "maintenance",
        "60012": "bad_subscription",
        "60018": "bad_subscription",
        "51001": "bad_subscription",
    }

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns one of each channel and instrument."""
        return [
            Subscription(f"{CHANNELS[stream]} {symbol}", symbol, stream, CHANNELS[stream])
            for symbol in symbols
            for stream in streams
        ]

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns `{"id":"1","op":"subscribe","args":[…]}`."""
        args = [{"channel": one.topic, "instId": one.symbol} for one in subscriptions]
        return msgspec.json.encode({"id": str(number), "op": op, "args": args})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns which instrument a frame is about, and what it says of it."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return NOTHING  # `pong` among them
        key = f"{message.arg.channel} {message.arg.instId}" if message.arg is not None else ""
        match message.event:
            case "":
                return ParsedFrame(data=(key,)) if key else NOTHING
            case "subscribe":
                return ParsedFrame(acked=(key,)) if key else NOTHING
            case "notice" if message.code == "64008":
                return ParsedFrame(notice="the venue upgrades")
            case "error":
                return ParsedFrame(refused=_refused(message, key))
        return NOTHING

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns the list of all spot instruments."""
        return Query("/api/v5/public/instruments?instType=SPOT")

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns `data[].instId`."""
        return tuple(entry.instId for entry in _INSTRUMENTS.decode(body).data)

    def depth(self, symbol: str) -> Query:
        """Returns a snapshot as deep as the stream."""
        return Query(f"/api/v5/market/books?instId={quote(symbol, safe='')}&sz=400&source=0")

    def check(self, body: bytes) -> str:
        """Returns `{"code":"51001","msg":"Instrument ID does not exist"}` as text."""
        message = _MESSAGE.decode(body)
        return "" if message.code == "0" else f"{message.code} {message.msg}"

    def server_time(self) -> Query | None:
        """Returns where the time is told."""
        return Query("/api/v5/public/time")

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns `{"code":"0","data":[{"ts":"1597026383085"}]}`, told in ms."""
        times = _TIME.decode(body).data
        return int(times[0].ts if times else "") * 1_000_000, 1_000_000


def _refused(message: _Message, key: str) -> Refused:
    named = NAMED.search(message.msg)
    if not key and named is not None:
        key = f"{named[1]} {named[2]}"
    number = int(message.id) if message.id.isascii() and message.id.isdecimal() else None
    return Refused(message.msg, message.code, key=key, number=number)


VENUE = Okx()
