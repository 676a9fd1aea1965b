"""One line above the footer that asks for text: the filter of a panel, a time to go to, a rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from cambist.view import CycleRow, DuelRow, FeedRow, LogRow, PriceRow, TradeRow
from tui import formats
from tui.filters import Filter, FilterError, columns_of, parse
from tui.glyphs import glyph, plain
from tui.replay_keys import TimeError, parse_time
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, Sheet, cells, clip
from tui.widgets.line_edit import LineEdit

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType
    from textual.events import Key, Paste

    from cambist.view import Runtime


LEAST = 20
"""Cells that the text has at least."""
APART = "   "
"""Between the parts of a hint, the least needed first."""
EXAMPLES: dict[type, str] = {
    CycleRow: "usdc !bonk net>5",
    PriceRow: "sol venue:okx age<2s",
    TradeRow: "usdc status:filled",
    FeedRow: "kraken gaps>0",
    DuelRow: "ratio<10",
    LogRow: "binance level:warn",
}
"""A filter of each table."""


class Prompt(Overlay[str], inherit_bindings=False):
    """Asks for one line; `enter` gives it back if `fault` finds nothing wrong with it, `esc` gives `None`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "halt_now", "HALT", id="prompt.halt", tooltip="halts all, at once", show=False),
        Binding("enter", "accept", "apply", id="prompt.accept", tooltip="takes the line", show=False),
    ]

    def __init__(self, runtime: Runtime, label: str, hint: str, text: str = "") -> None:
        super().__init__(runtime)
        self.label = label
        self.hint = hint
        self.edit = LineEdit(text)
        self.problem = ""

    def fault(self, text: str) -> str:
        """Returns what is wrong with `text`, empty if nothing is."""
        raise NotImplementedError

    def changed(self) -> None:
        """Does what is due when the text changed."""

    def page(self, width: int, height: int) -> Canvas:
        """Returns the line: label, text, then the problem or the hint."""
        canvas = Canvas(width, height)
        canvas.put(0, 0, " " * width, "text@raised")
        x = canvas.put(1, 0, self.label, "accent@raised bold") + 1
        phrase = f"{glyph('failed')} {self.problem}" if self.problem else self._fitted(width - x - LEAST - 3)
        room = max(LEAST, width - x - cells(phrase) - 3)
        phrase = clip(plain(phrase), width - x - room - 2)
        self.edit.draw(canvas, x, 0, room)
        canvas.right(width - 1, 0, phrase, "stale@raised" if self.problem else "muted@raised")
        return canvas

    def _fitted(self, room: int) -> str:
        """Returns the hint without its first parts where it is too long: the keys stay."""
        parts = self.hint.split(APART)
        while len(parts) > 1 and cells(APART.join(parts)) > room:
            parts.pop(0)
        return APART.join(parts)

    def on_key(self, event: Key) -> None:
        """Lets the line take every key that is text or edits text."""
        if event.key == "escape":
            event.stop()
            self.action_back()
        elif self.edit.key(event.key, event.character):
            event.stop()
            self._changed()

    def on_paste(self, event: Paste) -> None:
        """Takes pasted text as one line."""
        event.stop()
        self.edit.insert(event.text)
        self._changed()

    def action_accept(self) -> None:
        """Gives the line back, unless something is wrong with it."""
        self.problem = self.fault(self.edit.text)
        if self.problem:
            self.renew()
        else:
            self.dismiss(self.edit.text)

    def _changed(self) -> None:
        self.problem = ""
        self.changed()
        self.renew()

    def _place(self) -> None:
        sheet = self.query_one(Sheet)
        screen = self.app.size
        sheet.styles.width, sheet.styles.height = screen.width, 1
        self.styles.align = ("left", "top")
        sheet.styles.offset = (0, screen.height - 2)

    def _shade(self) -> None:
        """Leaves the dashboard as it is: what is filtered must be seen."""


class FilterPrompt(Prompt):
    """The filter of a panel. `apply` gets each usable filter while it is typed, and the old one again on `esc`."""

    def __init__(
        self, runtime: Runtime, panel: str, kind: type, text: str = "", *, apply: Callable[[Filter], None] | None = None
    ) -> None:
        super().__init__(
            runtime, "/", APART.join(filter(None, (panel, EXAMPLES.get(kind), "enter keep", "esc back"))), text
        )
        self._columns = columns_of(kind)
        self._apply = apply
        self._before = text

    def fault(self, text: str) -> str:
        """Returns why `text` can't be applied."""
        try:
            parse(text, self._columns)
        except FilterError as error:
            return str(error)
        return ""

    def changed(self) -> None:
        """Applies what can be applied; half a comparison leaves the last filter as it is."""
        self._use(self.edit.text)

    def action_back(self) -> None:
        """Restores the filter from before and closes."""
        self._use(self._before)
        super().action_back()

    def _use(self, text: str) -> None:
        try:
            found = parse(text, self._columns)
        except FilterError:
            return
        if self._apply is not None:
            self._apply(found)


class GotoPrompt(Prompt):
    """A time of the recording to go to."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime, "go to", "13:47:05, +90, -30 or 50%   enter go   esc back")

    def fault(self, text: str) -> str:
        """Returns why `text` is no time of this recording."""
        status = self.runtime.view.replay
        if status is None:
            return "nothing is being replayed"
        try:
            parse_time(text, status)
        except TimeError as error:
            return str(error)
        return ""


class RulePrompt(Prompt):
    """The rule that every trade must keep; an empty one ends it."""

    def __init__(self, runtime: Runtime) -> None:
        hint = APART.join(("empty for none", "net_bps>8 and rsi(SOL)<70", "enter apply", "esc back"))
        super().__init__(runtime, "rule", hint, runtime.view.cycles.rule)

    def fault(self, text: str) -> str:
        """Returns what is wrong with the rule, with its column."""
        return formats.clean(self.runtime.check_rule(text.strip()))


class ExportPrompt(Prompt):
    """The folder to write the focused table into. `write` returns the files; it runs off the screen's thread."""

    def __init__(self, runtime: Runtime, panel: str, folder: str, write: Callable[[Path], tuple[Path, ...]]) -> None:
        super().__init__(
            runtime, f"export {panel} to", APART.join(("a folder", "enter writes CSV and JSON", "esc back")), folder
        )
        self._write = write
        self._done = False

    def fault(self, text: str) -> str:
        """Returns why `text` can't be a folder."""
        if not text.strip():
            return "a folder is needed"
        path = Path(text.strip()).expanduser()
        return f"{text.strip()} is a file" if path.is_file() else ""

    def action_accept(self) -> None:
        """Writes; a second `enter` closes."""
        if self._done:
            self.dismiss(self.edit.text)
            return
        self.problem = self.fault(self.edit.text)
        if not self.problem:
            self.hint = "writing"
            self.run_worker(self._run, thread=True, exclusive=True)
        self.renew()

    def changed(self) -> None:
        """Another folder means another export."""
        self._done = False

    def _run(self) -> None:
        """Worker thread: writes the files."""
        try:
            paths = self._write(Path(self.edit.text.strip()).expanduser())
        except OSError as error:
            self.app.call_from_thread(self._exported, f"not written: {error.strerror or error}", failed=True)
            return
        self.app.call_from_thread(self._exported, f"wrote {' and '.join(path.name for path in paths)}", failed=False)

    def _exported(self, words: str, *, failed: bool) -> None:
        self._done = not failed
        self.problem = formats.clean(words) if failed else ""
        self.hint = self.hint if failed else f"{formats.clean(words)}; enter closes"
        self.renew()
