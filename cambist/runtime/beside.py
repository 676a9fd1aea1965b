"""The other engine, made beside the one that runs: a thread steps what this one steps until it trails by next to none.

To make the reference from a large state takes a second, which the hub would stand still for. Both step the same
records, so what is taken over in the end is what a switch at that record would have made.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from cambist import log
from cambist.runtime.pace import cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from cambist.kernel import Kernel

PIECE = 32
"""Records that the thread steps before it looks around again."""
TRAIL = 8
"""Most records that are left for the one who takes over: some 10 ms of the reference on a busy market."""
PATIENCE_S = 30.0
MAX_BYTES = 64 << 20
"""Most that may wait for it: half a minute of the largest market is a third of that."""
FOREVER_NS = 2**63 - 1


class Beside:
    """A kernel on the other engine. Made, offered to and taken from one thread; `wake` is called from its own."""

    def __init__(self, kernel: Kernel, engine: Literal["native", "reference"], wake: Callable[[], None]) -> None:
        """Begins at where `kernel` is now."""
        self.engine, self._wake = engine, wake
        self.began = time.monotonic()
        copied = kernel.copied()
        self.held_s = time.monotonic() - self.began
        """For how long who made it could do nothing else."""
        self._kernel: Kernel | None = None
        self._made: Callable[[], Kernel] = lambda: kernel.at(copied.keyframe(), engine)
        self._changed = threading.Condition()
        self._blocks: deque[bytes] = deque()
        self._offset = self._bytes = self._stepped = self._waiting = 0
        self._loaded = self.began
        self._resting = self._ended = False
        self._failure = ""
        self.trailed = 0
        """Records that were left for who took over."""
        threading.Thread(target=self._run, name=f"beside {engine}", daemon=True).start()

    @property
    def percent(self) -> int:
        """How much it has stepped of what it was given; at most 99, as it is not there yet."""
        with self._changed:
            return min(99, 100 * self._stepped // max(1, self._stepped + self._waiting)) if self._kernel else 0

    @property
    def ready(self) -> bool:
        """Whether `TRAIL` records or fewer are left, and the thread rests."""
        with self._changed:
            return self._resting and self._waiting <= TRAIL

    @property
    def failed(self) -> bool:
        """Whether the thread ended in an error."""
        with self._changed:
            return bool(self._failure)

    @property
    def fault(self) -> str:
        """Why it will not come to anything; empty while it may."""
        with self._changed:
            if self._failure:
                return self._failure
            if time.monotonic() - self.began < PATIENCE_S and self._bytes <= MAX_BYTES:
                return ""
            if self._kernel is None:
                return f"it was not loaded in {time.monotonic() - self.began:.0f} s"
            seconds = max(0.001, time.monotonic() - self._loaded)
            given = (self._stepped + self._waiting) / max(0.001, time.monotonic() - self.began)
            return f"it steps {self._stepped / seconds:,.0f} records/s where {given:,.0f} come"

    def offer(self, block: bytes, count: int) -> None:
        """Takes a block that was stepped just now."""
        with self._changed:
            self._blocks.append(block)
            self._bytes += len(block)
            self._waiting += count
            self._changed.notify()

    def end(self) -> None:
        """Lets go of it; what the thread does now it still does to its end."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> Kernel:
        """Returns the kernel once it is `ready`, with the last few records stepped here; ends the thread."""
        self.end()
        kernel = self._kernel
        assert kernel is not None
        while self._blocks:
            block, count = self._piece(FOREVER_NS)
            kernel.step(block)
            self.trailed += count
        return kernel

    def _run(self) -> None:
        try:
            kernel = self._made()
            with self._changed:
                self._kernel, self._loaded = kernel, time.monotonic()
            while self._await():
                block, count = self._piece(PIECE)
                kernel.step(block)
                with self._changed:
                    self._stepped += count
                    self._waiting -= count
        except Exception as error:  # whatever it is, the other engine goes on
            log.crash(f"beside {self.engine}", error)
            with self._changed:
                self._failure = f"{type(error).__name__}: {error}"
            self._wake()

    def _await(self) -> bool:
        """Returns whether there is more to step than who takes over can; rests until there is."""
        while True:
            with self._changed:
                self._resting = self._waiting <= TRAIL and not self._ended
                if self._ended or not self._resting:
                    return not self._ended
            self._wake()
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._waiting > TRAIL)

    def _piece(self, most: int) -> tuple[bytes, int]:
        """Returns the next records that wait, of one block, at most so many."""
        with self._changed:
            block = self._blocks[0]
            begin = self._offset
            self._offset, count, _ = cut(block, begin, FOREVER_NS, most)
            if self._offset == len(block):
                self._blocks.popleft()
                self._bytes -= len(block)
                self._offset, block = 0, block[begin:]
                return block, count
            return block[begin : self._offset], count
