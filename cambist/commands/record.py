"""`cambist record`: a session captured without a screen, as a person or a service manager wants to hear of it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cambist import heap, log
from cambist.commands.console import (
    DIFFERENT,
    INTERRUPTED,
    OK,
    UNUSABLE,
    Interrupts,
    Stop,
    at_level,
    print_line,
    put,
    settings,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.runtime.hub import Hub
    from cambist.runtime.live import LiveSource

LOOK_S = 0.25
LINE_S, TERMINAL_LINE_S = 30.0, 1.0
HUNG_S = 5.0
"""A hub that did not look around for so long gets no word to the watchdog of the service manager."""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def record(
    *,
    config: Path | None = None,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
    feeds: str = "",
    easy: bool = False,
    hard: bool = False,
    fast: bool = False,
    out: str = "",
    json: bool = False,
    log_json: bool = False,
) -> int:
    """Capture a session without a screen and without trading; it replays like any other.

    How it goes is said on stderr: on a terminal in one line that is rewritten, elsewhere every 30 s. SIGTERM ends it
    well (exit code 0). Under systemd it says when it is ready, stops, and that it is not hung.

    Args:
        config: The TOML file; without it the default one, or the embedded market if there is none.
        for_: End by itself after so long: 90, 30m, 1h30m, 2d.
        feeds: Exchanges and nodes to capture, with commas between, `solana` for all nodes; all if not given.
        easy: Rivals of the embedded market that leave more than real ones do.
        hard: Rivals that are faster and more than usual.
        fast: The embedded market on a given clock, as fast as it goes: the same session every time for a seed. Needs
            --for, in that clock's time.
        out: Name of the session; further segments count on from it. Without it, by the time it begins.
        json: Print the report as one JSON object at the end.
        log_json: Write the application log as lines of JSON.
    """
    from cambist import compose

    heap.settle()
    log.begin("record", json=log_json)
    log.on_trouble(print_line)
    chosen = at_level(settings(config), easy=easy, hard=hard)
    seconds = None if for_ is None else seconds_of(for_)
    stop = Interrupts()
    wanted = tuple(name.strip() for name in feeds.split(",") if name.strip())
    if fast and (seconds is None or wanted or chosen.market.source != "demo"):
        raise Stop(UNUSABLE, "--fast needs --for and the embedded market as a whole")
    if fast:
        runtime = compose.given(chosen, seconds, captures=True, name=out)
    else:
        runtime = compose.capture(chosen, wanted, out, print_line)
    runtime.start()
    try:
        print_line(f"recording {runtime.session or 'nothing'} in {chosen.session_folder}")
        watcher = Watcher(runtime, chosen.session_folder, None if fast else seconds, print_line, ends=fast)
        ended = watcher.watch(lambda: stop.seen)
    finally:
        runtime.close()
    report = {**runtime.report(), "ended": ended}
    if json:
        put(report)
    else:
        print_line(summary(report))
    if ended not in ("time", "stopped"):
        raise Stop(DIFFERENT, f"{ended}. What was recorded until then replays; free space and start again.")
    return INTERRUPTED if stop.number == signal.SIGINT else OK


def seconds_of(text: str) -> float:
    """Returns the seconds in `90`, `90s`, `30m`, `1h`, `1h30m`, `2d`. Raises `ValueError`.

    >>> seconds_of("1h30m")
    5400.0
    """
    parts = re.findall(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)", text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        message = f"--for was {text[:40]!r}, expected a duration such as 90, 30m, 1h30m or 2d"
        raise ValueError(message)
    if any(not unit for _, unit in parts[:-1]) or not 0 < (total := sum(float(n) * UNITS[u] for n, u in parts)) < 1e9:
        message = f"--for was {text[:40]!r}, expected a duration above 0, each part but the last with its unit"
        raise ValueError(message)
    return total


def sd_notify(*lines: str) -> None:
    """Tells a service manager how it goes (sd_notify); does nothing without one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    where = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        notifier.sendto("\n".join(lines).encode(), where)


def watchdog_s() -> float | None:
    """Returns how often the service manager's watchdog wants to hear of us: twice within its time; `None` if never."""
    text, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not text.isdecimal() or int(text) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(text) / 2e6


class Watcher:
    """Waits for the end of a capture and says how it goes."""

    def __init__(
        self,
        runtime: Hub[LiveSource],
        folder: Path,
        seconds: float | None,
        print_line: Callable[[str], None],
        *,
        ends: bool = False,
    ) -> None:
        """`ends` says that the runtime ends by itself when its time is over."""
        self._ends = ends
        self._runtime, self._folder, self._seconds, self._print_line = runtime, folder, seconds, print_line
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._before, self._last = 0, 0
        """Bytes of the segments before this one, and of this one when it was last looked at."""

    def watch(self, stopped: Callable[[], bool]) -> str:
        """Returns why it ended: `time`, `stopped`, or what went wrong."""
        sd_notify("READY=1", "STATUS=recording")
        every_s, spoke, barked = watchdog_s(), time.monotonic(), 0.0
        try:
            while True:
                now = time.monotonic()
                if end := self._end(now, stopped):
                    return end
                if every_s is not None and now - barked >= every_s and now - self._runtime.source.beat < HUNG_S:
                    barked = now
                    sd_notify("WATCHDOG=1")
                if now - spoke >= (TERMINAL_LINE_S if self._terminal else LINE_S):
                    spoke = now
                    self._speak()
                self._runtime.wait(LOOK_S)
        finally:
            sd_notify("STOPPING=1")
            if self._terminal:
                print(file=sys.stderr)

    def _end(self, now: float, stopped: Callable[[], bool]) -> str:
        if stopped():
            return "stopped"
        if not self._runtime.alive and self._ends and self._runtime.failure is None:
            return "time"
        if not self._runtime.alive:
            return f"the hub stopped: {self._runtime.failure}"
        if why := self._runtime.source.not_recording:
            return f"recording ended: {why}"
        return "time" if self._seconds is not None and now - self._began >= self._seconds else ""

    def _speak(self) -> None:
        line = self.line()
        sd_notify(f"STATUS={line}")
        if self._terminal:
            room = max(20, shutil.get_terminal_size().columns - 1)
            print(f"\r\x1b[K{line[:room]}", end="", file=sys.stderr, flush=True)
        else:
            self._print_line(line)

    def line(self) -> str:
        """Returns how it goes: time, size, rates, gaps, room on the disk."""
        _ = self._runtime.view
        self._runtime.wait(0.1)
        view = self._runtime.view
        status, rows = view.status, view.feeds.rows
        if status.recorded_bytes < self._last:
            self._before += self._last
        self._last = status.recorded_bytes
        rates = ", ".join(f"{row.name} {row.per_s:,.0f}" for row in rows if row.per_s is not None and row.per_s >= 0.5)
        rate = "–" if status.events_per_s is None else f"{status.events_per_s:,.0f}/s"
        down = [row.name for row in rows if row.state == "down"]
        of = f" of {_clock(self._seconds)}" if self._seconds is not None else ""
        parts = [
            f"{_clock(time.monotonic() - self._began)}{of}",
            f"{(self._before + self._last) / 1e6:,.1f} MB",
            f"{rate}{f' ({rates})' if rates else ''}",
            f"{sum(row.gaps for row in rows)} gaps, {sum(row.drops for row in rows)} dropped",
            *([f"DOWN: {', '.join(down)}"] if down else []),
            f"{shutil.disk_usage(self._folder).free / 1e9:,.1f} GB free",
        ]
        return "  ".join(parts)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
