"""Swaps through Meteora DLMM pairs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.dlmm import maths as dlmm
from cambist.simulator.accounts import BinArrayAccount, LbPairAccount
from cambist.simulator.venues.pool import Fill, Pool, vaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.venues.dlmm.layout import LbPair
    from cambist.simulator.accounts import Account


def swap_dlmm(
    pool: Pool,
    find: Callable[[bytes], Account | None],
    amount: int,
    *,
    a_to_b: bool,
    exact_in: bool,
    slot: int,
    now: int,
    passed: frozenset[bytes] | None,
) -> Fill:
    """Returns the swap through a DLMM pair; `passed` are the bin arrays and bitmap it may use. Raises `QuoteError`."""
    account = find(pool.spec.address)
    assert isinstance(account, LbPairAccount)
    tax_in, tax_out = pool.taxes if a_to_b else pool.taxes[::-1]
    if exact_in:
        inside = amount - (tax_in.fee(amount) if tax_in else 0)
    else:
        inside = tax_out.gross(amount) if tax_out else amount
    bins = _bins(pool, account.pair, find, passed)
    fill = dlmm.swap(account.pair, bins, inside, exact_in=exact_in, x_to_y=a_to_b, now=now, slot=slot)
    paid = amount
    if not exact_in:
        paid = tax_in.gross(fill.amount_in) if tax_in else fill.amount_in
    changed: dict[bytes, Account] = {pool.spec.address: account.swapped(fill, x_to_y=a_to_b)}
    for index, steps in groupby(fill.steps, key=lambda step: dlmm.array_index(step.bin_id)):
        key = pool.arrays[index]
        array = find(key)
        assert isinstance(array, BinArrayAccount)
        changed[key] = array.swapped(steps, fee_in_x=a_to_b == fill.fee_on_input)
    held = vaults(pool, find)
    return Fill(
        paid=paid,
        vault_in=fill.amount_in,
        vault_out=fill.amount_out,
        received=fill.amount_out - (tax_out.fee(fill.amount_out) if tax_out else 0),
        changed=changed,
        reserves=(held.a, held.b) if a_to_b else (held.b, held.a),
        fee=fill.fee,
        maths=fill,
    )


def reserves_dlmm(pool: Pool, find: Callable[[bytes], Account | None]) -> tuple[float, float]:
    """Returns the reserves of the constant product that bends as if every bin held what the active one does."""
    account = find(pool.spec.address)
    assert isinstance(account, LbPairAccount)
    pair = account.pair
    index = dlmm.array_index(pair.active_id)
    found = find(pool.arrays[index])
    assert isinstance(found, BinArrayAccount)
    active = found.array.bins[pair.active_id % len(found.array.bins)]
    price = dlmm.bin_price(pair.active_id, pair.bin_step) / 18446744073709551616.0
    reserve = 2.0 * (active.amount_x * price + active.amount_y) * 10_000.0 / pair.bin_step
    return reserve / price, reserve


def _bins(
    pool: Pool, pair: LbPair, find: Callable[[bytes], Account | None], passed: frozenset[bytes] | None
) -> dlmm.Bins:
    """Returns the bins as they are now. Nobody adds or removes liquidity, so which arrays have any stays."""
    assert pool.bins is not None
    bins = pool.bins.after(())
    bins.arrays = {}
    for index, key in pool.arrays.items():
        if passed is None or key in passed:
            array = find(key)
            assert isinstance(array, BinArrayAccount)
            bins.arrays[index] = array.array
    if passed is not None and pool.bitmap and pool.bitmap not in passed:
        bins.liquid = dlmm.liquid_arrays(pair, None)
    return bins
