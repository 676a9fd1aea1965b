"""What a feed of an exchange is told: what to watch, by which limits, on which channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from feeds.conversation import SocketLimits
from feeds.http import HttpLimits
from feeds.venue import Deadlines, Seeding, Stream, Venue, VenueLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cambist.model.events import Channel


class ExchangeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to watch on a venue; what is left out is the venue's."""

    symbols: tuple[str, ...] = ()
    """In the venue's form, most important first."""
    name: str = ""
    ws: str = ""
    rest: str = ""
    streams: tuple[Stream, ...] = ()
    seed: Literal["", "rest", "stream"] = ""
    deadlines: Deadlines | None = None
    limits: VenueLimits | None = None
    socket: SocketLimits | None = None
    http: HttpLimits = HttpLimits()
    attempts_per_minute: int = 10
    """Of one subscription."""
    alarm_after: int = 3
    """Failures of one subscription in a row."""
    retry_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    seed_backoff_s: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    clock_every_s: float = 60.0
    list_every_s: float = 3600.0
    """How often the list of instruments is read."""


class ExchangeChannels(NamedTuple):
    """The channels of a feed."""

    ws: Channel
    info: Channel | None = None
    depth: Mapping[str, Channel] = {}
    """Symbol → channel of its snapshots; empty where books are seeded by subscribing."""


def seeding_of(venue: Venue, seed: str) -> Seeding:
    """Returns how books are seeded. Raises `ValueError` if the venue can't."""
    chosen: Seeding = {"": venue.seeding, "rest": "rest", "stream": "resubscribe"}[seed]
    if chosen not in venue.seedings:
        message = f"{venue.name} can't seed books by {seed}"
        raise ValueError(message)
    return chosen
