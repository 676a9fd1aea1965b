"""A one-line input above the footer: the filter, or the time to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.binding import BindingType


class Prompt(Input):
    """Asks for a line of text; says what was entered, or that nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="prompt-back", tooltip="leave without change", show=False)
    ]

    class Answered(Message):
        """What was asked and what was entered; None if left with escape."""

        def __init__(self, purpose: str, value: str | None) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.purpose = ""
        self.cursor_blink = False

    def ask(self, purpose: str, placeholder: str, value: str = "") -> None:
        """Takes the focus and asks."""
        self.purpose, self.placeholder, self.value = purpose, placeholder, value
        self.focus()

    def action_leave(self) -> None:
        """Leaves without an answer."""
        self.post_message(self.Answered(self.purpose, None))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Says what was entered."""
        event.stop()
        self.post_message(self.Answered(self.purpose, event.value))
