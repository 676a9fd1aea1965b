"""Playback of a recording: where in the recording the picture is, what lies around it, whether it is the same."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tui import formats
from tui.glyphs import HEAT, glyph, is_ascii
from tui.replay_keys import speed_text
from tui.widgets.canvas import Canvas, Sheet, cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.events import Click

    from cambist.view import Marker, ReplayStatus
    from tui.scene import Scene

_LEVELS = "▁▂▃▄▅▆▇"
_MARKS = {
    "halt": ("halted", "danger"),
    "gap": ("gap", "stale"),
    "cut": ("gap", "stale"),
    "loss": ("down", "loss"),
    "fill": ("fill", "profit"),
    "bookmark": ("bookmark", "demo"),
}
"""Glyph and role by kind; of several in one cell the first listed is shown."""


class Playback(Sheet):
    """Three rows: state and numbers, density with what was played brighter, markers with the playhead."""

    def __init__(self, scene: Scene, *, id: str | None = None, seek: Callable[[int], None] | None = None) -> None:
        super().__init__(scene, self._draw, ground="surface", id=id)
        self._status: ReplayStatus | None = None
        self._seek = seek

    def show(self, status: ReplayStatus | None) -> None:
        """Takes over the replay's status."""
        if status != self._status:
            self._status = status
            self.repaint()

    def on_click(self, event: Click) -> None:
        """Goes to the time under the pointer."""
        status = self._status
        if status is not None and self._seek is not None and event.y >= 1:
            share = min(1.0, max(0.0, (event.x - 1) / max(1, self.size.width - 3)))
            self._seek(status.first_ns + round(share * (status.last_ns - status.first_ns)))

    def _draw(self, width: int, height: int) -> Canvas:
        canvas = Canvas(width, height)
        if self._status is None:
            canvas.put(1, 0, "Reading the recording.", "muted")
        else:
            draw(canvas, self._status)
        return canvas


def draw(canvas: Canvas, status: ReplayStatus) -> None:
    """Draws the three rows."""
    _numbers(canvas, status)
    width = canvas.width - 2
    heights = levels(resample(status.density, width), len(_LEVELS))
    for marker in status.markers:
        if marker.kind == "gap" and (at := column(marker.at_ns, status, width)) is not None:
            heights[at] = 0
    head = column(status.position_ns, status, width)
    ramp = HEAT if is_ascii() else _LEVELS
    for x, level in enumerate(heights):
        if level:
            canvas.put(1 + x, 1, ramp[level - 1], "muted" if head is not None and x < head else "faint")
    canvas.put(1, 2, glyph("rule") * width, "border")
    for kind in reversed(_MARKS):
        name, role = _MARKS[kind]
        for marker in status.markers:
            at = column(marker.at_ns, status, width) if marker.kind == kind else None
            if at is not None:
                canvas.put(1 + at, 2, glyph(name), role)
    if head is not None:
        canvas.put(1 + head, 1, glyph("now"), "replay-text")
        canvas.put(1 + head, 2, glyph("playhead"), "replay-text")


def column(at_ns: int, status: ReplayStatus, width: int) -> int | None:
    """Returns the column of a time, 0 to `width` − 1; `None` outside the recording."""
    whole = status.last_ns - status.first_ns
    if width <= 0 or not status.first_ns <= at_ns <= status.last_ns:
        return None
    return (at_ns - status.first_ns) * (width - 1) // whole if whole else 0


def resample(density: Sequence[int], width: int) -> list[float]:
    """Returns records per column: sums where slices share a column, shares where a slice spans several."""
    if not density:
        return [0.0] * width
    if len(density) <= width:
        return [density[x * len(density) // width] * len(density) / width for x in range(width)]
    edges = [x * len(density) // width for x in range(width + 1)]
    return [float(sum(density[first:last])) for first, last in pairwise(edges)]


def levels(values: Sequence[float], steps: int) -> list[int]:
    """Returns heights from 0 (a hole) to `steps`; anything above nothing has at least 1.

    The scale ends a quarter above the busiest but one in twenty, so that one burst does not flatten all the rest.
    """
    known = sorted(value for value in values if value > 0)
    most = min(known[-1], known[(len(known) - 1) * 19 // 20] * 1.25) if known else 1.0
    return [0 if value <= 0 else min(steps, max(1, round(value / most * steps))) for value in values]


def near_marker(status: ReplayStatus, within_ns: int) -> Marker | None:
    """Returns the labelled marker at the playhead, if one is nearer than `within_ns`."""
    named = [marker for marker in status.markers if marker.label]
    best = min(named, key=lambda marker: abs(marker.at_ns - status.position_ns), default=None)
    return best if best is not None and abs(best.at_ns - status.position_ns) <= within_ns else None


def _numbers(canvas: Canvas, status: ReplayStatus) -> None:
    end = canvas.width - 1
    state, word = ("playing", "playing") if status.playing else ("paused", "paused")
    if status.finished:
        state, word = "halted", "finished"
    x = canvas.run(1, 0, (f"{glyph(state)} {word}", "replay-text bold"))
    x = max(x, 10)
    speed = "max" if status.speed is None else f"{speed_text(status.speed)}{glyph('times')}"
    x = max(canvas.put(x + 2, 0, speed, "strong bold"), 17)
    millis = status.position_ns // 1_000_000 % 1000
    x = canvas.put(x + 2, 0, f"{formats.clock(status.position_ns)}.{millis:03d}", "strong bold")
    right = _right(canvas, status, end, end - x - 3)
    words = f" of {formats.clock(status.first_ns)} to {formats.clock(status.last_ns)}"
    if x + cells(words) + 3 <= right:
        x = canvas.put(x, 0, words, "muted")
    marker = near_marker(status, (status.last_ns - status.first_ns) // max(1, canvas.width - 2))
    if marker is not None and right - x > 12:
        canvas.put(x + 3, 0, formats.cut(marker.label, right - x - 6), "demo")


def _right(canvas: Canvas, status: ReplayStatus, end: int, room: int) -> int:
    """Draws record number and digest in the longest form that fits `room`; returns its first column."""
    of = f" of {formats.grouped(status.records)}"
    now = formats.grouped(status.record).rjust(len(of) - 4)
    digest = formats.address(status.digest) if status.digest else glyph("unknown")
    unknown = "not compared" if status.decided_by is None else f"by rules {status.decided_by}, not compared"
    equal = "equal" if status.compared_percent == 100 else f"equal in {status.compared_percent} %"
    verdict, role = {True: (equal, "muted"), False: ("differs", "danger bold"), None: (unknown, "muted")}[
        status.digest_match
    ]
    forms = (
        (("record ", "muted"), (now, "text"), (of, "muted"), ("   digest ", "muted"), (f"{digest} ", "text")),
        (("record ", "muted"), (now, "text"), (of, "muted"), ("   digest ", "muted")),
        ((now, "text"), (of, "muted"), ("   digest ", "muted")),
        (("digest ", "muted"),),
    )
    for form in forms:
        pieces = (*form, (verdict, role))
        if sum(cells(text) for text, _ in pieces) <= room:
            return canvas.run_right(end, 0, *pieces)
    return canvas.run_right(end, 0, (verdict, role))
