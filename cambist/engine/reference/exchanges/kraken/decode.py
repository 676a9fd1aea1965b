"""Kraken v2 public frames, and the list of pairs. Sample payloads stand beside each reader.

Rules of the venue:

1. Nothing is numbered: all ids of a book are 0, and only the sum after each message tells whether one is missing.
2. Numbers are JSON numbers whose trailing zeros are in that sum, so how many decimals the frame writes goes with it.
   They are read as text, never through a float; one with an exponent is refused.
3. Symbols are those of v2: the list of pairs (and v1) says XBT and XDG for BTC and DOGE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import DECIMALS, EIGHT, PriceScale, PriceScales
from cambist.engine.reference.exchanges.event import (
    BookChecksum,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Event,
    Ignored,
    Instrument,
    Instruments,
    Level,
    ProtocolError,
    Subscribed,
    VenueStatus,
)
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.kraken import v1 as kraken_v1
from cambist.engine.reference.exchanges.kraken.book import MAX_KRAKEN_LEVELS, Digits, amount, in_v2, level, sum_of
from cambist.engine.reference.exchanges.values import (
    at_most,
    instant,
    is_snapshot,
    is_too_fine,
    refused,
    sequence,
    step_of,
    subscribed,
    tick_of,
    trade,
)
from cambist.engine.reference.exchanges.values import tick as tick_at

if TYPE_CHECKING:
    from collections.abc import Iterator


def decode_kraken(protocol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame from Kraken says, in order. Raises `DecodeError` if it isn't what this protocol sends.

    `protocol` is the channel's: `kraken.ws`, `kraken.info` (the answer of `AssetPairs`), or `kraken.v1.ws` for
    recordings of the API before. `scales` are those of the venue's prices.
    """
    match protocol:
        case "kraken.ws":
            return _stream(document(body), scales)
        case "kraken.v1.ws":
            return kraken_v1.stream(document(body), scales)
        case "kraken.info":
            return [_instruments(document(body))]
    raise ProtocolError(protocol[:40])


def _stream(frame: Field, scales: PriceScales) -> list[Event]:
    """`{"channel":"book","type":"update","data":[…]}`, `{"channel":"heartbeat"}`, or the answer to a request."""
    channel, kind, data = frame.fields("channel", "type", "data")
    if channel.absent:
        return [_notice(frame, channel)]
    events: list[Event]
    match channel.text():
        case "book":
            snapshot = is_snapshot(kind, "update")
            events = [event for row in data.items() for event in _depth(row, scales, snapshot=snapshot)]
        case "ticker":
            events = [_ticker(row, scales) for row in data.items()]
        case "trade":
            if is_snapshot(kind, "update"):
                return [Ignored()]  # of before
            events = [_trade(row, scales) for row in data.items()]
        case "status":
            events = [VenueStatus(row.get("system").text()) for row in data.items()]
        case _:
            return [Ignored()]
    if not events:
        raise data.wrong()
    return events


def _notice(frame: Field, channel: Field) -> Subscribed | Error | Ignored:
    """Reads the answer to a request; our own requests have no `success`.

    `{"method":"subscribe","result":{…},"success":true,"time_in":"…"}`,
    `{"error":"…","method":"subscribe","success":false}` or `{"method":"pong","req_id":7}`.
    """
    method, success, error = frame.fields("method", "success", "error")
    if success.absent:
        if method.absent:
            raise channel.wrong()
        return Ignored()
    if not success.boolean():
        return refused(0, error)
    return subscribed() if method.text() in ("subscribe", "unsubscribe") else Ignored()


def _depth(row: Field, scales: PriceScales, *, snapshot: bool) -> Iterator[Event]:
    """`{"symbol":"SOL/USD","bids":[{"price":101.4,"qty":1.25000000}],"asks":[],"checksum":3737750847,"timestamp":"…"}`."""
    symbol, bids, asks, checksum, time = row.fields("symbol", "bids", "asks", "checksum", "timestamp")
    name = symbol.text()
    scale = scales.of(name)
    bid_levels, digits = _levels(bids, scale, None)
    ask_levels, digits = _levels(asks, scale, digits)
    total = sum_of(checksum, checksum.u64())
    if snapshot:
        yield DepthSnapshot(name, 0, bid_levels, ask_levels, instant(time) if time.optional else None)
    else:
        yield DepthDelta(name, 0, 0, None, bid_levels, ask_levels, instant(time))
    yield BookChecksum(name, total, digits)


def _levels(side: Field, scale: PriceScale, digits: Digits) -> tuple[list[Level], Digits]:
    """Returns `{"price":101.4,"qty":1.25000000}` rows as levels, and the most decimals that any of them writes."""
    found: list[Level] = []
    for row in at_most(side, MAX_KRAKEN_LEVELS):
        price, qty = row.fields("price", "qty")
        known, digits = level(scale, (price, price.number()), (qty, qty.number()), digits)
        found += [] if known is None else [known]
    return found, digits


def _number(field: Field, scale: PriceScale = DECIMALS) -> int:
    """Returns a JSON number as an integer of a scale."""
    return amount(field, field.number(), scale)[0]


def _positive(field: Field, scale: PriceScale = DECIMALS) -> int:
    value = _number(field, scale)
    if value == 0:
        raise field.wrong()
    return value


def _ticker(row: Field, scales: PriceScales) -> Event:
    """`{"symbol":"SOL/USD","bid":101.4,"bid_qty":1.25,"ask":101.5,"ask_qty":0.0005,"last":101.5,…,"timestamp":"…"}`."""
    symbol, bid, bid_qty, ask, ask_qty, time = row.fields("symbol", "bid", "bid_qty", "ask", "ask_qty", "timestamp")
    name = symbol.text()
    scale = scales.of(name)
    return BookTicker(
        symbol=name,
        update_id=0,
        bid=_number(bid, scale),
        bid_qty=_number(bid_qty),
        ask=_number(ask, scale),
        ask_qty=_number(ask_qty),
        venue_ns=instant(time) if time.optional else None,
    )


def _trade(row: Field, scales: PriceScales) -> Event:
    """Reads a trade; `side` is that of the taker.

    `{"symbol":"SOL/USD","side":"buy","price":101.5,"qty":0.2,"ord_type":"limit","trade_id":88,"timestamp":"…"}`.
    """
    symbol, number, price, qty, side, time = row.fields("symbol", "trade_id", "price", "qty", "side", "timestamp")
    name = symbol.text()
    values = (name, sequence(number), _positive(price, scales.of(name)), _positive(qty))
    return trade(values, side, ("buy", "sell"), time, instant)


def _instruments(frame: Field) -> Event:
    """`{"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD",…}}}` or `{"error":["EGeneral:Too many requests"]}`."""
    error, result = frame.fields("error", "result")
    for first in error.items():
        return refused(0, first)
    found = (_instrument(entry) for entry in result.members())
    return Instruments([instrument for instrument in found if instrument])


def _instrument(entry: Field) -> Instrument | None:
    """Reads a pair.

    `{"wsname":"XBT/USD","pair_decimals":1,"lot_decimals":8,"tick_size":"0.1","costmin":"0.5","status":"online",…}`; in
    2021 the last three were not there. `None` for dark pools, which have no `wsname`, for a tick that no scale is fine
    enough for and for a step that × 10⁸ is no integer, as those of OKX.
    """
    name, tick_size, price_decimals, lot_decimals, cost, status = entry.fields(
        "wsname", "tick_size", "pair_decimals", "lot_decimals", "costmin", "status"
    )
    if name.absent:
        return None
    base, slash, quote = name.text().partition("/")
    if not slash:
        raise name.wrong()
    base, quote = in_v2(base), in_v2(quote)
    tick = tick_of(price_decimals) if tick_size.absent else tick_at(tick_size)
    step = step_of(lot_decimals)
    least = None if cost.absent else _exact(cost)
    if tick is None or step is None or (least is None and not cost.absent):
        return None
    named = (f"{base}/{quote}", base, quote, "" if status.absent else status.text())
    return Instrument(*named, tick[0], step, least, tick[1])


def _exact(rule: Field) -> int | None:
    """Returns a decimal × 10⁸, `None` if that is no integer."""
    return None if is_too_fine(rule.text()) else rule.decimal()
