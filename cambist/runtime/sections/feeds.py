"""The Feeds section: the channels of a feed added up to one row, and what to say when one is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.text import sanitise
from cambist.runtime.words import feed_row_name
from cambist.view import FeedRow, FeedsSection, PanelState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cambist.engine.protocol import ChannelView, EngineSetup, EngineView
    from feeds.base import FeedStatus

SECOND_NS = 1_000_000_000
QUIET_NS = 10 * SECOND_NS
"""From when on a channel that is asked, not streamed, counts as idle."""
RETRY_STEP_NS = SECOND_NS // 10
"""The time of the next attempt is rounded to this, so that it stands still from one View to the next."""
STATES = ("live", "idle", "connecting", "stale", "down")


class FeedRows:
    """Rows by feed name; keeps the frame counts that rates need."""

    def __init__(self, setup: EngineSetup) -> None:
        self._most_behind = setup.gates.max_slot_lag
        self._labels = {c.id: c.label for c in setup.channels}
        self._streamed = {c.id for c in setup.channels if c.protocol.endswith(".ws")}
        self._groups: dict[str, set[int]] = {}
        # Streams first: what is only asked for stands below them.
        for channel in sorted(setup.channels, key=lambda c: c.id not in self._streamed):
            self._groups.setdefault(feed_row_name(channel), set()).add(channel.id)
        self._rates: dict[str, tuple[int, int, float | None]] = {}

    def section(
        self, engine: EngineView, now_ns: int, drops: Mapping[int, int], statuses: Mapping[int, FeedStatus]
    ) -> FeedsSection:
        """Returns the section; drops and statuses by channel."""
        rows = []
        for name, members in self._groups.items():
            views = [c for c in engine.channels if c.channel in members]
            if views:
                rows.append(self._row(name, views, now_ns, drops, statuses))
        return FeedsSection(0, _state(rows), tuple(rows))

    def _row(
        self,
        name: str,
        views: list[ChannelView],
        now_ns: int,
        drops: Mapping[int, int],
        statuses: Mapping[int, FeedStatus],
    ) -> FeedRow:
        """Adds up the channels of one row; the worst state, the newest frame and the first trouble speak for it."""
        reported = [statuses[c.channel] for c in views if c.channel in statuses]
        states = [s.state for s in reported] or [c.state for c in views]
        slots = [c.slots_behind for c in views if c.slots_behind is not None]
        # As with a race: no figure of one of several sockets speaks for all.
        slots_behind = slots[0] if len(slots) == 1 else None
        doubts = _doubts(views, slots_behind, self._most_behind)
        notes = [s.note for s in reported if s.note] or doubts or [c.last_error for c in views if c.last_error]
        newest = max(views, key=lambda c: c.last_ns)
        age = max(0, now_ns - newest.last_ns) if newest.last_ns else None
        state = max(states, key=lambda state: STATES.index(state) if state in STATES else 0)
        streamed = any(c.channel in self._streamed for c in views)
        if doubts and state == "live":
            state = "stale"
        if not streamed and state == "live" and (age is None or age > QUIET_NS):
            state = "idle"
        lag = None if not streamed else newest.lag_ns if newest.lag_ns is not None else age
        races = [c.race for c in views if c.race is not None]
        # Endpoints that share a name share a row: no figure of one speaks for both.
        race = races[0] if len(races) == 1 else None
        clock = next((s for s in reported if s.clock_offset_ns is not None), None)
        waiting = next((s for s in reported if s.state == "down" and s.retry_in_ns is not None), None)
        return FeedRow(
            name=name,
            state=state,
            per_s=self._rate(name, sum(c.frames for c in views), now_ns),
            lag_ns=lag,
            gaps=sum(c.gaps for c in views),
            drops=sum(drops.get(c.channel, 0) for c in views),
            endpoint=self._labels[newest.channel],
            note=sanitise(notes[0], 80) if notes else "",
            offset_ns=newest.offset_ns,
            clock_ns=clock.clock_offset_ns if clock else None,
            clock_error_ns=clock.clock_error_ns if clock else 0,
            last_ns=newest.last_ns if state == "down" else 0,
            attempt=waiting.attempt if waiting else 0,
            retry_at_ns=None if waiting is None else _rounded(now_ns + (waiting.retry_in_ns or 0)),
            wait_ns=waiting.wait_ns if waiting else 0,
            raced=race is not None,
            first_ppm=race.share_ppm if race else None,
            ahead_ns=race.ahead_ns if race else None,
            behind_ns=race.behind_ns if race else None,
            slots_behind=slots_behind,
            asked=not streamed,
        )

    def _rate(self, name: str, frames: int, now_ns: int) -> float | None:
        """Returns frames a second, measured over at least one second of session time."""
        last_ns, last, rate = self._rates.get(name, (now_ns, frames, None))
        if now_ns - last_ns >= SECOND_NS or now_ns < last_ns:
            rate = (frames - last) / max((now_ns - last_ns) / 1e9, 1e-9) if now_ns > last_ns else None
            last_ns, last = now_ns, frames
        self._rates[name] = (last_ns, last, rate)
        return rate


def _doubts(views: list[ChannelView], slots_behind: int | None, most: int) -> list[str]:
    """Returns why a node that is connected is not believed."""
    found = [f"quarantined: {view.quarantine}" for view in views if view.quarantine]
    if slots_behind is not None and slots_behind > most:
        found.append(f"{slots_behind} slots behind")
    return found


def trouble(feeds: FeedsSection) -> PanelState | None:
    """Returns what a panel without any data says while nothing streams and a feed is down; `None` if all may come."""
    if feeds.state.kind != "error" or any(row.state == "live" for row in feeds.rows):
        return None
    return feeds.state


def _state(rows: Sequence[FeedRow]) -> PanelState:
    if not rows:
        return PanelState("loading", "No connection yet.")
    down = next((row for row in rows if row.state == "down"), None)
    if down is None:
        return PanelState()
    rest = "Other feeds go on." if any(row.state == "live" for row in rows) else "No feed is live."
    return PanelState("error", f"{down.name}: {down.note or 'down'}.", rest)


def _rounded(at_ns: int) -> int:
    return (at_ns + RETRY_STEP_NS // 2) // RETRY_STEP_NS * RETRY_STEP_NS
