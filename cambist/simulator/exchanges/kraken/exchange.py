"""A loopback exchange in Kraken's WebSocket v2 wire format.

Rules kept: a book channel shows exactly its depth, and levels pushed out of scope are not deleted by a message; each
book message carries the CRC-32 of the ten best levels of both sides; prices and quantities are JSON numbers with their
trailing zeros; one acknowledgement per symbol; a heartbeat a second while nothing else flows.

{"channel":"book","type":"update","data":[{"symbol":"SOL/USD","bids":[{"price":101.40,"qty":1.25000000}],"asks":[],
"checksum":3737750847,"timestamp":"2026-11-21T12:00:00.000001Z"}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.digits import decimals, fixed, rfc3339, trimmed
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.exchanges.kraken.checksum import SIZE_DECIMALS, Digits
from cambist.simulator.exchanges.publishing import HEARTBEAT
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.books import Book, Trade
    from cambist.simulator.exchanges.records import Grid
    from cambist.simulator.exchanges.views import View

encode = msgspec.json.Encoder().encode
DEPTHS = (10, 25, 100, 500, 1000)
IDLE_SECONDS = 60.0
"""A client without a subscription is cut off after this."""
V1_NAME = {"BTC": "XBT", "DOGE": "XDG"}
V1_ASSET = {"BTC": "XXBT", "DOGE": "XXDG", "USD": "ZUSD"}
STATUS = Topic("status")
BAD_REQUEST = "Malformed request"


class Kraken(Exchange):
    """Kraken's public sockets and REST calls."""

    venue = "kraken"
    client_truncates = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._digits = {symbol: Digits(grid) for symbol, grid in self.grids.items()}

    def _opened(self, session: Session) -> None:
        self._status(session, "online")

    def _status(self, session: Session, system: str) -> None:
        data = {"version": "2.0.9", "system": system, "api_version": "v2", "connection_id": session.number}
        self.control(session, encode({"channel": "status", "type": "update", "data": [data]}), STATUS)

    def _notice(self) -> None:
        for session in self.sessions.values():
            self._status(session, "maintenance")

    # Requests

    def _handle_message(self, session: Session, message: bytes) -> None:
        came = rfc3339(self.now_ms)
        try:
            request = msgspec.json.decode(message)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            self._reply(session, {"error": BAD_REQUEST, "success": False}, request, came)
            return
        method, params = request["method"], request.get("params")
        if method == "ping":
            self._reply(session, {"method": "pong"}, request, came)
        elif method in ("subscribe", "unsubscribe") and isinstance(params, dict):
            self._change(session, request, method, params, came)
        else:
            self._reply(session, {"method": method, "error": BAD_REQUEST, "success": False}, request, came)

    def _reply(self, session: Session, answer: dict[str, Any], request: Any, came: str) -> None:
        answer |= {"time_in": came, "time_out": rfc3339(self.now_ms)}
        if isinstance(request, dict) and isinstance(request.get("req_id"), int):
            answer["req_id"] = request["req_id"]
        self.control(session, encode(answer))

    def _change(self, session: Session, request: Any, method: str, params: dict[str, Any], came: str) -> None:
        symbols, channel = params.get("symbol"), params.get("channel")
        failed = {"method": method, "success": False}
        if channel not in ("book", "ticker", "trade"):
            self._reply(session, {**failed, "error": f"Channel {str(channel)[:40]} doesn't exist"}, request, came)
            return
        depth, trigger = params.get("depth", 10), params.get("event_trigger", "trades")
        if channel == "book" and (isinstance(depth, bool) or depth not in DEPTHS):
            error = f"Depth must be one of {', '.join(str(item) for item in DEPTHS)}"
            self._reply(session, {**failed, "error": error}, request, came)
            return
        if channel == "ticker" and trigger not in ("bbo", "trades"):
            self._reply(session, {**failed, "error": "Event trigger must be bbo or trades"}, request, came)
            return
        if not isinstance(symbols, list) or not symbols or not all(isinstance(item, str) for item in symbols):
            self._reply(session, {**failed, "error": "Symbol(s) must be a list of strings"}, request, came)
            return
        name = {"book": f"book.{depth}", "ticker": f"ticker.{trigger}"}.get(channel, channel)
        shape = {"book": {"depth": depth}, "ticker": {"event_trigger": trigger}}.get(channel, {})
        topics = [Topic(name, symbol) for symbol in symbols]
        verdicts = self.verdicts(topics) if method == "subscribe" else [None] * len(topics)
        for topic, verdict in zip(topics, verdicts, strict=True):
            if verdict in (Kind.ACK_NEVER, Kind.ACK_PARTIAL):
                continue
            error = self._refusal(session, topic, method, verdict)
            if error:
                self._reply(session, {**failed, "error": error, "symbol": topic.symbol}, request, came)
                continue
            result = {"channel": channel, "symbol": topic.symbol, **shape}
            if method == "subscribe":
                result["snapshot"] = params.get("snapshot", True) is not False
            else:
                self.leave(session, topic)
            self._reply(session, {"method": method, "result": result, "success": True}, request, came)
            if method == "subscribe" and verdict is None:
                self._begin(session, topic, snapshot=result["snapshot"])

    def _refusal(self, session: Session, topic: Topic, method: str, verdict: Kind | None) -> str:
        """Returns why a subscription can't be made or ended, empty if it can."""
        if method == "unsubscribe":
            return "" if topic in session.topics else "Subscription Not Found"
        if topic.symbol not in self.books:
            return f"Currency pair not supported {topic.symbol[:40]}"
        if topic in session.topics:
            return "Already subscribed"
        return "Currency pair not in online state" if verdict is Kind.ACK_ERROR else ""

    def _begin(self, session: Session, topic: Topic, *, snapshot: bool) -> None:
        """Sends the snapshot and lets the client listen."""
        channel, _, detail = topic.channel.partition(".")
        book = self.books[topic.symbol]
        if channel == "book":
            self._seed(session, topic, int(detail), send=snapshot)
        elif snapshot and channel == "ticker":
            self.deliver(session, topic, self._ticker(book, "snapshot"))
        elif snapshot:
            rows = [self._trade(book, trade, at) for trade, at in self.days[topic.symbol].trades]
            self.deliver(session, topic, b'{"channel":"trade","type":"snapshot","data":[%s]}' % b",".join(rows))
        self.join(session, topic)

    # Frames

    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        return [(Topic(f"book.{depth}", symbol), depth) for depth in DEPTHS]

    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        return self._book(book, "snapshot", seen, seen)

    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        return self._book(book, "update", changed, seen)

    def _book(self, book: Book, kind: str, levels: View, seen: View) -> bytes:
        symbol = book.listing.symbol
        grid = self.grids[symbol]
        crc = self._digits[symbol].checksum(seen)
        if symbol in self._wrong:
            crc ^= 0x5A5A_5A5A
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{symbol}"'
            f',"bids":{_levels(levels.bids, grid, down=True)},"asks":{_levels(levels.asks, grid, down=False)}'
            f',"checksum":{crc},"timestamp":"{rfc3339(self.now_ms)}"}}]}}'
        ).encode()

    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("ticker.bbo", book.listing.symbol)
        return [(topic, self._ticker(book, "update"))] if topic in self.listeners and self.touch(book) else []

    def _ticker(self, book: Book, kind: str) -> bytes:
        symbol = book.listing.symbol
        grid, day = self.grids[symbol], self.days[symbol]
        bid, bid_lots, ask, ask_lots = self.touch(book) or book.top()
        change = day.last - day.open
        sign = "-" if change < 0 else ""
        percent = abs(change) * 10**10 // day.open

        def price(value: int) -> str:
            return fixed(value, grid.price_decimals, grid.places)

        return (
            f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{symbol}","bid":{price(bid * grid.tick)}'
            f',"bid_qty":{fixed(bid_lots * grid.step, SIZE_DECIMALS)},"ask":{price(ask * grid.tick)}'
            f',"ask_qty":{fixed(ask_lots * grid.step, SIZE_DECIMALS)},"last":{price(day.last)}'
            f',"volume":{fixed(day.volume, SIZE_DECIMALS)},"vwap":{price(day.average)}'
            f',"low":{price(day.low)},"high":{price(day.high)},"change":{sign}{price(abs(change))}'
            f',"change_pct":{sign}{fixed(percent, 2)},"timestamp":"{rfc3339(self.now_ms)}"}}]}}'
        ).encode()

    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        symbol = book.listing.symbol
        if (topic := Topic("trade", symbol)) in self.listeners:
            row = self._trade(book, trade, self.now_ms)
            yield topic, b'{"channel":"trade","type":"update","data":[%s]}' % row
        if (topic := Topic("ticker.trades", symbol)) in self.listeners:
            yield topic, self._ticker(book, "update")

    def _trade(self, book: Book, trade: Trade, at_ms: int) -> bytes:
        side = "sell" if trade.buyer_is_maker else "buy"
        grid = self.grids[book.listing.symbol]
        price = fixed(trade.price, grid.price_decimals, grid.places)
        return (
            f'{{"symbol":"{book.listing.symbol}","side":"{side}","price":{price}'
            f',"qty":{fixed(trade.quantity, SIZE_DECIMALS)},"ord_type":"market","trade_id":{trade.trade_id}'
            f',"timestamp":"{rfc3339(at_ms)}"}}'
        ).encode()

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        name = topic.channel.partition(".")[0].encode()
        return frame.replace(b'"channel":"%s"' % name, b'"channel":"%s3"' % name)

    def _pushes(self, now_s: float) -> None:
        for session in self.sessions.values():
            if session.topics and now_s >= session.last_sent_s + 1.0:
                self.control(session, b'{"channel":"heartbeat"}', HEARTBEAT)

    def _deadlines(self, session: Session, real_s: float) -> None:
        if not session.topics and real_s >= session.last_received_s + IDLE_SECONDS:
            session.client.close(1000)

    @staticmethod
    def _known_path(path: str) -> bool:
        return urlsplit(path).path.rstrip("/") == "/v2"

    # REST

    def _answer(self, request: Request) -> Response:
        if request.path == "/0/public/Time":
            seconds = self.now_ms // 1_000
            return _found({"unixtime": seconds, "rfc1123": rfc1123(seconds)})
        if request.path != "/0/public/AssetPairs":
            return Response(404, encode({"error": ["EGeneral:Unknown method"]}))
        pairs = {v1_pair(book): self._pair(book) for book in self.books.values()}
        if wanted := request.query.get("pair"):
            names = wanted.split(",")
            chosen = {
                key: pair for key, pair in pairs.items() if {key, pair["altname"], pair["wsname"]}.intersection(names)
            }
            if len(chosen) != len(names):
                return Response(200, encode({"error": ["EQuery:Unknown asset pair"]}))
            pairs = chosen
        return _found(pairs)

    def _pair(self, book: Book) -> dict[str, Any]:
        listing = book.listing
        base, quote = V1_NAME.get(listing.base, listing.base), V1_NAME.get(listing.quote, listing.quote)
        return {
            "altname": base + quote,
            "wsname": f"{base}/{quote}",
            "aclass_base": "currency",
            "base": V1_ASSET.get(listing.base, listing.base),
            "aclass_quote": "currency",
            "quote": V1_ASSET.get(listing.quote, listing.quote),
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": decimals(listing.tick, listing.places),
            "lot_decimals": decimals(listing.step),
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[0, 0.4], [10_000, 0.35], [50_000, 0.24]],
            "fees_maker": [[0, 0.25], [10_000, 0.2], [50_000, 0.14]],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": trimmed(
                max(listing.step, listing.min_notional * listing.worth // (book.best_ask * listing.tick))
            ),
            "costmin": str(listing.min_notional),
            "tick_size": trimmed(listing.tick, listing.places),
            "status": "online",
        }


def v1_pair(book: Book) -> str:
    """Returns a pair's key in AssetPairs: assets with an X or Z before them keep it."""
    base, quote = book.listing.base, book.listing.quote
    if base in V1_ASSET:
        return V1_ASSET[base] + V1_ASSET.get(quote, quote)
    return base + quote


def rfc1123(seconds: int) -> str:
    """Returns Unix seconds as HTTP writes a date, with the two-digit year that Kraken gives."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(seconds, UTC):%a, %d %b %y %H:%M:%S} +0000"


def _levels(side: dict[int, int], grid: Grid, *, down: bool) -> str:
    tick, step, at, places = grid.tick, grid.step, grid.price_decimals, grid.places
    rows = [
        f'{{"price":{fixed(price * tick, at, places)},"qty":{fixed(side[price] * step, SIZE_DECIMALS)}}}'
        for price in sorted(side, reverse=down)
    ]
    return "[" + ",".join(rows) + "]"


def _found(result: object) -> Response:
    return Response(200, encode({"error": [], "result": result}))
