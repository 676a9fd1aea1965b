"""A loopback exchange in Bybit's v5 public spot wire format.

Rules kept: `orderbook.1` is snapshots only and comes again with the same `u` after 3 s without a change; deeper books
are a snapshot and deltas whose `u` grows by 1; `seq` grows over all depths of a symbol without being consecutive; `u` 1
is a restart; at most ten arguments a request, and one bad argument fails all of them.

{"topic":"orderbook.50.SOLUSDT","ts":1790000000123,"type":"delta","data":{"s":"SOLUSDT","b":[["101.4","0"]],"a":[],
"u":501,"seq":90007},"cts":1790000000120}
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from cambist.simulator.draw import key32
from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.digits import fixed, trimmed
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.books import Book, Trade
    from cambist.simulator.exchanges.records import Grid
    from cambist.simulator.exchanges.views import View

encode = msgspec.json.Encoder().encode
DEPTHS = (50, 200, 1000)
MAX_ARGS = 10
MAX_ARGS_CHARS = 21_000
REPEAT_SECONDS = 3.0
SILENCE_SECONDS = 600.0
FIRST_TRADE = 2_290_000_000_000_000_000
ENGINE_MS = 3
"""Milliseconds between the matching engine's time `cts` and the message's `ts`."""


class Bybit(Exchange):
    """Bybit's public spot sockets and REST calls."""

    venue = "bybit"
    resets_by_snapshot = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._numbers_of: dict[Topic, int] = {}
        """Book channel → `u` of its last message."""
        self._last_touch_s: dict[str, float] = {}
        """Symbol → market seconds of its last touch."""

    # Requests

    def _opened(self, session: Session) -> None:
        pass

    def _handle_message(self, session: Session, message: bytes) -> None:
        try:
            request = msgspec.json.decode(message)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            self._reply(session, {}, "", "error: not json" if request is None else "error: not an object", ok=False)
            return
        operation, args = request.get("op"), request.get("args")
        if operation == "ping":
            self._reply(session, request, "ping", "pong", ok=True)
        elif operation not in ("subscribe", "unsubscribe"):
            self._reply(session, request, str(operation)[:40], "error:Invalid op", ok=False)
        elif not isinstance(args, list) or not args or not all(isinstance(item, str) for item in args):
            self._reply(session, request, operation, "error:args must be a list of strings", ok=False)
        elif problem := self._problem(session, operation, args):
            self._reply(session, request, operation, problem, ok=False)
        else:
            self._change(session, request, operation, [_topic(item) for item in args])

    def _problem(self, session: Session, operation: str, args: list[str]) -> str:
        """Returns why a request fails as a whole, empty if it doesn't."""
        if len(args) > MAX_ARGS:
            return f"args size >{MAX_ARGS}"
        held = sum(len(name(topic)) for topic in session.topics)
        if operation == "subscribe" and held + sum(map(len, args)) > MAX_ARGS_CHARS:
            return f"args length >{MAX_ARGS_CHARS}"
        known = {f"orderbook.{depth}" for depth in (1, *DEPTHS)} | {"publicTrade"}
        for item in args:
            topic = _topic(item)
            if topic.channel not in known or topic.symbol not in self.books:
                return f"Invalid topic :{item[:80]}"
            if operation == "subscribe" and topic in session.topics:
                return f"error:already subscribed,topic:{item}"
        return ""

    def _change(self, session: Session, request: Any, operation: str, topics: list[Topic]) -> None:
        if operation == "unsubscribe":
            for topic in topics:
                self.leave(session, topic)
            self._reply(session, request, operation, "", ok=True)
            return
        verdicts = self.verdicts(topics)
        if Kind.ACK_NEVER in verdicts:
            return
        if Kind.ACK_ERROR in verdicts:
            at = verdicts.index(Kind.ACK_ERROR)
            self._reply(session, request, operation, f"error:handler not found,topic:{name(topics[at])}", ok=False)
            return
        self._reply(session, request, operation, "", ok=True)
        for topic, verdict in zip(topics, verdicts, strict=True):
            if verdict is None:
                self._begin(session, topic)

    def _begin(self, session: Session, topic: Topic) -> None:
        book = self.books[topic.symbol]
        if topic.channel == "orderbook.1":
            if topic not in self.listeners:
                self._last_touch_s[topic.symbol] = self.now_s
            self.deliver(session, topic, self._touch_frame(topic, book))
        elif topic.channel != "publicTrade":
            self._seed(session, topic, int(topic.channel.partition(".")[2]))
        self.join(session, topic)

    def _reply(self, session: Session, request: dict[str, Any], operation: str, text: str, *, ok: bool) -> None:
        answer = {"success": ok, "ret_msg": text, "conn_id": str(uuid.UUID(bytes=key32(session.number)[:16]))}
        if isinstance(request.get("req_id"), str):
            answer["req_id"] = request["req_id"][:64]
        self.control(session, encode({**answer, "op": operation}))

    def _deadlines(self, session: Session, real_s: float) -> None:
        if real_s >= session.last_received_s + SILENCE_SECONDS:
            session.client.close(1000)

    # Frames

    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        return [(Topic(f"orderbook.{depth}", symbol), depth) for depth in DEPTHS]

    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        number = self._numbers_of.setdefault(topic, book.trade_id)
        if not seen.bids and not seen.asks:
            number = self._numbers_of[topic] = 1
        return self._book(topic, book, "snapshot", seen, number)

    def _advance(self, topic: Topic, book: Book) -> None:
        if topic in self.listeners:
            self._numbers_of[topic] = self._numbers_of.get(topic, book.trade_id) + 1

    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        self._numbers_of[topic] += 1
        return self._book(topic, book, "delta", changed, self._numbers_of[topic])

    def _book(self, topic: Topic, book: Book, kind: str, levels: View, number: int) -> bytes:
        now, grid = self.now_ms, self.grids[topic.symbol]
        return (
            f'{{"topic":"{name(topic)}","ts":{now},"type":"{kind}","data":{{"s":"{topic.symbol}"'
            f',"b":{_levels(levels.bids, grid, down=True)},"a":{_levels(levels.asks, grid, down=False)}'
            f',"u":{number},"seq":{self.sequence(book)}}},"cts":{now - ENGINE_MS}}}'
        ).encode()

    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("orderbook.1", book.listing.symbol)
        if topic not in self.listeners:
            return []
        self._numbers_of[topic] = self._numbers_of.get(topic, book.trade_id) + 1
        self._last_touch_s[topic.symbol] = self.now_s
        return [(topic, self._touch_frame(topic, book))]

    def _touch_frame(self, topic: Topic, book: Book) -> bytes:
        touch, grid, now = self.touch(book), self.grids[topic.symbol], self.now_ms
        bids, asks = ({}, {}) if touch is None else ({touch[0]: touch[1]}, {touch[2]: touch[3]})
        number = self._numbers_of.setdefault(topic, book.trade_id)
        return (
            f'{{"topic":"{name(topic)}","ts":{now},"type":"snapshot","data":{{"s":"{topic.symbol}"'
            f',"b":{_levels(bids, grid, down=True)},"a":{_levels(asks, grid, down=False)}'
            f',"u":{number},"seq":{self.sequence(book)}}},"cts":{now - ENGINE_MS}}}'
        ).encode()

    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("publicTrade", book.listing.symbol)
        if topic not in self.listeners:
            return []
        now, grid = self.now_ms, self.grids[topic.symbol]
        side, number = "Sell" if trade.buyer_is_maker else "Buy", FIRST_TRADE + trade.trade_id
        price = fixed(trade.price, grid.price_decimals, grid.places)
        frame = (
            f'{{"topic":"{name(topic)}","ts":{now},"type":"snapshot","data":[{{"i":"{number}"'
            f',"T":{now - ENGINE_MS},"p":"{price}","v":"{trimmed(trade.quantity)}"'
            f',"S":"{side}","s":"{topic.symbol}","BT":false,"RPI":false,"seq":{self.sequence(book)}}}]}}'
        )
        return [(topic, frame.encode())]

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        return frame.replace(b'"topic":"%s.' % topic.channel.encode(), b'"topic":"v6.%s.' % topic.channel.encode())

    def _pushes(self, now_s: float) -> None:
        for topic in [topic for topic in self.listeners if topic.channel == "orderbook.1"]:
            if now_s >= self._last_touch_s[topic.symbol] + REPEAT_SECONDS:
                self._last_touch_s[topic.symbol] = now_s
                self.publish(topic, self._touch_frame(topic, self.books[topic.symbol]))

    def _reset(self, book: Book) -> None:
        """Lets `u` start at 1 in every channel of a symbol; the message that carries it is a snapshot."""
        for depth in DEPTHS:
            self._numbers_of[Topic(f"orderbook.{depth}", book.listing.symbol)] = 0
        self._numbers_of[Topic("orderbook.1", book.listing.symbol)] = 0

    @staticmethod
    def _known_path(path: str) -> bool:
        return urlsplit(path).path == "/v5/public/spot"

    # REST

    def _answer(self, request: Request) -> Response:
        if request.path == "/v5/market/time":
            now = self.now_ms
            return self._found({"timeSecond": str(now // 1_000), "timeNano": str(now * 1_000_000)})
        if request.path != "/v5/market/instruments-info":
            return Response(404, b"404 page not found\n", "text/plain")
        if request.query.get("category") != "spot":
            return self._found({}, 10_001, "params error: category invalid")
        wanted = request.query.get("symbol")
        books = [book for symbol, book in self.books.items() if wanted in (None, symbol)]
        if not books:
            return self._found({}, 10_001, "params error: symbol invalid")
        return self._found({"category": "spot", "list": [_instrument(book) for book in books]})

    def _found(self, result: object, code: int = 0, text: str = "OK") -> Response:
        answer = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": {}, "time": self.now_ms}
        return Response(200, encode(answer))


def name(topic: Topic) -> str:
    """Returns a topic as Bybit writes it."""
    return f"{topic.channel}.{topic.symbol}"


def _topic(text: str) -> Topic:
    channel, _, symbol = text.rpartition(".")
    return Topic(channel, symbol)


def _instrument(book: Book) -> dict[str, Any]:
    listing = book.listing
    return {
        "symbol": listing.symbol,
        "baseCoin": listing.base,
        "quoteCoin": listing.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": trimmed(listing.step),
            "quotePrecision": "0.00000001",
            "minOrderQty": trimmed(listing.step),
            "maxOrderQty": "100000000",
            "minOrderAmt": str(listing.min_notional),
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": "100000000",
            "maxMarketOrderQty": "50000000",
        },
        "priceFilter": {"tickSize": trimmed(listing.tick, listing.places)},
    }


def _levels(side: dict[int, int], grid: Grid, *, down: bool) -> str:
    """Returns levels as text: prices with the decimals of the tick, sizes without trailing zeros."""
    tick, step, at, places = grid.tick, grid.step, grid.price_decimals, grid.places
    rows = [
        f'["{fixed(price * tick, at, places)}","{trimmed(lots * step)}"]'
        for price, lots in sorted(side.items(), reverse=down)
    ]
    return "[" + ",".join(rows) + "]"
