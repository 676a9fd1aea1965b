"""Constant products and sizes, over columns and one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cambist.bench.engine.case import Case, native
from cambist.engine.reference.library import quotes as reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROWS = 10_000
CALLS = 1_000
FEE = (25, 10_000)


def cases() -> Iterator[Case]:
    """Returns the cases of this file."""
    extension, rng = native(), np.random.default_rng(7)
    amounts = rng.integers(10**6, 10**11, ROWS).astype(np.uint64)
    reserves = rng.integers(10**9, 10**14, (2, ROWS)).astype(np.uint64)
    lists = amounts.tolist(), reserves[0].tolist(), reserves[1].tolist()
    size = f"batch of {ROWS:,}"
    yield Case(
        "constant product, exact", size, ROWS,
        (lambda: extension.constant_product(amounts, reserves[0], reserves[1], FEE)) if extension else None,
        lambda: reference.constant_product(*lists, FEE), "Python integers",
        lambda: _integers(*lists), (("peer", 70.0),),
    )  # fmt: skip
    ins = rng.uniform(1e9, 1e15, (3, ROWS))
    columns = ins, ins * rng.uniform(0.99, 1.05, (3, ROWS)), np.full((3, ROWS), 0.9975)
    rows = [column.tolist() for column in columns]
    yield Case(
        "optimal 3-hop size", size, ROWS,
        (lambda: extension.optimal_inputs(*columns)) if extension else None,
        lambda: reference.optimal_inputs(*rows), "numpy", lambda: _columns(*columns), (("peer", 6.0),),
    )  # fmt: skip
    chain = [tuple(float(column[hop][0]) for column in columns) for hop in range(3)]
    yield Case(
        "optimal 3-hop size", "one call", CALLS,
        (lambda: _each(extension.optimal_input, chain)) if extension else None,
        lambda: _each(reference.optimal_input, chain), goals=(("python", 3.0),),
    )  # fmt: skip


def _each(call: Any, chain: Any) -> None:
    for _ in range(CALLS):
        call(chain)


def _integers(amounts: list[int], ins: list[int], outs: list[int]) -> list[int]:
    """What one writes without a library, exact."""
    num, den = FEE
    paid = []
    for amount, reserve_in, reserve_out in zip(amounts, ins, outs, strict=True):
        kept = amount - (amount * num + den - 1) // den
        paid.append(reserve_out * kept // (reserve_in + kept))
    return paid


def _columns(ins: NDArray[np.float64], outs: NDArray[np.float64], keeps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same closed form in numpy."""
    n = np.ones(ins.shape[1])
    d, c = n.copy(), np.zeros(ins.shape[1])
    for hop in range(len(ins)):
        c = c * ins[hop] + n * keeps[hop]
        n = n * (keeps[hop] * outs[hop])
        d = d * ins[hop]
    best: NDArray[np.float64] = np.where(n > d, (np.sqrt(n * d) - d) / c, 0.0)
    return best
