"""A question that only `y` answers: stopping a recording, clearing a halt, leaving while LIVE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from tui import formats
from tui.glyphs import plain
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, Sheet, wrap

if TYPE_CHECKING:
    from textual.binding import BindingType

    from cambist.view import LimitRow, Runtime

WIDTH = 64
MOST_LIMITS = 8
"""The nearest limits that the question of a halt shows: with it and its cause they fit 24 lines."""


class ConfirmScreen(Overlay[bool]):
    """Says what would happen and what follows; `y` gives True. `enter` never does: it closes, like `esc` and `n`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "yes", id="confirm.yes", tooltip="does it", show=False),
        Binding("n,enter,space,q", "back", "no", id="confirm.no", tooltip="leaves it as it is", show=False),
    ]

    def __init__(
        self,
        runtime: Runtime,
        title: str,
        question: str,
        consequence: str,
        verb: str,
        *,
        danger: bool = False,
        limits: tuple[LimitRow, ...] = (),
    ) -> None:
        super().__init__(runtime)
        self.question = question
        self.consequence = consequence
        self.verb = verb
        self.danger = danger
        self.title_shown = title
        self.limits = limits[:MOST_LIMITS]

    def page(self, width: int, height: int) -> Canvas:
        """Returns the box with its question."""
        canvas = Canvas(width, height)
        role = "danger" if self.danger else "accent"
        y = 2
        for line in wrap(plain(self.question), width - 6):
            canvas.put(3, y, line, "strong bold")
            y += 1
        for line in wrap(plain(self.consequence), width - 6):
            canvas.put(3, y, line)
            y += 1
        for row in self.limits:
            put_limit(canvas, 3, canvas.width - 3, y + 1, row)
            y += 1
        y += bool(self.limits)
        canvas.run(
            3, y + 1, ("y", f"{role} bold"), (f" {self.verb}", "text"), ("     esc", "accent bold"), (" back", "muted")
        )
        canvas.put(width - 3 - 15, y + 1, "enter goes back", "muted")
        canvas.box(self.title_shown, (), role, heavy=self.danger)
        return canvas

    def action_confirm(self) -> None:
        """Gives True back."""
        self.dismiss(True)

    def action_back(self) -> None:
        """Gives False back."""
        self.dismiss(False)

    def _place(self) -> None:
        inner = WIDTH - 6
        lines = len(wrap(plain(self.question), inner)) + len(wrap(plain(self.consequence), inner))
        sheet = self.query_one(Sheet)
        lines += len(self.limits) + bool(self.limits)
        sheet.styles.width, sheet.styles.height = WIDTH, lines + 6
        self._shade()


def put_limit(canvas: Canvas, left: int, right: int, y: int, row: LimitRow) -> None:
    """Puts a limit's key at the left, what is used of it at the right; one that is used up in red and with a word."""
    used_up = row.used is not None and row.used >= row.of
    digits = min(3, row.decimals)
    used, most = (formats.money(atoms, row.decimals, digits) for atoms in (row.used, row.of))
    words = f"{used} of {most} {formats.symbol(row.unit, 6)}"
    start = canvas.right(right, y, f"{words} used up" if used_up else words, "danger bold" if used_up else "text")
    name = f"{row.limit} {formats.cut(row.scope, 16)}".rstrip()
    canvas.put(left, y, formats.cut(name, start - left - 1), "muted")


def stop_recording(runtime: Runtime) -> ConfirmScreen:
    """Returns the question `R` asks while recording."""
    return ConfirmScreen(
        runtime,
        "Stop recording",
        "Stop recording this session?",
        "What was recorded stays and can be opened. From then on nothing can be replayed, and the day's decisions are "
        "in the journal only. R starts a new session.",
        "stop recording",
    )


def clear_halt(runtime: Runtime) -> ConfirmScreen:
    """Returns the question `K` asks: the reason of the halt first."""
    reason = formats.cut(runtime.view.status.halt_reason, 200) or "by hand"
    text = reason[0].upper() + reason[1:] if reason.startswith("halted") else f"Halted: {reason}"
    return ConfirmScreen(
        runtime,
        "Clear halt",
        f"{text}.",
        "Clearing it lets the next go cycle be taken again, in the mode shown in the status bar.",
        "clear the halt",
        danger=True,
        limits=runtime.view.trades.limits,
    )


def leave(runtime: Runtime, open_orders: int) -> ConfirmScreen:
    """Returns the question `q` asks in LIVE or with open orders."""
    orders = "1 order is open" if open_orders == 1 else f"{open_orders} orders are open"
    follows = (
        f"{orders}; what becomes of them is asked of the venue at the next start."
        if open_orders
        else "No order is open. Trading ends, the session is closed and stays readable."
    )
    return ConfirmScreen(runtime, "Quit", f"Quit while {runtime.view.status.mode}?", follows, "quit", danger=True)
