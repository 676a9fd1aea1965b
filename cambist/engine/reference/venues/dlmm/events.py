"""Events of Meteora DLMM, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _dlmm_swap(data: bytes) -> SwapEvent:
    name = "dlmm_swap"
    check_size(name, data, 137, may_grow=True)
    a_to_b = flag(name, "swap_for_y", data[96])
    return SwapEvent("dlmm", u64(data, 80), u64(data, 88), pool=key(data, 8), a_to_b=a_to_b)


def _dlmm_swap_2(data: bytes) -> SwapEvent:
    """What `Swap` of the same swap says, and which side the fee is on."""
    name = "dlmm_swap_2"
    check_size(name, data, 155, may_grow=True)
    a_to_b = flag(name, "swap_for_y", data[80])
    fee = total(name, "fee", u64(data, 121), u64(data, 129), u64(data, 137))
    fees = (fee, 0) if flag(name, "fees_on_input", data[153]) else (0, fee)
    return SwapEvent("dlmm", u64(data, 97), u64(data, 113), pool=key(data, 8), a_to_b=a_to_b, fees=fees)


EVENTS = {
    bytes.fromhex("516ce3becdd00ac4"): _dlmm_swap,
    bytes.fromhex("2e7452d7941b544d"): _dlmm_swap_2,
}
"""Readers of its events, by discriminator."""
_SWAP = Places(0, (4, 5), (2, 3), (6, 7), ordered=False)
_PLACES = {
    bytes.fromhex("f8c69e91e17587c8"): _SWAP,
    bytes.fromhex("414b3f4ceb5b5b88"): _SWAP,
    bytes.fromhex("fa49652126cf4bb8"): _SWAP,
    bytes.fromhex("2bd7f784893cf351"): _SWAP,
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    return None if places is None else at(accounts, places)
