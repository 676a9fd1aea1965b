"""Swaps through Orca Whirlpools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.engine.reference.venues.orca import maths as whirlpool
from cambist.engine.reference.venues.orca.maths import Curve
from cambist.simulator.accounts import OracleAccount, TickArrayAccount, WhirlpoolAccount
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.accounts import Account


def swap_orca(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    limit: int,
) -> Fill:
    """Returns the swap through a Whirlpool. Raises `QuoteError`."""
    account = find(pool.spec.address)
    assert isinstance(account, WhirlpoolAccount)
    assert pool.ticks is not None
    found = find(pool.oracle) if account.pool.has_adaptive_fee() else None
    oracle = found.oracle if isinstance(found, OracleAccount) else None
    before = Curve.of(account.pool)
    fill = whirlpool.swap(before, pool.ticks, oracle, amount, exact_in=exact_in, a_to_b=a_to_b, limit=limit, now=now)
    owed = (fill.protocol_fee, 0) if a_to_b else (0, fill.protocol_fee)
    changed: dict[bytes, Account] = {pool.spec.address: account.moved(fill.curve, *owed, now)}
    if oracle is not None and fill.variables is not None:
        changed[pool.oracle] = OracleAccount(replace(oracle, variables=fill.variables))
    span = 88 * pool.spec.tick_spacing
    for crossing in fill.crossings:
        address = pool.arrays[crossing.tick // span * span]
        array = changed.get(address) or find(address)
        assert isinstance(array, TickArrayAccount)
        changed[address] = array.crossed(crossing)
    held = vaults(pool, find)
    reserves = (held.a, held.b) if a_to_b else (held.b, held.a)
    return Fill(
        fill.amount_in,
        fill.amount_in,
        fill.amount_out,
        fill.amount_out,
        changed,
        reserves,
        fill.fee,
        0,
        True,
        (before, fill),
    )
