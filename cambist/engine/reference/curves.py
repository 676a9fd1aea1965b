"""Pools whose curve is neither a constant product nor many ranges, as `engine_rs/src/curves.rs` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.accounts import StableSwap
from cambist.engine.reference.amm_math import QuoteError
from cambist.engine.reference.amm_math import stable_swap as stable

if TYPE_CHECKING:
    from collections.abc import Sequence


def stable_swap(
    account: bytes, reserves: tuple[int, int], a_to_b: bool, amounts: Sequence[int], now: int
) -> list[tuple[int, int, int, int, int, int] | str]:
    """Returns (amount in, amount out, fee, admin fee, reserves in and out after it), or a refusal's word, each.

    `account` is a Saber pool, `reserves` its vaults' balances (A, B), `now` Unix seconds. Raises `ValueError`.
    """
    pool = StableSwap.decode(account)
    answers: list[tuple[int, int, int, int, int, int] | str] = []
    for amount in amounts:
        try:
            fill = stable.swap(pool, reserves, amount, now, a_to_b=a_to_b)
        except QuoteError as error:
            answers.append(str(error))
        else:
            answers.append((fill.amount_in, fill.amount_out, fill.fee, fill.admin_fee, *fill.reserves))
    return answers
