"""What overlays of one row share: they ask the runtime to inspect it and show what comes, as long as they are open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import msgspec
from textual.binding import Binding

from tui import formats
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, clip, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType

    from cambist.model.commands import InspectCycle, InspectPrice
    from cambist.view import Runtime

PATIENCE_S = 2.0
"""After this long without an answer the row counts as gone: the engine answers within a frame."""
Detail = TypeVar("Detail", bound=msgspec.Struct)


class Opened(Overlay[None], Generic[Detail]):
    """A row opened up. `order` gives the keys of the table as it is sorted and filtered now.

    What subclasses must give raises until they do: Textual's metaclass admits no abstract base class.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy JSON", id="detail.copy", tooltip="copies what is shown as JSON", show=False),
        Binding("left_square_bracket", "walk(-1)", "previous", id="detail.previous", tooltip="row above", show=False),
        Binding("right_square_bracket", "walk(1)", "next", id="detail.next", tooltip="row below", show=False),
    ]
    TITLE: ClassVar[str]
    ASKS: ClassVar[type[InspectCycle | InspectPrice]]
    """The command that opens a row of this kind by its key."""
    WANTS: ClassVar[str]
    """What the engine is asked for, in words."""
    GONE: ClassVar[str]
    NEVER_CAME: ClassVar[str]

    def __init__(self, runtime: Runtime, key: str, order: Callable[[], Sequence[str]]) -> None:
        super().__init__(runtime)
        self.key = key
        self._order = order
        self._shown: Detail | None = None
        self._asked = time.monotonic()
        self._gone: float | None = None
        self._notice = ""

    def answer(self) -> Detail | None:
        """Returns the View's detail if it is of this key."""
        raise NotImplementedError

    def exists(self) -> bool:
        """Returns whether the table still has the row."""
        raise NotImplementedError

    def offered(self) -> tuple[tuple[str, str], ...]:
        """Returns (key, word) pairs for the bottom line, `back` first and walking last."""
        raise NotImplementedError

    def draw(self, canvas: Canvas, detail: Detail) -> None:
        """Draws what was answered."""
        raise NotImplementedError

    def last_words(self, gone_s: float) -> tuple[str, str]:
        """Returns what the title says of a row that went, so many seconds ago, and why it did."""
        return f"gone {formats.age(int(gone_s * 1e9))}", self.GONE

    def while_none(self, waited_s: float) -> list[str]:
        """Returns what is said while nothing was answered yet."""
        if waited_s < PATIENCE_S:
            return [f"Asking the engine for {self.WANTS}: {waited_s:.1f} s."]
        if not self.exists():
            return [self.NEVER_CAME, "[ ] opens another, esc goes back."]
        return [f"The engine has not answered for {waited_s:.0f} s. It answers as soon as it can; esc goes back."]

    def on_mount(self) -> None:
        """Asks for the row."""
        self._ask(self.key)

    def on_unmount(self) -> None:
        """Tells the runtime that nobody looks any more."""
        self.runtime.submit(self.ASKS(""))

    def page(self, width: int, height: int) -> Canvas:
        """Returns the detail, or what is known while there is none."""
        self._take()
        canvas, keys = Canvas(width, height), self.offered()
        if self._shown is None:
            canvas.box(self.TITLE, keys[:1] + keys[-1:], margin=self.margin)
            self._waiting(canvas)
            return canvas
        self.draw(canvas, self._shown)
        title, why = self.TITLE, ""
        if self._gone is not None:
            canvas.dim()
            state, why = self.last_words(time.monotonic() - self._gone)
            title = f"{title}, {state}"
        canvas.box(title, keys, margin=self.margin)
        if self._gone is not None:
            text = f"{why} [ ] opens another."
            room = width - 2 * self.margin
            canvas.put(self.margin, height - 2, clip(text, room).ljust(room), "stale")
        elif self._notice:
            canvas.put(3, height - 1, f" {self._notice} ", "accent")
        return canvas

    def action_copy(self) -> None:
        """Copies what is shown as JSON."""
        if self._shown is not None:
            self.app.copy_to_clipboard(msgspec.json.format(msgspec.json.encode(self._shown), indent=2).decode())
            self.show_notice("copied as JSON")

    def action_walk(self, step: int) -> None:
        """Opens the row above or below this one in the table; at an end it stays."""
        keys = list(self._order())
        if not keys:
            return
        at = keys.index(self.key) if self.key in keys else -1 if step > 0 else len(keys)
        key = keys[max(0, min(len(keys) - 1, at + step))]
        if key != self.key:
            self._ask(key)

    def show_notice(self, words: str) -> None:
        """Shows what an act did, in the bottom line."""
        self._notice = words
        self.renew()

    def _ask(self, key: str) -> None:
        self.key, self._shown, self._gone, self._notice = key, None, None, ""
        self._asked = time.monotonic()
        self.runtime.submit(self.ASKS(key))
        self.renew()

    def _take(self) -> None:
        """Takes the View's detail if it is of this row; notes when it was last there."""
        detail = self.answer()
        if detail is not None:
            self._shown, self._gone = detail, None
        elif self._shown is not None and self._gone is None:
            self._gone = time.monotonic()

    def _waiting(self, canvas: Canvas) -> None:
        lines = self.while_none(time.monotonic() - self._asked)
        room = canvas.width - 6
        for y, part in enumerate([part for line in lines for part in wrap(line, room)], 2):
            canvas.put(3, y, part, "text" if y == 2 else "muted")
