"""`o`: the stored sessions; `enter` opens one as a second runtime beside the live one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from tui import formats
from tui.glyphs import glyph, plain
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, wrap

if TYPE_CHECKING:
    from textual.binding import BindingType

    from cambist.view import Runtime, SessionRow

KEYS = (("enter", "open"), ("r", "read again"), ("esc", "back"))


class OpenSessionScreen(Overlay["Runtime"]):
    """Lists what is stored and gives a replaying runtime back, or `None`. Reading happens off the screen's thread."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,o", "open", "open", id="sessions.open", tooltip="opens the session", show=False),
        Binding("r", "reload", "read again", id="sessions.reload", tooltip="reads the folder again", show=False),
        Binding("down", "move(1)", "down", id="sessions.down", show=False),
        Binding("up", "move(-1)", "up", id="sessions.up", show=False),
        Binding("pagedown", "move(10)", "page down", id="sessions.page_down", show=False),
        Binding("pageup", "move(-10)", "page up", id="sessions.page_up", show=False),
        Binding("home", "move(-1000000)", "first", id="sessions.first", show=False),
        Binding("end", "move(1000000)", "last", id="sessions.last", show=False),
        Binding("q", "back", "back", id="sessions.back", show=False),
    ]

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.rows: tuple[SessionRow, ...] | None = None
        self.cursor = 0
        self.problem: tuple[str, str] | None = None
        """Cause and next step of what went wrong last."""
        self._top = 0
        self._opening = ""
        self._since = time.monotonic()

    def on_mount(self) -> None:
        """Reads the folder."""
        self.action_reload()

    def page(self, width: int, height: int) -> Canvas:
        """Returns the list, or why there is none."""
        canvas = Canvas(width, height)
        left, right = self.margin, width - self.margin
        last = height - 2 if self.problem is None else height - 6
        waited = time.monotonic() - self._since
        if self.rows is None:
            canvas.put(left, 2, f"Reading the sessions: {waited:.1f} s.")
        elif not self.rows:
            canvas.put(left, 2, "No session is stored yet.", "strong bold")
            canvas.put(left, 3, "Every run is recorded by default; R starts a recording, cambist import brings one in.")
        else:
            self._list(canvas, left, right, last)
        if self.problem is not None:
            self._fault(canvas, left, height - 5)
        elif self._opening:
            words = f"Opening {formats.cut(self._opening, 40)}: {waited:.1f} s."
            canvas.put(left, height - 2, words, "accent")
        canvas.box("Open a session", KEYS, margin=left)
        return canvas

    def action_move(self, by: int) -> None:
        """Moves the cursor; it stops at both ends."""
        self.cursor = max(0, min(len(self.rows or ()) - 1, self.cursor + by))
        self.problem = None
        self.renew()

    def action_reload(self) -> None:
        """Reads the folder again."""
        self._since = time.monotonic()
        self.run_worker(self._read, thread=True, exclusive=True, group="sessions")

    def action_open(self) -> None:
        """Opens the session under the cursor, unless it is the one being recorded."""
        if not self.rows or self._opening:
            return
        row = self.rows[self.cursor]
        if row.open:
            self.problem = (f"{row.name} is being recorded now.", "R stops the recording; then it can be opened.")
            self.renew()
            return
        self._opening, self._since, self.problem = row.name, time.monotonic(), None
        self.run_worker(self._open, thread=True, exclusive=True, group="sessions")
        self.renew()

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self.action_move(-1)

    def _read(self) -> None:
        """Worker thread: asks for the stored sessions."""
        try:
            rows = self.runtime.sessions()
        except (OSError, ValueError) as error:
            self.app.call_from_thread(self._failed, "The session folder can't be read.", error)
            return
        self.app.call_from_thread(self._take, rows)

    def _open(self) -> None:
        """Worker thread: opens a second runtime."""
        name = self._opening
        try:
            opened = self.runtime.open_session(name)
        except (OSError, ValueError) as error:
            self.app.call_from_thread(self._failed, f"{name} can't be opened.", error)
            return
        self.app.call_from_thread(self._opened, opened)

    def _take(self, rows: tuple[SessionRow, ...]) -> None:
        self.rows, self.problem = rows, None
        self.cursor = max(0, min(len(rows) - 1, self.cursor))
        self.renew()

    def _opened(self, runtime: Runtime) -> None:
        if self.is_attached and self.is_active:
            self.dismiss(runtime)
        else:
            self.run_worker(runtime.close, thread=True)

    def _failed(self, cause: str, error: Exception) -> None:
        self._opening = ""
        self.rows = self.rows if self.rows is not None else ()
        words = formats.clean(str(error)) or type(error).__name__
        self.problem = (cause, words)
        self.renew()

    def _fault(self, canvas: Canvas, left: int, y: int) -> None:
        assert self.problem is not None
        cause, words = self.problem
        canvas.put(left, y, f"{glyph('error')} {plain(formats.cut(cause, canvas.width - left - 5))}", "danger bold")
        for offset, line in enumerate(wrap(plain(words), canvas.width - 2 * left)[:2], 1):
            canvas.put(left, y + offset, line)
        canvas.put(left, y + 3, "The live session goes on. Choose another, or r reads the folder again.", "muted")

    def _list(self, canvas: Canvas, left: int, right: int, last: int) -> None:
        assert self.rows is not None
        ends = _slots(left, right)
        for name, head in (("name", "session"), ("marks", "")):
            canvas.put(ends[name], 2 if not self.small else 1, head, "muted")
        top = 2 if not self.small else 1
        for name, head in (("start", "started"), ("length", "length"), ("size", "size"), ("records", "records")):
            canvas.right(ends[name], top, head, "muted")
        room = last - top - 1
        self._top = max(0, min(self._top, self.cursor), self.cursor - room + 1)
        for offset, row in enumerate(self.rows[self._top : self._top + room], 1):
            self._row(canvas, top + offset, row, ends, right, at=self._top + offset - 1 == self.cursor)

    def _row(self, canvas: Canvas, y: int, row: SessionRow, ends: dict[str, int], right: int, *, at: bool) -> None:
        on = "@selection" if at else ""
        start = ends["name"] - 1
        if at:
            canvas.put(start, y, " " * (right - start), f"text{on}")
            canvas.put(start, y, glyph("cursor"), f"accent{on}")
        room = ends["start"] - 17 - ends["name"]
        canvas.put(ends["name"], y, formats.cut(row.name, room), f"strong{on} bold")
        canvas.right(ends["start"], y, _moment(row.started_ns), f"text{on}")
        canvas.right(ends["length"], y, formats.span(round(row.seconds * 1e9)), f"text{on}")
        canvas.right(ends["size"], y, formats.size(row.bytes), f"text{on}")
        canvas.right(ends["records"], y, formats.count(row.records, 10), f"text{on}")
        x = ends["marks"]
        for text, role in _marks(row):
            if x + len(text) <= right:
                x = canvas.put(x, y, text, f"{role}{on}") + 1


def _slots(left: int, right: int) -> dict[str, int]:
    """Returns where names and marks start and where numbers end."""
    wide = right - left > 90
    marks = right - (25 if wide else 13)
    records = marks - 2
    size = records - 11
    length = size - 9
    return {"name": left + 1, "marks": marks, "records": records, "size": size, "length": length, "start": length - 10}


def _moment(ns: int) -> str:
    """Returns a start as `21 Nov 14:02:31`, local time."""
    if ns <= 0:
        return glyph("unknown")
    return f"{time.strftime('%d %b', time.localtime(ns // 1_000_000_000))} {formats.clock(ns)}"


def _marks(row: SessionRow) -> list[tuple[str, str]]:
    """Returns the words about a session, most important first."""
    made: list[tuple[str, str]] = []
    if row.open:
        made.append((f"{glyph('recording')} REC", "danger"))
    elif not row.complete:
        made.append((f"{glyph('gap')} cut", "stale"))
    if row.demo:
        made.append((f"{glyph('demo')} demo", "demo"))
    if row.imported:
        made.append(("imported", "muted"))
    if row.bookmarks:
        made.append((f"{glyph('bookmark')} {row.bookmarks}", "muted"))
    return made
