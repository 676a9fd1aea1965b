"""Scores and fees of many trades in one call over numpy arrays, by the Rust engine where it is built.

Arrays of 64-bit integers that are contiguous are read where they lie; others are copied once. The native calls release
the GIL: no other thread may write to an array while a call reads it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from cambist.engine.backend import is_native
from cambist.engine.reference import fees
from cambist.engine.reference.judge import scorer
from cambist.engine.reference.judge.scorer import COLUMNS, Reason
from cambist.engine.reference.venues import VENUES

with contextlib.suppress(ImportError):  # `is_native` says whether it is there
    from cambist.engine import _native

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from cambist.config.settings import Bidding, Gates

__all__ = ["COLUMNS", "VENUES", "Reason", "Scored", "TradeFees", "estimate_trades", "score_candidates"]


class Scored(NamedTuple):
    """What was decided on each row; -1 in `score` and `miss` is unknown, -2^63 in `net`."""

    reason: NDArray[np.uint8]
    """Numbers of `Reason`: 0 is go."""
    net: NDArray[np.int64]
    landing_ppm: NDArray[np.uint32]
    score: NDArray[np.int8]
    miss: NDArray[np.int64]
    """By how much the refusing gate's figure missed: atoms, slots or ppm."""

    def stopped(self) -> dict[str, int]:
        """Returns how many rows each gate stopped, by its name."""
        counts = np.bincount(self.reason, minlength=len(Reason))
        return {reason.name.lower(): int(counts[reason]) for reason in Reason if reason and counts[reason]}


class TradeFees(NamedTuple):
    """What each trade pays, in lamports; -1 is unknown."""

    cu_limit: NDArray[np.int64]
    base_fee: NDArray[np.int64]
    priority_fee: NDArray[np.int64]
    tip: NDArray[np.int64]


def score_candidates(columns: ArrayLike, gates: Gates, backend: str = "auto") -> Scored:
    """Returns the decision on each of many candidates: go or the first gate that refused, net, score, miss.

    `columns` has a row for each of `COLUMNS`, in their order: amounts and costs in atoms of the base token, a cost
    below 0 is unknown; `flags` 1 for a base token with a cap, 2 torn, 4 stale, 8 legged, 16 off its peg, 32 fork, 64
    unconfirmed. Formulas: `reference.judge.scorer`. Raises `ValueError` for a figure that can't be one, by name and
    row; `ImportError` for a native engine that isn't there.

    >>> from cambist.config.settings import Gates
    >>> good = [10**6, 10**6 + 9_000, 1, 0, 5, 100, 500, 0, 0, -1, 3, 5, 10]
    >>> poor = [10**6, 10**6 + 1_000, 1, 0, 5, 100, 500, 0, 0, -1, 3, 5, 10]
    >>> found = score_candidates(np.array([good, poor]).T, Gates())
    >>> found.net.tolist(), found.miss.tolist(), found.stopped()
    ([8395, 395], [-1, 105], {'below_min': 1})
    """
    table = _integers(columns)
    if is_native(backend):
        if table.ndim != 2 or len(table) != len(COLUMNS):
            message = f"{table.size} numbers are no whole rows of {len(COLUMNS)} columns"
            raise ValueError(message)
        return Scored(*_native.score_columns(table, msgspec.json.encode(gates)))
    plain = scorer.score_columns([list(map(int, column)) for column in np.atleast_2d(table)], gates)
    kinds = (np.uint8, np.int64, np.uint32, np.int8, np.int64)
    return Scored(*(np.array(column, kind) for column, kind in zip(plain, kinds, strict=True)))


def estimate_trades(
    venues: ArrayLike,
    ticks: ArrayLike,
    flags: ArrayLike,
    gross: ArrayLike,
    price: int | None,
    bidding: Bidding,
    backend: str = "auto",
) -> TradeFees:
    """Returns compute-unit limit, base fee, priority fee and tip of each of many trades, in one call.

    `venues`, `ticks` and `flags` have a row per trade and a column per hop: the venue's place in `VENUES` (-1: no hop),
    ticks or bins crossed, 1 for a Token-2022 mint plus 2 for adaptive fees. `gross` is in lamports, -1 if unknown;
    `price` in micro-lamports per compute unit. Formulas: `reference.fees`. Raises `ValueError`, `ImportError`.

    >>> from cambist.config.settings import Bidding
    >>> found = estimate_trades([[0, 2]], [[0, 1]], [[0, 0]], [1_000_000], 10_000, Bidding())
    >>> [int(column[0]) for column in found]
    [95157, 5000, 952, 50000]
    """
    tables = [_integers(table) for table in (venues, ticks, flags, gross)]
    if is_native(backend):
        return TradeFees(
            *_native.estimate_trades(tables[0], tables[1], tables[2], tables[3], price, msgspec.json.encode(bidding))
        )
    plain = [[int(value) for value in table.ravel()] for table in tables]
    found = fees.estimate_trades(plain[0], plain[1], plain[2], plain[3], price, bidding)
    return TradeFees(*(np.array(column, np.int64) for column in found))


def _integers(table: ArrayLike) -> NDArray[np.int64]:
    """Returns a contiguous array of 64-bit integers. Raises `ValueError` for numbers that are none."""
    found = np.asarray(table)
    if found.size and found.dtype.kind not in "iu":
        message = f"numbers were {found.dtype}, expected integers"
        raise ValueError(message)
    if found.dtype == np.uint64 and found.size and int(found.max()) >= 1 << 63:
        message = f"a number was {int(found.max())}, expected less than 2^63"
        raise ValueError(message)
    return np.ascontiguousarray(found, np.int64)
