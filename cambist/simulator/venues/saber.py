"""Swaps through Saber stable swaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Clock
from cambist.engine.reference.venues.quote import ChainTime
from cambist.engine.reference.venues.saber import maths as stable_swap
from cambist.engine.reference.venues.saber.pool import StablePool
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account


def swap_saber(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    slot: int,
    now: int,
) -> Fill:
    """Returns the swap through a stable swap. Raises `QuoteError`.

    The program swaps exact in only; an exact output is the least input that buys it.
    """
    assert pool.stable is not None
    held = vaults(pool, find)
    if not exact_in:
        amount = (
            StablePool(pool.stable, (held.a, held.b))
            .swap_exact_out(a_to_b, amount, ChainTime(slot, now, 0))[0]
            .amount_in
        )
    fill = stable_swap.swap(pool.stable, (held.a, held.b), amount, now, a_to_b=a_to_b)
    return Fill(
        paid=amount,
        vault_in=amount,
        vault_out=fill.amount_out,
        received=fill.amount_out,
        changed={},
        reserves=(held.a, held.b) if a_to_b else (held.b, held.a),
        fee=fill.fee,
        maths=fill,
    )


def reserves_saber(pool: Pool, find: Callable[[bytes], Account | None]) -> tuple[float, float]:
    """Returns the reserves of the constant product that bends as the curve does where it is."""
    clock = find(program.CLOCK)
    assert clock is not None
    assert pool.stable is not None
    time = Clock.decode(clock.data)
    held = vaults(pool, find)
    found = StablePool(pool.stable, (held.a, held.b)).virtual_reserves(
        True, ChainTime(time.slot, time.unix_timestamp, time.epoch)
    )
    assert found is not None
    return found[0], found[1]
