"""Swaps through Meteora DAMM v2 pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.damm2 import maths as damm_v2
from cambist.simulator.accounts import DammV2Account
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account


def swap_damm2(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    mode: damm_v2.SwapMode,
    *,
    a_to_b: bool,
    slot: int,
    now: int,
) -> Fill:
    """Returns the swap through a DAMM v2 pool. Raises `QuoteError`."""
    account = find(pool.spec.address)
    assert isinstance(account, DammV2Account)
    tax_in, tax_out = pool.taxes if a_to_b else pool.taxes[::-1]
    if mode is damm_v2.SwapMode.EXACT_OUT:
        inside = tax_out.gross(amount) if tax_out else amount
    else:
        inside = amount - (tax_in.fee(amount) if tax_in else 0)
    fill = damm_v2.swap(account.pool, mode, inside, slot, now, a_to_b=a_to_b)
    paid = amount
    if mode is not damm_v2.SwapMode.EXACT_IN:
        paid = tax_in.gross(fill.amount_in) if tax_in else fill.amount_in
    held = vaults(pool, find)
    return Fill(
        paid=paid,
        vault_in=fill.amount_in,
        vault_out=fill.amount_out,
        received=fill.amount_out - (tax_out.fee(fill.amount_out) if tax_out else 0),
        changed={pool.spec.address: account.swapped(fill, a_to_b=a_to_b)},
        reserves=(held.a, held.b) if a_to_b else (held.b, held.a),
        fee=fill.fee,
        maths=fill,
    )
