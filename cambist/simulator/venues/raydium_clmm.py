"""Swaps through Raydium CLMM pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.venues.bitmap import near_arrays
from cambist.engine.reference.venues.clmm import maths as raydium_clmm
from cambist.engine.reference.venues.clmm.layout import CLMM_TICKS_PER_ARRAY
from cambist.simulator.accounts import ClmmAccount, ClmmTickArrayAccount
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.engine.reference.venues.clmm.maths import ClmmFill, ClmmTicks
    from cambist.simulator.accounts import Account


def swap_clmm(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    now: int,
    epoch: int,
    limit: int,
    ticks: ClmmTicks | None = None,
) -> Fill:
    """Returns the swap through a CLMM pool; `ticks` are the only ones it may use. Raises `QuoteError`."""
    account = find(pool.spec.address)
    assert isinstance(account, ClmmAccount)
    assert pool.clmm_config is not None
    tax_in, tax_out = pool.taxes if a_to_b else pool.taxes[::-1]
    if exact_in:
        inside = amount - (tax_in.fee(amount) if tax_in else 0)
    else:
        inside = tax_out.gross(amount) if tax_out else amount
    fill = raydium_clmm.swap(
        account.pool,
        pool.clmm_config,
        ticks or account.ticks,
        inside,
        exact_in=exact_in,
        zero_for_one=a_to_b,
        limit=limit,
        now=now,
    )
    paid = amount
    if not exact_in or fill.left:
        paid = tax_in.gross(fill.amount_in) if tax_in else fill.amount_in
    held = vaults(pool, find)
    after = account.swapped(fill, zero_for_one=a_to_b, epoch=epoch)
    return Fill(
        paid=paid,
        vault_in=fill.amount_in,
        vault_out=fill.amount_out,
        received=fill.amount_out - (tax_out.fee(fill.amount_out) if tax_out else 0),
        changed={pool.spec.address: after, **_arrays(pool, find, fill, epoch)},
        reserves=(held.a, held.b) if a_to_b else (held.b, held.a),
        fee=fill.fee,
        maths=fill,
    )


def _arrays(
    pool: Pool, find: Callable[[bytes], Account | None], fill: ClmmFill, epoch: int
) -> dict[bytes, ClmmTickArrayAccount]:
    """Returns the tick arrays after a swap: their limit orders, and what grew outside of the ticks it crossed."""
    changed: dict[bytes, ClmmTickArrayAccount] = {}

    def array(tick: int) -> tuple[bytes, ClmmTickArrayAccount]:
        span = CLMM_TICKS_PER_ARRAY * pool.spec.tick_spacing
        key = pool.arrays[tick // span * span]
        found = changed.get(key) or find(key)
        assert isinstance(found, ClmmTickArrayAccount)
        return key, found

    for tick, orders in fill.changed.items():
        key, account = array(tick)
        changed[key] = account.filled(tick, orders, epoch)
    for crossing in fill.crossings:
        key, account = array(crossing.tick)
        changed[key] = account.crossed(crossing, epoch)
    return changed


def clmm_ahead(ticks: ClmmTicks, tick: int, *, a_to_b: bool) -> list[int]:
    """Returns the start ticks of the arrays that a swap from `tick` meets, in its order."""
    span = CLMM_TICKS_PER_ARRAY * ticks.tick_spacing
    return [index * span for index in near_arrays(ticks.initialised, tick // span, x_to_y=a_to_b)]


def clmm_ticks(
    pool: Pool, find: Callable[[bytes], Account | None], starts: Iterable[int], *, extended: bool
) -> ClmmTicks:
    """Returns the ticks of some arrays only; `extended` says whether the bitmap's extension is known too."""
    account = find(pool.spec.address)
    assert isinstance(account, ClmmAccount)
    arrays = []
    for start in starts:
        array = find(pool.arrays[start])
        assert isinstance(array, ClmmTickArrayAccount)
        arrays.append(array.array)
    extension = pool.clmm_bitmap if extended else None
    return raydium_clmm.ClmmTicks(pool.spec.address, account.pool, extension, arrays)
