"""Why a panel does not simply show data."""

from __future__ import annotations

import msgspec


class PanelState(msgspec.Struct, frozen=True):
    """Why a panel is not simply showing data. `kind`: `ready`, `loading`, `empty`, `stale`, `error`."""

    kind: str = "ready"
    cause: str = ""
    next_step: str = ""
    since_ns: int = 0
    """When the state began, in session time; 0 if it does not matter."""
