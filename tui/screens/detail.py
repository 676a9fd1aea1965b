"""The overlay of one cycle: asks the runtime to inspect it and shows what comes, for as long as it is open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.binding import Binding

from cambist.model.events import Command
from tui import formats
from tui.screens import detail_page
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, clip, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType

    from cambist.view import CycleDetail, Runtime

KEYS = (("esc", "back"), ("w", "why"), ("y", "copy JSON"), ("F", "pin"), ("[ ]", "previous, next"))
PATIENCE_S = 2.0
"""After this long without an answer the cycle counts as gone: the engine answers within a frame."""


class DetailScreen(Overlay[None]):
    """Hops, costs, gates and curve of a cycle. `order` gives the keys of the table as it is sorted and filtered now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="detail.why", tooltip="the decision in full, or the curve", show=False),
        Binding("y", "copy", "copy JSON", id="detail.copy", tooltip="copies what is shown as JSON", show=False),
        Binding("F", "pin", "pin", id="detail.pin", tooltip="pins the cycle", show=False),
        Binding("left_square_bracket", "walk(-1)", "previous", id="detail.previous", tooltip="row above", show=False),
        Binding("right_square_bracket", "walk(1)", "next", id="detail.next", tooltip="row below", show=False),
    ]

    def __init__(
        self,
        runtime: Runtime,
        key: str,
        *,
        why: bool = False,
        order: Callable[[], Sequence[str]] | None = None,
        pin: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(runtime)
        self.key = key
        self.why = why
        self._order = order or (lambda: [row.key for row in runtime.view.cycles.rows])
        self._pin = pin
        self._shown: CycleDetail | None = None
        self._asked = time.monotonic()
        self._gone: float | None = None
        self._said = ""

    def on_mount(self) -> None:
        """Asks for the cycle."""
        self._ask(self.key)

    def on_unmount(self) -> None:
        """Tells the runtime that nobody looks any more."""
        self.runtime.submit(Command("inspect", {"key": ""}))

    def page(self, width: int, height: int) -> Canvas:
        """Returns the detail, or what is known while there is none."""
        self._take()
        canvas = Canvas(width, height)
        if self._shown is None:
            canvas.box("Cycle detail", KEYS[:1] + KEYS[-1:], margin=self.margin)
            self._waiting(canvas)
            return canvas
        detail_page.draw(canvas, self._shown, why=self.why)
        title = "Cycle detail"
        if self._gone is not None:
            canvas.dim()
            title = f"Cycle detail, gone {formats.age(int((time.monotonic() - self._gone) * 1e9))}"
        keys = KEYS if self._pin else tuple(pair for pair in KEYS if pair[0] != "F")
        canvas.box(title, keys, margin=self.margin)
        if self._gone is not None:
            said = "The market closed this cycle; this is how it was last. [ ] opens another."
            room = width - 2 * self.margin
            canvas.put(self.margin, height - 2, clip(said, room).ljust(room), "stale")
        elif self._said:
            canvas.put(3, height - 1, f" {self._said} ", "accent")
        return canvas

    def action_why(self) -> None:
        """Shows the decision in full instead of the curve, and back."""
        self.why = not self.why
        self.renew()

    def action_copy(self) -> None:
        """Copies what is shown as JSON."""
        if self._shown is None:
            return
        self.app.copy_to_clipboard(msgspec.json.format(msgspec.json.encode(self._shown), indent=2).decode())
        self._said = "copied as JSON"
        self.renew()

    def action_pin(self) -> None:
        """Pins the cycle in the table."""
        if self._pin is not None:
            self._pin(self.key)
            self._said = "pin changed"
            self.renew()

    def action_walk(self, step: int) -> None:
        """Opens the cycle above or below this one in the table; at an end it stays."""
        keys = list(self._order())
        if not keys:
            return
        at = keys.index(self.key) if self.key in keys else -1 if step > 0 else len(keys)
        key = keys[max(0, min(len(keys) - 1, at + step))]
        if key != self.key:
            self._ask(key)

    def _ask(self, key: str) -> None:
        self.key, self._shown, self._gone, self._said = key, None, None, ""
        self._asked = time.monotonic()
        self.runtime.submit(Command("inspect", {"key": key}))
        self.renew()

    def _take(self) -> None:
        """Takes the View's detail if it is of this cycle; notes when it was last there."""
        detail = self.runtime.view.detail
        if detail is not None and detail.row.key == self.key:
            self._shown, self._gone = detail, None
        elif self._shown is not None and self._gone is None:
            self._gone = time.monotonic()

    def _waiting(self, canvas: Canvas) -> None:
        waited = time.monotonic() - self._asked
        row = next((row for row in self.runtime.view.cycles.rows if row.key == self.key), None)
        if waited < PATIENCE_S:
            lines = [f"Asking the engine for hops, costs and curve: {waited:.1f} s."]
        elif row is None:
            lines = ["The market closed this cycle before it could be opened.", "[ ] opens another, esc goes back."]
        else:
            lines = [f"The engine has not answered for {waited:.0f} s. It answers as soon as it can; esc goes back."]
        room = canvas.width - 6
        for y, part in enumerate([part for line in lines for part in wrap(line, room)], 2):
            canvas.put(3, y, part, "text" if y == 2 else "muted")
