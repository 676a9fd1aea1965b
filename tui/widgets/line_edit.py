"""One line of text that is being typed: pure state, so that what a key does can be tested without a screen."""

from __future__ import annotations

from tui.widgets.canvas import Canvas, cells

MAX_CHARS = 200


class LineEdit:
    """Text and a cursor. `key` takes a key and says whether it meant something."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)

    def key(self, key: str, character: str | None) -> bool:
        """Takes a key press; returns False if it means nothing to a line of text."""
        at = self.cursor
        match key:
            case "left":
                self.cursor = max(0, at - 1)
            case "right":
                self.cursor = min(len(self.text), at + 1)
            case "home" | "ctrl+a":
                self.cursor = 0
            case "end" | "ctrl+e":
                self.cursor = len(self.text)
            case "backspace":
                self._cut(max(0, at - 1), at)
            case "delete":
                self._cut(at, at + 1)
            case "ctrl+u":
                self._cut(0, at)
            case "ctrl+w":
                self._cut(self.text[:at].rstrip().rfind(" ") + 1, at)
            case _:
                if not character or not character.isprintable():
                    return False
                self.insert(character)
        return True

    def insert(self, text: str) -> None:
        """Puts printable text in at the cursor, up to the longest line allowed."""
        shown = "".join(char if char.isprintable() else " " for char in text)[: MAX_CHARS - len(self.text)]
        self.text = self.text[: self.cursor] + shown + self.text[self.cursor :]
        self.cursor += len(shown)

    def draw(self, canvas: Canvas, x: int, y: int, width: int, role: str = "strong@raised") -> None:
        """Draws the line in `width` cells with a reversed cell as cursor, scrolled so that the cursor is seen."""
        canvas.put(x, y, " " * width, role)
        start = 0
        while cells(self.text[start : self.cursor]) > width - 2:
            start += 1
        end = x + width
        for index, char in enumerate(self.text[start:] + " ", start):
            if x + cells(char) > end:
                break
            x = canvas.put(x, y, char, f"{role} reverse" if index == self.cursor else role)

    def _cut(self, first: int, last: int) -> None:
        self.text = self.text[:first] + self.text[last:]
        self.cursor = first
