"""Events of Meteora DAMM v2, and the accounts of its swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import field_error, flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _damm_v2(data: bytes) -> SwapEvent:
    name = "damm_v2_swap_2"
    check_size(name, data, 188, may_grow=True)
    b_to_a = flag(name, "trade_direction", data[40])
    amount_in, amount_out = u64(data, 140), u64(data, 148)
    kept = []
    for field, gross, net in (("amount_in", amount_in, u64(data, 60)), ("amount_out", amount_out, u64(data, 156))):
        if net > gross:
            raise field_error(name, field, gross)
        kept.append(gross - net)
    fee = total(name, "fee", *(u64(data, at) for at in (108, 116, 124, 132)))
    # Mode 0 takes the fee off the output, mode 1 always off token b; a later mode may do otherwise.
    mode = data[41]
    fees = None if mode > 1 else (fee, 0) if mode == 1 and b_to_a else (0, fee)
    return SwapEvent(
        "damm2",
        amount_in,
        amount_out,
        pool=key(data, 8),
        a_to_b=not b_to_a,
        transfer_fees=(kept[0], kept[1]),
        fees=fees,
        sqrt_price=unsigned(data, 92, 16),
    )


EVENTS = {
    bytes.fromhex("bd4233a826507599"): _damm_v2,
}
"""Readers of its events, by discriminator."""
_SWAP = Places(1, (2, 3), (4, 5), (6, 7), ordered=False)
_PLACES = {
    bytes.fromhex("f8c69e91e17587c8"): _SWAP,
    bytes.fromhex("414b3f4ceb5b5b88"): _SWAP,
}
"""By discriminator of the instruction: where its accounts stand."""


def layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    return None if places is None else at(accounts, places)
