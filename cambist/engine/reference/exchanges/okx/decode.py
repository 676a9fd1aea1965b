"""OKX v5 public frames. Sample payloads stand beside each reader.

A frame carries rows, so it may say more than one thing; a row of `books` from before 2026-06-23 is a depth message and
the sum of the book after it. Rules of the venue:

1. `prevSeqId` is the `seqId` of the push before, −1 on a snapshot; one that is missing is not 0.
2. A checksum of 0, or none, says nothing: they were retired.
3. Numbers are text. One that is no integer at its scale is refused, not rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

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
    ProtocolError,
    Shutdown,
)
from cambist.engine.reference.exchanges.frame import Field, document
from cambist.engine.reference.exchanges.values import (
    best,
    count,
    is_snapshot,
    is_too_fine,
    levels,
    ms_text,
    positive,
    sequence,
    subscribed,
    trade,
)
from cambist.engine.reference.exchanges.values import price as price_at
from cambist.engine.reference.exchanges.values import tick as tick_at

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OKX_LEVELS = 4_000
"""Most levels of a side that are read; `books` is 400 deep."""

_Named: TypeAlias = tuple[str, PriceScale]
"""The symbol that a push is of, and the scale of its prices."""

_UPGRADE = 64_008
"""The connection is about to be closed for an upgrade."""


def decode_okx(protocol: str, symbol: str, body: bytes, scales: PriceScales = EIGHT) -> list[Event]:
    """Returns what one frame from OKX says, in order. Raises `DecodeError` if it isn't what this protocol sends.

    `protocol` is the channel's: `okx.ws`, `okx.depth` (the book of `symbol` as REST gives it, whose frames don't name
    it), `okx.info` (spot instruments), or `okx.unnumbered.ws` for recordings of the time when pushes had no `seqId`.
    All ids of those are 0, and only their checksums tell whether one is missing. `scales` are those of the venue's
    prices.
    """
    if protocol == "okx.depth":
        return [_seed(document(body), symbol, scales.of(symbol))]
    if protocol == "okx.info":
        return [_instruments(document(body))]
    if protocol not in ("okx.ws", "okx.unnumbered.ws"):
        raise ProtocolError(protocol[:40])
    if body == b"pong":
        return [Ignored()]  # the one answer that is no JSON
    return _stream(document(body), scales, numbered=protocol == "okx.ws")


def _stream(frame: Field, scales: PriceScales, *, numbered: bool) -> list[Event]:
    """`{"arg":{"channel":"books","instId":"SOL-USDT"},"action":"update","data":[…]}`, or a word on the connection."""
    event, op, arg, action, data = frame.fields("event", "op", "arg", "action", "data")
    if not event.absent:
        return [_notice(frame, event.text())]
    if not op.absent:
        return [Ignored()]  # our own request
    channel, inst_id = (field.text() for field in arg.fields("channel", "instId"))
    named = inst_id, scales.of(inst_id)
    events: list[Event]
    match channel:
        case "books":
            snapshot = is_snapshot(action, "update")
            events = [
                event for row in data.items() for event in _depth(row, named, snapshot=snapshot, numbered=numbered)
            ]
        case "bbo-tbt" if numbered:
            events = [_top(row, named) for row in data.items()]
        case "trades":
            events = [_trade(row, named) for row in data.items()]
        case _:
            return [Ignored()]
    if not events:
        raise data.wrong()
    return events


def _notice(frame: Field, event: str) -> Event:
    """Reads a word on the connection.

    `{"event":"subscribe","arg":{…},"connId":"a4"}`, `{"event":"error","code":"60012","msg":"…","connId":"a4"}` or
    `{"event":"notice","code":"64008","msg":"…","connId":"a4"}`.
    """
    match event:
        case "subscribe" | "unsubscribe":
            return subscribed()
        case "error":
            return _refusal(frame)
        case "notice" if count(frame.get("code")) == _UPGRADE:
            return Shutdown()
    return Ignored()


def _refusal(frame: Field) -> Event:
    """`{"event":"error","code":"60012","msg":"Invalid request: …"}`."""
    code, message = frame.fields("code", "msg")
    number = count(code)
    if number >= 1 << 63:
        raise code.wrong()
    return Error(number, message.text(), "", None)


def _depth(row: Field, named: _Named, *, snapshot: bool, numbered: bool) -> Iterator[Event]:
    """`{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","checksum":0,"prevSeqId":7,"seqId":9}`."""
    asks, bids, time, checksum, prev, seq = row.fields("asks", "bids", "ts", "checksum", "prevSeqId", "seqId")
    last = sequence(seq) if numbered else 0
    before = _before(prev, snapshot=snapshot) if numbered else 0
    symbol, scale = named
    bid_levels, ask_levels = levels(bids, MAX_OKX_LEVELS, scale), levels(asks, MAX_OKX_LEVELS, scale)
    venue_ns = ms_text(time)
    total = _sum(checksum, numbered=numbered)
    if snapshot:
        yield DepthSnapshot(symbol, last, bid_levels, ask_levels, venue_ns)
    else:
        yield DepthDelta(symbol, last, last, before, bid_levels, ask_levels, venue_ns)
    if total is not None:
        yield BookChecksum(symbol, total)


def _before(prev: Field, *, snapshot: bool) -> int:
    """Rule 1: returns the id of the push before, 0 for a snapshot, which has none."""
    if not snapshot:
        return sequence(prev)
    if prev.i64() != -1:
        raise prev.wrong()
    return 0


def _sum(checksum: Field, *, numbered: bool) -> int | None:
    """Rule 2: returns what the book sums to; without ids it must be said."""
    if numbered and not checksum.optional:
        return None
    total = checksum.i64()
    if not -(1 << 31) <= total < 1 << 31:
        raise checksum.wrong()
    if total == 0 and not numbered:
        raise checksum.wrong()
    return total or None


def _top(row: Field, named: _Named) -> Event:
    """`{"asks":[["101.5","0.0005","0","1"]],"bids":[["101.4","1.25","0","3"]],"ts":"1790000000123","seqId":1004}`."""
    asks, bids, time, seq = row.fields("asks", "bids", "ts", "seqId")
    update_id, (symbol, scale) = sequence(seq), named
    bid, bid_qty = best(bids, MAX_OKX_LEVELS, scale)
    ask, ask_qty = best(asks, MAX_OKX_LEVELS, scale)
    return BookTicker(symbol, update_id, bid, bid_qty, ask, ask_qty, ms_text(time))


def _trade(row: Field, named: _Named) -> Event:
    """Reads a trade; `side` is that of the taker.

    `{"instId":"SOL-USDT","tradeId":"88","px":"101.5","sz":"0.2","side":"buy","ts":"1790000000124","count":"2"}`.
    """
    number, price, qty, side, time = row.fields("tradeId", "px", "sz", "side", "ts")
    values = (named[0], count(number), price_at(price, named[1]), positive(qty))
    return trade(values, side, ("buy", "sell"), time, ms_text)


def _seed(frame: Field, symbol: str, scale: PriceScale) -> Event:
    """`{"code":"0","data":[{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","seqId":9}],"msg":""}`."""
    code, data = frame.fields("code", "data")
    if count(code) != 0:
        return _refusal(frame)
    rows = data.items()
    if len(rows) != 1:
        raise data.wrong()
    asks, bids, time, seq = rows[0].fields("asks", "bids", "ts", "seqId")
    last = sequence(seq)
    bid_levels, ask_levels = levels(bids, MAX_OKX_LEVELS, scale), levels(asks, MAX_OKX_LEVELS, scale)
    return DepthSnapshot(symbol, last, bid_levels, ask_levels, ms_text(time))


def _instruments(frame: Field) -> Event:
    """`{"code":"0","data":[{"instType":"SPOT","instId":"SOL-USDT","baseCcy":"SOL",…}],"msg":""}`."""
    code, data = frame.fields("code", "data")
    if count(code) != 0:
        return _refusal(frame)
    found = (_instrument(entry) for entry in data.items())
    return Instruments([instrument for instrument in found if instrument])


def _instrument(entry: Field) -> Instrument | None:
    """Reads a pair.

    `{"instType":"SPOT","instId":"SOL-USDT","baseCcy":"SOL","quoteCcy":"USDT","tickSz":"0.01","lotSz":"0.000001",
    "state":"live"}`. `None` for contracts, whose sizes are no quantities of the base, for a tick that no scale is fine
    enough for and for a step that × 10⁸ is no integer. They are left out because one of them must not refuse the whole
    list.
    """
    kind, symbol, base, quote, tick, step, state = entry.fields(
        "instType", "instId", "baseCcy", "quoteCcy", "tickSz", "lotSz", "state"
    )
    if kind.text() != "SPOT":
        return None
    known = _price_rule(tick)
    if known is None or is_too_fine(step.text()):
        return None
    named = (symbol.text(), base.text(), quote.text(), state.text())
    return Instrument(*named, known[0], _rule(step), None, known[1])


def _price_rule(tick: Field) -> tuple[int | None, PriceScale] | None:
    """Returns a tick and the scale that it needs, `None` if there is none so fine.

    The venue leaves it empty until a new pair is open.
    """
    return tick_at(tick) if tick.text() else (None, DECIMALS)


def _rule(step: Field) -> int | None:
    """Returns a step; the venue leaves it empty until a new pair is open."""
    return step.decimal() if step.text() else None
