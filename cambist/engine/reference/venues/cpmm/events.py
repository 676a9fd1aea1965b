"""Events of Raydium CPMM, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _cpmm(data: bytes) -> SwapEvent:
    name = "cpmm_swap_event"
    check_size(name, data, 88, may_grow=True)
    transfer_fees = u64(data, 72), u64(data, 80)
    event = SwapEvent(
        "cpmm",
        total(name, "amount_in", u64(data, 56), transfer_fees[0]),
        u64(data, 64),
        pool=key(data, 8),
        transfer_fees=transfer_fees,
        reserves=(u64(data, 40), u64(data, 48)),
    )
    if len(data) < 170:
        return event
    trade, creator = u64(data, 153), u64(data, 161)
    on_input = flag(name, "creator_fee_on_input", data[169])
    fees = (total(name, "fee", trade, creator), 0) if on_input else (trade, creator)
    return event._replace(mint_in=key(data, 89), mint_out=key(data, 121), fees=fees)


EVENTS = {
    bytes.fromhex("40c6cde8260871e2"): _cpmm,
}
"""Readers of its events, by discriminator."""
_SWAP = Places(3, (4, 5), (6, 7), (10, 11))
_PLACES = {
    bytes.fromhex("8fbe5adac41e33de"): _SWAP,
    bytes.fromhex("37d96256a34ab4ad"): _SWAP,
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    return None if places is None else at(accounts, places)
