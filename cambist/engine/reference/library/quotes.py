"""Quotes and sizes of many constant-product pools at once, over columns.

For users of the engine: no screen and no order uses this.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cambist.engine.reference.venues.constant_product import exact_in
from cambist.engine.reference.venues.quote_error import QuoteError, RoundingRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def constant_product(
    amounts_in: Sequence[int], reserves_in: Sequence[int], reserves_out: Sequence[int], fee: tuple[int, int]
) -> list[int]:
    """Returns what each pool pays for its amount, in atoms.

    0 where nothing is paid: for nothing, from an empty pool, or if it would be less than an atom. The fee (numerator,
    denominator) is taken from the input, rounded up. Raises `ValueError` if columns differ in length, or for a fee of 1
    or more.

    >>> constant_product([1_000_000, 5], [10**12, 0], [2 * 10**12, 7], (25, 10_000))
    [1994998, 0]
    """
    if not len(amounts_in) == len(reserves_in) == len(reserves_out):
        message = f"columns were of {len(amounts_in)}, {len(reserves_in)} and {len(reserves_out)} rows"
        raise ValueError(message)
    if fee[0] >= fee[1]:
        message = f"fee was {fee[0]}/{fee[1]}, expected less than 1"
        raise ValueError(message)
    pools = zip(amounts_in, reserves_in, reserves_out, strict=True)
    return [_paid(int(amount), int(have), int(out), fee) for amount, have, out in pools]


def _paid(amount: int, reserve_in: int, reserve_out: int, fee: tuple[int, int]) -> int:
    try:
        return exact_in((reserve_in, reserve_out), fee, amount, RoundingRule.TRUE_CEIL)[0]
    except QuoteError:
        return 0


def optimal_input(hops: Iterable[tuple[float, float, float]]) -> float:
    """Returns the input that earns most in a chain of constant products, as a real number: 0 if none earns.

    It is 0 too where so little is kept that nothing is left to reckon with.

    A hop is (reserve in, reserve out, share kept) and turns x into `a·x / (b + c·x)`; so does the chain. With
    `n = ∏ keep·out`, `d = ∏ in` and `c` collected hop by hop the best input is `(√(n·d) − d) / c`.

    >>> round(optimal_input([(1e6, 2e6, 1.0), (2e6, 1.21e6, 1.0)]), 3)
    50000.0
    """
    n = d = 1.0
    c = 0.0
    for reserve_in, reserve_out, keep in hops:
        c = c * reserve_in + n * keep
        n *= keep * reserve_out
        d *= reserve_in
    return (math.sqrt(n * d) - d) / c if n > d and c > 0.0 else 0.0


def optimal_inputs(
    reserves_in: Sequence[Sequence[float]], reserves_out: Sequence[Sequence[float]], keeps: Sequence[Sequence[float]]
) -> list[float]:
    """Returns `optimal_input` of many chains; columns are a row for each hop, a value for each chain in it.

    Raises `ValueError` if the columns are not of one shape.

    >>> [round(size) for size in optimal_inputs([[1e6], [2e6]], [[2e6], [1.21e6]], [[1.0], [1.0]])]
    [50000]
    """
    shapes = [[len(row) for row in column] for column in (reserves_in, reserves_out, keeps)]
    if not shapes[0] == shapes[1] == shapes[2]:
        sizes = [sum(shape) for shape in shapes]
        message = f"columns were of {sizes[0]}, {sizes[1]} and {sizes[2]} rows"
        raise ValueError(message)
    hops = (zip(*rows, strict=True) for rows in zip(reserves_in, reserves_out, keeps, strict=True))
    return [optimal_input(chain) for chain in zip(*hops, strict=True)]
