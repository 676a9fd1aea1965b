"""How the net drives cambist: the one place that changes when its rooms do.

`scripts/net.py` makes sessions with it and `test_net` replays them, on any tree that has these names.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose
from cambist.config import load
from cambist.model import commands
from cambist.runtime.hub import Hub
from cambist.runtime.importing import import_files
from cambist.runtime.playing import RecordedSource
from storage.reader import SessionReader
from storage.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cambist.kernel import Kernel

FOREVER_NS = 2**63 - 1
Refused = (OSError, ValueError)
"""What opening a session raises that can't be replayed at all."""


class Replay:
    """A session on one engine, stepped as the screens step it and shown only when asked. Opening raises `Refused`."""

    def __init__(self, path: Path, engine: str) -> None:
        self._reader = SessionReader(path)
        try:
            self.kernel: Kernel = compose.replay_kernel(self._reader, engine)
        except BaseException:
            self._reader.close()
            raise
        source = RecordedSource(self._reader, self.kernel, name=path.stem, speed=None)
        self._runtime = Hub(self.kernel, source)
        self._replayer = source._replayer
        self.records = self._replayer.step(FOREVER_NS, 1)[0]
        self._runtime.publisher.adopt(self.kernel)

    def go(self, until: int) -> bool:
        """Steps until `until` records were stepped in all; returns False when none is left."""
        while not self._replayer.finished and self.records < until:
            self.records += self._replayer.step(FOREVER_NS, until - self.records)[0]
        return not self._replayer.finished

    def view(self) -> dict[str, Any]:
        """Returns the View as a screen would get it now, of plain values."""
        self._runtime._shown = 0.0
        _ = self._runtime.view
        self._runtime._publish()
        found: dict[str, Any] = msgspec.to_builtins(self._runtime._view)
        return found

    def inspect(self, key: str = "", price: str = "") -> None:
        """Opens a cycle (`key`) or a price row (`price`) in the Views from now on."""
        self._runtime.publisher.inspect(cycle=key, price=price)

    def report(self) -> dict[str, Any]:
        """Returns the report of `cambist replay --json`."""
        return self._replayer.report("", 0.0)

    @property
    def damage(self) -> str:
        """Why it ended before the session's end; empty if it did not."""
        return self._replayer.damage

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()


def checked(path: Path) -> dict[str, Any]:
    """Returns what `cambist verify --json` says of a session."""
    found: dict[str, Any] = msgspec.to_builtins(verify(path))
    return found


def imported(files: list[Path], out: Path, config: Path) -> dict[str, Any]:
    """Makes a session out of capture files; returns the report of `cambist import`."""
    return import_files(load(config), files, str(out), lambda _: None)


def fresh_kernel() -> Kernel:
    """Returns a kernel on the Rust engine that waits for a STATE record."""
    return compose.fresh_kernel("native")


def command_of(name: str, args: dict[str, str]) -> commands.Command:
    """Returns a command by its name in records and in the log."""
    made: commands.Command = msgspec.convert({**args, "act": name}, commands.Command, strict=False)
    return made


def live(config: Path, acts: Iterable[tuple[float, str, dict[str, str]]], stop: Callable[[], bool]) -> None:
    """Runs the market of a config, does each act (second, name, arguments), and ends when all are done and `stop`."""
    runtime = compose.live(load(config), duel=False)
    runtime.start()
    began = time.monotonic()
    try:
        for second, name, args in acts:
            while time.monotonic() - began < second:
                runtime.wait(0.02)
                _ = runtime.view
            runtime.submit(command_of(name, args))
        while not stop():
            runtime.wait(0.1)
    finally:
        runtime.close()
    if runtime.failure is not None:
        raise runtime.failure
