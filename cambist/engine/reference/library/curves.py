"""Pools whose curve is neither a constant product nor many ranges, as `engine_rs/src/curves.rs` gives them.

For users of the engine: no screen and no order uses this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.library import integers
from cambist.engine.reference.venues.damm2 import maths as damm
from cambist.engine.reference.venues.damm2.layout import DammV2DynamicFee, DammV2Pool
from cambist.engine.reference.venues.quote_error import QuoteError
from cambist.engine.reference.venues.saber import maths as stable
from cambist.engine.reference.venues.saber.layout import StableSwap

if TYPE_CHECKING:
    from collections.abc import Sequence

Volatility = tuple[int, int, int, int]
DammV2Quote = tuple[int, int, int, int, int, int, tuple[int, int] | None, Volatility | None]
_MODES = {mode.value: mode for mode in damm.SwapMode}


def stable_swap(
    account: bytes, reserves: tuple[int, int], a_to_b: bool, amounts: Sequence[int], now: int
) -> list[tuple[int, int, int, int, int, int] | str]:
    """Returns (amount in, amount out, fee, admin fee, reserves in and out after it), or a refusal's word, each.

    `account` is a Saber pool, `reserves` its vaults' balances (A, B), `now` Unix seconds. Raises `ValueError` if the
    account can't be read or a number is out of range, `TypeError` for what is no integer.
    """
    first, second = integers.u64s(reserves)
    asked, now = integers.u64s(amounts), integers.i64(now)
    pool = StableSwap.decode(account)
    answers: list[tuple[int, int, int, int, int, int] | str] = []
    for amount in asked:
        try:
            fill = stable.swap(pool, (first, second), amount, now, a_to_b=a_to_b)
        except QuoteError as error:
            answers.append(str(error))
        else:
            answers.append((fill.amount_in, fill.amount_out, fill.fee, fill.admin_fee, *fill.reserves))
    return answers


def damm_v2(
    account: bytes, mode: str, a_to_b: bool, amounts: Sequence[int], time: tuple[int, int]
) -> list[DammV2Quote | str]:
    """Returns a quote or a refusal's word for each amount, from a DAMM v2 pool's bytes.

    A quote is (amount in, amount out, fee, protocol fee, left, √price after, token amounts after, (last update, √price
    reference, volatility accumulator, volatility reference) after). `mode` is `in`, `partial` or `out`, `time` (slot,
    Unix seconds). Raises `ValueError` for another mode, if the account can't be read or a number is out of range,
    `TypeError` for what is no integer.
    """
    slot, now = time
    asked, slot, now = integers.u64s(amounts), integers.u64(slot), integers.i64(now)
    pool = DammV2Pool.decode(account)
    if mode not in _MODES:
        message = f"mode was {mode}"
        raise ValueError(message)
    answers: list[DammV2Quote | str] = []
    for amount in asked:
        try:
            fill = damm.swap(pool, _MODES[mode], amount, slot, now, a_to_b=a_to_b)
        except QuoteError as error:
            answers.append(str(error))
            continue
        after = fill.pool
        moved = (fill.amount_in, fill.amount_out, fill.fee, fill.protocol_fee, fill.left, after.sqrt_price)
        answers.append((*moved, after.token_amounts, _volatility(after.dynamic_fee)))
    return answers


def _volatility(fee: DammV2DynamicFee | None) -> Volatility | None:
    if fee is None:
        return None
    return (fee.last_update, fee.sqrt_price_reference, fee.volatility_accumulator, fee.volatility_reference)
