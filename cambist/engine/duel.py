"""Rust beside Python: both engines timed on the same captured input, in a low-priority child process.

About once a second the child gets an engine's state at a moment and the records from there to another one. For each
module it makes the same public call in both engines, border cost included, compares the answers and keeps the times. It
feeds nothing back.

Messages on the pipes are `length u32 | bytes`. To the child: the setup, then pairs of snapshot and block. From it: JSON
of the rows after each pair.
"""

from __future__ import annotations

import os
import queue
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from cambist import heap
from cambist.child import command, environment
from cambist.engine import build_info
from cambist.engine.duel_cases import Captured, Case, cases
from cambist.engine.protocol import EngineSetup
from cambist.view import DuelRow, PanelState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.engine.protocol import Keyframe

MODULES = (
    "decode",
    "amm_math",
    "graph",
    "cycle_finder",
    "multiverse",
    "sizing",
    "order_book",
    "technical",
    "base58",
    "ingest",
)
UNTIMED = {
    "decode": "no frame of a node or Binance",
    "amm_math": "no pool is live",
    "graph": "no pool or book is priced",
    "cycle_finder": "no pool or book is priced",
    "multiverse": "no pool or book is priced",
    "sizing": "no live pool with vaults",
    "order_book": "no book of Binance moves",
    "technical": "no closed bar yet",
    "base58": "no account is known",
    "ingest": "no frame came",
}
"""Why a module has no sample on a market, by module."""
MIN_SAMPLES = 30
KEEP_SAMPLES = 512
NICE = 15
CLOSE_S = 2.0
_LENGTH = struct.Struct("<I")
_ROWS = msgspec.json.Decoder(tuple[DuelRow, ...])


@dataclass(slots=True)
class Timing:
    """Times of one module, nanoseconds per unit of work."""

    rust: deque[float] = field(default_factory=lambda: deque(maxlen=KEEP_SAMPLES))
    python: deque[float] = field(default_factory=lambda: deque(maxlen=KEEP_SAMPLES))
    samples: int = 0
    mismatches: int = 0

    def add(self, case: Case) -> None:
        """Makes a case's call in both engines, one after the other."""
        rust_ns, rust = _timed(case.native)
        python_ns, python = _timed(case.reference)
        self.rust.append(rust_ns / case.units)
        self.python.append(python_ns / case.units)
        self.samples += 1
        self.mismatches += rust != python

    def row(self, module: str) -> DuelRow:
        """Returns the row as shown; no figure under 30 samples."""
        if self.samples < MIN_SAMPLES:
            why = f"{self.samples} of {MIN_SAMPLES} timings" if self.samples else UNTIMED.get(module, "")
            return DuelRow(
                module=module,
                rust_p50=None,
                rust_p99=None,
                python_p50=None,
                python_p99=None,
                ratio=None,
                samples=self.samples,
                mismatches=self.mismatches,
                why=why,
            )
        rust, python = sorted(self.rust), sorted(self.python)
        rust_p50, python_p50 = _percentile(rust, 50), _percentile(python, 50)
        return DuelRow(
            module=module,
            rust_p50=rust_p50,
            rust_p99=_percentile(rust, 99),
            python_p50=python_p50,
            python_p99=_percentile(python, 99),
            ratio=python_p50 / rust_p50 if rust_p50 else None,
            samples=self.samples,
            mismatches=self.mismatches,
        )


def _timed(call: Callable[[], Any]) -> tuple[int, Any]:
    """Returns how long a call took and what it answered; a refusal is an answer."""
    began = time.perf_counter_ns()
    try:
        answer = call()
    except ValueError as error:
        return time.perf_counter_ns() - began, str(error)
    return time.perf_counter_ns() - began, answer


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Bench:
    """Timings of all modules."""

    def __init__(self) -> None:
        self.timings = {module: Timing() for module in MODULES}

    def run(self, captured: Captured) -> None:
        """Times every case of one captured input."""
        for case in cases(captured):
            self.timings[case.module].add(case)

    def rows(self) -> tuple[DuelRow, ...]:
        """Returns a row for each module."""
        return tuple(timing.row(module) for module, timing in self.timings.items())


def measure_once(
    setup: bytes = b"{}", snapshot: bytes = b"", block: bytes = b"", rounds: int = MIN_SAMPLES
) -> tuple[DuelRow, ...]:
    """Returns the timing of each module on one captured input, in this process.

    Empty without the native engine or without an input.
    """
    if not snapshot or not build_info().native:
        return ()
    bench, captured = Bench(), Captured(msgspec.json.decode(setup, type=EngineSetup), snapshot, block)
    for _ in range(rounds):
        bench.run(captured)
    return bench.rows()


class Duel:
    """The child process, seen from the parent. No call blocks but `close`."""

    def __init__(self, setup: bytes) -> None:
        build = build_info()
        self._rows: tuple[DuelRow, ...] = ()
        self._jobs: queue.Queue[tuple[Keyframe, bytes] | None] = queue.Queue(1)
        self._busy = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self.state = PanelState("loading", "Waiting for the first timings.")
        """Why there are no rows, if so."""
        if not build.native:
            self.state = PanelState("empty", f"The Rust engine is not built: {build.why}")
            return
        self._child = _spawn()
        self._thread = threading.Thread(target=self._serve, args=(setup,), name="duel", daemon=True)
        self._thread.start()

    @classmethod
    def start(cls, setup: bytes) -> Duel:
        """Returns a running duel on JSON of an `EngineSetup`."""
        return cls(setup)

    @property
    def idle(self) -> bool:
        """Whether an offer would be taken: a keyframe holds the engine up, so ask before making one."""
        return self._child is not None and not self._busy.is_set()

    def offer(self, keyframe: Keyframe, block: bytes) -> None:
        """Gives the child work, or drops it if the child is busy or gone. The snapshot is made in the duel's thread."""
        if self._child is None or self._busy.is_set():
            return
        self._busy.set()
        with suppress(queue.Full):
            self._jobs.put_nowait((keyframe, block))

    def rows(self) -> tuple[DuelRow, ...]:
        """Returns what was measured so far."""
        return self._rows

    def close(self) -> None:
        """Ends the child and waits until it is gone."""
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(queue.Full):
            self._jobs.put_nowait(None)
        try:
            child.wait(CLOSE_S if not self._busy.is_set() else 0.1)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._thread.join(CLOSE_S)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _serve(self, setup: bytes) -> None:
        """Hands jobs to the child and takes its rows, until there are no more or the child is gone."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            return
        try:
            _send(child.stdin, setup)
            while (job := self._jobs.get()) is not None:
                keyframe, block = job
                for part in (keyframe.encode(), block):
                    _send(child.stdin, part)
                del job, keyframe
                answer = _receive(child.stdout)
                if answer is None:
                    break
                self._rows, self.state = _ROWS.decode(answer), PanelState()
                self._busy.clear()
            child.stdin.close()
        except (OSError, ValueError):
            pass
        if self._child is not None:
            self.state = PanelState("error", "The timing process has ended.")


def _spawn() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("cambist.engine.duel"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """Returns the next message, `None` if the other side is gone."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    body = pipe.read(size)
    return body if len(body) == size else None


def _step_back() -> None:
    """Takes a low priority. Where sessions share a core as groups (Linux autogroup), niceness has to be the group's."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE), encoding="ascii")


def child() -> None:
    """Serves one parent over stdin and stdout until it is gone."""
    _step_back()
    bench, setup = Bench(), _receive(sys.stdin.buffer)
    if setup is None:
        return
    facts = msgspec.json.decode(setup, type=EngineSetup)
    while (snapshot := _receive(sys.stdin.buffer)) is not None:
        block = _receive(sys.stdin.buffer)
        if block is None:
            return
        bench.run(Captured(facts, snapshot, block))
        _send(sys.stdout.buffer, msgspec.json.encode(bench.rows()))


if __name__ == "__main__":
    heap.settle()
    child()
