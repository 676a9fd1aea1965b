"""What the series calls take and give: numbers, events and signs as arrays, looked at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Signs: TypeAlias = NDArray[np.int8]
    Row: TypeAlias = Sequence[float]


_BOOL = np.dtype(np.bool_)


def checked_period(period: int) -> int:
    """Returns a period. Raises `ValueError` unless it is positive and fits 32 bits."""
    if not 1 <= period < 2**32:
        why = f"period {period} is not positive" if period < 1 else f"period {period} is above {2**32 - 1}"
        raise ValueError(why)
    return period


def floats(values: ArrayLike) -> Floats:
    """Returns numbers as a contiguous array, the same one if it is ready. Raises `ValueError` for a single value."""
    table = np.ascontiguousarray(values, dtype=np.float64)
    if np.ndim(values) == 0:
        message = f"series was {values!r}, a single value"
        raise ValueError(message)
    return table


def line(values: ArrayLike) -> Floats:
    """Returns one series of numbers. Raises `ValueError` for a matrix."""
    table = floats(values)
    if table.ndim != 1:
        message = f"series has {table.ndim} dimensions, expected 1"
        raise ValueError(message)
    return table


def check_lengths(first: NDArray[np.generic], *others: NDArray[np.generic]) -> None:
    """Raises `ValueError` if series are of different lengths."""
    for other in others:
        if other.size != first.size:
            sizes = ", ".join(str(part.size) for part in (first, *others))
            message = f"series of different lengths: {sizes}"
            raise ValueError(message)


def as_events(values: ArrayLike) -> NDArray[np.bool_]:
    """Returns one series of booleans, the same one if it is ready. Raises `ValueError` for anything else."""
    if type(values) is np.ndarray and values.dtype is _BOOL and values.ndim == 1 and values.flags.c_contiguous:
        return values
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "biu"):
        message = f"events were {found.ndim}-dimensional {found.dtype}, expected a series of booleans"
        raise ValueError(message)
    return np.ascontiguousarray(found, dtype=np.bool_)


def signs(values: ArrayLike) -> NDArray[np.int32]:
    """Returns one series of whole numbers, of which only the sign counts. Raises `ValueError` for anything else."""
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "biu"):
        message = f"signals were {found.ndim}-dimensional {found.dtype}, expected a series of whole numbers"
        raise ValueError(message)
    if found.dtype.itemsize >= 4 and found.dtype != np.int32:
        # Only the sign counts, which a narrower number keeps.
        found = (found > 0).astype(np.int32) - (found < 0)
    return np.ascontiguousarray(found, dtype=np.int32)


def filled(found: Iterable[float | None]) -> Floats:
    """Returns numbers with NaN where there is none."""
    return np.array([math.nan if value is None else value for value in found], dtype=np.float64)


def each_row(table: Floats, period: int, compute: Callable[[Row, int], list[float | None]]) -> Floats:
    """Returns what `compute` gives for each row, in the shape of the table."""
    rows = table.reshape(-1, table.shape[-1]) if table.size else table.reshape(0, 0)
    found = [filled(compute(row.tolist(), period)) for row in rows]
    return np.array(found, dtype=np.float64).reshape(table.shape)


def each_row_of(
    table: Floats, count: int, compute: Callable[[Row], Sequence[tuple[float | None, ...] | None]]
) -> list[Floats]:
    """Returns the same of a `compute` that gives `count` numbers at once, each in the shape of the table."""
    rows = table.reshape(-1, table.shape[-1]) if table.size else table.reshape(0, 0)
    found = [compute(row.tolist()) for row in rows]
    return [
        np.array(
            [filled(None if each is None else each[part] for each in row) for row in found], dtype=np.float64
        ).reshape(table.shape)
        for part in range(count)
    ]
