"""A loopback exchange in Binance's spot wire format: market streams and the REST calls that seed them.

Rules kept: U of a diff is u of the one before + 1; `bookTicker` carries the book's update id and no time; an unknown
stream name is acknowledged and stays silent; more than 5 messages a second close the connection; weights per minute.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from cambist.simulator.books import Book, Trade, text
from cambist.simulator.exchanges.base import Exchange
from cambist.simulator.exchanges.binance.rest import BinanceRest
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.exchanges.publishing import CONTROL
from cambist.simulator.exchanges.session import Session, Topic
from cambist.simulator.exchanges.views import View, view
from cambist.simulator.sockets import MAX_UNSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cambist.simulator.http import Request, Response

encode = msgspec.json.Encoder().encode
MAX_STREAMS = 1024
MESSAGES_PER_SECOND = 5
SHUTDOWN = Topic("!serverShutdown")


class Binance(Exchange):
    """Binance's public sockets and REST calls."""

    venue = "binance"
    diff_steps = 2

    def __init__(
        self,
        books: Mapping[str, Book],
        clock_ms: Callable[[], int],
        *,
        seed: int = 0,
        max_unsent: int = MAX_UNSENT,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(books, clock_ms, seed=seed, max_unsent=max_unsent, seconds=seconds)
        self._calls = BinanceRest(self)
        self._slow_changes: dict[str, tuple[int, int, dict[int, int], dict[int, int]]] = {}
        self._bent: dict[str, View] = {}
        """Levels that a fault added to or took from what was told, by symbol; they are put right at the next change."""

    # What the floor says

    def depth(self, book: Book, *, whole_second: bool) -> None:
        """Publishes what changed since the last 100 ms, and since the last second to those who asked for that."""
        symbol = book.listing.symbol
        changes = book.take_changes()
        if changes is not None:
            kinds = self._book_faults(book)
            shift = self._shift[symbol]
            self._journals[symbol].add(self.sequence(book), changes[2], changes[3])
            first = changes[1] if Kind.SEQUENCE_RESET in kinds else changes[0]
            bids, asks = self._bend_levels(book, changes[2], changes[3])
            changes = (first + shift, changes[1] + shift, bids, asks)
            self._diff(Topic("depth@100ms", symbol), changes)
            older = self._slow_changes.get(symbol)
            if older is not None and Kind.SEQUENCE_RESET not in kinds:
                changes = (older[0], changes[1], older[2] | changes[2], older[3] | changes[3])
            self._slow_changes[symbol] = changes
            for levels in (5, 10, 20):
                self._partial(Topic(f"depth{levels}@100ms", symbol), book, levels)
        if whole_second:
            if (slow := self._slow_changes.pop(symbol, None)) is not None:
                self._diff(Topic("depth", symbol), slow)
            for levels in (5, 10, 20):
                self._partial(Topic(f"depth{levels}", symbol), book, levels)

    def _bend_levels(self, book: Book, bids: dict[int, int], asks: dict[int, int]) -> View:
        """Returns changed levels as faults show them: the bent ones, and the true ones of what was bent before."""
        symbol = book.listing.symbol
        before, mood = self._bent.pop(symbol, None), self.mood(symbol)
        if before is not None:
            bids = bids | {at: book.bids.get(at, 0) for at in before.bids}
            asks = asks | {at: book.asks.get(at, 0) for at in before.asks}
        if mood:
            seen = view(book, len(book.bids) + 1, mood)
            self._bent[symbol] = bent = View(_bent(book.bids, seen.bids), _bent(book.asks, seen.asks))
            bids, asks = bids | bent.bids, asks | bent.asks
        return View(bids, asks)

    def _touches(self, book: Book) -> Iterable[tuple[Topic, bytes]]:
        listing = book.listing
        topic, touch = Topic("bookTicker", listing.symbol), self.touch(book)
        if topic not in self.listeners or touch is None:
            return []
        bid, bid_lots, ask, ask_lots = touch
        frame = (
            f'{{"u":{self.sequence(book)},"s":"{listing.symbol}","b":"{text(bid * listing.tick, listing.places)}"'
            f',"B":"{text(bid_lots * listing.step)}","a":"{text(ask * listing.tick, listing.places)}"'
            f',"A":"{text(ask_lots * listing.step)}"}}'
        )
        return [(topic, frame.encode())]

    def _trades(self, book: Book, trade: Trade) -> Iterable[tuple[Topic, bytes]]:
        topic, now = Topic("trade", book.listing.symbol), self.now_ms
        if topic not in self.listeners:
            return []
        maker = "true" if trade.buyer_is_maker else "false"
        price = text(trade.price, book.listing.places)
        frame = (
            f'{{"e":"trade","E":{now},"s":"{topic.symbol}","t":{trade.trade_id},"p":"{price}"'
            f',"q":"{text(trade.quantity)}","T":{now},"m":{maker},"M":true}}'
        )
        return [(topic, frame.encode())]

    def _diff(self, topic: Topic, changes: tuple[int, int, dict[int, int], dict[int, int]]) -> None:
        if topic in self.listeners:
            first, last, bids, asks = changes
            self.publish(topic, self._depth_update(self.books[topic.symbol], first, last, View(bids, asks)))

    def _depth_update(self, book: Book, first: int, last: int, levels: View) -> bytes:
        return (
            f'{{"e":"depthUpdate","E":{self.now_ms},"s":"{book.listing.symbol}","U":{first},"u":{last}'
            f',"b":{_levels(book, levels.bids.items())},"a":{_levels(book, levels.asks.items())}}}'
        ).encode()

    def _partial(self, topic: Topic, book: Book, levels: int) -> None:
        if topic in self.listeners:
            self.publish(topic, self.best(book, levels))

    def best(self, book: Book, limit: int) -> bytes:
        """Returns the best levels as a snapshot."""
        seen = view(book, limit, self.mood(book.listing.symbol))
        bids, asks = sorted(seen.bids.items(), reverse=True), sorted(seen.asks.items())
        return (
            f'{{"lastUpdateId":{self.sequence(book)},"bids":{_levels(book, bids)},"asks":{_levels(book, asks)}}}'
        ).encode()

    def _book_topics(self, symbol: str) -> Iterable[tuple[Topic, int]]:
        """Returns the one channel that a burst tells; snapshots of it come by REST."""
        return [(Topic("depth@100ms", symbol), 0)]

    def _snapshot(self, topic: Topic, book: Book, seen: View) -> bytes:
        raise NotImplementedError

    def _update(self, topic: Topic, book: Book, changed: View, seen: View) -> bytes:
        last = self.sequence(book)
        return self._depth_update(book, last, last, changed)

    def _quick_change(self, book: Book) -> list[tuple[Topic, bytes]]:
        topic = Topic("depth@100ms", book.listing.symbol)
        if topic in self.listeners:
            self._shown[topic] = View({}, {})  # nothing is read from it: diffs carry the changes themselves
        return super()._quick_change(book)

    def _reset(self, book: Book) -> None:
        self._restart(book, 1)

    def _frame(self, session: Session, topic: Topic, body: bytes) -> bytes:
        if not session.combined or topic in (CONTROL, SHUTDOWN):
            return body
        return b'{"stream":"%s","data":%s}' % (stream(topic).encode(), body)

    def _renamed(self, topic: Topic, frame: bytes) -> bytes:
        name = f'"{stream(topic)}"'.encode()
        return frame.replace(name, name[:-1] + b'V2"').replace(b'"e":"depthUpdate"', b'"e":"depthUpdateV2"')

    def _notice(self) -> None:
        body = encode({"e": "serverShutdown", "E": self.now_ms})
        for session in self.sessions.values():
            frame = b'{"stream":"!serverShutdown","data":%s}' % body if session.combined else body
            self.control(session, frame, SHUTDOWN)

    # Streams

    def _opened(self, session: Session) -> None:
        url = urlsplit(session.client.path)
        session.combined = url.path.startswith("/stream")
        names = (
            parse_qs(url.query).get("streams", [""])[0] if session.combined else url.path.removeprefix("/ws").strip("/")
        )
        self._join_all(session, [name for name in names.split("/") if name])

    def _join_all(self, session: Session, names: list[str]) -> Kind | None:
        """Lets a client listen. Returns the fault that keeps back the answer, if one does."""
        topics = [topic_of(name) for name in names]
        verdicts = self.verdicts(topics)
        for topic, verdict in zip(topics, verdicts, strict=True):
            if verdict is None:
                self.join(session, topic)
        return next((kind for kind in verdicts if kind in (Kind.ACK_NEVER, Kind.ACK_ERROR)), None)

    def _handle_message(self, session: Session, message: bytes) -> None:
        if session.too_many(int(self.seconds()), MESSAGES_PER_SECOND):
            session.client.abort()
            return
        answer = self._reply(session, message)
        if answer:
            self.control(session, answer)

    def _reply(self, session: Session, message: bytes) -> bytes:
        """Returns the answer to a message, none if a fault keeps it back."""
        try:
            request = msgspec.json.decode(message)
        except (ValueError, RecursionError) as error:
            return encode({"code": 3, "msg": f"Invalid JSON: {error}"})
        if not isinstance(request, dict):
            return encode({"code": 2, "msg": "Invalid request: request must be an object"})
        request_id, method, params = request.get("id"), request.get("method"), request.get("params", [])
        if isinstance(request_id, bool) or not (request_id is None or isinstance(request_id, int | str)):
            return encode({"code": 1, "msg": "Invalid value type: expected Int64, String or null for `id`"})
        if unknown := set(request) - {"id", "method", "params"}:
            return encode({"code": 0, "msg": f"Unknown property: {sorted(unknown)[0][:40]}", "id": request_id})
        if not isinstance(method, str):
            return encode({"code": 2, "msg": "Invalid request: missing field `method`", "id": request_id})
        fault = self._apply(session, method, params)
        if fault is Kind.ACK_NEVER:
            return b""
        if isinstance(fault, Kind):
            return encode({"code": 2, "msg": "Invalid request: streams are not available", "id": request_id})
        if fault is not None:
            return encode({"code": fault[0], "msg": fault[1], "id": request_id})
        result: Any = None
        if method == "LIST_SUBSCRIPTIONS":
            result = [stream(topic) for topic in session.topics]
        elif method == "GET_PROPERTY":
            result = session.combined
        return encode({"result": result, "id": request_id})

    def _apply(self, session: Session, method: str, params: object) -> tuple[int, str] | Kind | None:
        if method in ("LIST_SUBSCRIPTIONS", "GET_PROPERTY"):
            return None
        if not isinstance(params, list):
            return 1, "Invalid value type: expected Array for `params`"
        if method == "SET_PROPERTY":
            if len(params) != 2 or params[0] != "combined":
                return 0, "Unknown property"
            if not isinstance(params[1], bool):
                return 1, "Invalid value type: expected Boolean"
            session.combined = params[1]
            return None
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            return 2, f"Invalid request: unknown variant `{method[:40]}`"
        if not all(isinstance(name, str) for name in params):
            return 1, "Invalid value type: expected String in `params`"
        if method == "SUBSCRIBE":
            if len(session.topics.keys() | {topic_of(name) for name in params}) > MAX_STREAMS:
                return 2, f"Invalid request: more than {MAX_STREAMS} streams"
            return self._join_all(session, params)
        for name in params:
            self.leave(session, topic_of(name))
        return None

    def _answer(self, request: Request) -> Response:
        return self._calls.answer(request)

    @staticmethod
    def _known_path(path: str) -> bool:
        return urlsplit(path).path.split("/")[1:2] in (["ws"], ["stream"])


def topic_of(name: str) -> Topic:
    """Returns the topic of a stream's name. Names are lower case; another spelling is a stream without data."""
    symbol, _, channel = name.partition("@")
    return Topic(channel, symbol.upper()) if symbol == symbol.lower() else Topic(name)


def stream(topic: Topic) -> str:
    """Returns a topic's stream name."""
    if topic.channel and topic.symbol:
        return f"{topic.symbol.lower()}@{topic.channel}"
    return topic.symbol.lower() or topic.channel


def _bent(true: dict[int, int], seen: dict[int, int]) -> dict[int, int]:
    """Returns the levels in which what is seen differs from what is true, with what is seen."""
    return {at: seen.get(at, 0) for at in true.keys() | seen.keys() if true.get(at) != seen.get(at)}


def _levels(book: Book, levels: Any) -> str:
    tick, step, places = book.listing.tick, book.listing.step, book.listing.places
    return "[" + ",".join([f'["{text(at * tick, places)}","{text(lots * step)}"]' for at, lots in levels]) + "]"
