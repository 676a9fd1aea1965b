"""Both engines timed beside each other: panel 4."""

from __future__ import annotations

import msgspec

from cambist.view.panel import PanelState


class DuelRow(msgspec.Struct, frozen=True):
    """One module in both engines, seconds as nanoseconds; `None` under 30 samples."""

    module: str
    rust_p50: float | None
    rust_p99: float | None
    python_p50: float | None
    python_p99: float | None
    ratio: float | None
    samples: int
    mismatches: int
    why: str = ""
    """Why there is no figure, where there is none."""


class DuelSection(msgspec.Struct, frozen=True):
    """Panel 4."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[DuelRow, ...] = ()
    profile: str = ""
    mismatches: int | None = None
