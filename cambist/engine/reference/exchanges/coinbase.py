"""Coinbase Advanced Trade public frames. Sample payloads stand beside each reader.

Rules of the venue:

1. `sequence_num` counts all messages of a connection, whatever their channel. It is the first thing a frame says, and
   the id of whatever else stands in it.
2. `BTC-USDC` is an alias: its messages name `BTC-USD`. A symbol is what the frame names.
3. The first `market_trades` of a product tell of trades before the subscription.
4. `side` of a trade is that of its maker: of 76 trades recorded in August 2026 at the best bid or ask, 75 say so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import DECIMALS, EIGHT, PriceScale, PriceScales
from cambist.engine.reference.exchanges.event import (
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Event,
    Ignored,
    Instrument,
    Instruments,
    Level,
    ProtocolError,
    Sequence,
)
from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.values import (
    at_most,
    count,
    instant,
    is_snapshot,
    is_too_fine,
    positive,
    refused,
    sequence,
    subscribed,
    trade,
)
from cambist.engine.reference.exchanges.values import price as price_at
from cambist.engine.reference.exchanges.values import tick as tick_at

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_COINBASE_LEVELS = 200_000
"""Most levels of a message that are read, both sides together; a whole book had 46,000 in August 2026."""

OTHERS = ("heartbeats", "status", "ticker_batch", "candles", "user", "futures_balance_summary")
"""Channels of which nothing is read."""

PRODUCT = re.compile("[A-Za-z0-9-]+")

_FLAGS = (
    "is_disabled",
    "trading_disabled",
    "view_only",
    "cancel_only",
    "auction_mode",
    "post_only",
)
"""What keeps orders that take from a product, in the order in which it counts; `limit_only` doesn't."""


def decode_coinbase(protocol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame from Coinbase says, in order. Raises `DecodeError` if it isn't what this protocol sends.

    `protocol` is the channel's: `coinbase.ws`, or `coinbase.info` (the answer of `market/products`); `scales`
    are those of the venue's prices.
    """
    match protocol:
        case "coinbase.ws":
            return _stream(document(body), scales)
        case "coinbase.info":
            return [_instruments(document(body))]
    raise ProtocolError(protocol[:40])


def _stream(frame: Field, scales: PriceScales) -> list[Event]:
    """Reads a message, a refusal, or our own request, which has a `type` too.

    `{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T12:00:00.1Z","sequence_num":1,"events":[…]}` or
    `{"type":"error","message":"…","reason":"…"}`.
    """
    kind, channel, number, time, events = frame.fields("type", "channel", "sequence_num", "timestamp", "events")
    if not kind.absent:
        return [refused(0, frame.get("message")) if kind.text() == "error" else Ignored()]
    name, at = channel.text(), sequence(number)
    decoded: list[Event] = [Sequence(at)]
    match name:
        case "l2_data":
            for event in events.items():
                venue_ns = instant(time)
                decoded.append(_depth(event, at, venue_ns, scales))
        case "ticker":
            for event in events.items():
                for row in event.get("tickers").items():
                    venue_ns = instant(time)
                    decoded.append(_ticker(row, at, venue_ns, scales))
        case "market_trades":
            for event in events.items():
                decoded.extend(_trades(event, scales))
        case "subscriptions":
            decoded.append(subscribed())
        case _ if name not in OTHERS:
            raise channel.wrong()  # counted, it would hide that what it said of a book is missing
    return decoded


def _depth(event: Field, number: int, venue_ns: int, scales: PriceScales) -> Event:
    """Reads a book or what changed in it; the other side is `offer`.

    `{"type":"update","product_id":"SOL-USD","updates":[{"side":"bid","event_time":"…","price_level":"142.50",
    "new_quantity":"12.5"}]}`.
    """
    kind, symbol, updates = event.fields("type", "product_id", "updates")
    snapshot, name = is_snapshot(kind, "update"), _product(symbol)
    sides: dict[str, list[Level]] = {"bid": [], "offer": []}
    scale = scales.of(name)
    for row in at_most(updates, MAX_COINBASE_LEVELS):
        side, price, qty = row.fields("side", "price_level", "new_quantity")
        known, held = price.level_price(scale), qty.decimal()
        if side.text() not in sides:
            raise side.wrong()
        if known is not None:
            sides[side.text()].append((known, held))
    if snapshot:
        return DepthSnapshot(name, number, sides["bid"], sides["offer"], venue_ns)
    return DepthDelta(name, number, number, None, sides["bid"], sides["offer"], venue_ns)


def _ticker(row: Field, number: int, venue_ns: int, scales: PriceScales) -> Event:
    """Reads a best bid and ask.

    `{"type":"ticker","product_id":"SOL-USD","price":"142.51","best_bid":"142.50","best_bid_quantity":"12.5","best_ask":
    "142.52","best_ask_quantity":"3",…}`.
    """
    symbol, bid, bid_qty, ask, ask_qty = row.fields(
        "product_id", "best_bid", "best_bid_quantity", "best_ask", "best_ask_quantity"
    )
    name = _product(symbol)
    scale = scales.of(name)
    return BookTicker(
        symbol=name,
        update_id=number,
        bid=_or_zero(bid, scale),
        bid_qty=_or_zero(bid_qty, DECIMALS),
        ask=_or_zero(ask, scale),
        ask_qty=_or_zero(ask_qty, DECIMALS),
        venue_ns=venue_ns,
    )


def _product(symbol: Field) -> str:
    """Returns a product's name, in which a frame that was damaged on its way often shows."""
    text = symbol.text()
    if PRODUCT.fullmatch(text) is None:
        raise symbol.wrong()
    return text


def _or_zero(amount: Field, scale: PriceScale) -> int:
    """Returns a decimal string at a scale, 0 if it is empty: nobody waits there."""
    return amount.price(scale) if amount.text() else 0


def _trades(event: Field, scales: PriceScales) -> Iterator[Event]:
    """Reads trades.

    `{"type":"update","trades":[{"product_id":"SOL-USD","trade_id":"88","price":"142.5","size":"0.2","time":"…","side":
    "BUY"}]}`.
    """
    kind, rows = event.fields("type", "trades")
    if is_snapshot(kind, "update"):
        return  # rule 3
    for row in rows.items():
        symbol, number, price, qty, side, time = row.fields("product_id", "trade_id", "price", "size", "side", "time")
        name = _product(symbol)
        values = (name, count(number), price_at(price, scales.of(name)), positive(qty))
        yield trade(values, side, ("SELL", "BUY"), time, instant)


def _instruments(frame: Field) -> Event:
    """`{"products":[{"product_id":"SOL-USD",…}],"num_products":920}` or `{"error":"…","message":"…"}`."""
    products, message = frame.fields("products", "message")
    if products.absent and not message.absent:
        return refused(0, message)
    found = (_instrument(entry) for entry in products.items())
    return Instruments([instrument for instrument in found if instrument])


def _instrument(entry: Field) -> Instrument | None:
    """Reads a product; older answers say `quote_increment` for `price_increment`.

    `{"product_id":"SOL-USD","product_type":"SPOT","base_currency_id":"SOL","quote_currency_id":"USD","base_increment":
    "0.00000001","price_increment":"0.01","quote_min_size":"1","status":"online","trading_disabled":false,…}`. `None`
    for futures, for a tick that no scale is fine enough for and for a step that × 10⁸ is no integer, as those of OKX.
    """
    kind, symbol, base, quote, newer, older, step, least = entry.fields(
        "product_type",
        "product_id",
        "base_currency_id",
        "quote_currency_id",
        "price_increment",
        "quote_increment",
        "base_increment",
        "quote_min_size",
    )
    if kind.text() != "SPOT":
        return None
    tick = tick_at(older if newer.absent else newer)
    if tick is None or any(is_too_fine(rule.text()) for rule in (step, least)):
        return None
    named = (symbol.text(), base.text(), quote.text(), _status(entry))
    return Instrument(*named, tick[0], step.decimal(), least.decimal(), tick[1])


def _status(entry: Field) -> str:
    """Returns the venue's word, or the first flag that is set of a product that is online."""
    word = entry.get("status").text()
    if word == "online":
        for flag in entry.fields(*_FLAGS):
            if flag.optional and flag.boolean():
                return flag.name
    return word


EXCHANGE = Exchange(
    name="coinbase",
    protocols=("coinbase.ws", "coinbase.info"),
    decode=lambda protocol, _, body, scales: decode_coinbase(protocol, body, scales),
    books=(Books("coinbase", "coinbase.", Rules(Joins.ALWAYS, Seeds.STREAMED)),),
    proof="frames recorded in August 2026",
)
