"""The dashboard measured in a pseudo-terminal of 120×40: what painting costs, how soon a key shows, how soon a price.

Child processes: the `cambist run` that an operator starts, to time its start, and this module itself, which runs the
same app on a busy market and counts from inside; without the app too, to see what it keeps from the hub. The parent
reads what they write to the terminal, as a terminal would, and types the keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose
from cambist.bench.steps import Steps, budget_cuts, judged_of, stepped_us, waited_us
from cambist.child import command, environment
from cambist.config import Config
from cambist.engine import build_info

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS, ROWS = 120, 40
KEY_EVERY_S = 0.15
PANELS = {"1": "Price", "2": "Cycles"}
"""Keys that are typed, and the word with which their panel's title begins."""
PRICE = re.compile(rb"\bSOL [^\n]{0,40}?\d\d+\.\d")
ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[a-zA-Z]|\][^\x07]*\x07|[PX^_][^\x1b]*\x1b\\|.)")


class NoTerminalError(Exception):
    """There are no pseudo-terminals here, or the dashboard did not come up in one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds, keys and starts."""

    seconds: float = 10.0
    settle: float = 3.0
    """After the first price, before anything is counted."""
    keys: int = 200
    starts: int = 3
    rate: float = 40.0
    """How busy the market is: about 2,000 events a second."""


class Job(msgspec.Struct, frozen=True):
    """What the child is to do."""

    config: Config
    seconds: float
    settle: float
    keys: int
    result: str
    headless: bool


class Result(msgspec.Struct, frozen=True):
    """What the child saw."""

    paint_share: float
    hub_share: float
    views_per_s: float
    writes_per_s: float
    bytes_per_s: float
    frames_per_s: float
    painted: tuple[tuple[str, float], ...]
    """(key, monotonic time at which the bytes with its panel's title were written)."""
    to_engine_us: tuple[float, ...]
    """From the time of each frame to the kernel's call with it, ascending."""
    to_decision_us: tuple[float, ...]
    """From the time of each frame until the moment that judges it was over, ascending."""
    stepping_us: tuple[float, ...]
    """What of it the kernel's step took, ascending."""
    cuts: int
    """Moments that ended for want of budget, in the whole session."""
    duel_stops_ns: tuple[int, ...]
    """For how long the hub's thread was held for each input of the duel."""


def measure(config: Config, plan: Plan, notify: Callable[[str], None]) -> dict[str, Any]:
    """Returns what was seen. Raises `NoTerminalError`."""
    notify("starting the dashboard in a terminal of 120×40")
    starts = [_start(config) for _ in range(plan.starts)]
    notify(f"the dashboard at 120×40 on a market of rate {plan.rate:g}")
    found, typed = _watched(config, plan)
    sessions = {("websockets", "dashboard"): found}
    native = msgspec.structs.replace(config, market=msgspec.structs.replace(config.market, transport="native"))
    plain = dataclasses.replace(plan, keys=0)
    notify("the same without the dashboard, and by the native transport")
    sessions["websockets", "headless"] = _watched(config, plain, headless=True)[0]
    if build_info().native:
        sessions["native", "dashboard"] = _watched(native, plain)[0]
        sessions["native", "headless"] = _watched(native, plain, headless=True)[0]
    delays = sorted(_delays(typed, found.painted))
    if not delays:
        message = "no key was seen to be painted"
        raise NoTerminalError(message)

    def at(q: int) -> float:
        return delays[min(len(delays) - 1, len(delays) * q // 100)] * 1000

    return {
        **msgspec.structs.asdict(found),
        "keys": len(delays),
        "key_p50_ms": at(50),
        "key_p99_ms": at(99),
        "starts_s": starts,
        "first_price_s": statistics.median(starts),
        "sessions": sessions,
    }


class Terminal:
    """A child in a pseudo-terminal."""

    def __init__(self, arguments: list[str]) -> None:
        try:
            import pty
            import termios
            from fcntl import ioctl

            self.master, slave = pty.openpty()
        except (ImportError, OSError) as error:
            message = f"no pseudo-terminal: {error}"
            raise NoTerminalError(message) from error
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        colourful = {k: v for k, v in environment().items() if k not in ("NO_COLOR", "TEXTUAL_ANIMATIONS")}
        colourful |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command(*arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=colourful,
            start_new_session=True,
        )
        os.close(slave)

    def read(self, seconds: float) -> bytes:
        """Returns what comes within `seconds`; empty if nothing did or the child is gone."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
            if b"\x1b[6n" in data:  # asked where the cursor is: behind one narrow glyph
                os.write(self.master, b"\x1b[1;2R")
            return data
        except OSError:
            return b""

    def type(self, text: str) -> float:
        """Types keys; returns when."""
        at = time.monotonic()
        os.write(self.master, text.encode())
        return at

    def close(self, patience: float = 0.0) -> None:
        """Ends the child, if it doesn't end by itself within `patience` seconds, and waits until it is gone."""
        end = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 15
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


def _start(config: Config) -> float:
    """Returns seconds from the start of `cambist run` until a price is in the terminal."""
    with tempfile.TemporaryDirectory(prefix="cambist-start-") as folder:
        path = Path(folder) / "cambist.toml"
        path.write_text(f'[recording]\nfolder = "{folder}"\n[market]\nseed = {config.market.seed}\n', encoding="utf-8")
        terminal = Terminal(["cambist", "run", "--config", str(path)])
        try:
            shown = b""
            while time.monotonic() - terminal.began < 30:
                shown += terminal.read(0.05)
                if PRICE.search(ESCAPE.sub(b"", shown)):
                    return time.monotonic() - terminal.began
                if terminal.process.poll() is not None:
                    break
        finally:
            terminal.close()
    message = "no price was painted: " + ESCAPE.sub(b"", shown)[-200:].decode(errors="replace")
    raise NoTerminalError(message)


def _watched(config: Config, plan: Plan, *, headless: bool = False) -> tuple[Result, list[tuple[str, float]]]:
    """Runs the counting child and types keys when it says so; returns what it saw and (key, when it was typed)."""
    with tempfile.TemporaryDirectory(prefix="cambist-screen-") as folder:
        market = msgspec.structs.replace(config.market, rate=plan.rate)
        recording = msgspec.structs.replace(config.recording, folder=folder)
        engine = msgspec.structs.replace(config.engine, duel=True)
        settings = msgspec.structs.replace(config, market=market, recording=recording, engine=engine)
        job, result, ready = (Path(folder) / name for name in ("job.json", "result.json", "ready"))
        wanted = Job(settings, plan.seconds, plan.settle, plan.keys, str(result), headless)
        job.write_bytes(msgspec.json.encode(wanted))
        terminal = Terminal(["cambist.bench.screen", str(job)])
        typed: list[tuple[str, float]] = []
        shown = b""
        try:
            end = time.monotonic() + 60 + plan.seconds + plan.settle + plan.keys * KEY_EVERY_S
            due = 0.0
            while terminal.process.poll() is None and not result.exists() and time.monotonic() < end:
                shown = (shown + terminal.read(0.005))[-4096:]
                if len(typed) < plan.keys and time.monotonic() >= due and ready.exists():
                    key = "12"[len(typed) % 2]
                    typed.append((key, terminal.type(key)))
                    due = time.monotonic() + KEY_EVERY_S
        finally:
            terminal.close(10.0 if result.exists() else 0.0)
        if not result.exists():
            message = "the dashboard ended early: " + ESCAPE.sub(b"", shown)[-300:].decode(errors="replace")
            raise NoTerminalError(message)
        return msgspec.json.decode(result.read_bytes(), type=Result), typed


def _delays(typed: list[tuple[str, float]], painted: tuple[tuple[str, float], ...]) -> list[float]:
    """Returns seconds from each key to the next painting of its panel as focused."""
    found, at = [], 0
    for key, when in typed:
        while at < len(painted) and (painted[at][0] != key or painted[at][1] < when):
            at += 1
        if at < len(painted):
            found.append(painted[at][1] - when)
    return found


# In the child.


class _Counted:
    """A runtime that counts the Views it gave out."""

    def __init__(self, runtime: Any) -> None:
        self._runtime, self._last, self.views = runtime, None, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    @property
    def view(self) -> Any:
        view = self._runtime.view
        if view is not self._last:
            self._last, self.views = view, self.views + 1
        return view


class _Writes:
    """Stands before the terminal driver's `write`: counts, and notes when a newly focused panel's title goes out."""

    def __init__(self, app: Any) -> None:
        self._app, self._write = app, app._driver.write
        self._focused = app.dashboard.focused_panel
        self.count = self.size = 0
        self.painted: list[tuple[str, float]] = []
        app._driver.write = self

    def __call__(self, data: str) -> None:
        self._write(data)
        self.count += 1
        self.size += len(data)
        focused = self._app.dashboard.focused_panel
        if focused != self._focused:
            key = {"prices": "1", "cycles": "2"}.get(focused, "")
            if PANELS.get(key, "\0") in data:
                self._focused = focused
                self.painted.append((key, time.monotonic()))


async def _count(app: Any, runtime: _Counted, steps: Steps, job: Job) -> Result:
    while not any(row.bid for row in runtime.view.prices.rows):  # noqa: ASYNC110  # a View has no event to wait for
        await asyncio.sleep(0.05)
    await asyncio.sleep(job.settle)
    writes, hub = _Writes(app), thread_clock("hub")
    steps.forget()
    views, frames = runtime.views, runtime.source.frames
    thread, hub_before, wall = time.thread_time(), hub(), time.monotonic()
    await asyncio.sleep(job.seconds)
    seconds = time.monotonic() - wall
    share, hub_share = (time.thread_time() - thread) / seconds, (hub() - hub_before) / seconds
    seen = runtime.views - views, writes.count, writes.size, runtime.source.frames - frames
    times = _times(steps)
    Path(job.result).with_name("ready").touch()
    end = time.monotonic() + job.keys * KEY_EVERY_S + 3
    while len(writes.painted) < job.keys and time.monotonic() < end:  # noqa: ASYNC110  # nor has the terminal
        await asyncio.sleep(0.1)
    views_per_s, writes_per_s, bytes_per_s, frames_per_s = (n / seconds for n in seen)
    painted, stops = tuple(writes.painted), runtime.source.duel_stops_ns
    rates = share, hub_share, views_per_s, writes_per_s, bytes_per_s, frames_per_s
    waited, decided, stepped = times
    return Result(*rates, painted, waited, decided, stepped, budget_cuts(runtime), stops)


def _count_headless(live: Any, steps: Steps, job: Job) -> Result:
    while not any(row.bid for row in live.view.prices.rows):
        time.sleep(0.05)
    time.sleep(job.settle)
    hub = thread_clock("hub")
    steps.forget()
    frames, hub_before, wall = live.source.frames, hub(), time.monotonic()
    time.sleep(job.seconds)
    seconds = time.monotonic() - wall
    share, per_s = (hub() - hub_before) / seconds, (live.source.frames - frames) / seconds
    waited, decided, stepped = _times(steps)
    cuts, stops = budget_cuts(live), live.source.duel_stops_ns
    return Result(0.0, share, 0.0, 0.0, 0.0, per_s, (), waited, decided, stepped, cuts, stops)


def _times(steps: Steps) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Returns µs that each frame waited, until it was judged, and of its step; each ascending."""
    taken = steps.taken()
    return tuple(waited_us(taken)), tuple(judged_of(taken)[0]), tuple(stepped_us(taken))


def thread_clock(name: str) -> Callable[[], float]:
    """Returns a clock of the CPU time of a thread of this process."""
    ident = next((t.ident for t in threading.enumerate() if t.name == name), None)
    if ident is None or not hasattr(time, "pthread_getcpuclockid"):
        return lambda: 0.0
    clock = time.pthread_getcpuclockid(ident)
    return lambda: time.clock_gettime(clock)


def child(path: str) -> None:
    """Runs the dashboard as the job says and leaves what it saw in the job's result file."""
    compose.load_screen()
    from tui.app import CambistApp

    job = msgspec.json.decode(Path(path).read_bytes(), type=Job)
    live = compose.live(job.config, duel=job.config.engine.duel)
    steps = Steps(live)
    live.start()
    if job.headless:
        _leave(job, _count_headless(live, steps, job))
        live.close()
        return
    runtime = _Counted(live)
    app = CambistApp(runtime, **compose.look(job.config))
    compose.settle()

    async def watch() -> None:
        _leave(job, await _count(app, runtime, steps, job))
        app.exit()

    def begin() -> None:
        app.run_worker(watch(), exit_on_error=True)

    with contextlib.suppress(KeyboardInterrupt):
        app.call_later(begin)
        app.run()
    live.close()


def _leave(job: Job, result: Result) -> None:
    """Writes the result, whole or not at all."""
    partial = Path(job.result).with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(result))
    partial.replace(job.result)


if __name__ == "__main__":
    child(sys.argv[1])
