"""Frames of Kraken's API before v2, to read recordings of it. Sample payloads stand beside each reader.

Rules of the venue, beside those of v2:

1. A push is a list: channel, one or two payloads, name of the channel, pair.
2. A snapshot has no sum; what follows has one in its last payload.
3. Only levels have a time, and trades have no id: theirs is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.exchanges.decimal import decimal8
from cambist.engine.reference.exchanges.event import (
    BookChecksum,
    BookTicker,
    DepthDelta,
    DepthSnapshot,
    Event,
    Ignored,
    Level,
    VenueStatus,
)
from cambist.engine.reference.exchanges.kraken.book import MAX_KRAKEN_LEVELS, Digits, level, pair_in_v2, sum_of
from cambist.engine.reference.exchanges.values import at_most, count, positive, refused, subscribed, trade
from cambist.engine.reference.exchanges.values import price as price_at

if TYPE_CHECKING:
    from cambist.engine.reference.exchanges.decimal import PriceScale, PriceScales
    from cambist.engine.reference.exchanges.frame import Field

_NS_PER_UNIT = 10
"""A second is 10⁸ units."""

_I64_END = 1 << 63


class _Changes:
    """Of one side or both, in order."""

    def __init__(self, scale: PriceScale) -> None:
        self.scale = scale
        self.bids: list[Level] = []
        self.asks: list[Level] = []
        self.digits: Digits = None
        self.newest_ns: int | None = None


def stream(frame: Field, scales: PriceScales) -> list[Event]:
    """`[1360,{…},"book-1000","ADA/XBT"]`, or a word on the connection."""
    if type(frame.raw) is not list:
        return [_notice(frame)]
    parts = frame.items()
    if len(parts) not in (4, 5):
        raise frame.wrong()
    payloads, name, symbol = parts[1:-2], parts[-2].text(), pair_in_v2(parts[-1].text())
    scale = scales.of(symbol)
    if name == "trade":
        return _trades(payloads[0], symbol, scale)
    if name == "ticker":
        return [_ticker(payloads[0], symbol, scale)]
    return _depth(payloads, symbol, scale) if name.startswith("book-") else [Ignored()]


def _notice(frame: Field) -> Event:
    """Reads a word on the connection.

    `{"event":"systemStatus","status":"online",…}`, `{"event":"subscriptionStatus","status":"subscribed",…}`,
    `{"event":"subscriptionStatus","status":"error","errorMessage":"…"}` or `{"event":"heartbeat"}`.
    """
    event, status, message = frame.fields("event", "status", "errorMessage")
    match event.text():
        case "systemStatus":
            return VenueStatus(status.text())
        case "subscriptionStatus":
            match status.text():
                case "subscribed" | "unsubscribed":
                    return subscribed()
                case "error":
                    return refused(0, message)
            raise status.wrong()
    return Ignored()


def _depth(payloads: list[Field], symbol: str, scale: PriceScale) -> list[Event]:
    """Reads a book or what changed in it.

    `{"as":[…],"bs":[…]}`, `{"a":[["13.284500","1396.00000000","1618678133.383209"]],"c":"176333288"}`, or one side in
    each of two.
    """
    changes = _Changes(scale)
    asks, bids, first = payloads[0].fields("as", "bs", "a")
    if not asks.absent:
        _read(asks, changes, changes.asks)
        _read(bids, changes, changes.bids)
        return [DepthSnapshot(symbol, 0, changes.bids, changes.asks, None)]
    checksum = first
    for payload in payloads:
        asks, bids, checksum = payload.fields("a", "b", "c")
        if not asks.absent:
            _read(asks, changes, changes.asks)
        if not bids.absent:
            _read(bids, changes, changes.bids)
    total = sum_of(checksum, count(checksum))
    if changes.newest_ns is None:
        raise first.wrong()
    delta = DepthDelta(symbol, 0, 0, None, changes.bids, changes.asks, changes.newest_ns)
    return [delta, BookChecksum(symbol, total, changes.digits)]


def _read(side: Field, changes: _Changes, into: list[Level]) -> None:
    """Reads `["13.284500","1396.00000000","1618678133.383209"]` rows; a fourth `"r"` is one published again."""
    for row in at_most(side, MAX_KRAKEN_LEVELS):
        price, qty, time = _first_three(row)
        known, changes.digits = level(changes.scale, (price, price.text()), (qty, qty.text()), changes.digits)
        changes.newest_ns = max(changes.newest_ns or 0, _seconds(time))
        into += [] if known is None else [known]


def _first_three(row: Field) -> list[Field]:
    parts = row.items()
    if len(parts) < 3:
        raise row.wrong()
    return parts[:3]


def _seconds(time: Field) -> int:
    """Returns seconds like `1618678133.383209` as nanoseconds."""
    value = decimal8(time.text())
    if value is None or value * _NS_PER_UNIT >= _I64_END:
        raise time.wrong()
    return value * _NS_PER_UNIT


def _ticker(payload: Field, symbol: str, scale: PriceScale) -> Event:
    """`{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.18432037"],…}`."""
    asks, bids = payload.fields("a", "b")
    bid, _, bid_qty = _first_three(bids)
    ask, _, ask_qty = _first_three(asks)
    return BookTicker(symbol, 0, bid.price(scale), bid_qty.decimal(), ask.price(scale), ask_qty.decimal(), None)


def _trades(payload: Field, symbol: str, scale: PriceScale) -> list[Event]:
    """`[["354.11000000","0.89594024","1618678142.557535","s","l",""]]`; the letter is the side of the taker."""
    events: list[Event] = []
    for row in payload.items():
        price, qty, time = _first_three(row)
        letter = row.items()[3:4]
        if not letter:
            raise row.wrong()
        values = (symbol, 0, price_at(price, scale), positive(qty))
        events.append(trade(values, letter[0], ("b", "s"), time, _seconds))
    if not events:
        raise payload.wrong()
    return events
