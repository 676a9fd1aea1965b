"""When a session that is written gets a keyframe: where stepping from the last one would take long, within a share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.kernel import write_keyframe
from storage.keyframe import packed

if TYPE_CHECKING:
    from cambist.kernel import Kernel
    from storage.keyframe import KeyframeRow

EVERY_NS = 500_000_000
"""Of stepping: any record is half a second away from a keyframe, or from the one wanted next."""
SHARE = 10
"""Keyframes take at most one in so many bytes of a session; where both can't be had, this holds."""


class Keyframes:
    """Counts for one session what stepping took and what keyframes take."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begins with a new session."""
        self._spent_ns = self._bytes = self._last = 0

    @property
    def tail_ns(self) -> int:
        """Time that stepping took since the last keyframe."""
        return self._spent_ns

    def spent(self, step_ns: int) -> None:
        """Counts the time that a block took to step."""
        self._spent_ns += step_ns

    def due(self, kernel: Kernel, written: int) -> KeyframeRow | None:
        """Returns the kernel's keyframe if one is due, for a session of which so many bytes are written.

        The kernel must be sealed then. A look costs nothing; one of 0.9 MB takes 11 ms, 2 of them for zstd.
        """
        if self._spent_ns < EVERY_NS or not self._fits(self._last, written):
            return None
        try:
            row = packed(write_keyframe(kernel.keyframe()), kernel.last_seq + 1, kernel.now_ns, self._spent_ns)
        except ValueError:  # larger than is read: this session goes without
            self._last = written
            return None
        self._last = len(row.blob)
        if not self._fits(self._last, written):
            return None
        self._bytes += self._last
        self._spent_ns = 0
        return row

    def _fits(self, size: int, written: int) -> bool:
        return (self._bytes + size) * SHARE <= written
