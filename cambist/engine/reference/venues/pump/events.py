"""Events of Pump AMM, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import total, u64
from cambist.engine.reference.chain.reader import check_size, key
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _pump_amm(data: bytes, *, buy: bool) -> SwapEvent:
    name = "pump_amm_event"
    check_size(name, data, 152, may_grow=True)
    base, quote = u64(data, 16), u64(data, 112)
    amounts = (quote, base) if buy else (base, quote)
    fees = None
    if len(data) >= 360:
        fee = total(name, "fee", u64(data, 80), u64(data, 96), u64(data, 352))
        fees = (fee, 0) if buy else (0, fee)
    return SwapEvent("pump", *amounts, pool=key(data, 120), a_to_b=not buy, fees=fees)


EVENTS = {
    bytes.fromhex("67f4521f2cf57777"): lambda data: _pump_amm(data, buy=True),
    bytes.fromhex("3e2f370aa503dc2a"): lambda data: _pump_amm(data, buy=False),
}
"""Readers of its events, by discriminator."""
_BUY = Places(0, (6, 5), (8, 7), (4, 3))
_PLACES = {
    bytes.fromhex("33e685a4017f83ad"): Places(0, (5, 6), (7, 8), (3, 4)),
    bytes.fromhex("66063d1201daebea"): _BUY,
    bytes.fromhex("c62e1552b4d9e870"): _BUY,
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    return None if places is None else at(accounts, places)
