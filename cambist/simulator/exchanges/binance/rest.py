"""Binance's REST calls: what seeds a book, and what is traded; each call has a weight, and a minute has a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cambist.simulator.books import UNIT, Book, text
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.http import Request, Response

if TYPE_CHECKING:
    from cambist.simulator.exchanges.binance.exchange import Binance

encode = msgspec.json.Encoder().encode
WEIGHT_PER_MINUTE = 6_000


class BinanceRest:
    """The REST side of one exchange."""

    def __init__(self, venue: Binance) -> None:
        self._venue = venue
        self._weight: tuple[int, int] = (0, 0)
        """Minute and the weight it has used."""

    def answer(self, request: Request) -> Response:
        """Answers a request, if the minute's weight allows it."""
        if request.method != "GET":
            return Response(405, b'{"code":-1000,"msg":"Method not allowed"}')
        answers = {
            "/api/v3/ping": (1, _pong),
            "/api/v3/time": (1, self._time),
            "/api/v3/exchangeInfo": (20, self._info),
            "/api/v3/depth": (5, self._levels),
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
        minute = int(self._venue.seconds() / 60)
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
        book = self._venue.books.get(symbol)
        if book is None:
            raise ExchangeError(-1121, "Invalid symbol.")
        return book

    def _levels(self, query: dict[str, str]) -> bytes:
        book = self._book(query)
        limit = query.get("limit", "100")
        if not limit.isdecimal() or len(limit) > 20:
            raise ExchangeError(-1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.")
        if int(limit) == 0:
            raise ExchangeError(-1130, "Data sent for parameter 'limit' is not valid.")
        return self._venue.best(book, self._limit(book, min(int(limit), 5_000)))

    def _limit(self, book: Book, limit: int) -> int:
        """Returns how many levels a snapshot has: a fault may give more than are asked for."""
        return max(limit, self._venue.mood(book.listing.symbol).get(Kind.DEEP_SNAPSHOT, 0))

    def _time(self, _: dict[str, str]) -> bytes:
        return encode({"serverTime": self._venue.now_ms})

    def _tickers(self, query: dict[str, str]) -> bytes:
        books = [self._book(query)] if "symbol" in query else list(self._venue.books.values())
        rows = []
        for book in books:
            bid, bid_lots, ask, ask_lots = book.top()
            tick, step, places = book.listing.tick, book.listing.step, book.listing.places
            rows.append(
                {
                    "symbol": book.listing.symbol,
                    "bidPrice": text(bid * tick, places),
                    "bidQty": text(bid_lots * step),
                    "askPrice": text(ask * tick, places),
                    "askQty": text(ask_lots * step),
                }
            )
        return encode(rows[0] if "symbol" in query else rows)

    def _info(self, query: dict[str, str]) -> bytes:
        books = [self._book(query)] if "symbol" in query else list(self._venue.books.values())
        return encode(
            {
                "timezone": "UTC",
                "serverTime": self._venue.now_ms,
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
                "minPrice": text(listing.tick, listing.places),
                "maxPrice": text(10**6 * listing.one, listing.places),
                "tickSize": text(listing.tick, listing.places),
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
