"""`h`: what became of gaps, how long they lived beside our own latency, who takes them, and how likely we were to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from tui import formats
from tui.glyphs import plain
from tui.screens import history_page
from tui.screens.detail import DetailScreen
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas
from tui.widgets.snapshot_table import MOVE_S

if TYPE_CHECKING:
    from textual.binding import BindingType

    from cambist.view import EndRow, Runtime

KEYS = (("enter", "open the cycle"), ("↑ ↓", "move"), ("esc", "back"))
TITLE = "History"


class HistoryScreen(Overlay[None]):
    """A page of the gaps that ended, taken anew once a second: a busy market has forty a second.

    The cursor stays with its gap, on the newest one while it was never moved.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="history.open", tooltip="opens the cycle", show=False),
        Binding("down", "move(1)", "down", id="history.down", show=False),
        Binding("up", "move(-1)", "up", id="history.up", show=False),
        Binding("pagedown", "move(10)", "page down", id="history.page_down", show=False),
        Binding("pageup", "move(-10)", "page up", id="history.page_up", show=False),
        Binding("home", "move(-1000000)", "first", id="history.first", show=False),
        Binding("end", "move(1000000)", "last", id="history.last", show=False),
        Binding("h", "back", "back", id="history.back", show=False),
    ]
    WHOLE = True

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._number: int | None = None
        """The gap under the cursor; `None` is the newest, whichever that is."""
        self._section = runtime.view.ends
        self._took = time.monotonic()

    @property
    def rows(self) -> tuple[EndRow, ...]:
        """The gaps that ended last, newest first."""
        return self._section.rows

    @property
    def cursor(self) -> int:
        """Which row the cursor is on; one that left the list is the last one."""
        if self._number is None:
            return 0
        return next((at for at, row in enumerate(self.rows) if row.number == self._number), max(0, len(self.rows) - 1))

    def page(self, width: int, height: int) -> Canvas:
        """Returns the page."""
        view, canvas, now = self.runtime.view, Canvas(width, height), time.monotonic()
        if now - self._took >= MOVE_S:
            self._section, self._took = view.ends, now
        history_page.draw(canvas, self._section, view.status.now_ns, self.margin, self.cursor)
        cause = view.cycles.state.cause if view.cycles.state.kind in ("stale", "error") else ""
        history_page.warn(canvas, self.margin, cause)
        title = f"{TITLE}, recorded {formats.clock(view.status.now_ns)}" if view.replay is not None else TITLE
        canvas.box(title, tuple((plain(key), word) for key, word in KEYS), margin=self.margin)
        if self.scene.demo:
            words = "easy demo" if self.scene.easy else "demo"
            canvas.put(self.margin + len(title) + 1, 0, f"{words} ", "demo")
        return canvas

    def action_move(self, by: int) -> None:
        """Moves the cursor; it stops at both ends."""
        rows = self.rows
        if rows:
            at = max(0, min(len(rows) - 1, self.cursor + by))
            self._number = rows[at].number if at else None
            self.renew()

    def action_open(self) -> None:
        """Opens the cycle of the gap under the cursor: as it stands now, or as it was."""
        rows = self.rows
        if rows:
            key = rows[self.cursor].key
            order = tuple(dict.fromkeys(row.key for row in rows))
            self.app.push_screen(DetailScreen(self.runtime, key, order=lambda: order))

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self.action_move(-1)
