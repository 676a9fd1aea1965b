"""Binance spot and USD-M frames. Sample payloads stand beside each reader."""

from __future__ import annotations

from cambist.engine.reference.exchanges.decimal import EIGHT, PriceScale, PriceScales
from cambist.engine.reference.exchanges.event import (
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Error,
    Event,
    Ignored,
    Instrument,
    Instruments,
    ProtocolError,
    Shutdown,
    Subscribed,
    Trade,
)
from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.values import tick as tick_at

MICROSECONDS_FROM = 100_000_000_000_000
"""From here on a venue time counts microseconds (`timeUnit=MICROSECOND`): in milliseconds it would be the year 5138."""

NO_TRADES = ("ADL", "INSURANCE_FUND", "NA")
"""What USD-M calls fills that no two traders agreed on: positions taken over, and what it has no word for."""


def decode_binance(protocol: str, symbol: str, body: bytes, scales: PriceScales = EIGHT) -> Event:
    """Returns what one frame from Binance says. Raises `DecodeError` if the frame isn't what this protocol sends.

    `protocol` is the channel's; `symbol` is the instrument of a channel whose frames don't name it; `scales` are those
    of the venue's prices.
    """
    match protocol:
        case "binance.spot.ws":
            return _stream(document(body), scales, usdm=False)
        case "binance.usdm.ws":
            return _stream(document(body), scales, usdm=True)
        case "binance.spot.depth" | "binance.usdm.depth":
            return _depth_snapshot(document(body), symbol, scales.of(symbol))
        case "binance.spot.info" | "binance.usdm.info":
            return _instruments(document(body))
    raise ProtocolError(protocol[:40])


def _stream(frame: Field, scales: PriceScales, *, usdm: bool) -> Event:
    """A raw event, `{"stream":"solusdt@bookTicker","data":{…}}`, `{"result":null,"id":1}` or `{"code":2,"msg":"…"}`."""
    stream, data = frame.fields("stream", "data")
    if data.absent:
        return _payload(frame, scales, usdm=usdm)
    if stream.text() == "!serverShutdown":
        data.fields()
        return Shutdown()
    return _payload(data, scales, usdm=usdm)


def _payload(frame: Field, scales: PriceScales, *, usdm: bool) -> Event:
    event, code, error, result, method, last, update = frame.fields(
        "e", "code", "error", "result", "method", "lastUpdateId", "u"
    )
    if not event.absent:
        match event.text():
            case "depthUpdate":
                return _depth_update(frame, scales, usdm=usdm)
            case "bookTicker":
                return _book_ticker(frame, scales)
            case "trade":
                return _trade(frame, scales)
            case "serverShutdown":
                return Shutdown()
        return Ignored()
    if not code.absent:
        return _refusal(frame)
    if not error.absent:
        return _refusal(error)
    if not result.absent:
        return Subscribed("", None, None)
    if not method.absent or not last.absent:
        return Ignored()  # our own request; a partial book, which says nothing about the rest of it
    if not update.absent:
        return _book_ticker(frame, scales)
    raise event.wrong()


def _refusal(frame: Field) -> Event:
    """`{"code":2,"msg":"Invalid request: …","id":1}`."""
    code, message = frame.fields("code", "msg")
    return Error(code.i64(), message.text(), "", None)


def _book_ticker(frame: Field, scales: PriceScales) -> Event:
    """`{"u":91000001,"s":"SOLUSDT","b":"142.51","B":"30.1","a":"142.52","A":"4"}`; USD-M adds `e`, `E` and `T`."""
    update_id, symbol, bid, bid_qty, ask, ask_qty, time = frame.fields("u", "s", "b", "B", "a", "A", "E")
    name = symbol.text()
    scale = scales.of(name)
    return BookTicker(
        symbol=name,
        update_id=update_id.u64(),
        bid=bid.price(scale),
        bid_qty=bid_qty.decimal(),
        ask=ask.price(scale),
        ask_qty=ask_qty.decimal(),
        venue_ns=_venue_ns(time) if time.optional else None,
    )


def _depth_update(frame: Field, scales: PriceScales, *, usdm: bool) -> Event:
    """`{"e":"depthUpdate","E":1790000000123,"s":"SOLUSDT","U":91000001,"u":91000007,"b":[["142.50","0.00"]],"a":[]}`.

    USD-M adds `T` and `pu`, the `u` of the event before.
    """
    symbol, first, last, prev, bids, asks, time = frame.fields("s", "U", "u", "pu", "b", "a", "E")
    name, earliest, latest = symbol.text(), first.u64(), last.u64()
    if earliest > latest:
        raise first.wrong()
    scale = scales.of(name)
    return DepthDelta(
        symbol=name,
        first=earliest,
        last=latest,
        prev=prev.u64() if usdm else None,
        bids=bids.levels(scale),
        asks=asks.levels(scale),
        venue_ns=_venue_ns(time),
    )


def _trade(frame: Field, scales: PriceScales) -> Event:
    """`{"e":"trade","E":1790000000130,"s":"SOLUSDT","t":77001,"p":"142.52","q":"1","T":1790000000129,"m":false}`.

    `T` is when it was traded, `E` when that was told. USD-M also says in `X` what a fill was, and tells of settlements,
    with a price or quantity of 0: nobody traded.
    """
    symbol, number, price, qty, maker, time, kind = frame.fields("s", "t", "p", "q", "m", "T", "X")
    name = symbol.text()
    event = Trade(
        symbol=name,
        id=number.u64(),
        price=price.price(scales.of(name)),
        qty=qty.decimal(),
        buyer_is_maker=maker.boolean(),
        venue_ns=_venue_ns(time),
    )
    is_trade = event.price and event.qty and (kind.absent or kind.text() not in NO_TRADES)
    return event if is_trade else Ignored()


def _depth_snapshot(frame: Field, symbol: str, scale: PriceScale) -> Event:
    """`{"lastUpdateId":91000000,"bids":[["142.51","30.1"]],"asks":[["142.52","4"]]}`; USD-M adds `E` and `T`."""
    code, last, bids, asks, time = frame.fields("code", "lastUpdateId", "bids", "asks", "E")
    if not code.absent:
        return _refusal(frame)
    return DepthSnapshot(
        symbol=symbol,
        last=last.u64(),
        bids=bids.levels(scale),
        asks=asks.levels(scale),
        venue_ns=_venue_ns(time) if time.optional else None,
    )


def _instruments(frame: Field) -> Event:
    """`{"symbols":[{"symbol":"SOLUSDT","status":"TRADING","baseAsset":"SOL","quoteAsset":"USDT","filters":[…]}]}`."""
    code, symbols = frame.fields("code", "symbols")
    if not code.absent:
        return _refusal(frame)
    return Instruments([_instrument(entry) for entry in symbols.items()])


def _instrument(entry: Field) -> Instrument:
    symbol, base, quote, status, filters = entry.fields("symbol", "baseAsset", "quoteAsset", "status", "filters")
    found = Instrument(symbol.text(), base.text(), quote.text(), status.text(), None, None, None)
    for rule in filters.items():
        kind, tick, step, min_notional, notional = rule.fields(
            "filterType", "tickSize", "stepSize", "minNotional", "notional"
        )
        match kind.text():
            case "PRICE_FILTER":
                known = tick_at(tick)
                if known is None:
                    raise tick.wrong()
                found = found._replace(tick=known[0], price_decimals=known[1])
            case "LOT_SIZE":
                found = found._replace(step=step.decimal())
            case "NOTIONAL":
                found = found._replace(min_notional=min_notional.decimal())
            case "MIN_NOTIONAL":  # spot says `minNotional`, USD-M `notional`
                least = notional if min_notional.absent else min_notional
                found = found._replace(min_notional=least.decimal())
    return found


def _venue_ns(time: Field) -> int:
    """Returns a venue's milliseconds or microseconds as nanoseconds."""
    count = time.u64()
    found = count * (1_000 if count >= MICROSECONDS_FROM else 1_000_000)
    if found >= 1 << 63:
        raise time.wrong()
    return found


_SPOT = Rules(Joins.OVERLAP, Seeds.FETCHED, tickers=True)
"""`U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old."""
_USDM = Rules(Joins.PREVIOUS, Seeds.FETCHED, tickers=True)
"""`pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`."""

EXCHANGE = Exchange(
    name="binance",
    protocols=(
        "binance.spot.ws",
        "binance.usdm.ws",
        "binance.spot.depth",
        "binance.usdm.depth",
        "binance.spot.info",
        "binance.usdm.info",
    ),
    decode=lambda protocol, symbol, body, scales: [decode_binance(protocol, symbol, body, scales)],
    books=(Books("usdm", "binance.usdm.", _USDM, perpetual=True), Books("spot", "binance.", _SPOT)),
    proof="cex_binance_hft, cex_cryptofeed: recorded channels",
)
