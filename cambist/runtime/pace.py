"""Replay's pace: which records are due, at which speed, from where."""

from __future__ import annotations

from dataclasses import dataclass

from cambist.model.events import HEADER

_SIZE = HEADER.size


def cut(block: bytes, offset: int, until_ns: int, limit: int) -> tuple[int, int, int]:
    """Returns (end, records, next_ns): the end of the run of at most `limit` records up to `until_ns` from `offset` on.

    `next_ns` is the time of the first record that is not in the run, or −1 at the end of the block.
    """
    count, size = 0, len(block)
    unpack = HEADER.unpack_from
    while offset < size:
        header = unpack(block, offset)
        if header[1] > until_ns or count == limit:
            return offset, count, header[1]
        offset += _SIZE + header[7]
        count += 1
    return offset, count, -1


@dataclass(slots=True)
class Pace:
    """Maps wall time to recorded time. `speed` is `None` for as fast as it goes."""

    speed: float | None = 1.0
    playing: bool = True
    _wall_ns: int = 0
    _at_ns: int = 0

    def anchor(self, wall_ns: int, at_ns: int) -> None:
        """From now on recorded time runs from `at_ns`."""
        self._wall_ns, self._at_ns = wall_ns, at_ns

    def due_ns(self, wall_ns: int) -> int:
        """Returns the recorded time up to which records are due."""
        if not self.playing:
            return self._at_ns
        if self.speed is None:
            return 2**63 - 1
        return self._at_ns + int((wall_ns - self._wall_ns) * self.speed)

    def change(self, wall_ns: int, *, playing: bool | None = None, speed: float | None = -1.0) -> None:
        """Changes play state or speed (−1 keeps it) without a jump in recorded time."""
        at_ns = self.due_ns(wall_ns) if self.speed is not None or not self.playing else self._at_ns
        if playing is not None:
            self.playing = playing
        if speed is None or speed > 0:
            self.speed = speed
        self.anchor(wall_ns, at_ns)
