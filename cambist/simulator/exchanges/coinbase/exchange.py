"""A loopback exchange in Coinbase's Advanced Trade wire format.

Rules kept: `sequence_num` counts all messages of a connection over all channels from 0; a channel's snapshot comes
before the answer to its subscription, as recorded; the answer lists all that the connection listens to; channel
`level2` speaks as `l2_data`; a trade's side is the maker's; a pair in USDC is the book of the pair in USD under that
name; the first subscription must come within 5 s.

{"channel":"l2_data","timestamp":"2026-11-21T12:00:00.1Z","sequence_num":1,"events":[{"type":"update","product_id":
"SOL-USD","updates":[{"side":"bid","event_time":"…","price_level":"142.5","new_quantity":"0"}]}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.digits import rfc3339, trimmed
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.exchanges.publishing import CONTROL
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.books import Book, Trade
    from cambist.simulator.exchanges.records import Grid
    from cambist.simulator.exchanges.views import View

encode = msgspec.json.Encoder().encode
WHOLE = 1_000_000
"""The book channel has no depth of its own."""
FIRST_SECONDS = 5.0
MESSAGES_PER_SECOND = 8
CHANNELS = ("level2", "ticker", "market_trades", "heartbeats")
HEARTBEATS = Topic("heartbeats")
SUBSCRIPTIONS = Topic("subscriptions")
ON_THE_WIRE = {"level2": "l2_data"}
OWN_BOOK = ("USDT", "EURC")
"""Bases whose pair in USDC is a book of its own."""


class Coinbase(Exchange):
    """Coinbase's public sockets and REST calls."""

    venue = "coinbase"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._aliases = {
            symbol.removesuffix("USD") + "USDC": symbol
            for symbol, book in self.books.items()
            if book.listing.quote == "USD" and book.listing.base not in OWN_BOOK
        }
        """Pair in USDC → pair in USD whose book it is."""
        self._beats: dict[Session, float] = {}
        """Session → market seconds of its last heartbeat."""

    # Requests

    def _opened(self, session: Session) -> None:
        pass

    def _handle_message(self, session: Session, message: bytes) -> None:
        if session.too_many(int(self.seconds()), MESSAGES_PER_SECOND):
            session.client.close(1008, "rate limit exceeded")
            return
        try:
            request = msgspec.json.decode(message)
        except (ValueError, RecursionError):
            self._error(session, "failed to parse message")
            return
        if not isinstance(request, dict) or request.get("type") not in ("subscribe", "unsubscribe"):
            self._error(session, "invalid type")
            return
        channel, ids = request.get("channel"), request.get("product_ids", [])
        if channel not in CHANNELS:
            self._error(session, "invalid channel")
            return
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            self._error(session, "product_ids must be an array of strings")
            return
        if channel == "heartbeats":
            ids = [""]
        symbols = [self._aliases.get(item, item) for item in map(str, ids)]
        unknown = [item for item in symbols if item and item not in self.books]
        if unknown or not symbols:
            self._error(session, f"product_ids: {', '.join(unknown)[:80]} not found" if unknown else "no product_ids")
            return
        self._change(session, request["type"], [Topic(channel, symbol) for symbol in dict.fromkeys(symbols)])

    def _change(self, session: Session, operation: str, topics: list[Topic]) -> None:
        empty: list[Topic] = []
        if operation == "unsubscribe":
            for topic in topics:
                self.leave(session, topic)
        else:
            session.asked_s.append(self.seconds())
            verdicts = self.verdicts(topics)
            if Kind.ACK_NEVER in verdicts:
                return
            if Kind.ACK_ERROR in verdicts:
                self._error(session, "authentication failure")
                return
            for topic, verdict in zip(topics, verdicts, strict=True):
                if verdict is None and topic not in session.topics:
                    self._begin(session, topic)
            empty = [topic for topic, verdict in zip(topics, verdicts, strict=True) if verdict is Kind.ACK_NO_DATA]
        held: dict[str, list[str]] = {}
        for topic in [*session.topics, *empty]:
            held.setdefault(topic.channel, []).append(topic.symbol or "heartbeats")
        self.control(session, encode({"subscriptions": dict(sorted(held.items()))}), SUBSCRIPTIONS)

    def _begin(self, session: Session, topic: Topic) -> None:
        if topic.channel == "level2":
            self._seed(session, topic, WHOLE)
        elif topic.channel == "ticker":
            self.deliver(session, topic, self._ticker(self.books[topic.symbol], "snapshot"))
        elif topic.channel == "market_trades":
            book, day = self.books[topic.symbol], self.days[topic.symbol]
            rows = [_trade(book, trade, at) for trade, at in reversed(day.trades)]
            self.deliver(session, topic, b'{"type":"snapshot","trades":[%s]}' % b",".join(rows))
        else:
            self._beats[session] = self.now_s
        self.join(session, topic)

    def _error(self, session: Session, text: str) -> None:
        body = encode({"type": "error", "message": text})
        self._send(session, CONTROL, body)

    def _deadlines(self, session: Session, real_s: float) -> None:
        if not session.asked_s and real_s >= session.opened_s + FIRST_SECONDS:
            session.client.close(1008, "no subscription within 5 seconds")

    # Frames

    def _frame(self, session: Session, topic: Topic, body: bytes) -> bytes:
        number, session.sequence = session.sequence, session.sequence + 1
        channel = ON_THE_WIRE.get(topic.channel, topic.channel)
        at = rfc3339(self.now_ms, 9)
        head = f'{{"channel":"{channel}","timestamp":"{at}","sequence_num":{number},"events":['
        return head.encode() + body + b"]}"

    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        return [(Topic("level2", symbol), WHOLE)]

    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        return self._book(topic, "snapshot", seen)

    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        return self._book(topic, "update", changed)

    def _book(self, topic: Topic, kind: str, levels: View) -> bytes:
        grid, at = self.grids[topic.symbol], rfc3339(self.now_ms)
        rows = _levels(levels.bids, grid, "bid", at) + _levels(levels.asks, grid, "offer", at)
        return f'{{"type":"{kind}","product_id":"{topic.symbol}","updates":[{",".join(rows)}]}}'.encode()

    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("ticker", book.listing.symbol)
        if topic not in self.listeners or self.touch(book) is None:
            return []
        return [(topic, self._ticker(book, "update"))]

    def _ticker(self, book: Book, kind: str) -> bytes:
        symbol = book.listing.symbol
        grid, day = self.grids[symbol], self.days[symbol]
        bid, bid_lots, ask, ask_lots = self.touch(book) or book.top()
        last, low, high = (trimmed(price, grid.places) for price in (day.last, day.low, day.high))
        change = (day.last - day.open) * 10**10 // day.open
        sign = "-" if change < 0 else ""
        return (
            f'{{"type":"{kind}","tickers":[{{"type":"ticker","product_id":"{symbol}","price":"{last}"'
            f',"volume_24_h":"{trimmed(day.volume)}","low_24_h":"{low}","high_24_h":"{high}"'
            f',"low_52_w":"{low}","high_52_w":"{high}"'
            f',"price_percent_chg_24_h":"{sign}{trimmed(abs(change))}"'
            f',"best_bid":"{trimmed(bid * grid.tick, grid.places)}"'
            f',"best_ask":"{trimmed(ask * grid.tick, grid.places)}"'
            f',"best_bid_quantity":"{trimmed(bid_lots * grid.step)}"'
            f',"best_ask_quantity":"{trimmed(ask_lots * grid.step)}"}}]}}'
        ).encode()

    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        symbol = book.listing.symbol
        if (topic := Topic("market_trades", symbol)) in self.listeners:
            yield topic, b'{"type":"update","trades":[%s]}' % _trade(book, trade, self.now_ms)
        if (topic := Topic("ticker", symbol)) in self.listeners:
            yield topic, self._ticker(book, "update")

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        name = ON_THE_WIRE.get(topic.channel, topic.channel).encode()
        return frame.replace(b'"channel":"%s"' % name, b'"channel":"%s_v2"' % name)

    def _pushes(self, now_s: float) -> None:
        for session in list(self.listeners.get(HEARTBEATS, ())):
            if now_s >= self._beats[session] + 1.0:
                self._beats[session] += 1.0
                counter = int(now_s)
                at = rfc3339(self.now_ms, 9).replace("T", " ").removesuffix("Z")
                beat = {"current_time": f"{at} +0000 UTC m=+{now_s:.9f}", "heartbeat_counter": counter}
                self.control(session, encode(beat), HEARTBEATS)

    def _gone(self, client: Any) -> None:
        session = self.sessions.get(client)
        if session is not None:
            self._beats.pop(session, None)
        super()._gone(client)

    def _reset(self, book: Book) -> None:
        """Numbers belong to connections, so all of them start anew."""
        for session in self.sessions.values():
            session.sequence = 0

    # REST

    def _answer(self, request: Request) -> Response:
        if request.path == "/api/v3/brokerage/time":
            now = self.now_ms
            found = {"iso": rfc3339(now, 3), "epochSeconds": str(now // 1_000), "epochMillis": str(now)}
            return Response(200, encode(found))
        path, _, wanted = request.path.partition("/api/v3/brokerage/market/products")
        if path or (wanted not in ("", "/") and not wanted.startswith("/")):
            return Response(404, encode({"error": "NOT_FOUND", "message": "route is not known"}))
        products = [self._product(symbol, symbol) for symbol in self.books]
        products += [self._product(alias, symbol) for alias, symbol in self._aliases.items()]
        if wanted.strip("/"):
            for product in products:
                if product["product_id"] == wanted.strip("/"):
                    return Response(200, encode(product))
            return Response(404, encode({"error": "NOT_FOUND", "message": "ProductID is invalid"}))
        pages = {"prev_cursor": "", "next_cursor": "", "has_next": False, "has_prev": False}
        return Response(200, encode({"products": products, "num_products": len(products), "pagination": pages}))

    def _product(self, name: str, symbol: str) -> dict[str, Any]:
        listing, day = self.books[symbol].listing, self.days[symbol]
        alias = symbol if name != symbol else ""
        flags = ("is_disabled", "new", "cancel_only", "limit_only", "post_only", "trading_disabled", "auction_mode")
        return {
            "product_id": name,
            "price": trimmed(day.last, listing.places),
            "base_increment": trimmed(listing.step),
            "quote_increment": trimmed(listing.tick, listing.places),
            "price_increment": trimmed(listing.tick, listing.places),
            "quote_min_size": str(listing.min_notional),
            "quote_max_size": "25000000",
            "base_min_size": trimmed(listing.step),
            "base_max_size": "100000000",
            "base_name": listing.base,
            "quote_name": "USDC" if alias else listing.quote,
            "base_currency_id": listing.base,
            "quote_currency_id": "USDC" if alias else listing.quote,
            "status": "online",
            **dict.fromkeys(flags, False),
            "view_only": False,
            "product_type": "SPOT",
            "product_venue": "CBE",
            "alias": alias,
            "alias_to": [other for other, book in self._aliases.items() if book == name],
        }


def _trade(book: Book, trade: Trade, at_ms: int) -> bytes:
    side = "BUY" if trade.buyer_is_maker else "SELL"
    price = trimmed(trade.price, book.listing.places)
    return (
        f'{{"product_id":"{book.listing.symbol}","trade_id":"{trade.trade_id}","price":"{price}"'
        f',"size":"{trimmed(trade.quantity)}","time":"{rfc3339(at_ms)}","side":"{side}"}}'
    ).encode()


def _levels(side: dict[int, int], grid: Grid, name: str, at: str) -> list[str]:
    return [
        f'{{"side":"{name}","event_time":"{at}","price_level":"{trimmed(price * grid.tick, grid.places)}"'
        f',"new_quantity":"{trimmed(lots * grid.step)}"}}'
        for price, lots in sorted(side.items(), reverse=name == "bid")
    ]
