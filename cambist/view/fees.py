"""Fees: panel 3."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState


class FeeColumn(msgspec.Struct, frozen=True, gc=False):
    """Fee percentiles over one time bucket, micro-lamports per CU; `None` where the source gives none."""

    end_ns: int
    p25: int | None = None
    p50: int | None = None
    p75: int | None = None
    p90: int | None = None
    p99: int | None = None
    minimum: int | None = None


class FeeInputRow(msgspec.Struct, frozen=True, gc=False):
    """One figure that fees rest on, with where it comes from and how old it is."""

    name: str
    """`bid`, `account` (the dearest), `estimate`, `tip`, `fullness` (observed) or `landing`."""
    source: str
    value: int | None
    """Micro-lamports per CU; a tip in lamports; fullness and landing in ppm."""
    age_ns: int | None
    """`None` where it has no one time."""


class FeesSection(msgspec.Struct, frozen=True):
    """Panel 3."""

    version: int = 0
    state: PanelState = PanelState("loading")
    columns: tuple[FeeColumn, ...] = ()
    """15 s buckets, oldest first; screens merge them."""
    now: FeeColumn | None = None
    score: int | None = None
    trend: str = ""
    """`rising`, `falling`, `steady` or empty."""
    bid_percentile: str = "p75"
    hops: int = 3
    total: int | None = None
    """Lamports a trade of `hops` hops pays."""
    total_bps: float | None = None
    """`total` against `size`."""
    size: int | None = None
    """Lamports that `total_bps` relates to: the most one trade may put in."""
    tip: int | None = None
    priority: int | None = None
    base: int | None = None
    source: str = ""
    age_ns: int | None = None
    note: str = ""
    """What a percentile is where no source gives one."""
    inputs: tuple[FeeInputRow, ...] = ()
