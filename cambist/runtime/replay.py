"""A replaying runtime: recorded blocks instead of feeds, recorded time instead of a clock, the same kernel and View.

Nothing can be sent from here: there is no executor to send with.
"""

from __future__ import annotations

import bisect
import queue
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from cambist.runtime.publish import Publisher, bump
from cambist.runtime.report import report
from cambist.runtime.transport import Pace, cut
from cambist.view import Gate, Marker, ReplayStatus, Runtime, SessionRow, View
from storage.files import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from cambist.kernel import Kernel, Keyframe
    from cambist.model.events import Command
    from storage.session import Chunk, SessionReader

KEYFRAME_NS = 10_000_000_000
MAX_KEYFRAMES = 48
FRAME_S = 1 / 60
BATCH = 512
DENSITY_SLICES = 240


class Replayer:
    """Steps a session through a kernel and compares digests chunk by chunk. No thread, no clock: the caller drives."""

    def __init__(self, reader: SessionReader, kernel: Kernel, *, keyframes: bool = True) -> None:
        self.reader, self.kernel = reader, kernel
        self._keeps = keyframes
        self.first_divergent_seq: int | None = None
        self.recorded_digest: str | None = None
        self.compared = 0
        self.damage = ""
        """Why it ended before the session's end; empty if it did not."""
        self._next_seq: int | None = None
        self._keyframes: list[tuple[int, int, Keyframe]] = []
        """(recv_ns, first seq of the chunk to go on with, frame)."""
        self._spacing_ns = KEYFRAME_NS
        self._chunks: Iterator[Chunk] = iter(())
        self._chunk: Chunk | None = None
        self._offset = 0
        self._skip_to = 0
        self._open(0)

    def _open(self, from_seq: int) -> None:
        self._chunks, self._next_seq = self.reader.blocks(from_seq=from_seq), None
        self._advance()

    def _advance(self) -> None:
        self._chunk, self._offset = None, 0
        try:
            chunk = next(self._chunks, None)
        except SessionError as error:
            self._end(str(error))
            return
        if chunk is not None:
            if self._next_seq is not None and chunk.info.first_seq != self._next_seq:
                self._end(f"{self.reader.path}: records {self._next_seq} to {chunk.info.first_seq - 1} are missing")
                return
            self._chunk, self._next_seq = chunk, chunk.info.last_seq + 1

    def _end(self, why: str) -> None:
        """Ends here: what follows can't be read, so nothing can be said to be equal from here on."""
        self.damage, self._chunk = why, None
        self.compared += 1
        if self.first_divergent_seq is None:
            self.first_divergent_seq = self.kernel.last_seq + 1

    @property
    def finished(self) -> bool:
        """True when no record is left."""
        return self._chunk is None

    def step(self, until_ns: int, limit: int) -> tuple[int, int]:
        """Steps at most `limit` records of this chunk up to `until_ns`; returns (count, time of the next or −1)."""
        chunk = self._chunk
        if chunk is None:
            return 0, -1
        end, count, next_ns = cut(chunk.block, self._offset, until_ns, limit)
        if count:
            whole = self._offset == 0 and end == len(chunk.block)
            try:
                self.kernel.step(chunk.block if whole else chunk.block[self._offset : end])
            except ValueError as error:
                self._end(f"{self.reader.path}: after record {self.kernel.last_seq}: {error}")
                return 0, -1
            self._offset = end
        if end == len(chunk.block):
            self._compare(chunk)
            self._advance()
            if self._chunk is not None:
                next_ns = self._chunk.info.first_ns
                self._keep()
        return count, next_ns

    def run(self, batch: int | None = None) -> None:
        """Steps all that is left, whole chunks at a time or `batch` records at a time."""
        limit = batch or 2**62
        while self._chunk is not None:
            self.step(2**63 - 1, limit)

    def _compare(self, chunk: Chunk) -> None:
        if not chunk.info.digest:
            return
        self.recorded_digest = chunk.info.digest
        self.compared += 1
        if chunk.info.digest != self.kernel.digest and self.first_divergent_seq is None:
            self.first_divergent_seq = chunk.info.first_seq

    @property
    def match(self) -> bool | None:
        """True or false once a stored digest was compared."""
        return None if not self.compared else self.first_divergent_seq is None

    def _keep(self) -> None:
        """Keeps a keyframe at a chunk's border now and then; halves their number when there are too many."""
        chunk = self._chunk
        if (
            chunk is None
            or not self._keeps
            or (self._keyframes and chunk.info.first_ns < self._keyframes[-1][0] + self._spacing_ns)
        ):
            return
        self._keyframes.append((chunk.info.first_ns, chunk.info.first_seq, self.kernel.keyframe()))
        if len(self._keyframes) > MAX_KEYFRAMES:
            self._keyframes = self._keyframes[::2]
            self._spacing_ns *= 2

    def seek(self, at_ns: int) -> None:
        """Goes to a recorded time: back to the keyframe before it if it is past, then forward unshown."""
        if at_ns < self.kernel.now_ns:
            times = [k[0] for k in self._keyframes]
            found = bisect.bisect_right(times, at_ns) - 1
            if found >= 0:
                _, seq, frame = self._keyframes[found]
                self.kernel.rewind(frame)
                self._open(seq)
            else:
                self._open(0)
        while self._chunk is not None:
            _, next_ns = self.step(at_ns, 2**62)
            if next_ns > at_ns or next_ns < 0:
                break

    def report(self, session: str, seconds_wall: float) -> dict[str, Any]:
        """Returns the report with the comparison filled in."""
        found = report(self.kernel, session, seconds_wall)
        found.update(
            recorded_digest=self.recorded_digest,
            digest_match=self.match,
            first_divergent_seq=self.first_divergent_seq,
        )
        return found


class ReplayRuntime:
    """A `Runtime` over a stored session, in a thread of its own."""

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
        self.name, self._background, self._bookmark = name, background, bookmark
        self._replayer = Replayer(reader, kernel)
        self._kernel = kernel
        self._told = ""
        self._publisher = Publisher(kernel)
        self._pace = Pace(speed)
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._wanted = threading.Event()
        self._stop = threading.Event()
        index = reader.index()
        self._first_ns = index[0].first_ns if index else 0
        self._last_ns = max((c.last_ns for c in index), default=0)
        self._records = sum(c.records for c in index)
        self._density = reader.density(DENSITY_SLICES)
        self._markers = tuple(Marker(m.at_ns, m.kind, m.label) for m in reader.markers())
        self._from_ns = from_ns
        self._view = View(replay=ReplayStatus(session=name))
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)

    def start(self) -> None:
        """Begins to play."""
        self._thread.start()

    @property
    def view(self) -> View:
        """The latest View."""
        self._wanted.set()
        return self._view

    def submit(self, command: Command) -> None:
        """Takes a transport command; an operator's act on the market goes to the live runtime, if there is one."""
        if command.name in ("halt", "clear_halt") and self._background is not None:
            self._background.submit(command)
        else:
            self._commands.put(command)

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

    def open_session(self, name: str) -> Runtime:
        """Opens another session beside the live runtime."""
        if self._background is None:
            message = "no live runtime to open it beside; use `cambist replay`"
            raise ValueError(message)
        return self._background.open_session(name)

    def close(self) -> None:
        """Stops playing."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def report(self, seconds_wall: float) -> dict[str, Any]:
        """Returns the report over what was stepped. Call it after `close`."""
        return self._replayer.report(self.name, seconds_wall)

    def _run(self) -> None:
        replayer = self._replayer
        replayer.step(2**63 - 1, 1)
        self._publisher.adopt(self._kernel)
        if self._from_ns:
            replayer.seek(self._from_ns)
        self._pace.anchor(time.monotonic_ns(), self._kernel.now_ns)
        shown = 0.0
        while not self._stop.is_set():
            self._obey()
            wait = self._play()
            if self._wanted.is_set() and time.monotonic() - shown >= 1 / 30:
                self._wanted.clear()
                self._publish()
                shown = time.monotonic()
            if wait:
                self._stop.wait(min(wait, FRAME_S))

    def _play(self) -> float:
        """Steps what is due, for at most one frame's time; returns how long to wait."""
        end = time.monotonic() + FRAME_S
        replayer = self._replayer
        if replayer.finished or not self._pace.playing:
            return FRAME_S
        while time.monotonic() < end:
            due_ns = self._pace.due_ns(time.monotonic_ns())
            count, next_ns = replayer.step(due_ns, BATCH)
            if not count:
                speed = self._pace.speed or 1.0
                return FRAME_S if next_ns < 0 else max(0.001, (next_ns - due_ns) / 1e9 / speed)
        return 0.0

    def _obey(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            self._do(command)

    def _do(self, command: Command) -> None:
        name, args, wall_ns = command.name, command.args, time.monotonic_ns()
        if name == "play":
            self._pace.anchor(wall_ns, self._kernel.now_ns)
            self._pace.playing = True
        elif name == "pause":
            self._pace.change(wall_ns, playing=False)
        elif name == "speed":
            x = args.get("x", "1")
            self._pace.anchor(wall_ns, self._kernel.now_ns)
            self._pace.speed = None if x == "max" else min(64.0, max(0.25, float(x)))
        elif name == "step":
            self._pace.playing = False
            self._step_records(int(args.get("records", "1")))
        elif name == "seek":
            at_ns = int(args["ns"]) if "ns" in args else self._kernel.now_ns + int(args.get("by_ns", "0"))
            self._seek(max(self._first_ns, min(at_ns, self._last_ns)))
        elif name == "bookmark" and self._bookmark is not None:
            self._bookmark(self._kernel.now_ns, self._kernel.last_seq)
            self._markers = (*self._markers, Marker(self._kernel.now_ns, "bookmark"))
        elif name == "inspect":
            self._publisher.inspect(args)
        elif name == "engine":
            other = "reference" if self._kernel.engine.name == "native" else "native"
            try:
                self._kernel.use_engine(other)
            except ImportError as error:
                self._publisher.note(self._kernel.now_ns, "warn", "engine", str(error))

    def _step_records(self, records: int) -> None:
        if records >= 0:
            self._replayer.step(2**63 - 1, max(1, records))
        else:
            self._seek(max(self._first_ns, self._kernel.now_ns - 1))
        self._pace.anchor(time.monotonic_ns(), self._kernel.now_ns)

    def _seek(self, at_ns: int) -> None:
        self._replayer.seek(at_ns)
        self._pace.anchor(time.monotonic_ns(), at_ns)

    @property
    def damage(self) -> str:
        """Why the session ended early; empty if it did not."""
        return self._replayer.damage

    def _publish(self) -> None:
        kernel, replayer = self._kernel, self._replayer
        if replayer.damage != self._told:
            self._told = replayer.damage
            self._publisher.note(kernel.now_ns, "error", "replay", self._told)
        view = self._publisher.build(kernel, kernel.now_ns)
        background = ""
        if self._background is not None:
            live = self._background.view.status
            background = f"{live.mode} {live.state}"
        status = msgspec.structs.replace(
            view.status,
            mode="REPLAY",
            demo=kernel.setup.demo,
            market=self.name,
            state=kernel.risk.mode,
            halt_reason=kernel.risk.state.halted,
            engine=kernel.engine.name,
            now_ns=kernel.now_ns,
            wall_ns=time.time_ns() // 1_000_000_000 * 1_000_000_000,
            background=background,
        )
        old = self._view.replay or ReplayStatus()
        transport = ReplayStatus(
            session=self.name,
            playing=self._pace.playing and not replayer.finished,
            speed=self._pace.speed,
            position_ns=kernel.now_ns,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            record=kernel.totals.records,
            records=self._records,
            digest=kernel.digest,
            digest_match=replayer.match,
            density=self._density,
            markers=self._markers,
            finished=replayer.finished,
        )
        self._view = msgspec.structs.replace(view, status=bump(self._view.status, status), replay=bump(old, transport))
