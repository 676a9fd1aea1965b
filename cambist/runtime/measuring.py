"""How long venues take to answer, as a record once a minute: paper's orders take no less, here and in each replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.commands import Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.model.commands import RecordCommand
    from cambist.model.events import Channel
    from feeds.base import FeedStatus

EVERY_S = 60.0
FIRST_S = 10.0
"""By then feeds have read what they begin with."""


class Measuring:
    """Tells the session how long the venues that it streams take to answer."""

    def __init__(self, channels: Sequence[Channel], record: Callable[[RecordCommand], None], now_s: float) -> None:
        self._record = record
        streamed = {channel.venue for channel in channels if channel.protocol.endswith(".ws")}
        self._venues = {channel.id: channel.venue for channel in channels if channel.venue in streamed}
        self._due_s = now_s + FIRST_S

    def look(self, statuses: Mapping[int, FeedStatus], now_s: float) -> None:
        """Records how long each venue took, once a minute. Of several nodes of a chain the quickest counts."""
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        found: dict[str, Measured] = {}
        for channel, status in sorted(statuses.items()):
            trip, venue = status.round_trip, self._venues.get(channel)
            if trip is not None and venue is not None:
                told = Measured(venue, trip.p50_ns, trip.p90_ns)
                found[venue] = min(found.get(venue, told), told, key=lambda each: each.p50_ns)
        for told in found.values():
            self._record(told)
