"""An event loop on which waiting takes no time, for tests whose peers all live in the same loop.

Its time is the processor time that its thread used, plus every wait that was skipped. So a machine that is crowded adds
nothing to it, and `asyncio.sleep(60)` takes as long as nothing happens for 60 s. While it runs, `time.monotonic` and
its like tell its time.

A wait is skipped only when the selector has nothing. Bytes sent over loopback are there when the call that sent them
returns, or a little later on a machine that defers such work: so time runs at most `SPEED` times as fast as the real
one, and a message that is late by a millisecond looks late by `SPEED` milliseconds, never by a whole deadline.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SPEED = 50
"""Skipped seconds for a real second in which nothing happened."""
PAUSE_S = 0.001
"""The least real wait: a selector takes whole milliseconds."""
LONGEST_S = 0.02
"""The most that a skipped wait costs: after so long without a byte, none was on its way."""
REAL = {name: getattr(time, name) for name in ("monotonic", "perf_counter", "time")}


class VirtualClock:
    """Tells processor time of one thread plus what was skipped, in seconds that begin where the real ones stand."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._skipped_s = -time.thread_time()
        self._began = {name: real() for name, real in REAL.items()}

    def passed_s(self) -> float:
        """Returns the seconds since the clock was made. To another thread time also runs by itself."""
        own = threading.get_ident() == self._thread
        return self._skipped_s + time.thread_time() if own else REAL["monotonic"]() - self._began["monotonic"]

    def skip(self, seconds: float) -> None:
        """Moves on."""
        self._skipped_s += seconds

    def clock_functions(self, name: str) -> tuple[Callable[[], float], Callable[[], int]]:
        """Returns what stands for a function of `time` and for its twin in nanoseconds."""
        began_s, began_ns = self._began[name], round(self._began[name] * 1e9)
        return lambda: began_s + self.passed_s(), lambda: began_ns + round(self.passed_s() * 1e9)


class SkippingSelector(selectors.DefaultSelector):
    """A selector that does not wait for a timeout of its loop, but skips it."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock, self._owed_s = clock, 0.0
        self.threads = 0
        """Jobs of other threads that the loop waits for: they take real time."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Returns what is ready, or nothing once `timeout` was skipped."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.threads:
            return self._wait(timeout)
        self._owed_s += min(timeout / SPEED, LONGEST_S)
        if self._owed_s >= PAUSE_S:
            began, owed_s, self._owed_s = REAL["monotonic"](), self._owed_s, 0.0
            if ready := super().select(min(owed_s, timeout)):
                self._clock.skip(min(REAL["monotonic"]() - began, timeout))
                return ready
        self._clock.skip(timeout)
        return []

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began = REAL["monotonic"]()
        ready = super().select(timeout)
        self._clock.skip(REAL["monotonic"]() - began)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a `VirtualClock`, which is also what `time` tells while the loop runs."""

    def __init__(self) -> None:
        self._virtual = VirtualClock()
        self._skipping = SkippingSelector(self._virtual)
        self._monotonic, _ = self._virtual.clock_functions("monotonic")
        super().__init__(self._skipping)

    def time(self) -> float:
        """Returns virtual seconds."""
        return self._monotonic()

    def run_forever(self) -> None:
        """Runs until it is stopped."""
        real = {name: getattr(time, name) for kind in REAL for name in (kind, f"{kind}_ns")}
        for kind in REAL:
            for name, virtual in zip((kind, f"{kind}_ns"), self._virtual.clock_functions(kind), strict=True):
                setattr(time, name, virtual)
        try:
            super().run_forever()
        finally:
            for name, function in real.items():
                setattr(time, name, function)

    def run_in_executor(self, *args: Any) -> asyncio.Future[Any]:
        """Has another thread do a job, in real time."""
        future = super().run_in_executor(*args)
        self._skipping.threads += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: object) -> None:
        self._skipping.threads -= 1
