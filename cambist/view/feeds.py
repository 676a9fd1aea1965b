"""Feeds and their connections: panel 6."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState


class FeedRow(msgspec.Struct, frozen=True, gc=False):
    """One feed or connection."""

    name: str
    state: str
    """`live`, `connecting`, `stale`, `down`, `idle`."""
    per_s: float | None
    lag_ns: int | None
    gaps: int
    drops: int
    endpoint: str = ""
    note: str = ""
    offset_ns: int | None = None
    """Clock offset subtracted from its lag."""
    clock_ns: int | None = None
    """The venue's clock less ours, measured by asking for its time; `None` if it was not asked, or did not answer."""
    clock_error_ns: int = 0
    """How far off that may be."""
    last_ns: int = 0
    """When its last frame came before it went down; 0 if none came, or it is not down."""
    attempt: int = 0
    """Which attempt in a row comes next, while it waits to connect again."""
    retry_at_ns: int | None = None
    wait_ns: int = 0
    """How long the wait before that attempt is in all."""
    raced: bool = False
    """Another endpoint tells the same chain."""
    first_ppm: int | None = None
    """Of what all of these told, how much this one told first."""
    ahead_ns: int | None = None
    """How long the others took after it, on average, where it was first."""
    behind_ns: int | None = None
    """How long it took after them, on average, where it was not."""
    slots_behind: int | None = None
    """By how many slots it trails the newest one of any node; `None` for what has no slots."""
    asked: bool = False
    """Its frames are answers to questions: it has no lag, and rests in between."""


class FeedsSection(msgspec.Struct, frozen=True):
    """Panel 6."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[FeedRow, ...] = ()
