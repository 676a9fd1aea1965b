"""The headline, and how a sum in it came about."""

from __future__ import annotations

import msgspec

from cambist.view.cycles import CycleRow


class Valued(msgspec.Struct, frozen=True):
    """How a sum over several tokens came about."""

    reason: str = ""
    """What is not in it for want of a price, by name; empty where all is."""
    venue: str = ""
    """Where the oldest price in it comes from; empty where none was needed."""
    token: str = ""
    """What that is a price of."""
    age_ns: int | None = None
    """How old that price was when it was taken: at the time of the outcome that it valued."""


class Headline(msgspec.Struct, frozen=True):
    """The first line of sight: the best cycle and what was really earned."""

    version: int = 0
    best: CycleRow | None = None
    realised: int | None = None
    """Realised net of the day (UTC) in atoms of `unit`, over restarts; `valued` says what is not in it."""
    valued: Valued = Valued()
    unit: str = "SOL"
    decimals: int = 9
    fills: int = 0
    orders: int = 0
    missed: int = 0
    from_peak: int | None = None
    """Realised today on cycles of the unit less its highest today, which is what `loss_limit` is held against; ≤ 0."""
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
