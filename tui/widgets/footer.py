"""The footer: the keys that work now, and HALT and quit always at the same cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands import REGISTRY, Situation
from tui.glyphs import glyph, plain
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.scene import Scene

QUIT_FROM_END = 7
HALT_FROM_END = 15
LIVE_FROM_END = 24


class Footer(Grounded):
    """One line at the bottom."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.situation = Situation()

    def show(self, situation: Situation) -> None:
        """Takes over what decides which keys work."""
        if situation != self.situation:
            self.situation = situation
            self.repaint()

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the footer."""
        del height
        scene, paint, now = self.scene, self.scene.paint, self.situation
        live = scene.live
        key = paint.style("on-live", "live", bold=True) if live else paint.style("accent", bold=True)
        word = paint.style("on-live", "live") if live else paint.style("muted")
        line = self.line(width, "live" if live else "raised")
        gap = 2 if scene.size_class in (0, 80) else 3
        end = width - (LIVE_FROM_END if live else HALT_FROM_END) - 2
        if live and paint.theme.colours == "mono":
            line.add(glyph("live-edge"), word)
        offered = REGISTRY.footer(now, end - 1, gap) if scene.size_class else (REGISTRY["help"],)
        for index, action in enumerate(offered):
            line.put(line.at + gap if index else 1, plain(action.shown), key)
            line.add(f" {action.label(now)}", word)
        if live:
            line.put(width - LIVE_FROM_END, " LIVE ", paint.style("live", "on-live", bold=True))
        if REGISTRY["halt"].available(now):
            danger = key if live else paint.style("danger", bold=True)
            line.put(width - HALT_FROM_END, "k HALT", danger)
        line.put(width - QUIT_FROM_END, "q", key).add(" quit", word)
        return [line.strip()]
