"""Panel 6: feeds and connections."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from tui import formats
from tui.glyphs import glyph
from tui.widgets import charts
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.strip import Strip

    from cambist.view import FeedRow, FeedsSection
    from tui.paint import Line

DROPS = ("endpoint", "note", "clock", "slots", "behind", "drops", "ahead", "gaps")
_MARKS = {
    "live": ("live", "muted"),
    "connecting": ("idle", "text"),
    "stale": ("stale", "stale"),
    "down": ("error", "danger"),
    "idle": ("idle", "muted"),
}


CLOCK_WARN_NS = 100_000_000
FULL_NAME = 14
"""Cells that `coinbase rules` needs; in a narrower column the name of what is asked goes on over rate and lag."""


def columns(width: int, *, raced: bool = False) -> tuple[Column, ...]:
    """Returns the columns; in a narrow panel the rate is two cells shorter, in a wide one the name has more room.

    Where several endpoints tell the same chain, four more say who is first and who trails; the config decides that, not
    the data.
    """
    narrow = width < 32
    gap = 2 if width >= (80 if raced else 50) else 1
    race = (
        Column("first", "1st" if narrow else "first", 4 if narrow else 5, gap=gap),
        Column("ahead", "ahead", 6, gap=gap),
        Column("behind", "behind", 6, gap=gap),
        Column("slots", "slots", 5, gap=gap),
    )
    return (
        Column("feed", "feed", FULL_NAME if gap == 2 else 8, right=False, most=18),
        Column("rate", "per s", 4 if narrow else 6, gap=gap),
        Column("lag", "lag", 6, gap=gap),
        *(race if raced else ()),
        Column("gaps", "gaps", 4, gap=gap),
        Column("drops", "drops", 5, gap=gap),
        Column("clock", "clock", 9, gap=2),
        Column("note", "last trouble", 18, right=False, gap=2, most=60),
        Column("endpoint", "endpoint", 26, right=False, gap=2, most=40),
    )


class Feeds(SnapshotTable):
    """Rate, lag, gaps and drops of every feed."""

    NUMBER = 6
    TITLE = "Feeds"
    SORTS: ClassVar[tuple[str, ...]] = ("", "by rate")

    section: FeedsSection | None

    def info(self) -> list[str]:
        """Returns how many feeds are not live."""
        rows = self.section.rows if self.section is not None else ()
        parts = []
        for state in ("down", "stale", "connecting"):
            if found := sum(row.state == state for row in rows):
                parts.append(f"{found} {state}")
        return parts or (["all live"] if rows else [])

    def hints(self, kind: str) -> list[tuple[str, str]]:
        """Returns the keys that help."""
        return [("r", "try now"), ("l", "log of this feed")] if kind in ("error", "stale") else []

    def notes(self, width: int) -> list[Strip]:
        """Returns what is wrong with the feed that is down, and when it is tried again."""
        row = self._down()
        if self.kind() != "error" or row is None:
            return super().notes(width)
        muted, state = self.scene.paint.style("muted"), self.state()
        since = f"Last good data {formats.age(self.scene.shown_ns - row.last_ns)} ago. " if row.last_ns else ""
        lines = self._wrapped(f"{row.name}: {row.note or 'down'}.", width, "strong", bold=True)
        if row.retry_at_ns is not None:
            left_ns = max(0, row.retry_at_ns - self.scene.shown_ns)
            words = f"try {row.attempt}, again in {math.ceil(left_ns / formats.SECOND)} s"
            filled, track = charts.thin_bar(1 - min(1.0, left_ns / max(1, row.wait_ns)), 6)
            line = self.line(width).put(2, words, muted).put(24, filled, self.scene.paint.style("accent"))
            lines.append(line.add(track, self.scene.paint.style("border")).strip())
        return [
            *lines,
            *self._wrapped(since + state.next_step, width, "muted"),
            self._hint_line(self.hints("error"), width),
        ]

    def _down(self) -> FeedRow | None:
        """Returns the feed that is down: the one under the cursor, or the first."""
        if self.cursor_row is not None and self.cursor_row.state == "down":
            return self.cursor_row  # type: ignore[no-any-return]  # rows of this table are FeedRows
        return next((row for row in self.rows if row.state == "down"), None)

    def key_of(self, row: FeedRow) -> str:
        """Returns the feed's name and endpoint."""
        return f"{row.name}\n{row.endpoint}"

    def arranged(self, rows: list[FeedRow]) -> list[FeedRow]:
        """Returns rows as they come, or by rate."""
        if self.sort:
            rows = sorted(rows, key=lambda row: -(formats.known(row.per_s) or 0.0))
        return rows[::-1] if self.reverse else rows

    def is_wrong(self, row: FeedRow) -> bool:
        """Returns True for a feed that isn't live, or dropped something."""
        return row.state not in ("live", "idle") or row.drops > 0

    def signature(self, row: FeedRow) -> Hashable:
        """Returns the row."""
        return row

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand."""
        rows = self.section.rows if self.section is not None else ()
        return plan(columns(width, raced=any(row.raced for row in rows)), DROPS, width - 1, start=3)

    def paint_row(self, row: FeedRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row."""
        del look
        paint = self.scene.paint
        muted, text = paint.style("muted"), paint.style("text")
        mark, role = _MARKS.get(row.state, ("idle", "muted"))
        line.put(1, glyph(mark), paint.style(role))
        feed = slots["feed"]
        if row.asked and feed.width < FULL_NAME:
            line.put(feed.x, formats.feed(row.name, slots["lag"].end - feed.x), text)
        else:
            line.put(feed.x, formats.feed(row.name, feed.width), text)
            self._pace(row, line, slots)
        if first := slots.get("first"):
            line.end(first.end, formats.share(row.first_ppm), muted if row.first_ppm is None else text)
        for name, mean_ns in (("ahead", row.ahead_ns), ("behind", row.behind_ns)):
            if slot := slots.get(name):
                self.measure(line, slot, formats.age(mean_ns), text, muted)
        if slot := slots.get("slots"):
            behind = row.slots_behind
            line.end(slot.end, formats.count(behind, 5), text if behind else muted)
        if gaps := slots.get("gaps"):
            line.end(gaps.end, formats.count(row.gaps, 4), text if row.gaps else muted)
        if drops := slots.get("drops"):
            style = paint.style("stale", bold=True) if row.drops else muted
            line.end(drops.end, formats.count(row.drops, 5), style)
        if clock := slots.get("clock"):
            far = abs(row.clock_ns or 0) - row.clock_error_ns > CLOCK_WARN_NS
            line.end(clock.end, _offset(row), paint.style("stale", bold=True) if far else muted)
        if note := slots.get("note"):
            line.put(note.x, formats.cut(row.note, note.width), muted)
        if endpoint := slots.get("endpoint"):
            line.put(endpoint.x, formats.cut(row.endpoint, endpoint.width), muted)

    def _pace(self, row: FeedRow, line: Line, slots: dict[str, Slot]) -> None:
        """Paints rate and lag."""
        paint = self.scene.paint
        muted, text = paint.style("muted"), paint.style("text")
        rate = formats.whole(row.per_s)
        line.end(slots["rate"].end, formats.money(rate, 0, 0, slots["rate"].width), text if rate else muted)
        bad = row.state in ("stale", "down")
        value = paint.style("stale", bold=True) if bad else text
        self.measure(line, slots["lag"], formats.age(row.lag_ns), value, paint.style("stale") if bad else muted)


def _offset(row: FeedRow) -> str:
    """Returns how far the venue's clock is ahead of ours; `~` where that is known to half a second or worse only."""
    if row.clock_ns is None:
        return glyph("unknown")
    ms = row.clock_ns / 1e6
    text = f"{ms:+.0f} ms" if abs(ms) < 9_999.5 else f"{ms / 1000:+.0f} s" if abs(ms) < 1e8 else ">1 day"
    text = text.replace("-", glyph("minus"))
    return f"~{text}" if row.clock_error_ns >= 500_000_000 else text
