"""Coinbase Advanced Trade.

    {"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}
    {"channel":"subscriptions","sequence_num":0,"events":[{"subscriptions":{"level2":["BTC-USD"]}}],…}
    {"channel":"l2_data","sequence_num":1,"events":[{"type":"update","product_id":"BTC-USD","updates":[…]}],…}

1. One channel a message, the first within 5 s of connecting. The channel `level2` speaks as `l2_data`.
2. `heartbeats`, of no product, comes each second; without it quiet channels are closed.
3. A snapshot is the whole book, of many megabytes.
4. `BTC-USDC` is served as `BTC-USD`, the same book; so are all other products in USDC but two.
5. `ticker` speaks on trades alone, so the touch is read from the book.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from feeds.conversation import SocketLimits
from feeds.venue import NOTHING, Deadlines, Op, ParsedFrame, Query, Refused, Subscription, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.venue import ErrorClass

CHANNELS = {"ticker": "ticker", "book": "level2", "trade": "market_trades"}
BEATS = "heartbeats"
OWN_BOOK = frozenset({"USDT-USDC", "EURC-USDC"})
"""Products in USDC that are no alias."""


class _Product(msgspec.Struct):
    product_id: str = ""


class _Event(msgspec.Struct):
    product_id: str = ""
    tickers: list[_Product] = []
    trades: list[_Product] = []
    subscriptions: dict[str, list[str]] = {}


class _Message(msgspec.Struct):
    channel: str = ""
    events: list[_Event] = []
    type: str = ""
    message: str = ""
    reason: str = ""


class _Products(msgspec.Struct):
    products: list[_Product]


class _Time(msgspec.Struct):
    epochMillis: str


class _Failure(msgspec.Struct):
    error: str = ""
    message: str = ""


_MESSAGE = msgspec.json.Decoder(_Message)
_PRODUCTS = msgspec.json.Decoder(_Products)
_TIME = msgspec.json.Decoder(_Time)
_FAILURE = msgspec.json.Decoder(_Failure)


class Coinbase(Venue):
    """The spot market."""

    name = "coinbase"
    ws = "wss://advanced-trade-ws.coinbase.com"
    rest = "https://api.coinbase.com"
    protocol = "coinbase"
    streams = ("book",)
    socket = SocketLimits(max_size=16 << 20, queue_bytes=64 << 20, send_interval_s=0.25)
    limits = VenueLimits(
        attempts=(8, 1.0),
        rest=(600.0, 60.0),
        batch=100,
        operations=(480.0, 60.0),
        pauses_s={429: 120.0, 403: 600.0},
    )
    deadlines = Deadlines(alive_s=4.5, silence_s=30.0)
    plain = tuple((b'{"channel":"%b"' % name, ()) for name in (b"l2_data", b"ticker", b"market_trades"))
    errors: ClassVar[dict[str, ErrorClass]] = {
        "429": "throttle",
        "rate limit": "throttle",
        "authentication failure": "auth",
        "error": "bad_subscription",
    }

    def subscriptions(self, symbols: Sequence[str], streams: Sequence[str]) -> list[Subscription]:
        """Returns the heartbeats, then one of each channel and product, an alias and its product being one."""
        found = {BEATS: Subscription(BEATS, "", "beat", BEATS)}
        for stream in streams:
            for symbol in symbols:
                key = f"{CHANNELS[stream]} {book_of(symbol)}"
                found.setdefault(key, Subscription(key, symbol, stream, CHANNELS[stream]))
        return list(found.values())

    def book_name(self, symbol: str) -> str:
        """Returns `BTC-USD` for `BTC-USDC`."""
        return book_of(symbol)

    def group(self, subscription: Subscription) -> str:
        """Returns the channel."""
        return subscription.topic

    def request(self, op: Op, subscriptions: Sequence[Subscription], number: int) -> bytes:
        """Returns `{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}`."""
        channel = subscriptions[0].topic
        products = {} if channel == BEATS else {"product_ids": [one.symbol for one in subscriptions]}
        return msgspec.json.encode({"type": op, **products, "channel": channel})

    def parse(self, body: bytes) -> ParsedFrame:
        """Returns which products a frame is about, and what it says of them."""
        try:
            message = _MESSAGE.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return NOTHING
        match message.channel:
            case "l2_data":
                return ParsedFrame(data=tuple(f"level2 {event.product_id}" for event in message.events))
            case "ticker":
                rows = [row for event in message.events for row in event.tickers]
                return ParsedFrame(data=tuple(dict.fromkeys(f"ticker {row.product_id}" for row in rows)))
            case "market_trades":
                rows = [row for event in message.events for row in event.trades]
                return ParsedFrame(data=tuple(dict.fromkeys(f"market_trades {row.product_id}" for row in rows)))
            case "heartbeats":
                return ParsedFrame(acked=(BEATS,))  # no data: quotes may be silent beside it
            case "subscriptions":
                return ParsedFrame(acked=tuple(_confirmed(message.events)))
        if message.type == "error":
            text = f"{message.message} {message.reason}".strip()
            return ParsedFrame(refused=Refused(text, "error"))
        return NOTHING

    def instruments(self, symbols: Sequence[str]) -> Query | None:
        """Returns the list of all products."""
        return Query("/api/v3/brokerage/market/products")

    def listed(self, body: bytes) -> tuple[str, ...]:
        """Returns `products[].product_id`."""
        return tuple(product.product_id for product in _PRODUCTS.decode(body).products)

    def check(self, body: bytes) -> str:
        """Returns `{"error":"NOT_FOUND","message":"…"}` as text."""
        failure = _FAILURE.decode(body)
        return f"{failure.error} {failure.message}".strip() if failure.error else ""

    def server_time(self) -> Query | None:
        """Returns where the time is told."""
        return Query("/api/v3/brokerage/time")

    def time_ns(self, body: bytes) -> tuple[int, int]:
        """Returns `{"iso":"…","epochSeconds":"1732190400","epochMillis":"1732190400123"}`, told in ms."""
        return int(_TIME.decode(body).epochMillis) * 1_000_000, 1_000_000


def book_of(product: str) -> str:
    """Returns the product under whose name a product's public data comes."""
    if product.endswith("-USDC") and product not in OWN_BOOK:
        return product.removesuffix("C")
    return product


def _confirmed(events: Sequence[_Event]) -> list[str]:
    """Returns the keys of all subscriptions that stand."""
    found = []
    for event in events:
        for channel, products in event.subscriptions.items():
            found += [BEATS] if channel == BEATS else [f"{channel} {book_of(product)}" for product in products]
    return found


VENUE = Coinbase()
