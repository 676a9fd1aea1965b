"""Fills of order books, as their programs report them: one maker's order each, in the market's own lots.

OpenBook v2 logs an event for each fill when the maker is paid: in the taker's transaction if the maker's account was
given to it, else in that of who turns the crank. Phoenix hands itself an instruction with tag 15, which only its log
authority can sign: a header, then the events of the call in borsh, in as many instructions as they need. Serum and
OpenBook v1 report nothing. Layouts: `openbook-dex/openbook-v2` logs.rs, `Ellipsis-Labs/phoenix-v1` events.rs.
"""

from __future__ import annotations

from typing import NamedTuple

from cambist.engine.reference.chain.log_parser.text import field_error
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues import owned

PHOENIX_LOG = 15
"""Tag of the instruction that Phoenix hands to itself."""
_FILL_LOG = bytes.fromhex("9617299498a2d740")
_HEADER = 93
_HEADER_EVENT, _FILL = 1, 2
_EVENT_SIZES = {2: 67, 3: 43, 4: 35, 5: 59, 6: 43, 7: 11, 8: 27, 9: 59}
"""Fill, place, reduce, evict, fill summary, fee, time in force, expired order; the kind's byte is one of them."""


class FillEvent(NamedTuple):
    """One maker's order that a taker met, wholly or in part."""

    venue: str
    market: bytes
    maker: bytes
    taker: bytes
    """Phoenix: who signed the call."""
    taker_buys: bool
    price: int
    """Quote lots per base lot; ticks, for Phoenix. Before fees."""
    base_lots: int
    sequence: int
    """Phoenix: of the maker's order. OpenBook v2: of the fill among the market's events."""


def decode_fill_data(writer: bytes, data: bytes) -> list[FillEvent]:
    """Returns the fills that `data` reports: of an event of OpenBook v2, or of a log instruction of Phoenix.

    None for another program, event or instruction. Raises `LayoutError` if it is cut short, for flags that are none,
    events of Phoenix that aren't known, and prices or quantities that aren't positive.
    """
    if writer == owned.OPENBOOK_V2 and data[:8] == _FILL_LOG:
        return [_openbook_v2(data)]
    if writer == owned.PHOENIX and data[:1] == bytes([PHOENIX_LOG]):
        return _phoenix(data)
    return []


def _openbook_v2(data: bytes) -> FillEvent:
    name = "openbook_v2_fill"
    check_size(name, data, 179, may_grow=True)
    if data[40] > 1:
        raise field_error(name, "taker_side", data[40])
    fill = FillEvent(
        "openbook2",
        market=key(data, 8),
        maker=key(data, 59),
        taker=key(data, 115),
        taker_buys=data[40] == 0,
        price=unsigned(data, 163, 8),
        base_lots=unsigned(data, 171, 8),
        sequence=unsigned(data, 51, 8),
    )
    return _checked(name, fill)


def _phoenix(data: bytes) -> list[FillEvent]:
    name = "phoenix_log"
    check_size(name, data, _HEADER, may_grow=True)
    if data[1] != _HEADER_EVENT:
        raise field_error(name, "header", data[1])
    fills: list[FillEvent] = []
    at = _HEADER
    for _ in range(unsigned(data, 91, 2)):
        check_size(name, data, at + 1, may_grow=True)
        size = _EVENT_SIZES.get(data[at])
        if size is None:
            raise field_error(name, "event", data[at])
        check_size(name, data, at + size, may_grow=True)
        if data[at] == _FILL:
            fills.append(_phoenix_fill(name, data, at))
        at += size
    return fills


def _phoenix_fill(name: str, data: bytes, at: int) -> FillEvent:
    sequence = unsigned(data, at + 35, 8)
    fill = FillEvent(
        "phoenix",
        market=key(data, 27),
        maker=key(data, at + 3),
        taker=key(data, 59),
        taker_buys=sequence >> 63 == 0,  # bids are numbered downwards from 2⁶⁴ − 1
        price=unsigned(data, at + 43, 8),
        base_lots=unsigned(data, at + 51, 8),
        sequence=sequence,
    )
    return _checked(name, fill)


def _checked(name: str, fill: FillEvent) -> FillEvent:
    """Raises `LayoutError` for a price or quantity that is none: both are i64 at OpenBook v2, and never that large."""
    for field, was in (("price", fill.price), ("quantity", fill.base_lots)):
        if not 0 < was < 1 << 63:
            raise field_error(name, field, was)
    return fill
