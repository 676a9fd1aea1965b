"""What is read from a venue over HTTP: snapshots of books, the list of instruments, the time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from cambist.model.text import sanitise
from feeds.http import HttpChannel, Refusal, Unreachable
from feeds.listing import Listing
from feeds.loop_time import loop_s
from feeds.venue_clock import VenueClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feeds.base import FeedStatus
    from feeds.bucket import Bucket
    from feeds.venue import Venue

PASSING = frozenset({"throttle", "unknown", "maintenance"})
"""Classes of errors that may be gone when a read is tried again."""
FINAL = frozenset({"bad_subscription", "refusal", "not_found"})
NOT_FOUND = 404
NO_USE = frozenset({400, NOT_FOUND})
"""Statuses of a read that no further try will change."""
AGAIN_S, LOOK_S = 5.0, 0.5
"""When the time is asked for again after no answer; how often our own clock is looked at in between."""


class VenueReads:
    """The reads of one venue."""

    def __init__(self, venue: Venue, rest: HttpChannel, bucket: Bucket, note: Callable[[str], None]) -> None:
        self._venue, self._rest, self._bucket, self._note = venue, rest, bucket, note
        self._clock = VenueClock()

    @property
    def clock_offset_ns(self) -> int | None:
        """The venue's clock less ours; `None` before it told its time."""
        return self._clock.offset_ns

    @property
    def clock_error_ns(self) -> int:
        """How far off that may be."""
        return self._clock.error_ns

    def status(self, channel: int) -> FeedStatus:
        """Returns how reads went lately."""
        return self._rest.status(channel)

    async def close(self) -> None:
        """Closes what is open."""
        await self._rest.close()

    async def depth(self, channel: int, symbol: str) -> Literal["done", "later", "never"]:
        """Reads a snapshot, whose weight was taken out of the bucket already. Returns whether to try again."""
        query = self._venue.depth(symbol)
        try:
            await self._rest.get(channel, query.target, self.check, weight=query.weight, paid=True)
        except Unreachable as error:
            self._note(f"no depth of {sanitise(symbol)}: {error}")
            return "never" if error.status in NO_USE else "later"
        return "done"

    async def unlisted(self, channel: int, symbols: Sequence[str]) -> dict[str, str]:
        """Reads the list of instruments until it is there; returns the symbols that it does not name, and why."""
        return await Listing(self._venue, self._rest, channel, self.check, self._note).unknown(symbols)

    async def ask_time(self, every_s: float) -> None:
        """Asks for the venue's time for ever, at once when ours stepped; an answer that fails leaves the last ones."""
        query = self._venue.server_time()
        while query is not None:
            try:
                body, asked_ns, answered_ns = await self._rest.peek(query.target, weight=query.weight)
                self._clock.took(asked_ns, answered_ns, *self._venue.time_ns(body))
            except (Unreachable, ValueError, TypeError, LookupError, ArithmeticError):
                pass
            await self._until_due(every_s)

    async def _until_due(self, every_s: float) -> None:
        """Waits until the time is to be asked for again: sooner while it is not known, at once when ours stepped."""
        known = self.clock_offset_ns is not None
        end = loop_s() + (every_s if known else min(every_s, AGAIN_S))
        while (left_s := end - loop_s()) > 0 and known == (  # noqa: ASYNC110 - a clock that steps wakes nobody
            self.clock_offset_ns is not None
        ):
            await asyncio.sleep(min(left_s, LOOK_S))

    def check(self, body: bytes) -> None:
        """Raises `Refusal` if a reply is an error in a 200's clothes, or none of the venue's."""
        try:
            fault = self._venue.check(body)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            what = f"no {self._venue.name} reply ({sanitise(str(error), 60)})"
            raise Refusal(what, 200, None) from error
        if not fault:
            return
        kind = self._venue.error_class(fault.split(" ")[0], fault)
        if kind == "throttle":
            self._bucket.pause(2 * self._bucket.window_s)
        raise Refusal(sanitise(fault, 80), NOT_FOUND if kind in FINAL else 200, 0.0 if kind in PASSING else None)
