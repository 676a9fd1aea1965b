"""The runtime: a thread with its own loop, where a source's records become decisions, and decisions a View.

    source ─► kernel.step ─► effects ─► View

Live and replay differ in their source alone (`live`, `playing`). Commands are handed out here, the View is made here
when the last one was read. Nothing here blocks: a slow screen asks less often.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, assert_never

import msgspec

from cambist import log
from cambist.model.commands import (
    ClearHalt,
    Command,
    Halt,
    HubCommand,
    InspectCycle,
    InspectPrice,
    RecordCommand,
    name_of,
)
from cambist.runtime.publish import Publisher, bump
from cambist.runtime.wake import Wake
from cambist.view import ReplayStatus, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.kernel import Kernel
    from cambist.runtime.source import Source
    from cambist.view import Gate, Runtime, SessionRow

VIEW_S = 1 / 60
"""Views are made when one was read, at most this often: screens read thirty a second, and half their period of slack
keeps the two clocks from missing every other turn."""
CLOSE_S = 8.0
SWITCH_S = 0.0005
"""A thread that holds the interpreter lets another one have it after so long: with Python's own 5 ms the hub wakes late
beside a painter (`cambist bench` prints by how much with both)."""


S = TypeVar("S", bound="Source")


class Hub(Generic[S]):
    """A `Runtime` on a source of records."""

    def __init__(
        self, kernel: Kernel, source: S, loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    ) -> None:
        """`loop` makes the event loop that all runs in."""
        self.kernel, self.source, self._new_loop = kernel, source, loop
        self.publisher = Publisher(kernel)
        self._view = View(replay=ReplayStatus(session=source.session)) if source.REPLAYS else View()
        self._wanted, self._shown = True, 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.wake = Wake()
        self.stopping = False
        self._ended, self._ready = threading.Event(), threading.Event()
        self._started = time.monotonic()
        self.failure: BaseException | None = None
        """What ended the session, if it did not end well."""
        self._thread = threading.Thread(target=self._main, name="replay" if source.REPLAYS else "hub", daemon=True)
        source.bind(self)

    def start(self, timeout: float = 10.0) -> None:
        """Starts the hub and returns when its session has begun. Raises what kept it from starting."""
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        self._ready.wait(timeout)
        if self.failure is not None:
            raise self.failure

    @property
    def view(self) -> View:
        """The latest View."""
        self._wanted = True
        return self._view

    def submit(self, command: Command) -> None:
        """Takes an operator's act; returns at once."""
        if isinstance(command, Halt | ClearHalt):
            self.source.halt(command)
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._do, command)

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        return self.source.sessions()

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here; empty if nothing does."""
        return self.source.check_rule(text)

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE."""
        return self.source.live_checks()

    def open_session(self, name: str) -> Runtime:
        """Returns a replaying runtime beside this one."""
        return self.source.open_session(name, self)

    def end_soon(self) -> None:
        """Ends the session after what is under way. To be called in its loop."""
        self.stopping = True
        self.wake()

    def close(self) -> None:
        """Stops the source; what it recorded is readable when it returns."""
        self.stopping = True
        if self._thread.ident is None:
            self.source.abandon()
            return
        self.wake()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self.source.abandon()

    @property
    def session(self) -> str:
        """Name of the session that is recorded, or played; empty before there is one."""
        return self.source.session

    @property
    def alive(self) -> bool:
        """Whether the hub runs."""
        return self._thread.is_alive()

    def wait(self, seconds: float | None) -> None:
        """Waits until the hub ends by itself or `seconds` are over."""
        self._ended.wait(seconds)

    def report(self) -> dict[str, Any]:
        """Returns the run's report. Call it after `close`."""
        return self.source.report(time.monotonic() - self._started)

    def note(self, level: str, source: str, text: str) -> None:
        """Adds a line to the log."""
        self.publisher.note(self.source.now_ns, level, source, text)

    def note_threadsafe(self, level: str, source: str, text: str) -> None:
        """Adds a line to the log, from any thread."""
        if self._loop is None:
            self.note(level, source, text)
        else:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self.note, level, source, text)

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._new_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self.failure = self.failure or error
        finally:
            with contextlib.suppress(Exception):
                self.source.abandon()
            if self.failure is not None:
                log.crash(self._thread.name, self.failure)
            self._ready.set()
            self._ended.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.wake.bind()
        try:
            await self.source.begin()
            self._ready.set()
            while not self.stopping:
                self.wake.anew()
                while not self.stopping and await self.source.advance():
                    self._publish()
                    await asyncio.sleep(0)
                self._publish()
                await self.wake.wait(self.source.rest_s())
        finally:
            await self.source.end()

    def _do(self, command: Command) -> None:
        if not isinstance(command, Command):
            self.note("error", "command", f"unknown command {type(command).__name__!r}")
            return
        if not (type(command).REPLAY if self.source.REPLAYS else type(command).LIVE):
            self._refuse(command)
            return
        if isinstance(command, RecordCommand):
            self.source.decide(command)
        elif isinstance(command, HubCommand):
            self.source.act(command)
        else:
            match command:
                case InspectCycle():
                    self.publisher.inspect(cycle=command.key)
                case InspectPrice():
                    self.publisher.inspect(price=command.key)
                case _:
                    assert_never(command)
        self.wake()

    def _refuse(self, command: Command) -> None:
        where = "a recording: esc goes back to the live market" if self.source.REPLAYS else "a live market"
        self.note("error", "command", f"`{name_of(command)}` has no meaning on {where}")
        self.wake()

    def _publish(self) -> None:
        """Publishes a View if the last one was read and a frame's time has passed."""
        now = time.monotonic()
        if not self._wanted or now - self._shown < VIEW_S:
            return
        self._wanted, self._shown = False, now
        source, old = self.source, self._view
        source.observe()
        view = self.publisher.build(
            self.kernel, source.now_ns, source.dropped, source.statuses(), unrecorded=source.unrecorded
        )
        made = source.sections(view.status)
        headline = view.headline
        if made.latency is not None:
            p50_ns, p99_ns = made.latency
            headline = msgspec.structs.replace(headline, score_p50_ns=p50_ns, score_p99_ns=p99_ns)
        self._view = msgspec.structs.replace(
            view,
            headline=bump(old.headline, headline),
            status=bump(old.status, made.status),
            duel=view.duel if made.duel is None else bump(old.duel, made.duel),
            replay=None if made.replay is None else bump(old.replay or ReplayStatus(), made.replay),
        )
