"""Fills and totals that order books report, and the accounts of their orders.

OpenBook v2 logs an event for each fill when the maker is paid: in the taker's transaction if the maker's account was
given to it, else in that of who turns the crank. Phoenix hands itself an instruction with tag 15, which only its log
authority can sign: a header, then the events of the call in borsh, in as many instructions as they need. Serum and
OpenBook v1 report nothing. Layouts: `openbook-dex/openbook-v2` logs.rs, `Ellipsis-Labs/phoenix-v1` events.rs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.fill import FillEvent
from cambist.engine.reference.chain.log_parser.text import field_error, flag, u64
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


PHOENIX_LOG = 15
"""Tag of the instruction that Phoenix hands to itself."""
FILL_LOG = bytes.fromhex("9617299498a2d740")
"""What the event of a fill of OpenBook v2 begins with."""
_HEADER = 93
_HEADER_EVENT, _FILL = 1, 2
_EVENT_SIZES = {2: 67, 3: 43, 4: 35, 5: 59, 6: 43, 7: 11, 8: 27, 9: 59}
"""Fill, place, reduce, evict, fill summary, fee, time in force, expired order; the kind's byte is one of them."""
_PLACE_TAKE_ORDER = bytes.fromhex("032c47031ac7cb55")
_PLACE_ORDERS = frozenset(
    bytes.fromhex(tag) for tag in ("33c29baf6d82606a", "8db9fb3f4a55d291", "fed0761dadf8c846", "3ebb7d451add9d85")
)
"""Place and edit an order of OpenBook v2, fixed or pegged."""
_SEND_TAKE = bytes([0, 13, 0, 0, 0])


def openbook_v2_fill(data: bytes) -> list[FillEvent]:
    """Returns the fill of an event of OpenBook v2. Raises `LayoutError`."""
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
    return [_checked(name, fill)]


def phoenix_fills(data: bytes) -> list[FillEvent]:
    """Returns the fills of a log instruction of Phoenix. Raises `LayoutError`, for events that aren't known too."""
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


def openbook_v2_total(data: bytes) -> SwapEvent:
    """All that a taker's order met at once; token a is base, the fee is in quote."""
    name = "openbook_v2_total"
    check_size(name, data, 65, may_grow=True)
    sells = flag(name, "side", data[8])
    fee = u64(data, 57)
    return SwapEvent("openbook2", u64(data, 41), u64(data, 49), a_to_b=sells, fees=(0, fee) if sells else (fee, 0))


def serum_order(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of an order of Serum that settles at once, base first where it buys: send take."""
    side = int.from_bytes(data[5:9], "little") if data[:5] == _SEND_TAKE and len(data) >= 9 else None
    return _sided(accounts, Places(0, (5, 6), (8, 9)), side)


def openbook_v2_order(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of an order of OpenBook v2 that settles at once: place take order."""
    side = data[8] if data[:8] == _PLACE_TAKE_ORDER and len(data) >= 9 else None
    return _sided(accounts, Places(2, (9, 10), (6, 7)), side)


def phoenix_order(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of an order of Phoenix that settles at once: tag of swap, kind of order, side."""
    side = data[2] if data[0] == 0 and data[1] <= 2 else None
    return _sided(accounts, Places(2, (4, 5), (6, 7)), side)


def openbook_v2_market(accounts: Sequence[bytes], data: bytes) -> bytes | None:
    """Returns the market of an order of OpenBook v2 that settles later, `None` for any other call."""
    return accounts[4] if data[:8] in _PLACE_ORDERS and len(accounts) > 4 else None


def _sided(accounts: Sequence[bytes], places: Places, side: int | None) -> Layout | None:
    """Returns the accounts of an order: who sells pays base."""
    found = at(accounts, places) if side in (0, 1) else None
    if found is None or side == 1:
        return found
    return found._replace(users=found.users[::-1], vaults=found.vaults[::-1])
