"""The engine that an operator asked for: loaded beside the one that runs, then switched to, cancelled or given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from cambist.engine import unavailable
from cambist.kernel import Kernel
from cambist.runtime.beside import Beside

if TYPE_CHECKING:
    from cambist.model.commands import SwitchEngine
    from cambist.runtime.hub import Hub

Name = Literal["native", "reference"]
Switch = Callable[[Name, Kernel], None]
"""Goes on with the engine of a kernel that is as far. Raises `ValueError` if it decided otherwise."""


class Loading:
    """At most one engine on its way. All is called in the hub's loop."""

    def __init__(self, hub: Hub[Any], kernel: Kernel, switch: Switch) -> None:
        self._hub, self._kernel, self._switch = hub, kernel, switch
        self._beside: Beside | None = None

    @property
    def on(self) -> bool:
        """Whether an engine is on its way."""
        return self._beside is not None

    @property
    def shown(self) -> tuple[str, int]:
        """The engine that is on its way, empty if none is, and how many percent it has stepped of what it must."""
        return ("", 0) if self._beside is None else (self._beside.engine, self._beside.percent)

    def ask(self, command: SwitchEngine) -> None:
        """Begins to load the engine of a command; cancels one that is on its way, unless it is asked for by name."""
        runs = self._kernel.engine.name
        if self._beside is not None:
            if command.engine != self._beside.engine:
                self._end("info", f"{self._beside.engine} is no longer loaded")
            return
        wanted = command.engine or other_engine(self._kernel)
        if why := unavailable(wanted):
            self._note("warn", f"the Rust engine can't be used: {why}")
        elif wanted == runs:
            self._note("info", f"{runs} runs already")
        else:
            self._begin(wanted)
            self._note("info", f"loading {wanted} beside {runs}; e cancels")

    def offer(self, block: bytes, count: int) -> None:
        """Takes a block that was stepped just now."""
        if self._beside is not None:
            self._beside.offer(block, count)

    def renew(self) -> None:
        """Begins anew if one is on its way: the kernel stands elsewhere."""
        if self._beside is not None:
            self._beside.end()
            self._begin(self._beside.engine)

    def cancel(self) -> None:
        """Lets go of what is on its way, without a word."""
        if self._beside is not None:
            self._beside.end()
        self._beside = None

    @property
    def due(self) -> bool:
        """Whether there is something to `act` on."""
        return self._beside is not None and (self._beside.ready or bool(self._beside.fault))

    def act(self) -> None:
        """Switches to the engine if it is ready, or gives it up."""
        beside = self._beside
        if beside is None:
            return
        if beside.ready:
            self._take(beside)
        elif beside.fault:
            level = "error" if beside.failed else "warn"
            self._end(level, f"{beside.engine} is given up: {beside.fault}")

    def _take(self, beside: Beside) -> None:
        begun = time.monotonic()
        try:
            other = beside.take()
            self._switch(beside.engine, other)
        except ValueError as error:
            self._end("error", str(error))
            return
        self._beside = None
        now, kernel = time.monotonic(), self._kernel
        held_ms = (beside.held_s + now - begun) * 1e3
        self._note(
            "info",
            f"{beside.engine} runs from record {kernel.last_seq:,} on: loaded in {now - beside.began:.1f} s, "
            f"the last {beside.trailed} records at the switch, all stood still for {held_ms:.0f} ms",
        )

    def _begin(self, engine: Name) -> None:
        self._beside = Beside(self._kernel, engine, self._hub.wake)

    def _end(self, level: str, why: str) -> None:
        self.cancel()
        self._note(level, f"{why}; {self._kernel.engine.name} goes on")

    def _note(self, level: str, text: str) -> None:
        self._hub.note(level, "engine", text)


def other_engine(kernel: Kernel) -> Name:
    """Returns the engine that does not run now."""
    return "reference" if kernel.engine.name == "native" else "native"
