"""A loopback exchange in Binance's spot wire format: market streams and the REST calls that seed them.

Rules kept: U of a diff is u of the one before + 1; `bookTicker` carries the book's update id and no time; an unknown
stream name is acknowledged and stays silent; more than 5 messages a second close the connection; weights per minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from cambist.simulator.books import UNIT, Book, Trade, text
from cambist.simulator.http import HttpServer, Request, Response
from cambist.simulator.sockets import MAX_UNSENT, Client, SocketServer

if TYPE_CHECKING:
    from cambist.simulator.market import Market

encode = msgspec.json.Encoder().encode
MAX_STREAMS = 1024
MESSAGES_PER_SECOND = 5
WEIGHT_PER_MINUTE = 6_000


class Session:
    """What one client listens to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        url = urlsplit(client.path)
        self.combined = url.path.startswith("/stream")
        names = (
            parse_qs(url.query).get("streams", [""])[0] if self.combined else url.path.removeprefix("/ws").strip("/")
        )
        self.streams = dict.fromkeys(name for name in names.split("/") if name)
        self._window: tuple[int, int] = (0, 0)

    def too_many(self, second: int) -> bool:
        """Counts a message. Returns whether it is over the limit."""
        count = self._window[1] + 1 if self._window[0] == second else 1
        self._window = (second, count)
        return count > MESSAGES_PER_SECOND


class Exchange:
    """The exchange's sockets over a market's books."""

    def __init__(self, market: Market, max_unsent: int = MAX_UNSENT) -> None:
        self._market = market
        self._sessions: dict[Client, Session] = {}
        self._rest = HttpServer(self._get, max_body=4_096)
        self._sockets = SocketServer(
            self._opened, self._heard, self._closed, paths=_known_path, max_unsent=max_unsent, ping_seconds=20.0
        )
        self._listeners: dict[str, set[Session]] = {}
        self._weight: tuple[int, int] = (0, 0)
        self._slow_changes: dict[str, tuple[int, int, dict[int, int], dict[int, int]]] = {}

    async def start(self, host: str, rest_port: int, ws_port: int) -> tuple[int, int]:
        """Returns the REST and the WebSocket port. Raises `OSError` if one is taken."""
        return await self._rest.start(host, rest_port), await self._sockets.start(host, ws_port)

    async def close(self) -> None:
        """Stops both servers."""
        await self._rest.close()
        await self._sockets.close()

    @property
    def slow_clients(self) -> int:
        """Clients dropped for reading too slowly."""
        return self._sockets.slow

    # What the market says

    def ticker(self, book: Book) -> None:
        """Publishes the touch."""
        listing = book.listing
        name = f"{listing.symbol.lower()}@bookTicker"
        if name not in self._listeners:
            return
        bid, bid_lots, ask, ask_lots = book.top()
        self._publish(
            name,
            f'{{"u":{book.update_id},"s":"{listing.symbol}","b":"{text(bid * listing.tick)}"'
            f',"B":"{text(bid_lots * listing.step)}","a":"{text(ask * listing.tick)}"'
            f',"A":"{text(ask_lots * listing.step)}"}}',
        )

    def trade(self, book: Book, trade: Trade) -> None:
        """Publishes a trade."""
        name, now = f"{book.listing.symbol.lower()}@trade", self._market.now_ms
        if name in self._listeners:
            maker = "true" if trade.buyer_is_maker else "false"
            self._publish(
                name,
                f'{{"e":"trade","E":{now},"s":"{book.listing.symbol}","t":{trade.trade_id},"p":"{text(trade.price)}"'
                f',"q":"{text(trade.quantity)}","T":{now},"m":{maker},"M":true}}',
            )

    def depth(self, book: Book, *, whole_second: bool) -> None:
        """Publishes what changed since the last 100 ms, and since the last second to those who asked for that."""
        symbol = book.listing.symbol
        changes = book.take_changes()
        if changes is not None:
            self._diff(f"{symbol.lower()}@depth@100ms", book, changes)
            older = self._slow_changes.get(symbol)
            if older is not None:
                changes = (older[0], changes[1], older[2] | changes[2], older[3] | changes[3])
            self._slow_changes[symbol] = changes
            for levels in (5, 10, 20):
                self._partial(f"{symbol.lower()}@depth{levels}@100ms", book, levels)
        if whole_second:
            if (slow := self._slow_changes.pop(symbol, None)) is not None:
                self._diff(f"{symbol.lower()}@depth", book, slow)
            for levels in (5, 10, 20):
                self._partial(f"{symbol.lower()}@depth{levels}", book, levels)

    def flush(self) -> None:
        """Sends what is queued."""
        self._sockets.flush()

    def _diff(self, name: str, book: Book, changes: tuple[int, int, dict[int, int], dict[int, int]]) -> None:
        if name not in self._listeners:
            return
        first, last, bids, asks = changes
        self._publish(
            name,
            f'{{"e":"depthUpdate","E":{self._market.now_ms},"s":"{book.listing.symbol}","U":{first},"u":{last}'
            f',"b":{_levels(book, bids.items())},"a":{_levels(book, asks.items())}}}',
        )

    def _partial(self, name: str, book: Book, levels: int) -> None:
        if name in self._listeners:
            self._publish(name, self._snapshot(book, levels))

    def _snapshot(self, book: Book, limit: int) -> str:
        bids, asks = book.levels("bid", limit), book.levels("ask", limit)
        return f'{{"lastUpdateId":{book.update_id},"bids":{_levels(book, bids)},"asks":{_levels(book, asks)}}}'

    def _publish(self, name: str, message: str) -> None:
        raw = message.encode()
        wrapped = b'{"stream":"' + name.encode() + b'","data":' + raw + b"}"
        for session in self._listeners[name]:
            session.client.send(wrapped if session.combined else raw)

    # Streams

    def _opened(self, client: Client) -> None:
        session = self._sessions[client] = Session(client)
        for name in session.streams:
            self._listeners.setdefault(name, set()).add(session)

    def _closed(self, client: Client) -> None:
        session = self._sessions.pop(client, None)
        for name in session.streams if session is not None else ():
            self._leave(name, session)

    def _leave(self, name: str, session: Session | None) -> None:
        listeners = self._listeners.get(name)
        if listeners is not None and session is not None:
            listeners.discard(session)
            if not listeners:
                del self._listeners[name]

    def _heard(self, client: Client, message: bytes) -> None:
        session = self._sessions[client]
        if session.too_many(int(self._market.wall_seconds())):
            client.abort()
            return
        client.send(self._answer(session, message))

    def _answer(self, session: Session, message: bytes) -> bytes:
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
        if fault is not None:
            return encode({"code": fault[0], "msg": fault[1], "id": request_id})
        result: Any = None
        if method == "LIST_SUBSCRIPTIONS":
            result = list(session.streams)
        elif method == "GET_PROPERTY":
            result = session.combined
        return encode({"result": result, "id": request_id})

    def _apply(self, session: Session, method: str, params: object) -> tuple[int, str] | None:
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
        if method == "SUBSCRIBE" and len(session.streams.keys() | set(params)) > MAX_STREAMS:
            return 2, f"Invalid request: more than {MAX_STREAMS} streams"
        for name in params:
            if method == "SUBSCRIBE":
                session.streams[name] = None
                self._listeners.setdefault(name, set()).add(session)
            else:
                session.streams.pop(name, None)
                self._leave(name, session)
        return None

    # REST

    def _get(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(405, b'{"code":-1000,"msg":"Method not allowed"}')
        answers = {
            "/api/v3/ping": (1, _pong),
            "/api/v3/time": (1, self._time),
            "/api/v3/exchangeInfo": (20, self._info),
            "/api/v3/depth": (5, self._depth),
            "/api/v3/ticker/bookTicker": (2, self._tickers),
        }
        found = answers.get(request.path)
        if found is None:
            return Response(404, b'{"code":-1000,"msg":"No such path"}')
        weight, make = found
        if request.path == "/api/v3/depth":
            limit = request.query.get("limit", "100")
            weight = next(
                (w for top, w in ((100, 5), (500, 25), (1000, 50)) if limit.isdecimal() and int(limit[:9]) <= top), 250
            )
        minute = int(self._market.wall_seconds() / 60)
        used = weight + (self._weight[1] if self._weight[0] == minute else 0)
        self._weight = (minute, used)
        header = (("X-MBX-USED-WEIGHT-1M", str(used)),)
        if used > WEIGHT_PER_MINUTE:
            body = {
                "code": -1003,
                "msg": f"Too much request weight used; current limit is {WEIGHT_PER_MINUTE} weight per 1 MINUTE.",
            }
            return Response(429, encode(body), headers=(*header, ("Retry-After", "60")))
        try:
            return Response(200, make(request.query), headers=header)
        except ExchangeError as error:
            return Response(400, encode({"code": error.code, "msg": str(error)}), headers=header)

    def _book(self, query: dict[str, str]) -> Book:
        symbol = query.get("symbol")
        if not symbol:
            raise ExchangeError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        book = self._market.books.get(symbol)
        if book is None:
            raise ExchangeError(-1121, "Invalid symbol.")
        return book

    def _depth(self, query: dict[str, str]) -> bytes:
        book = self._book(query)
        limit = query.get("limit", "100")
        if not limit.isdecimal() or len(limit) > 20:
            raise ExchangeError(-1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.")
        if int(limit) == 0:
            raise ExchangeError(-1130, "Data sent for parameter 'limit' is not valid.")
        return self._snapshot(book, min(int(limit), 5_000)).encode()

    def _time(self, _: dict[str, str]) -> bytes:
        return encode({"serverTime": self._market.now_ms})

    def _tickers(self, query: dict[str, str]) -> bytes:
        books = [self._book(query)] if "symbol" in query else list(self._market.books.values())
        rows = []
        for book in books:
            bid, bid_lots, ask, ask_lots = book.top()
            tick, step = book.listing.tick, book.listing.step
            rows.append(
                {
                    "symbol": book.listing.symbol,
                    "bidPrice": text(bid * tick),
                    "bidQty": text(bid_lots * step),
                    "askPrice": text(ask * tick),
                    "askQty": text(ask_lots * step),
                }
            )
        return encode(rows[0] if "symbol" in query else rows)

    def _info(self, query: dict[str, str]) -> bytes:
        books = [self._book(query)] if "symbol" in query else list(self._market.books.values())
        return encode(
            {
                "timezone": "UTC",
                "serverTime": self._market.now_ms,
                "rateLimits": [
                    {
                        "rateLimitType": "REQUEST_WEIGHT",
                        "interval": "MINUTE",
                        "intervalNum": 1,
                        "limit": WEIGHT_PER_MINUTE,
                    }
                ],
                "exchangeFilters": [],
                "symbols": [_instrument(book) for book in books],
            }
        )


class ExchangeError(ValueError):
    """A bad request, with the exchange's code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _pong(_: dict[str, str]) -> bytes:
    return b"{}"


def _instrument(book: Book) -> dict[str, Any]:
    listing = book.listing
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(listing.tick),
                "maxPrice": text(10**6 * UNIT),
                "tickSize": text(listing.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": text(listing.step),
                "maxQty": text(10**10 * UNIT),
                "stepSize": text(listing.step),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": text(listing.min_notional * UNIT),
                "applyMinToMarket": True,
                "maxNotional": text(9_000_000 * UNIT),
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": ["SPOT"],
    }


def _levels(book: Book, levels: Any) -> str:
    tick, step = book.listing.tick, book.listing.step
    return "[" + ",".join([f'["{text(at * tick)}","{text(lots * step)}"]' for at, lots in levels]) + "]"


def _known_path(path: str) -> bool:
    return urlsplit(path).path.split("/")[1:2] in (["ws"], ["stream"])
