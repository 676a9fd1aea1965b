"""`?`: every key that does something now, made from the action registry, the focused panel's first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding

from tui.commands import LIVE_GROUP, REGISTRY
from tui.glyphs import glyph, plain
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, cells, clip, wrap
from tui.widgets.line_edit import LineEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.binding import BindingType
    from textual.events import Key

    from cambist.view import Runtime
    from tui.commands import Action, Registry, Situation

RULE_OF_CASE = "Lower case looks, upper case changes something that lasts; m and k are the two exceptions."


class Row(NamedTuple):
    """One line of a column: a key and its help, or a heading, or its rule, or nothing."""

    key: str = ""
    text: str = ""
    head: bool = False
    rule: bool = False
    danger: bool = False


def columns(groups: dict[str, tuple[Action, ...]], own: str, widths: Sequence[int]) -> list[list[Row]]:
    """Returns the rows of as many columns as `widths` has, each wrapped to its width.

    The focused panel's group comes first; what spends or stops money stands in a column of its own or, with two
    columns, on top of the second, so that it is seen without scrolling.
    """
    three = len(widths) > 2
    where = {
        own: 0,
        "Panels": 0,
        "Watch": 1,
        "Record and replay": 1,
        LIVE_GROUP: 2 if three else 1,
        "App": 2 if three else 0,
    }
    first = {own: -2, LIVE_GROUP: -1}
    made: list[list[Row]] = [[] for _ in widths]
    for group in sorted(groups, key=lambda name: first.get(name, 0)):
        at = where.get(group, len(widths) - 1)
        if made[at]:
            made[at].append(Row())
        danger = group == LIVE_GROUP
        made[at] += [Row(text=group, head=True, danger=danger), Row(rule=True)]
        for action in groups[group]:
            lines = wrap(plain(action.help), widths[at] - 8) or [""]
            made[at] += [
                Row(plain(action.shown) if not index else "", line, danger=danger) for index, line in enumerate(lines)
            ]
    return made


class HelpScreen(Overlay[None]):
    """The keys, by panel and purpose. `name` is the focused panel's as its title says it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", id="help.search", tooltip="finds a key by what it does", show=False),
        Binding("down,j", "scroll(1)", "down", id="help.down", show=False),
        Binding("up", "scroll(-1)", "up", id="help.up", show=False),
        Binding("pagedown", "scroll(10)", "page down", id="help.page_down", show=False),
        Binding("pageup", "scroll(-10)", "page up", id="help.page_up", show=False),
        Binding("question_mark,q", "back", "back", id="help.back", show=False),
    ]
    BOX: ClassVar[tuple[int, int]] = (106, 29)

    def __init__(self, runtime: Runtime, situation: Situation, name: str, registry: Registry = REGISTRY) -> None:
        super().__init__(runtime)
        self.situation = situation
        self.name_shown = name
        self.registry = registry
        self.search: LineEdit | None = None
        self._top = 0
        self._most = 0

    def page(self, width: int, height: int) -> Canvas:
        """Returns the columns, scrolled."""
        canvas = Canvas(width, height)
        inner = self.margin
        widths = (32, 30, 28) if width >= 100 else ((width - 2 * inner - 3) // 2,) * 2
        starts = (inner, inner + 36, inner + 70) if width >= 100 else (inner, inner + widths[0] + 3)
        top = 4 if not self.small else 3
        made = columns(self._found(), self.name_shown, widths)
        room = height - 1 - top - (2 if not self.small else 0)
        self._most = max(0, max(len(rows) for rows in made) - room)
        self._top = min(self._top, self._most)
        for x, span, rows in zip(starts, widths, made, strict=True):
            for offset, row in enumerate(rows[self._top : self._top + room]):
                _draw(canvas, x, top + offset, span, row)
        self._head(canvas, inner, 2 if not self.small else 1)
        if not self.small:
            canvas.put(inner, height - 3, RULE_OF_CASE, "muted")
        scroll = ((plain("↑ ↓"), "scroll"),) if self._most else ()
        canvas.box("Keys", (*scroll, ("/", "search"), ("esc", "back")), margin=inner)
        return canvas

    def on_key(self, event: Key) -> None:
        """While searching, letters are text; `esc` ends the search before it closes the page."""
        if self.search is None:
            return
        if event.key in ("escape", "enter"):
            if event.key == "escape":
                self.search = None
            event.stop()
        elif self.search.key(event.key, event.character):
            self._top = 0
            event.stop()
        else:
            return
        self.renew()

    def action_search(self) -> None:
        """Starts a search."""
        self.search = LineEdit()
        self.renew()

    def action_scroll(self, by: int) -> None:
        """Scrolls all columns together."""
        self._top = max(0, min(self._most, self._top + by))
        self.renew()

    def on_mouse_scroll_down(self) -> None:
        """Scrolls down."""
        self.action_scroll(2)

    def on_mouse_scroll_up(self) -> None:
        """Scrolls up."""
        self.action_scroll(-2)

    def _found(self) -> dict[str, tuple[Action, ...]]:
        groups = self.registry.groups(self.situation, self.name_shown)
        if self.search is None or not self.search.text.strip():
            return groups
        word = self.search.text.strip().casefold()
        kept = {
            group: tuple(a for a in actions if word in f"{group} {a.help} {a.shown} {a.id}".casefold())
            for group, actions in groups.items()
        }
        return {group: actions for group, actions in kept.items() if actions}

    def _head(self, canvas: Canvas, x: int, y: int) -> None:
        if self.search is not None:
            x = canvas.put(x, y, "/", "accent bold")
            self.search.draw(canvas, x + 1, y, 30)
            canvas.put(x + 33, y, "letters search, esc shows all", "muted")
            return
        x = canvas.put(x, y, self.name_shown, "accent bold")
        words = " has the focus. Its keys come first; keys that do nothing now are not listed."
        words = words if cells(words) <= canvas.width - 2 - x else " has the focus; its keys come first."
        canvas.put(x, y, clip(words, canvas.width - 2 - x), "muted")


def _draw(canvas: Canvas, x: int, y: int, width: int, row: Row) -> None:
    if row.rule:
        canvas.put(x, y, glyph("rule") * (width - 1), "border")
    elif row.head:
        canvas.put(x, y, clip(row.text, width), "danger bold" if row.danger else "strong bold")
    else:
        canvas.put(x, y, row.key, "danger bold" if row.danger else "accent bold")
        canvas.put(x + 8, y, row.text)
