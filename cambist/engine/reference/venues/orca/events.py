"""Events of Whirlpools, and the accounts of their swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _traded(data: bytes) -> SwapEvent:
    name = "whirlpool_traded"
    check_size(name, data, 121, may_grow=True)
    return SwapEvent(
        "orca",
        u64(data, 73),
        u64(data, 81),
        pool=key(data, 8),
        a_to_b=flag(name, "a_to_b", data[40]),
        transfer_fees=(u64(data, 89), u64(data, 97)),
        fees=(total(name, "fee", u64(data, 105), u64(data, 113)), 0),
        sqrt_price=unsigned(data, 57, 16),
    )


EVENTS = {
    bytes.fromhex("e1ca49af932ba096"): _traded,
}
"""Readers of its events, by discriminator."""
_PLACES = {
    bytes.fromhex("f8c69e91e17587c8"): Places(2, (3, 5), (4, 6)),
    bytes.fromhex("2b04ed0b1ac91e62"): Places(4, (7, 9), (8, 10), (5, 6)),
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    found = None if places is None else at(accounts, places)
    return None if found is None else _turned(found, data)


def _turned(layout: Layout, data: bytes) -> Layout | None:
    """Returns a layout that was token a first, input first."""
    if len(data) < 42 or data[41] > 1:
        return None
    if data[41] == 1:
        return layout
    mints = None if layout.mints is None else layout.mints[::-1]
    return layout._replace(users=layout.users[::-1], vaults=layout.vaults[::-1], mints=mints)
