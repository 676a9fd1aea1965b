"""When the books of a rig were LIVE and when not, record by record, and which frames nothing accounts for."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, NamedTuple

from cambist.fault_table.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.fault_table.rig import Rig
    from cambist.fault_table.table import Tally

WS = 1
LOOK_S = 0.005
QUIET_S = 0.2
"""Without a frame for so long, whatever was under way has come."""


async def until(holds: Callable[[], bool], within_s: float) -> bool:
    """Waits for something; returns whether it came."""
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(LOOK_S)
    return True


class Turn(NamedTuple):
    """Which books can be traded on from a moment on."""

    at_s: float
    """By `time.monotonic`."""
    live: frozenset[str]


class Watch:
    """Looks at the books after each record: what lies between two looks can't be missed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.turns = [Turn(time.monotonic(), self._live())]
        self.uncovered = 0
        """Ends of a last connection after which some book was LIVE still."""
        self.overlapping = 0
        """Frames that an older connection brought beside a newer one."""
        self._older = 0
        self._open = dict(rig.sink.open)
        rig.sink.after = self._after

    @property
    def all_live(self) -> bool:
        """Whether every book can be traded on."""
        return len(self.turns[-1].live) == len(self.rig.symbols)

    @property
    def none_live(self) -> bool:
        """Whether no book can be traded on."""
        return not self.turns[-1].live

    def first(self, since_s: float, holds: Callable[[frozenset[str]], bool]) -> float | None:
        """Returns after how many seconds since a moment something first held; `None` if it never did."""
        found = (turn.at_s for turn in self.turns if turn.at_s >= since_s and holds(turn.live))
        at_s = next(found, None)
        return None if at_s is None else at_s - since_s

    def dark(self, symbol: str) -> int:
        """Returns how many intervals a book had in which it could not be traded on."""
        states = [symbol in turn.live for turn in self.turns]
        return sum(before and not now for before, now in itertools.pairwise(states))

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Waits for something; returns whether it came."""
        return await until(holds, within_s)

    async def lost(self) -> int:
        """Stops the market and returns the frames that nothing accounts for.

        Those of connections that ended are covered by the interval without a LIVE book that follows, unless there was
        none (`uncovered`); of the one that is open every frame must have come, or be among those said to be dropped.
        """
        rig = self.rig
        rig.steps_per_s = 0.0
        last, came = -1, time.monotonic()
        while time.monotonic() < came + QUIET_S:
            if rig.sink.frames[WS] != last:
                last, came = rig.sink.frames[WS], time.monotonic()
            await asyncio.sleep(0.01)
        numbers = [session.number for session in rig.exchange.sessions.values() if session.client.open]
        conns = [conn for channel, conn in rig.sink.open if channel == WS]
        if not numbers or not conns:
            return rig.sent
        return rig.exchange.sent_on[max(numbers)] - rig.sink.received[WS, max(conns)] - rig.sink.dropped

    async def close(self, tally: Tally) -> None:
        """Says what the rig showed: wrong books, frames lost, and whether all came right in the end."""
        rig, name = self.rig, self.rig.name
        lost = await self.lost()
        settled = await rig.settled()
        wrong = rig.truth.wrong
        tally.expect(wrong == 0, Problem.WRONG_BOOK, f"{name}: {wrong} wrong books LIVE, first {rig.truth.first_wrong}")
        tally.expect(rig.truth.compared > 0, Problem.NEVER_LIVE, f"{name}: no book was ever LIVE")
        tally.expect(settled, Problem.BOOKS_DIFFER, f"{name}: books differ from the venue's at the end")
        tally.expect(
            self.uncovered == 0,
            Problem.STAYED_LIVE,
            f"{name}: {self.uncovered} connections ended and books stayed LIVE",
        )
        tally.frames += rig.sent
        tally.lost += max(0, lost) + self.uncovered + (not settled)
        tally.duplicated += self.overlapping + max(0, -lost)

    def _after(self, channel: int) -> None:
        sink = self.rig.sink
        books = sink.books()
        live = frozenset(symbol for symbol, book in books.items() if book.usable)
        if live != self.turns[-1].live:
            self.turns.append(Turn(time.monotonic(), live))
        self.rig.truth.compare(books)
        if channel != WS:
            return
        if self._open != sink.open:
            self.uncovered += bool(self._open and not sink.open and live)
            self._open = dict(sink.open)
            self._older = self._of_older()
        elif len(sink.open) > 1:
            older = self._of_older()
            self.overlapping += older - self._older
            self._older = older

    def _of_older(self) -> int:
        return sum(self.rig.sink.received[key] for key in list(self._open)[:-1])

    def _live(self) -> frozenset[str]:
        return self.rig.sink.usable()
