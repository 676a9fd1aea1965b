"""The form in which venues of our own making speak: plug-ins translate their venue into it, one JSON object a frame.

| `kind` | fields | says |
|---|---|---|
| `snapshot` | `symbol` `seq` `bids` `asks` `ts`? | a whole book |
| `delta` | `symbol` `seq` `prev`? `bids` `asks` `ts` | changed levels; a quantity of `"0"` removes one |
| `ticker` | `symbol` `seq` `bids` `asks` `ts`? | the best level of each side, `[]` if nobody waits there |
| `trade` | `symbol` `seq` `price` `qty` `side` `ts` | one trade; `side` is `buy` or `sell`, the taker's |
| `gap` | `symbol` | messages of this symbol were lost, its book is not to be trusted |
| `instruments` | `instruments` | pairs: `symbol` `base` `quote` `status`? `tick`? `step`? `min_notional`? |
| `alive` | | nothing new |

1. `seq` is an integer below 2⁶³: the id of an update or of a trade. That of a delta follows its `prev`; without `prev`
   it is one more than that of the update before.
2. Prices, quantities and steps are decimal text with at most eight decimals; levels are `[price, quantity]`. A `tick`
   may have up to 14, and the prices that follow in its symbol as many.
3. `ts` is the venue's time in nanoseconds since 1970. A `?` may be left out, or null.
4. A kind that is none of these is refused, and fields that are none of these are not read.
"""

from __future__ import annotations

from cambist.engine.reference.exchanges.decimal import DECIMALS, EIGHT, PriceScale, PriceScales
from cambist.engine.reference.exchanges.event import (
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Event,
    Gap,
    Ignored,
    Instrument,
    Instruments,
    ProtocolError,
)
from cambist.engine.reference.exchanges.exchange import Books, Exchange, Joins, Rules, Seeds
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.values import best, levels, positive, sequence, trade
from cambist.engine.reference.exchanges.values import price as price_at
from cambist.engine.reference.exchanges.values import tick as tick_at

MAX_PLAIN_LEVELS = 10_000
"""Most levels of a side that are read."""


def decode_plain(protocol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame of a plug-in's venue says; `protocol` is `cambist.ws`.

    `scales` are those of the venue's prices. Raises `DecodeError` if the frame isn't of this form.
    """
    if protocol != "cambist.ws":
        raise ProtocolError(protocol[:40])
    return [_event(document(body), scales)]


def _event(frame: Field, scales: PriceScales) -> Event:
    kind = frame.get("kind")
    match kind.text():
        case "snapshot":
            return _snapshot(frame, scales)
        case "delta":
            return _delta(frame, scales)
        case "ticker":
            return _ticker(frame, scales)
        case "trade":
            return _trade(frame, scales)
        case "gap":
            return Gap(frame.get("symbol").text())
        case "instruments":
            return Instruments([_instrument(entry) for entry in frame.get("instruments").items()])
        case "alive":
            return Ignored()
    raise kind.wrong()


def _snapshot(frame: Field, scales: PriceScales) -> Event:
    """`{"kind":"snapshot","symbol":"SOL-USD","seq":7,"bids":[["101.4","1.25"]],"asks":[],"ts":1790000000123000000}`."""
    symbol, seq, bids, asks, time = frame.fields("symbol", "seq", "bids", "asks", "ts")
    name = symbol.text()
    scale = scales.of(name)
    return DepthSnapshot(
        symbol=name,
        last=sequence(seq),
        bids=levels(bids, MAX_PLAIN_LEVELS, scale),
        asks=levels(asks, MAX_PLAIN_LEVELS, scale),
        venue_ns=_optional_ns(time),
    )


def _delta(frame: Field, scales: PriceScales) -> Event:
    """`{"kind":"delta","symbol":"SOL-USD","seq":8,"prev":7,"bids":[["101.4","0"]],"asks":[],"ts":1790000000124000000}`."""
    symbol, seq, prev, bids, asks, time = frame.fields("symbol", "seq", "prev", "bids", "asks", "ts")
    name, last = symbol.text(), sequence(seq)
    scale = scales.of(name)
    return DepthDelta(
        symbol=name,
        first=last,
        last=last,
        prev=sequence(prev) if prev.optional else last - 1 if last else None,
        bids=levels(bids, MAX_PLAIN_LEVELS, scale),
        asks=levels(asks, MAX_PLAIN_LEVELS, scale),
        venue_ns=sequence(time),
    )


def _ticker(frame: Field, scales: PriceScales) -> Event:
    """`{"kind":"ticker","symbol":"SOL-USD","seq":9,"bids":[["101.4","1.25"]],"asks":[["101.5","0.0005"]]}`."""
    symbol, seq, bids, asks, time = frame.fields("symbol", "seq", "bids", "asks", "ts")
    name, update_id = symbol.text(), sequence(seq)
    scale = scales.of(name)
    bid, bid_qty = best(bids, MAX_PLAIN_LEVELS, scale)
    ask, ask_qty = best(asks, MAX_PLAIN_LEVELS, scale)
    return BookTicker(name, update_id, bid, bid_qty, ask, ask_qty, _optional_ns(time))


def _trade(frame: Field, scales: PriceScales) -> Event:
    """`{"kind":"trade","symbol":"SOL-USD","seq":88,"price":"101.5","qty":"0.2","side":"buy","ts":1790000000124000000}`."""
    symbol, seq, price, qty, side, time = frame.fields("symbol", "seq", "price", "qty", "side", "ts")
    name = symbol.text()
    values = (name, sequence(seq), price_at(price, scales.of(name)), positive(qty))
    return trade(values, side, ("buy", "sell"), time, sequence)


def _instrument(entry: Field) -> Instrument:
    """Reads a pair.

    `{"symbol":"SOL-USD","base":"SOL","quote":"USD","status":"online","tick":"0.01","step":"0.000001","min_notional":"1"}`.
    """
    symbol, base, quote, status, tick, *rules = entry.fields(
        "symbol", "base", "quote", "status", "tick", "step", "min_notional"
    )
    known = _tick(tick) if tick.optional else (None, DECIMALS)
    named = (symbol.text(), base.text(), quote.text(), status.text() if status.optional else "")
    step, least = (rule.decimal() if rule.optional else None for rule in rules)
    return Instrument(*named, known[0], step, least, known[1])


def _tick(rule: Field) -> tuple[int, PriceScale]:
    known = tick_at(rule)
    if known is None:
        raise rule.wrong()
    return known


def _optional_ns(time: Field) -> int | None:
    """Rule 3: returns a time below 2⁶³, so that it fits."""
    return sequence(time) if time.optional else None


EXCHANGE = Exchange(
    name="cambist",
    protocols=("cambist.ws",),
    decode=lambda protocol, _, body, scales: decode_plain(protocol, body, scales),
    books=(Books("plain", "cambist.", Rules(Joins.CHAIN, Seeds.BOTH, tickers=True)),),
    proof="the form is our own; the examples in its tests",
)
