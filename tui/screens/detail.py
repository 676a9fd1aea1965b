"""The overlay of one cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from cambist.model.commands import InspectCycle
from cambist.view import CycleDetail
from tui.screens import detail_page
from tui.screens.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType

    from cambist.view import Runtime
    from tui.widgets.canvas import Canvas

KEYS = (("esc", "back"), ("w", "why"), ("y", "copy JSON"), ("F", "pin"), ("[ ]", "previous, next"))


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

    def answer(self) -> CycleDetail | None:
        """Returns the View's detail if it is of this cycle."""
        detail = self.runtime.view.detail
        return detail if detail is not None and detail.row.key == self.key else None

    def exists(self) -> bool:
        """Returns whether the cycle still stands."""
        return any(row.key == self.key for row in self.runtime.view.cycles.rows)

    def offered(self) -> tuple[tuple[str, str], ...]:
        """Returns the keys; pinning only where there is a table to pin in."""
        return KEYS if self._pin else tuple(pair for pair in KEYS if pair[0] != "F")

    def draw(self, canvas: Canvas, detail: CycleDetail) -> None:
        """Draws the cycle."""
        detail_page.draw(canvas, detail, why=self.why)

    def action_why(self) -> None:
        """Shows the decision in full instead of the curve, and back."""
        self.why = not self.why
        self.renew()

    def action_pin(self) -> None:
        """Pins the cycle in the table."""
        if self._pin is not None:
            self._pin(self.key)
            self.show_notice("pin changed")
