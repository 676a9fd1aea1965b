"""Why a pool can't be quoted, and the rounding that venues share."""

from __future__ import annotations

import enum
from typing import Final

U64_MAX: Final = (1 << 64) - 1


class Reason(enum.StrEnum):
    """Why not."""

    ZERO_AMOUNT = "zero_amount"
    """Nothing was asked."""
    ZERO_OUTPUT = "zero_output"
    """The program would pay nothing, or take nothing, and fails."""
    EMPTY_POOL = "empty_pool"
    """A reserve is 0 or below what is owed from it."""
    OVERFLOW = "overflow"
    """A result leaves its integer."""
    LIQUIDITY = "liquidity"
    """The pool, or the part of it that one swap may reach, can't fill the amount."""
    NOT_TRADABLE = "not_tradable"
    """Switched off, or not open yet."""
    MISSING_ACCOUNT = "missing_account"
    """An account that the quote needs was never seen."""
    PRICE_LIMIT = "price_limit"
    """The limit is on the wrong side of the price or out of range."""
    INVARIANT = "invariant"
    """The program's own check that k does not fall fails."""
    INVALID_TIME = "invalid_time"
    """The clock is before the pool's last update."""
    SHORTFALL = "shortfall"
    """The program's own rounding would pay less than the exact output asked, and it fails."""


class QuoteError(ValueError):
    """A swap that the program would refuse, or that can't be computed from what is known. Its text is the reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class RoundingRule(enum.Enum):
    """How Raydium's programs divide upwards."""

    TRUE_CEIL = "true_ceil"
    """The rule since 2025 (AMM v4 78c6a81 of August, CPMM ec3b20d of November)."""
    OLD_CEIL = "old_ceil"
    """The rule before: a quotient of 0 is rounded to nearest."""

    def divide(self, num: int, den: int) -> int:
        """Returns `num / den` rounded up as the rule says. Raises `QuoteError` overflow if `den` is not positive."""
        if den <= 0:
            raise QuoteError(Reason.OVERFLOW)
        quotient, rest = divmod(num, den)
        if quotient == 0 and self is RoundingRule.OLD_CEIL:
            return 1 if 2 * num >= den else 0
        return quotient + (rest > 0)


def to_u64(value: int) -> int:
    """Returns `value`. Raises `QuoteError` overflow if it is no u64."""
    if not 0 <= value <= U64_MAX:
        raise QuoteError(Reason.OVERFLOW)
    return value
