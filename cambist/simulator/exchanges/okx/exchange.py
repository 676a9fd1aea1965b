"""A loopback exchange in OKX's v5 public wire format.

Rules kept: an update's `prevSeqId` is the `seqId` of the message before it; a quiet book says so after 60 s with equal
numbers; `checksum` is always 0; `ping` and `pong` are plain text; 30 s without a message in either direction close
the connection; 480 changes of subscriptions an hour; the last argument's refusal doesn't touch the others.

{"arg":{"channel":"books","instId":"SOL-USDT"},"action":"update","data":[{"asks":[["101.5","0.0005","0","1"]],
"bids":[],"ts":"1790000000123","checksum":0,"prevSeqId":1000,"seqId":1004}]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.digits import trimmed
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.exchanges.views import View, view
from cambist.simulator.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.books import Book, Trade
    from cambist.simulator.exchanges.records import Grid

encode = msgspec.json.Encoder().encode
DEPTH = 400
CHANNELS = ("books", "bbo-tbt", "trades")
ALIVE_SECONDS = 60.0
SILENCE_SECONDS = 30.0
CHANGES_PER_HOUR = 480
HOUR = 3_600.0
RESET_TO = 3
"""The number after which a book goes on when its sequence is reset."""


class Okx(Exchange):
    """OKX's public sockets and REST calls."""

    venue = "okx"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._last: dict[str, int] = {}
        """Symbol → `seqId` of the last message of its book."""
        self._last_book_s: dict[str, float] = {}
        """Symbol → market seconds of that message."""

    # Requests

    def _opened(self, session: Session) -> None:
        pass

    def _handle_message(self, session: Session, message: bytes) -> None:
        if message == b"ping":
            self.control(session, b"pong")
            return
        try:
            request = msgspec.json.decode(message)
        except (ValueError, RecursionError):
            request = None
        shown = message[:200].decode(errors="replace")
        operation = request.get("op") if isinstance(request, dict) else None
        args = request.get("args") if isinstance(request, dict) else None
        if operation not in ("subscribe", "unsubscribe") or not isinstance(args, list) or not args:
            self._error(session, "60012", f"Illegal request: {shown}", request)
            return
        if self._too_often(session):
            self._error(session, "60014", "Requests too frequent", request)
            return
        wanted = [(arg, _topic(arg)) for arg in args]
        topics = [topic for _, topic in wanted if topic is not None]
        verdicts = dict(zip(topics, self.verdicts(topics), strict=True)) if operation == "subscribe" else {}
        for arg, topic in wanted:
            if topic is None:
                self._error(session, "60012", f"Illegal request: {shown}", request)
            else:
                self._change(session, request, arg, topic, verdicts.get(topic))

    def _too_often(self, session: Session) -> bool:
        now = self.seconds()
        session.asked_s = [at for at in session.asked_s if at > now - HOUR]
        if len(session.asked_s) >= CHANGES_PER_HOUR:
            return True
        session.asked_s.append(now)
        return False

    def _change(self, session: Session, request: Any, arg: Any, topic: Topic, verdict: Kind | None) -> None:
        if verdict in (Kind.ACK_NEVER, Kind.ACK_PARTIAL):
            return
        operation = request["op"]
        if topic.channel not in CHANNELS or topic.symbol not in self.books or verdict is Kind.ACK_ERROR:
            named = f"channel:{topic.channel[:40]},instId:{topic.symbol[:40]}"
            text = f"Wrong URL or {named} doesn't exist. Please use the correct URL, channel and parameters."
            self._error(session, "60018", text, request)
            return
        self._answer_with(session, {"event": operation, "arg": arg}, request)
        if operation == "unsubscribe":
            self.leave(session, topic)
        elif verdict is None:
            self._begin(session, topic)

    def _begin(self, session: Session, topic: Topic) -> None:
        book = self.books[topic.symbol]
        if topic.channel == "books":
            self._seed(session, topic, DEPTH)
        elif topic.channel == "bbo-tbt":
            self.deliver(session, topic, self._touch_frame(book))
        self.join(session, topic)

    def _error(self, session: Session, code: str, text: str, request: Any) -> None:
        self._answer_with(session, {"event": "error", "code": code, "msg": text}, request)

    def _answer_with(self, session: Session, answer: dict[str, Any], request: Any) -> None:
        if isinstance(request, dict) and isinstance(request.get("id"), str):
            answer = {"id": request["id"][:32], **answer}
        self.control(session, encode({**answer, "connId": f"{session.number:08x}"}))

    def _notice(self) -> None:
        text = "The connection will soon be closed for a service upgrade. Please reconnect."
        for session in self.sessions.values():
            self._answer_with(session, {"event": "notice", "code": "64008", "msg": text}, None)

    def _deadlines(self, session: Session, real_s: float) -> None:
        if real_s >= session.alive_s + SILENCE_SECONDS:
            session.client.close(4004, "No data received in 30s.")

    # Frames

    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        return [(Topic("books", symbol), DEPTH)]

    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        return self._book(book, "snapshot", seen, -1, self._last[topic.symbol])

    def _advance(self, topic: Topic, book: Book) -> None:
        self._note(topic.symbol, self.sequence(book))

    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        before, now = self._last[topic.symbol], self.sequence(book)
        self._note(topic.symbol, now)
        return self._book(book, "update", changed, before, now)

    def _note(self, symbol: str, sequence: int) -> None:
        self._last[symbol], self._last_book_s[symbol] = sequence, self.now_s

    def _book(self, book: Book, action: str, levels: View, before: int, sequence: int) -> bytes:
        symbol = book.listing.symbol
        grid = self.grids[symbol]
        crc = 1_234_567_890 if symbol in self._wrong else 0
        return (
            f'{{"arg":{{"channel":"books","instId":"{symbol}"}},"action":"{action}","data":[{{'
            f'"asks":{_levels(levels.asks, grid, down=False)},"bids":{_levels(levels.bids, grid, down=True)}'
            f',"ts":"{self.now_ms}","checksum":{crc},"prevSeqId":{before},"seqId":{sequence}}}]}}'
        ).encode()

    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("bbo-tbt", book.listing.symbol)
        return [(topic, self._touch_frame(book))] if topic in self.listeners else []

    def _touch_frame(self, book: Book) -> bytes:
        symbol = book.listing.symbol
        grid, touch = self.grids[symbol], self.touch(book)
        bids, asks = ({}, {}) if touch is None else ({touch[0]: touch[1]}, {touch[2]: touch[3]})
        return (
            f'{{"arg":{{"channel":"bbo-tbt","instId":"{symbol}"}},"data":[{{"asks":{_levels(asks, grid, down=False)}'
            f',"bids":{_levels(bids, grid, down=True)},"ts":"{self.now_ms}","seqId":{self.sequence(book)}}}]}}'
        ).encode()

    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        topic = Topic("trades", book.listing.symbol)
        if topic not in self.listeners:
            return []
        side = "sell" if trade.buyer_is_maker else "buy"
        price = trimmed(trade.price, book.listing.places)
        frame = (
            f'{{"arg":{{"channel":"trades","instId":"{topic.symbol}"}},"data":[{{"instId":"{topic.symbol}"'
            f',"tradeId":"{trade.trade_id}","px":"{price}","sz":"{trimmed(trade.quantity)}"'
            f',"side":"{side}","ts":"{self.now_ms}","count":"1"}}]}}'
        )
        return [(topic, frame.encode())]

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        name = topic.channel.encode()
        return frame.replace(b'"channel":"%s"' % name, b'"channel":"%s-v2"' % name)

    def _pushes(self, now_s: float) -> None:
        for topic in [topic for topic in self.listeners if topic.channel == "books"]:
            if now_s >= self._last_book_s[topic.symbol] + ALIVE_SECONDS:
                self._last_book_s[topic.symbol] = now_s
                last = self._last[topic.symbol]
                self.publish(topic, self._book(self.books[topic.symbol], "update", View({}, {}), last, last))

    def _reset(self, book: Book) -> None:
        self._restart(book, RESET_TO)

    @staticmethod
    def _known_path(path: str) -> bool:
        return urlsplit(path).path == "/ws/v5/public"

    # REST

    def _answer(self, request: Request) -> Response:
        query = request.query
        if request.path == "/api/v5/public/time":
            return _found([{"ts": str(self.now_ms)}])
        if request.path == "/api/v5/public/instruments":
            if query.get("instType") != "SPOT":
                return _refused("51000", "Parameter instType error")
            books = [item for symbol, item in self.books.items() if query.get("instId", symbol) == symbol]
            if not books:
                return _refused("51001", "Instrument ID does not exist")
            return _found([self._instrument(number, item) for number, item in enumerate(books)])
        if request.path == "/api/v5/market/books":
            book, size = self.books.get(query.get("instId", "")), query.get("sz", "1")
            if book is None:
                return _refused("51001", "Instrument ID does not exist")
            if not size.isdecimal() or not 1 <= int(size[:5]) <= DEPTH:
                return _refused("51000", "Parameter sz error")
            return _found([self._rest_book(book, int(size))])
        return Response(404, encode({"code": "404", "msg": "Not Found", "data": []}))

    def _rest_book(self, book: Book, size: int) -> dict[str, Any]:
        """Returns a snapshot whose `seqId` joins the socket's: what is pending there is told first."""
        self.depth(book, whole_second=False)
        seen, grid = view(book, size, self.mood(book.listing.symbol)), self.grids[book.listing.symbol]
        return {
            "asks": msgspec.Raw(_levels(seen.asks, grid, down=False).encode()),
            "bids": msgspec.Raw(_levels(seen.bids, grid, down=True).encode()),
            "ts": str(self.now_ms),
            "seqId": self.sequence(book),
        }

    def _instrument(self, number: int, book: Book) -> dict[str, Any]:
        listing = book.listing
        smallest = listing.min_notional * listing.worth // (book.best_ask * listing.tick) // listing.step * listing.step
        return {
            "instType": "SPOT",
            "instId": listing.symbol,
            "instIdCode": 10_000 + number,
            "baseCcy": listing.base,
            "quoteCcy": listing.quote,
            "tickSz": trimmed(listing.tick, listing.places),
            "lotSz": trimmed(listing.step),
            "minSz": trimmed(max(listing.step, smallest)),
            "maxLmtSz": "9999999999",
            "maxMktSz": "1000000",
            "maxLmtAmt": "20000000",
            "maxMktAmt": "1000000",
            "state": "live",
        }


def _topic(arg: Any) -> Topic | None:
    if not isinstance(arg, dict) or not isinstance(arg.get("channel"), str) or not isinstance(arg.get("instId"), str):
        return None
    return Topic(arg["channel"], arg["instId"])


def _levels(side: dict[int, int], grid: Grid, *, down: bool) -> str:
    """Returns levels as text: price, size, a field that is no longer used, and the number of orders."""
    tick, step, places = grid.tick, grid.step, grid.places
    rows = [
        f'["{trimmed(at * tick, places)}","{trimmed(lots * step)}","0","{orders(at, lots)}"]'
        for at, lots in sorted(side.items(), reverse=down)
    ]
    return "[" + ",".join(rows) + "]"


def orders(at: int, lots: int) -> int:
    """Returns how many orders a level is made of: none if it is empty, else 1 to 7 that depend on it."""
    return 1 + (at ^ lots) % 7 if lots else 0


def _found(data: list[dict[str, Any]]) -> Response:
    return Response(200, encode({"code": "0", "msg": "", "data": data}))


def _refused(code: str, text: str) -> Response:
    return Response(200, encode({"code": code, "msg": text, "data": []}))
