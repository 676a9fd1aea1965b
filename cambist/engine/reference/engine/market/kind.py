"""What an edge is made of."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What stands behind an edge."""

    POOL = "pool"
    BOOK = "book"
    EQUIVALENCE = "equivalence"
    """Two tokens that stand for one another; settled off chain."""
