"""When an order's frames had come how far: measured by a live run, absent in a replay, and nothing is decided by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.events import HEADER
from cambist.model.orders import StageTimes

if TYPE_CHECKING:
    from collections.abc import Callable


class Laps:
    """The times of the block that is stepped."""

    def __init__(self) -> None:
        self.clock: Callable[[], int] | None = None
        """Tells the time of a run in nanoseconds; `None` in a replay, which measures nothing."""
        self._first_ns = self._taken_ns = self._decoded_ns = self._decided_ns = self._approved_ns = 0

    def begin(self, block: bytes) -> None:
        """Notes that a block is stepped."""
        if self.clock is not None and block:
            self._taken_ns, self._first_ns = self.clock(), HEADER.unpack_from(block)[1]

    def decided(self, judging_ns: Callable[[], int]) -> None:
        """Notes that the engine has decided on a moment, which took it as long as it says."""
        if self.clock is not None:
            self._decided_ns = self.clock()
            self._decoded_ns = max(self._taken_ns, self._decided_ns - judging_ns())

    def approved(self) -> None:
        """Notes that the gate said yes."""
        if self.clock is not None:
            self._approved_ns = self.clock()

    def built(self, moment_ns: int) -> StageTimes | None:
        """Returns the times of an order that was decided at a moment and is built; `None` in a replay."""
        if self.clock is None:
            return None
        return StageTimes(
            frame_ns=self._first_ns,
            moment_ns=moment_ns,
            taken_ns=self._taken_ns,
            decoded_ns=self._decoded_ns,
            decided_ns=self._decided_ns,
            approved_ns=self._approved_ns,
            built_ns=self.clock(),
        )
