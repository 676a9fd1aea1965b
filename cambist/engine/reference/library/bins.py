"""Public calls of Meteora DLMM, as `engine_rs/src/bins.rs` gives them.

For users of the engine: no screen and no order uses this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.library import integers
from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.engine.reference.venues.dlmm.program import decode_pair
from cambist.engine.reference.venues.quote_error import QuoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

Volatility = tuple[int, int, int, int]
Changed = tuple[int, int, int, int, int]
Filled = tuple[int, int, int, int, int, int, Volatility, list[Changed]]


def dlmm_bin_price(bin_id: int, bin_step: int) -> int:
    """Returns the price of a bin, Q64.64 atoms of Y per atom of X: (1 + bin_step / 10⁴)^bin_id as the program rounds.

    Raises `ValueError` for a number out of range, `QuoteError` overflow among them, `TypeError` for what is no integer.

    >>> dlmm_bin_price(15, 250)
    26716385619813447402
    """
    return dlmm.bin_price(integers.i32(bin_id), integers.u16(bin_step))


def dlmm_swaps(
    address: bytes,
    accounts: Sequence[bytes],
    amounts: Sequence[int],
    *,
    exact_in: bool,
    x_to_y: bool,
    now: int,
    slot: int,
) -> list[Filled | str]:
    """Returns what each amount, swapped alone, moves and leaves, or a refusal's word.

    `accounts` are the pair at `address`, its bitmap extension (or empty), its bin arrays. Amounts are atoms inside the
    vaults: in, or out if not `exact_in`; `now` is unix s. A swap is (amount in, amount out, fee, protocol fee, limit
    orders' fee, active id, (volatility accumulator, reference, index reference, last update unix s), [(bin id, amount
    X, amount Y, open orders, begun orders)]). The rules are those of the deployed program, recorded in
    `svm_vectors/meteora_dlmm`. Raises `ValueError` if an account can't be read or a number is out of range, `TypeError`
    for what is no integer.

    >>> dlmm_swaps(bytes(32), [], [1], exact_in=True, x_to_y=True, now=0, slot=0)
    Traceback (most recent call last):
    ValueError: dlmm of 0 accounts
    """
    asked, now, slot = integers.u64s(amounts), integers.i64(now), integers.u64(slot)
    pair, bins = decode_pair(address, accounts)
    swapped: list[Filled | str] = []
    for amount in asked:
        try:
            fill = dlmm.swap(pair, bins, amount, exact_in=exact_in, x_to_y=x_to_y, now=now, slot=slot)
        except QuoteError as error:
            swapped.append(str(error))
        else:
            swapped.append(_filled(fill))
    return swapped


def _filled(fill: dlmm.DlmmFill) -> Filled:
    seen = fill.volatility
    return (
        fill.amount_in,
        fill.amount_out,
        fill.fee,
        fill.protocol_fee,
        fill.limit_order_fee,
        fill.active_id,
        (
            seen.volatility_accumulator,
            seen.volatility_reference,
            seen.index_reference,
            seen.last_update_timestamp,
        ),
        [
            (bin_id, new.amount_x, new.amount_y, new.open_order_amount, new.processed_order_remaining)
            for bin_id, new in fill.changed()
        ],
    )
