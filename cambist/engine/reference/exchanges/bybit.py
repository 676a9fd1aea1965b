"""Bybit v5 public frames of spot. Sample payloads stand beside each reader.

Rules of the venue:

1. A `snapshot` replaces the book at any time. So does a `delta` whose `u` is 1: the service has restarted.
2. Otherwise `u` is one more than that of the push before; `seq` skips, and is not read.
3. `orderbook.1` only has snapshots, sent again with the same `u` when nothing changes: a best bid and ask, never a book
   of one level.
4. An empty book with a `u` of 1 is of a pair in auction or no longer listed.
"""

from __future__ import annotations

from cambist.engine.reference.exchanges.decimal import EIGHT, PriceScales
from cambist.engine.reference.exchanges.event import (
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Event,
    Ignored,
    Instrument,
    Instruments,
    ProtocolError,
    Trade,
)
from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.values import (
    best,
    count,
    is_snapshot,
    is_too_fine,
    levels,
    ms,
    positive,
    refused,
    sequence,
    subscribed,
    trade,
)
from cambist.engine.reference.exchanges.values import price as price_at
from cambist.engine.reference.exchanges.values import tick as tick_at

MAX_BYBIT_LEVELS = 10_000
"""Most levels of a side that are read; `orderbook` is at most 1000 deep, `orderbook.full` has no limit of its own."""

_DEPTHS = ("50", "200", "1000", "full")
"""The depths a book is pushed at; a name damaged on its way must not make a book of another depth."""

_RESTARTED = 1
"""The `u` of the first push after a restart."""


def decode_bybit(protocol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame from Bybit says, in order. Raises `DecodeError` if it isn't what this protocol sends.

    `protocol` is the channel's: `bybit.spot.ws`, or `bybit.spot.info` (the answer of `instruments-info`);
    `scales` are those of the venue's prices.
    """
    match protocol:
        case "bybit.spot.ws":
            return _stream(document(body), scales)
        case "bybit.spot.info":
            return [_instruments(document(body))]
    raise ProtocolError(protocol[:40])


def _stream(frame: Field, scales: PriceScales) -> list[Event]:
    """Reads a push or the answer to a request.

    `{"topic":"orderbook.50.SOLUSDT","type":"delta","ts":1790000000123,"data":{…},"cts":1790000000120}`.
    """
    topic, data = frame.fields("topic", "data")
    if topic.absent:
        return [_notice(frame, topic)]
    channel, dot, rest = topic.text().partition(".")
    if not dot:
        raise topic.wrong()
    match channel:
        case "orderbook":
            depth, dot, symbol = rest.partition(".")
            if not dot or data.get("s").text() != symbol or depth not in ("1", *_DEPTHS):
                raise topic.wrong()
            return [(_top if depth == "1" else _book)(frame, data, scales)]
        case "publicTrade":
            return _trades(data, scales)
    return [Ignored()]


def _notice(frame: Field, topic: Field) -> Event:
    """Reads the answer to a request; our own requests have no `success`.

    `{"success":true,"ret_msg":"","conn_id":"x","op":"subscribe"}`, the same with `false` and a reason, or
    `{"success":true,"ret_msg":"pong","conn_id":"x","op":"ping"}`.
    """
    op, success, message = frame.fields("op", "success", "ret_msg")
    if op.absent:
        raise topic.wrong()
    if success.absent:
        return Ignored()
    if not success.boolean():
        return refused(0, message)
    return subscribed() if op.text() in ("subscribe", "unsubscribe") else Ignored()


def _venue_ns(frame: Field) -> int:
    """Returns when the engine of the venue made a push, or when the venue sent it."""
    made, sent = frame.fields("cts", "ts")
    return ms(made if made.optional else sent)


def _book(frame: Field, data: Field, scales: PriceScales) -> Event:
    """`{"s":"SOLUSDT","b":[["101.4","0"]],"a":[],"u":501,"seq":90007}`."""
    snapshot = is_snapshot(frame.get("type"), "delta")
    symbol, bids, asks, update = data.fields("s", "b", "a", "u")
    name, last = symbol.text(), sequence(update)
    scale = scales.of(name)
    bid_levels, ask_levels = levels(bids, MAX_BYBIT_LEVELS, scale), levels(asks, MAX_BYBIT_LEVELS, scale)
    venue_ns = _venue_ns(frame)
    if snapshot or last == _RESTARTED:
        return DepthSnapshot(name, last, bid_levels, ask_levels, venue_ns)
    return DepthDelta(name, last, last, None, bid_levels, ask_levels, venue_ns)


def _top(frame: Field, data: Field, scales: PriceScales) -> Event:
    """`{"s":"SOLUSDT","b":[["101.4","1.25"]],"a":[["101.5","0.0005"]],"u":500,"seq":90001}`."""
    kind = frame.get("type")
    if not is_snapshot(kind, "delta"):
        raise kind.wrong()
    symbol, bids, asks, update = data.fields("s", "b", "a", "u")
    name, update_id = symbol.text(), sequence(update)
    scale = scales.of(name)
    bid, bid_qty = best(bids, MAX_BYBIT_LEVELS, scale)
    ask, ask_qty = best(asks, MAX_BYBIT_LEVELS, scale)
    return BookTicker(name, update_id, bid, bid_qty, ask, ask_qty, _venue_ns(frame))


def _trades(data: Field, scales: PriceScales) -> list[Event]:
    """Reads trades; `S` is the side of the taker.

    `[{"i":"2290000000000000001","T":1790000000124,"p":"101.5","v":"0.2","S":"Buy","s":"SOLUSDT","BT":false,"RPI":false}]`.
    """
    events: list[Event] = [_trade(row, scales) for row in data.items()]
    if not events:
        raise data.wrong()
    return events


def _trade(row: Field, scales: PriceScales) -> Trade:
    symbol, number, price, qty, side, time = row.fields("s", "i", "p", "v", "S", "T")
    name = symbol.text()
    values = (name, count(number), price_at(price, scales.of(name)), positive(qty))
    return trade(values, side, ("Buy", "Sell"), time, ms)


def _instruments(frame: Field) -> Event:
    """`{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[…]},"time":1790000000123}`."""
    code, message, result = frame.fields("retCode", "retMsg", "result")
    if code.i64() != 0:
        return refused(code.i64(), message)
    category, entries = result.fields("category", "list")
    if category.text() != "spot":
        raise category.wrong()  # sizes of contracts are no quantities of the base
    found = (_instrument(entry) for entry in entries.items())
    return Instruments([instrument for instrument in found if instrument])


def _instrument(entry: Field) -> Instrument | None:
    """Reads a pair.

    `{"symbol":"SOLUSDT","baseCoin":"SOL","quoteCoin":"USDT","status":"Trading","lotSizeFilter":{"basePrecision":"0.001",
    "minOrderAmt":"5"},"priceFilter":{"tickSize":"0.01"}}`. `None` for a tick that no scale is fine enough for and for a
    step that × 10⁸ is no integer, as those of OKX.
    """
    symbol, base, quote, status, lots, prices = entry.fields(
        "symbol", "baseCoin", "quoteCoin", "status", "lotSizeFilter", "priceFilter"
    )
    step, least = lots.fields("basePrecision", "minOrderAmt")
    tick = tick_at(prices.get("tickSize"))
    if tick is None or any(is_too_fine(rule.text()) for rule in (step, least)):
        return None
    named = (symbol.text(), base.text(), quote.text(), status.text())
    return Instrument(*named, tick[0], step.decimal(), least.decimal(), tick[1])


EXCHANGE = Exchange(
    name="bybit",
    protocols=("bybit.spot.ws", "bybit.spot.info"),
    decode=lambda protocol, _, body, scales: decode_bybit(protocol, body, scales),
    books=(Books("bybit", "bybit.", Rules(Joins.OVERLAP, Seeds.STREAMED)),),
    proof="cex_cryptofeed and frames recorded in August 2026",
)
