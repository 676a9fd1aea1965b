"""How each venue is asked for a book, in its own words, and which of its messages are books."""

from tests.simulator.exchanges.checkers import BinanceBook, BybitBook, CoinbaseConnection, KrakenBook, OkxBook, Sides

VENUES = ("binance", "kraken", "okx", "bybit", "coinbase")
SYMBOL = {"binance": "SOLUSDT", "kraken": "SOL/USD", "okx": "SOL-USDT", "bybit": "SOLUSDT", "coinbase": "SOL-USD"}
OTHER = {"binance": "JUPUSDT", "kraken": "JUP/USD", "okx": "JUP-USDT", "bybit": "JUPUSDT", "coinbase": "JUP-USD"}
CHANNEL = {
    "binance": "depth@100ms",
    "kraken": "book.10",
    "okx": "books",
    "bybit": "orderbook.50",
    "coinbase": "level2",
}


def ask(venue: str, *symbols: str) -> dict:
    """Returns a request for the books of some symbols."""
    if venue == "binance":
        return {"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@depth@100ms" for symbol in symbols], "id": 1}
    if venue == "kraken":
        return {"method": "subscribe", "params": {"channel": "book", "symbol": list(symbols), "depth": 10}}
    if venue == "okx":
        return {"op": "subscribe", "args": [{"channel": "books", "instId": symbol} for symbol in symbols]}
    if venue == "bybit":
        return {"op": "subscribe", "args": [f"orderbook.50.{symbol}" for symbol in symbols]}
    return {"type": "subscribe", "channel": "level2", "product_ids": list(symbols)}


def ask_touch(venue: str, symbol: str) -> dict:
    """Returns a request for the touch."""
    if venue == "binance":
        return {"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@bookTicker"], "id": 1}
    if venue == "kraken":
        return {"method": "subscribe", "params": {"channel": "ticker", "symbol": [symbol], "event_trigger": "bbo"}}
    if venue == "okx":
        return {"op": "subscribe", "args": [{"channel": "bbo-tbt", "instId": symbol}]}
    if venue == "bybit":
        return {"op": "subscribe", "args": [f"orderbook.1.{symbol}"]}
    return {"type": "subscribe", "channel": "ticker", "product_ids": [symbol]}


def book_symbol(venue: str, message: dict) -> str:
    """Returns whose book a message tells, empty if it tells none."""
    if venue == "binance":
        return message.get("data", {}).get("s", "")
    if venue == "kraken":
        return message["data"][0]["symbol"] if message.get("channel") == "book" else ""
    if venue == "okx":
        return message["arg"]["instId"] if "action" in message else ""
    if venue == "bybit":
        return message["data"]["s"] if message.get("topic", "").startswith("orderbook") else ""
    return message["events"][0]["product_id"] if message.get("channel") == "l2_data" else ""


class Mirror:
    """The book of one symbol, kept by the venue's own rule; it takes every message of the connection."""

    def __init__(self, venue: str, symbol: str) -> None:
        self.venue, self.symbol = venue, symbol
        makers = {"binance": BinanceBook, "kraken": lambda: KrakenBook(10), "okx": OkxBook, "bybit": BybitBook}
        self.connection = CoinbaseConnection()
        self._book = makers.get(venue, Sides)()

    @property
    def book(self) -> Sides:
        return self.connection.books[self.symbol] if self.venue == "coinbase" else self._book

    def apply(self, message: dict) -> None:
        if self.venue == "coinbase":
            if "sequence_num" in message:
                self.connection.apply(message)
        elif book_symbol(self.venue, message) == self.symbol:
            self._book.apply(message["data"] if self.venue == "binance" else message)
