"""Stored sessions, and the playback of the one that is replayed."""

from __future__ import annotations

import msgspec


class Marker(msgspec.Struct, frozen=True):
    """A point of the timeline. `kind`: `fill`, `loss`, `gap`, `halt`, `bookmark`, `cut`."""

    at_ns: int
    kind: str
    label: str = ""


class ReplayStatus(msgspec.Struct, frozen=True):
    """The playback of a recording."""

    version: int = 0
    session: str = ""
    playing: bool = True
    speed: float | None = 1.0
    """`None` is as fast as it goes."""
    position_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    record: int = 0
    records: int = 0
    digest: str = ""
    digest_match: bool | None = None
    """`None` until a stored digest was compared."""
    compared_percent: int = 100
    """Of the chunks that can be compared, if some were jumped over; less than 100 until all were compared."""
    decided_by: int | None = None
    """Rules version of the recording where that is not ours: then no digest is compared."""
    density: tuple[int, ...] = ()
    """Records per equal slice of the range."""
    markers: tuple[Marker, ...] = ()
    finished: bool = False


class SessionRow(msgspec.Struct, frozen=True):
    """One stored session, for `o` and `cambist sessions`."""

    name: str
    path: str
    started_ns: int
    seconds: float
    bytes: int
    records: int
    bookmarks: int
    imported: bool
    open: bool
    demo: bool
    complete: bool
    made_ns: int = 0
    """When it was made, where that is another time than it tells of; 0 where it is not."""
