"""The log: panel 7."""

from __future__ import annotations

import msgspec


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """One line of the log."""

    at_ns: int
    level: str
    """`info`, `warn`, `error`."""
    source: str
    text: str


class LogSection(msgspec.Struct, frozen=True):
    """Panel 7."""

    version: int = 0
    rows: tuple[LogRow, ...] = ()
    """Oldest first, bounded."""
