"""The overlay of one cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.binding import Binding

from cambist.model.commands import InspectCycle
from cambist.model.opportunity import End
from cambist.view import CycleDetail
from tui import formats
from tui.screens import detail_page
from tui.screens.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType

    from cambist.view import CycleOutline, Runtime
    from tui.widgets.canvas import Canvas

KEYS = (("esc", "back"), ("w", "why"), ("y", "copy JSON"), ("F", "pin"), ("[ ]", "previous, next"))
ENDS = {
    End.GONE: "A leg can't be traded any more",
    End.UNSIZED: "No size can be quoted any more",
    End.LOST: "It paid no more after costs",
    End.CROWDED: "Crowded out by better cycles",
}
"""How a cycle ended, in words."""
NOT_SIZED = "Others on its pools earn more"


class DetailScreen(Opened[CycleDetail]):
    """Hops, costs, gates and curve of a cycle."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="detail.why", tooltip="the decision in full, or the curve", show=False),
        Binding("F", "pin", "pin", id="detail.pin", tooltip="pins the cycle", show=False),
    ]
    TITLE = "Cycle detail"
    ASKS = InspectCycle
    WANTS = "hops, costs and curve"
    GONE = "The market closed this cycle; this is how it was last."
    NEVER_CAME = "The market closed this cycle before it could be opened."

    def __init__(
        self,
        runtime: Runtime,
        key: str,
        *,
        why: bool = False,
        order: Callable[[], Sequence[str]] | None = None,
        pin: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(runtime, key, order or (lambda: [row.key for row in runtime.view.cycles.rows]))
        self.why = why
        self._pin = pin
        self._outline: CycleOutline | None = None

    def answer(self) -> CycleDetail | None:
        """Returns the View's detail if it is of this cycle."""
        detail = self.runtime.view.detail
        return detail if detail is not None and detail.row.key == self.key else None

    def exists(self) -> bool:
        """Returns whether the cycle still stands."""
        return any(row.key == self.key for row in self.runtime.view.cycles.rows)

    def last_words(self, gone_s: float) -> tuple[str, str]:
        """Returns that the cycle ended, when and how, or why there is nothing newer of one that stands."""
        if self._outline is None:
            return super().last_words(gone_s)
        end = self._outline.history.ended
        if end is None:
            return "not sized now", f"{NOT_SIZED}; this is how it was last."
        slot = "" if end.slot is None else f", slot {formats.grouped(end.slot)}"
        return f"ended {formats.clock(end.at_ns)}{slot}", f"{ENDS[end.how]}; this is how it was last."

    def while_none(self, waited_s: float) -> list[str]:
        """Returns the history of a cycle that ended before it was opened, or is not sized now."""
        outline = self._outline
        if outline is None:
            return super().while_none(waited_s)
        state, _ = self.last_words(waited_s)
        end = outline.history.ended
        cause = NOT_SIZED if end is None else ENDS[end.how]
        facts = detail_page.facts(outline.history, outline.unit, outline.decimals)
        return [f"{cause}: {state}.", f"{facts}.", "[ ] opens another, esc goes back."]

    def offered(self) -> tuple[tuple[str, str], ...]:
        """Returns the keys; pinning only where there is a table to pin in."""
        return KEYS if self._pin else tuple(pair for pair in KEYS if pair[0] != "F")

    def draw(self, canvas: Canvas, detail: CycleDetail) -> None:
        """Draws the cycle."""
        detail_page.draw(canvas, detail, why=self.why, past=self._past())

    def action_why(self) -> None:
        """Shows the decision in full instead of the curve, and back."""
        self.why = not self.why
        self.renew()

    def action_pin(self) -> None:
        """Pins the cycle in the table."""
        if self._pin is not None:
            self._pin(self.key)
            self.show_notice("pin changed")

    def _take(self) -> None:
        """Takes over the outline of a cycle without a decision; one that is sized again has none."""
        super()._take()
        outline = self.runtime.view.outline
        if outline is not None and outline.key == self.key:
            self._outline = outline
            if self._shown is not None:
                self._shown = msgspec.structs.replace(self._shown, history=outline.history)
        elif self._outline is not None and (self._gone is None or self._outline.key != self.key):
            self._outline = None

    def _past(self) -> str:
        """Returns what stands in place of a verdict that holds no more, empty while it holds."""
        if self._gone is None:
            return ""
        if self._outline is None:
            return "gone"
        return "not sized" if self._outline.history.ended is None else "ended"
