"""Panel 7: the log, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui import formats
from tui.glyphs import plain
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.log_line import level_mark
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.strip import Strip

    from cambist.view import LogRow, LogSection
    from tui.paint import Line

COLUMNS = (
    Column("time", "", 8, right=False),
    Column("level", "", 1, right=False),
    Column("source", "", 8, right=False),
    Column("text", "", 40, right=False, most=999),
)


class Log(SnapshotTable):
    """What happened, in sentences."""

    NUMBER = 7
    TITLE = "Log"
    WRONG = "warnings and errors"
    SORTS: ClassVar[tuple[str, ...]] = ()

    section: LogSection | None

    def info(self) -> list[str]:
        """Returns which levels are shown."""
        return [] if self.only_wrong else ["all levels"]

    def key_of(self, row: LogRow) -> str:
        """Returns time, source and text: what makes a line itself."""
        return f"{row.at_ns}\n{row.source}\n{row.text}"

    def arranged(self, rows: list[LogRow]) -> list[LogRow]:
        """Returns the newest first."""
        return rows[::-1]

    def is_wrong(self, row: LogRow) -> bool:
        """Returns True for a warning or an error."""
        return row.level != "info"

    def signature(self, row: LogRow) -> Hashable:
        """Returns the row."""
        return row

    def head_count(self) -> int:
        """Returns 0: a log needs no heads."""
        return 0

    def heads(self, slots: dict[str, Slot], width: int) -> list[Strip]:
        """Returns none."""
        del slots, width
        return []

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand."""
        return plan(COLUMNS, ("source",), width - 1)

    def paint_row(self, row: LogRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a line of the log."""
        del look
        paint = self.scene.paint
        line.put(slots["time"].x, formats.clock(row.at_ns), paint.style("muted"))
        line.put(slots["level"].x, *level_mark(row, paint))
        if source := slots.get("source"):
            line.put(source.x, formats.cut(row.source, 8), paint.style("muted"))
        text = slots["text"]
        line.put(
            text.x, plain(formats.cut(row.text, max(1, min(text.width, line.width - text.x)))), paint.style("text")
        )
