"""Events of Raydium CLMM, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _clmm(data: bytes) -> SwapEvent:
    name = "clmm_swap_event"
    check_size(name, data, 205, may_grow=True)
    a_to_b = flag(name, "zero_for_one", data[168])
    in_at, out_at = (136, 152) if a_to_b else (152, 136)
    transfer_fees = u64(data, in_at + 8), u64(data, out_at + 8)
    event = SwapEvent(  # it tells what the pool got and what the trader got: a mint's fee is in neither
        "clmm",
        total(name, "amount_in", u64(data, in_at), transfer_fees[0]),
        total(name, "amount_out", u64(data, out_at), transfer_fees[1]),
        pool=key(data, 8),
        a_to_b=a_to_b,
        transfer_fees=transfer_fees,
        sqrt_price=unsigned(data, 169, 16),
    )
    if len(data) < 221:
        return event
    fees = u64(data, 205), u64(data, 213)
    return event._replace(fees=fees if a_to_b else fees[::-1])


EVENTS = {
    bytes.fromhex("40c6cde8260871e2"): _clmm,
}
"""Readers of its events, by discriminator."""
_PLACES = {
    bytes.fromhex("f8c69e91e17587c8"): Places(2, (3, 4), (5, 6)),
    bytes.fromhex("2b04ed0b1ac91e62"): Places(2, (3, 4), (5, 6), (11, 12)),
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    return None if places is None else at(accounts, places)
