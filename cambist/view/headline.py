"""The headline, and how a sum in it came about."""

from __future__ import annotations

import msgspec

from cambist.view.cycles import CycleRow


class Valued(msgspec.Struct, frozen=True):
    """How a sum over several tokens came about."""

    reason: str = ""
    """Why there is no sum; empty where there is one."""
    venue: str = ""
    """Where the oldest price in it comes from; empty where none was needed."""
    source: str = ""
    age_ns: int | None = None
    """How long ago that price was known to be current."""


class Headline(msgspec.Struct, frozen=True):
    """The first line of sight: the best cycle and what was really earned."""

    version: int = 0
    best: CycleRow | None = None
    realised: int | None = None
    """Realised net today in atoms of `unit`; `None` where a price for the sum is missing."""
    valued: Valued = Valued()
    unit: str = "SOL"
    decimals: int = 9
    fills: int = 0
    orders: int = 0
    missed: int = 0
    from_peak: int | None = None
    """Realised today minus its highest value today; ≤ 0."""
    loss_limit: int | None = None
    congestion: int | None = None
    """0–100."""
    since_ns: int = 0
    """When the session began."""
    per_minute: tuple[int, ...] = ()
    """Cycles proposed in each of the last minutes, oldest first."""
    go_last_minute: int | None = None
    score_p50_ns: int | None = None
    """From a frame's receive time until its moment was decided on, live, over the last minute; too high by 4.4 % at
    most."""
    score_p99_ns: int | None = None
