"""The status bar: mode, market, recording at the left; state, rates, engine, clock in fixed slots at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from cambist.view import Status
from tui import formats
from tui.glyphs import glyph
from tui.widgets.painted import Grounded

if TYPE_CHECKING:
    from rich.style import Style
    from textual.strip import Strip

    from cambist.view import ReplayStatus
    from tui.paint import Line
    from tui.scene import Scene

STATE_X = {80: 33, 120: 63, 200: 89}
"""Cells from the right end to the state, by size class."""
RETENTION_FROM = 150
ENGINES = {"native": "rust", "reference": "python"}


class Part(NamedTuple):
    """A part of the left side: text and styles, the gap before it, and when it goes (higher goes first, 0 never)."""

    runs: tuple[tuple[str, Style], ...]
    gap: int
    goes: int


class StatusBar(Grounded):
    """One line at the top."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.status = Status()
        self.replay: ReplayStatus | None = None
        self.fps: int | None = None

    def show(self, status: Status, replay: ReplayStatus | None, fps: int | None) -> None:
        """Takes over what the bar shows."""
        self.status, self.replay, self.fps = status, replay, fps
        self.repaint()

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the bar."""
        del height
        line = self.line(width, "live" if self.scene.live else "raised")
        kind = 80 if self.scene.size_class in (0, 80) else self.scene.size_class
        state_x = width - (STATE_X[kind] if self.scene.size_class else 11)
        self._left(line, state_x - 2)
        self._state(line, state_x)
        if self.scene.size_class:
            self._right(line, width, kind)
        return [line.strip()]

    def _style(self, role: str, *, bold: bool = False) -> Style:
        """Returns a text style; on the LIVE bar everything is the bar's own ink."""
        if self.scene.live:
            return self.scene.paint.style("on-live", "live", bold=bold)
        return self.scene.paint.style(role, bold=bold)

    # Left.

    def _left(self, line: Line, room: int) -> None:
        parts = self._parts(line.width)
        while sum(part.gap + sum(cell_len(text) for text, _ in part.runs) for part in parts) > room:
            droppable = max(parts, key=lambda part: part.goes)
            if not droppable.goes:
                parts[-1] = _shortened(parts, room)
                break
            parts.remove(droppable)
        for part in parts:
            line.put(line.at + part.gap, "", self._style("text"))
            for text, style in part.runs:
                line.add(text, style)

    def _parts(self, width: int) -> list[Part]:
        status, paint = self.status, self.scene.paint
        parts = [self._badge()]
        if self.scene.live and status.signer:
            signer = f"signing {formats.address(status.signer)}"
            parts.append(Part(((signer, self._style("text", bold=True)),), 1, 3))
        if status.demo:
            demo = f" {glyph('demo')} "
            style = paint.style("demo", "demo-background")
            bold = paint.style("demo", "demo-background", bold=True)
            words = "EASY DEMO " if status.easy else "DEMO "
            parts.append(Part(((demo, style), (words, bold)), 1, 0))
        if status.market and not self.scene.live:
            parts.append(Part(((formats.cut(status.market, 16), self._style("muted")),), 1, 5))
        if self.replay is not None:
            parts += self._replay_parts(self.replay)
        else:
            parts += self._recording(width)
        return parts

    def _badge(self) -> Part:
        mode, paint = self.scene.mode, self.scene.paint
        if mode == "LIVE":
            edge, ink = paint.style("on-live", "live"), paint.style("live", "on-live", bold=True)
            return Part(((glyph("live-edge") if paint.theme.colours == "mono" else " ", edge), (" LIVE  ", ink)), 0, 0)
        role = mode.lower()
        return Part(((f"  {mode}  ", paint.style(f"on-{role}", role, bold=True)),), 0, 0)

    def _replay_parts(self, replay: ReplayStatus) -> list[Part]:
        parts = []
        if replay.session and replay.session != self.status.market:
            parts.append(Part(((formats.cut(replay.session, 20), self._style("text")),), 2, 2))
        wall = f"wall {formats.clock(self.scene.wall_ns)}"
        parts.append(Part(((wall, self._style("muted")),), 2, 3))
        if self.status.background:
            words = f"live beside: {formats.cut(self.status.background, 16)}"
            parts.append(Part(((words, self._style("accent", bold=True)),), 2, 0))
        return parts

    def _recording(self, width: int) -> list[Part]:
        status = self.status
        if not status.recording:
            note = formats.cut(status.recording_note, 60)
            style = self._style("stale" if note else "muted")
            words = f"{glyph('idle')} not recording" + (f": {note}" if note else "")
            return [Part(((words, style),), 2, 0)]
        runs = (
            (glyph("recording"), self._style("danger")),
            (" REC ", self._style("strong", bold=True)),
            (formats.size(status.recorded_bytes), self._style("text")),
        )
        parts = [Part(runs, 2, 0)]
        if self.scene.size_class != 80:
            since = formats.span(status.now_ns - status.recorded_since_ns)
            parts.append(Part(((since, self._style("text")),), 1, 4))
        if width >= RETENTION_FROM and status.retention_bytes:
            kept = f"kept to {formats.size(status.retention_bytes).replace('.0 ', ' ')}"
            parts.append(Part(((kept, self._style("muted")),), 3, 6))
        return parts

    # Right.

    def _state(self, line: Line, x: int) -> None:
        status, paint = self.status, self.scene.paint
        if self.replay is not None:
            name = "playing" if self.replay.playing else "paused"
            if self.replay.finished:
                name = "paused"
            word = "ENDED" if self.replay.finished else name.upper()
            style = self._style("replay-text", bold=True)
            line.put(x, f"{glyph(name)} {word}", style)
            return
        if status.state == "HALTED":
            line.put(x, f"{glyph('halted')} HALTED ", paint.style("danger", "background", bold=True, reverse=True))
        elif status.state == "REDUCING":
            line.put(x, f"{glyph('reducing')} REDUCING", self._style("stale", bold=True))
        else:
            line.put(x, glyph("running"), self._style("text"))
            line.put(x + 2, formats.cut(status.state, 9), self._style("strong", bold=True))

    def _right(self, line: Line, width: int, kind: int) -> None:
        status = self.status
        muted, strong = self._style("muted"), self._style("strong", bold=True)
        if kind == 200:
            line.end(width - 72, formats.count(formats.whole(status.events_per_s), 6), muted).put(
                width - 71, "events/s", muted
            )
            line.end(width - 58, formats.count(self.fps, 3), muted).put(width - 57, "fps", muted)
        if kind == 80:
            line.put(width - 22, f"q {formats.count(status.queue, 3).replace(' ', '')}", muted)
        else:
            if status.loading:
                words = f"{ENGINES[status.loading]} beside {status.loading_percent} %"
                line.put(width - 51, words, self._style("stale"))
            else:
                line.put(width - 51, "slot", muted).end(width - 35, formats.count(status.slot), muted)
            line.put(width - 32, "queue", muted).end(width - 22, formats.count(status.queue, 5), muted)
        name = ENGINES[status.engine]
        at = width - (16 if kind == 80 else 19)
        if status.loading and kind == 80:
            line.put(at, f"{ENGINES[status.loading][:2]} {status.loading_percent}%", self._style("stale"))
        else:
            line.put(at, name, muted if name == "rust" else self._style("stale"))
        if kind == 80:
            line.end(width - 1, formats.clock(status.now_ns), strong)
        else:
            line.end(width - 1, formats.clock(status.now_ns, hundredths=True), strong)


def _shortened(parts: list[Part], room: int) -> Part:
    """Returns the last part with its last run cut to what is left of `room`."""
    last = parts[-1]
    text, style = last.runs[-1]
    used = sum(part.gap + sum(cell_len(run) for run, _ in part.runs) for part in parts) - cell_len(text)
    return last._replace(runs=(*last.runs[:-1], (formats.cut(text, max(1, room - used)), style)))
