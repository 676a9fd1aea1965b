"""A recording as a runtime's source: recorded blocks instead of feeds, recorded time instead of a clock.

Nothing can be sent from here: there is no executor to send with.
"""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from cambist.kernel.state import RULES
from cambist.model.commands import (
    AddBookmark,
    ClearHalt,
    Halt,
    LiveHubCommand,
    LiveRecordCommand,
    Pause,
    Play,
    Seek,
    SeekBy,
    SetSpeed,
    Step,
    SwitchEngine,
)
from cambist.runtime.loading import Loading
from cambist.runtime.pace import Pace
from cambist.runtime.replay import Replayer
from cambist.runtime.source import Sections
from cambist.view import Gate, Marker, ReplayStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.kernel import Kernel
    from cambist.model.commands import HubCommand, RecordCommand
    from cambist.runtime.hub import Hub
    from cambist.view import Runtime, SessionRow, Status
    from feeds.base import FeedStatus
    from storage.session import SessionReader

FRAME_S = 1 / 60
BATCH = 512
DENSITY_SLICES = 240
NO_CHANNEL: Mapping[int, Any] = MappingProxyType({})


class RecordedSource:
    """A stored session, played at a pace; it may go back and forth."""

    REPLAYS = True

    def __init__(
        self,
        reader: SessionReader,
        kernel: Kernel,
        *,
        name: str,
        speed: float | None = 1.0,
        from_ns: int = 0,
        background: Runtime | None = None,
        bookmark: Callable[[int, int], None] | None = None,
    ) -> None:
        """`background` is the live runtime beside it; `bookmark` keeps (time, seq) in the session's file."""
        self.session, self._background, self._bookmark = name, background, bookmark
        self._replayer = Replayer(reader, kernel)
        self._kernel = kernel
        self._shown_damage, self._said_unusable = "", 0
        self._pace = Pace(speed)
        self._from_ns, self._rest_s = from_ns, FRAME_S
        index = reader.index()
        self._first_ns = index[0].first_ns if index else 0
        self._last_ns = max((c.last_ns for c in index), default=0)
        self._records = sum(c.records for c in index)
        self._density = reader.density(DENSITY_SLICES)
        self._markers = tuple(Marker(m.at_ns, m.kind, m.label) for m in reader.markers())

    def bind(self, hub: Hub[RecordedSource]) -> None:
        """Takes the hub whose loop it runs in."""
        self._hub = hub
        self._loading = Loading(hub, self._kernel, lambda _, other: self._kernel.take_over(other))

    @property
    def now_ns(self) -> int:
        """The time of the last record."""
        return self._kernel.now_ns

    @property
    def dropped(self) -> Mapping[int, int]:
        """What was dropped stands in the records."""
        return NO_CHANNEL

    @property
    def damage(self) -> str:
        """Why the session ended early; empty if it did not."""
        return self._replayer.damage

    @property
    def unrecorded(self) -> frozenset[int]:
        """All of a recording is on disk."""
        return frozenset()

    def statuses(self) -> Mapping[int, FeedStatus]:
        """A recording has no connection."""
        return NO_CHANNEL

    async def begin(self) -> None:
        """Steps the STATE record, and what comes before the time to start from."""
        self._replayer.step(2**63 - 1, 1)
        self._hub.publisher.adopt(self._kernel)
        if self._from_ns:
            self._replayer.seek(self._from_ns)
        self._pace.anchor(time.monotonic_ns(), self._kernel.now_ns)

    def observe(self) -> None:
        """Says once why the session ended early, and which keyframes can't be used."""
        if self._replayer.damage != self._shown_damage:
            self._shown_damage = self._replayer.damage
            self._hub.note("error", "replay", self._shown_damage)
        for why in self._replayer.unusable[self._said_unusable :]:
            self._hub.note("warn", "replay", f"{why}; going on from one before it")
        self._said_unusable = len(self._replayer.unusable)

    async def advance(self) -> bool:
        """Steps what is due, for at most one frame's time; nothing while the other engine is loaded."""
        end, stepped = time.monotonic() + FRAME_S, False
        self._rest_s = FRAME_S
        if self._loading.on:
            self._load()
            return False
        while self._pace.playing and not self._replayer.finished and time.monotonic() < end:
            due_ns = self._pace.due_ns(time.monotonic_ns())
            count, next_ns = self._replayer.step(due_ns, BATCH)
            if not count:
                if next_ns >= 0:
                    self._rest_s = min(FRAME_S, max(0.001, (next_ns - due_ns) / 1e9 / (self._pace.speed or 1.0)))
                break
            stepped = True
        return stepped

    def _load(self) -> None:
        self._loading.act()
        self._pace.anchor(time.monotonic_ns(), self._kernel.now_ns)

    def rest_s(self) -> float:
        """Returns how long nothing is due, a frame's time at most."""
        return self._rest_s

    async def end(self) -> None:
        """Lets go of an engine that is loaded; the reader is its owner's."""
        self._loading.cancel()

    def abandon(self) -> None:
        """Has nothing running."""

    def halt(self, command: RecordCommand) -> None:
        """Halts the live market beside it."""
        if self._background is not None and isinstance(command, Halt | ClearHalt):
            self._background.submit(command)
        else:
            self._hub.note("error", "command", "a recording can't be halted, and no live market runs beside it")

    def decide(self, command: RecordCommand) -> None:
        """Loads the other engine; nothing else that decides may be done to a recording."""
        if isinstance(command, LiveRecordCommand):
            return  # refused before it comes here
        match command:
            case SwitchEngine():
                self._loading.ask(command)
            case Halt() | ClearHalt():
                self.halt(command)
            case _:
                assert_never(command)

    def act(self, command: HubCommand) -> None:
        """Plays, holds, steps, seeks, or bookmarks."""
        if isinstance(command, LiveHubCommand):
            return  # refused before it comes here
        wall_ns, pace = time.monotonic_ns(), self._pace
        match command:
            case Play():
                pace.anchor(wall_ns, self._kernel.now_ns)
                pace.playing = True
            case Pause():
                pace.change(wall_ns, playing=False)
            case SetSpeed(times=times):
                pace.anchor(wall_ns, self._kernel.now_ns)
                pace.speed = None if times is None else min(64.0, max(0.25, times))
            case Step(records=records):
                pace.playing = False
                self._step_records(records)
            case Seek(at_ns=at_ns):
                self._seek(at_ns)
            case SeekBy(by_ns=by_ns):
                self._seek(self._kernel.now_ns + by_ns)
            case AddBookmark():
                if self._bookmark is not None:
                    self._bookmark(self._kernel.now_ns, self._kernel.last_seq)
                    self._markers = (*self._markers, Marker(self._kernel.now_ns, "bookmark"))
            case _:
                assert_never(command)

    def _step_records(self, records: int) -> None:
        if records >= 0:
            self._replayer.step(2**63 - 1, max(1, records))
            self._pace.anchor(time.monotonic_ns(), self._kernel.now_ns)
            self._loading.renew()
        else:
            self._seek(self._kernel.now_ns - 1)

    def _seek(self, at_ns: int) -> None:
        at_ns = max(self._first_ns, min(at_ns, self._last_ns))
        self._replayer.seek(at_ns)
        self._pace.anchor(time.monotonic_ns(), at_ns)
        self._loading.renew()

    def sections(self, status: Status) -> Sections:
        """Returns status bar and playback."""
        kernel = self._kernel
        background = ""
        if self._background is not None:
            live = self._background.view.status
            background = f"{live.mode} {live.state}"
        status = msgspec.structs.replace(
            status,
            mode="REPLAY",
            demo=kernel.setup.demo,
            easy=kernel.setup.easy,
            market=self.session,
            state=kernel.risk.mode,
            halt_reason=kernel.risk.state.halted,
            engine=kernel.engine.name,
            loading=self._loading.shown[0],
            loading_percent=self._loading.shown[1],
            now_ns=kernel.now_ns,
            wall_ns=time.time_ns() // 1_000_000_000 * 1_000_000_000,
            background=background,
        )
        return Sections(status, replay=self._playback())

    def _playback(self) -> ReplayStatus:
        kernel, replayer = self._kernel, self._replayer
        return ReplayStatus(
            session=self.session,
            playing=self._pace.playing and not replayer.finished,
            speed=self._pace.speed,
            position_ns=kernel.now_ns,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            record=kernel.totals.records,
            records=self._records,
            digest=kernel.digest,
            digest_match=replayer.match,
            compared_percent=100 * replayer.compared // max(1, replayer.comparable) if replayer.jumped else 100,
            decided_by=kernel.decided_by if kernel.decided_by != RULES else None,
            density=self._density,
            markers=self._markers,
            finished=replayer.finished,
        )

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions the live runtime knows."""
        return self._background.sessions() if self._background else ()

    def check_rule(self, text: str) -> str:
        """A recording's rules are in it."""
        del text
        return "a recording keeps its own rule"

    def live_checks(self) -> tuple[Gate, ...]:
        """A recording can't send anything."""
        return (Gate("a live market", "a recording", "a live market", passed=False),)

    def open_session(self, name: str, beside: Runtime) -> Runtime:
        """Opens another session beside the live runtime."""
        del beside
        if self._background is None:
            message = "no live runtime to open it beside; use `cambist replay`"
            raise ValueError(message)
        return self._background.open_session(name)

    def report(self, seconds_wall: float) -> dict[str, Any]:
        """Returns the report over what was stepped."""
        return self._replayer.report(self.session, seconds_wall)
