"""`ctrl+p`: every action that does something now, found by name, with its key beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.fuzzy import Matcher

from tui.glyphs import glyph, plain
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, cells, clip
from tui.widgets.line_edit import LineEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType
    from textual.events import Key, Paste

    from cambist.view import Runtime
    from tui.commands import Action

_SKIPPED = frozenset({"palette", "back", "move", "panel", "next"})


class Offer(NamedTuple):
    """One line of the palette: what it does, its key, and what to run."""

    words: str
    key: str
    action: str
    meaning: str
    danger: bool = False


def offers(actions: Sequence[Action], panels: Sequence[tuple[str, str]], themes: Sequence[str]) -> tuple[Offer, ...]:
    """Returns what the palette offers: the actions, one line per key that means something else, panels and themes."""
    made: list[Offer] = []
    for action in actions:
        if action.id in _SKIPPED:
            continue
        if not action.steps:
            words = "help: the keys that do something now" if action.id == "help" else action.help
            made.append(Offer(words, action.shown, action.id, action.keys[0], action.danger))
            continue
        for key, meaning in zip(action.shown.split(), action.steps, strict=False):
            made.append(Offer(action.help, key, action.id, meaning, action.danger))
    made += [Offer(f"show panel {title}", number, "panel", number) for number, title in panels]
    made += [Offer(f"theme {name}", "", "theme", name) for name in themes]
    return tuple(made)


def found(all_offers: Sequence[Offer], query: str) -> tuple[Offer, ...]:
    """Returns the offers that fit `query`, best first; all of them for an empty one."""
    if not query.strip():
        return tuple(all_offers)
    matcher = Matcher(query.strip())
    scored = [(matcher.match(offer.words), -index, offer) for index, offer in enumerate(all_offers)]
    return tuple(offer for score, _, offer in sorted(scored, key=lambda item: item[:2], reverse=True) if score > 0)


class PaletteScreen(Overlay[Offer], inherit_bindings=False):
    """Asks for an action by name and gives its offer back. What is offered follows the situation while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "halt_now", "HALT", id="palette.halt", tooltip="halts all, at once", show=False),
        Binding("enter", "take", "do it", id="palette.take", tooltip="does it", show=False),
        Binding("down", "move(1)", "down", id="palette.down", show=False),
        Binding("up", "move(-1)", "up", id="palette.up", show=False),
        Binding("pagedown", "move(10)", "page down", id="palette.page_down", show=False),
        Binding("pageup", "move(-10)", "page up", id="palette.page_up", show=False),
        Binding("escape,ctrl+p", "back", "back", id="palette.back", show=False),
    ]
    BOX: ClassVar[tuple[int, int]] = (76, 25)

    def __init__(self, runtime: Runtime, offered: Callable[[], Sequence[Offer]]) -> None:
        super().__init__(runtime)
        self.edit = LineEdit()
        self.cursor = 0
        self._offered = offered
        self._top = 0

    @property
    def fitting(self) -> tuple[Offer, ...]:
        """What is listed now."""
        return found(self._offered(), self.edit.text)

    def page(self, width: int, height: int) -> Canvas:
        """Returns field and list."""
        canvas = Canvas(width, height)
        left, right = self.margin, width - self.margin
        y = 2 if not self.small else 1
        self.edit.draw(canvas, left, y, right - left)
        fitting, room = self.fitting, height - y - 4
        self.cursor = max(0, min(self.cursor, len(fitting) - 1))
        self._top = max(0, min(self._top, self.cursor), self.cursor - room + 1)
        if not fitting:
            canvas.put(left, y + 2, "Nothing that does something now has such a name.", "muted")
        for offset, offer in enumerate(fitting[self._top : self._top + room]):
            at = self._top + offset == self.cursor
            on = "@selection" if at else ""
            row = y + 2 + offset
            canvas.put(left - 1, row, " " * (right - left + 2), f"text{on}")
            if at:
                canvas.put(left - 1, row, glyph("cursor"), f"accent{on}")
            key = plain(offer.key)
            canvas.right(right, row, key, f"{'danger' if offer.danger else 'accent'}{on} bold")
            words = clip(plain(offer.words), right - left - cells(key) - 3)
            canvas.put(left + 1, row, words, f"{'danger' if offer.danger else 'text'}{on}")
        canvas.box("Actions", ((plain("↑ ↓"), "choose"), ("enter", "do it"), ("esc", "back")), margin=left)
        return canvas

    def on_key(self, event: Key) -> None:
        """Takes text for the field; what is left are bindings."""
        if event.key in ("escape", "ctrl+p", "enter", "up", "down", "pageup", "pagedown", "ctrl+k"):
            return
        if self.edit.key(event.key, event.character):
            event.stop()
            self.cursor = self._top = 0
            self.renew()

    def on_paste(self, event: Paste) -> None:
        """Takes pasted text as one line."""
        event.stop()
        self.edit.insert(event.text)
        self.renew()

    def action_move(self, by: int) -> None:
        """Moves the cursor; it stops at both ends."""
        self.cursor += by
        self.renew()

    def action_take(self) -> None:
        """Gives the offer under the cursor back."""
        fitting = self.fitting
        if fitting:
            self.dismiss(fitting[min(self.cursor, len(fitting) - 1)])
