"""What a terminal below 80×24 shows: nothing squeezed, the size needed, today's result, halt and quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.view import Headline as Figures
from tui import formats
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.scene import Scene


class TooSmall(Grounded):
    """The refusal, between status bar and footer."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.figures = Figures()
        self.needs = ""

    def show(self, figures: Figures, needs: str) -> None:
        """Takes over today's figures; `needs` is the sentence about the size."""
        self.figures, self.needs = figures, needs
        self.repaint()

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the lines."""
        paint, figures, best = self.scene.paint, self.figures, self.figures.best
        lines = [self.line(width) for _ in range(height)]
        x = 4 if width >= 56 else 1
        wallet = {"PAPER": "paper", "LIVE": "live"}.get(self.scene.mode, "recorded")
        text = (
            (self.needs, "strong", True),
            ("", "text", False),
            ("Enlarge it, or make the font smaller.", "text", False),
            ("Collecting, recording and trading go on meanwhile.", "muted", False),
            ("", "text", False),
        )
        top = max(0, min(3, (height - len(text) - 1) // 2))
        result = min(height - 1, top + len(text))
        for row, (words, role, bold) in zip(lines[top:result], text, strict=False):
            row.put(x, words, paint.style(role, bold=bold))
        if height:
            role = "profit" if (figures.realised or 0) > 0 else "loss" if (figures.realised or 0) < 0 else "text"
            money = formats.money(figures.realised, figures.decimals, 4, 9, sign=True)
            line = lines[result].put(x, f"{money} {formats.symbol(figures.unit)}", paint.style(role, bold=True))
            line.add(f" today, {wallet}   best ", paint.style("muted"))
            net = None if best is None else best.net_bps
            line.add(f"{formats.bps(net, 6)} bps", paint.style("accent" if (net or 0) > 0 else "muted", bold=True))
        return [line.strip() for line in lines]
