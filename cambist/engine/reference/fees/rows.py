"""Rows of fee samples: their columns, and the column that a request fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


PERCENT: Final = {"minimum": 0, "p25": 25, "p50": 50, "p75": 75, "p90": 90, "p99": 99}
"""Columns of the rows, lowest first."""


def column_of_request(percentile: int | None) -> str | None:
    """Returns the column of a request's percentile in basis points; `None` if there is no such column."""
    if percentile is None:
        return "minimum"
    return next((c for c, percent in PERCENT.items() if percent > 0 and percent * 100 == percentile), None)


def median(values: Sequence[int]) -> int | None:
    """Returns the lower median."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


def share_of(values: Sequence[int], percent: int) -> int | None:
    """Returns the lowest of the values that at least `percent` % of them are not above; `None` of none."""
    if not values:
        return None
    return sorted(values)[min(max(-(-len(values) * percent // 100), 1), len(values)) - 1]
