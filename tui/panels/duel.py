"""Panel 4: every module in both engines, on the same input."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui import formats
from tui.glyphs import glyph
from tui.widgets import charts
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.panel import Tag
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from cambist.view import DuelRow, DuelSection
    from tui.paint import Line

COLUMNS = (
    Column("module", "module", 12, right=False),
    Column("rust", "Rust", 7),
    Column("rust99", "p99", 7, gap=2),
    Column("python", "Python", 7, gap=5),
    Column("python99", "p99", 7, gap=2),
    Column("chart", "faster by", 4, right=False, gap=3, most=999),
    Column("ratio", "", 5),
    Column("unequal", "", 1),
)
WIDE_FROM = 70
"""Width from which both p99 have room, and heads that say p50."""
NARROW = tuple(
    column._replace(gap={"python": 2, "ratio": 0}.get(column.name, column.gap))
    for column in COLUMNS
    if column.name not in ("rust99", "python99", "unequal")
)
DROPS = ("unequal", "rust99", "python99", "chart")
_WORD_FROM = 11
"""`Python ×1.3` needs this many cells."""


class Duel(SnapshotTable):
    """p50 and p99 of Rust and Python, the ratio, and whether the results were equal."""

    NUMBER = 4
    TITLE = "Rust vs Python"
    SORTS: ClassVar[tuple[str, ...]] = ("", "by ratio")

    section: DuelSection | None

    def info(self) -> list[str]:
        """Returns the build profile and the mismatches."""
        section = self.section
        if section is None:
            return []
        parts = [section.profile] if section.profile else []
        if section.mismatches is not None:
            words = "mismatches" if self.outer_size.width >= 70 else glyph("unequal")
            parts.append(f"{formats.count(section.mismatches, 6)} {words}")
        return parts

    def tags(self) -> list[Tag]:
        """Returns the state, and in warn that a debug build poses no figures."""
        tags = super().tags()
        section, paint = self.section, self.scene.paint
        if section is not None and section.mismatches:
            tags.append(Tag(f"{glyph('unequal')} {section.mismatches}", paint.style("danger", bold=True), apart=True))
        if section is not None and section.profile.startswith(("debug", "dev")):
            tags.append(Tag("debug build", paint.style("stale", bold=True), apart=True))
        return tags

    def key_of(self, row: DuelRow) -> str:
        """Returns the module."""
        return row.module

    def arranged(self, rows: list[DuelRow]) -> list[DuelRow]:
        """Returns rows as they come, or by ratio."""
        if self.sort:
            rows = sorted(rows, key=lambda row: -(formats.known(row.ratio) or 0.0))
        return rows[::-1] if self.reverse else rows

    def is_wrong(self, row: DuelRow) -> bool:
        """Returns True where results differ or Python is faster."""
        return row.mismatches > 0 or (row.ratio is not None and row.ratio < 1)

    def signature(self, row: DuelRow) -> Hashable:
        """Returns all of the row but the sample count."""
        return (row.rust_p50, row.rust_p99, row.python_p50, row.python_p99, row.ratio, row.mismatches, row.why)

    def chart_of(self, row: DuelRow, width: int) -> str:
        """Returns the filled part of the bar."""
        return charts.thin_bar(charts.log_share(row.ratio or 0.0), width)[0]

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand."""
        slots = plan(COLUMNS if width >= WIDE_FROM else NARROW, DROPS, width - 1)
        if "rust99" in slots:
            slots["rust"] = slots["rust"]._replace(head="Rust p50")
            slots["python"] = slots["python"]._replace(head="Python p50")
        if "unequal" in slots:
            slots["unequal"] = slots["unequal"]._replace(head=glyph("unequal")[:1])
        return slots

    def paint_row(self, row: DuelRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row; the faster side is bold."""
        paint = self.scene.paint
        muted, text, strong = paint.style("muted"), paint.style("text"), paint.style("strong", bold=True)
        python_wins = row.ratio is not None and row.ratio < 1
        line.put(slots["module"].x, formats.cut(row.module, 12), text)
        if row.rust_p50 is None and row.why:
            line.put(slots["rust"].x, formats.cut(row.why, max(0, slots["ratio"].end - slots["rust"].x)), muted)
            return
        rust, python = (text, strong) if python_wins else (strong, muted)
        for name, value, style in (
            ("rust", row.rust_p50, rust),
            ("rust99", row.rust_p99, muted),
            ("python", row.python_p50, python),
            ("python99", row.python_p99, muted),
        ):
            if slot := slots.get(name):
                self.measure(line, slot, formats.duration(value), style, style if value is not None else muted)
        self._ratio(row, line, slots, look)
        if unequal := slots.get("unequal"):
            bad = row.mismatches > 0
            words = formats.count(row.mismatches) if row.mismatches < 10 else glyph("at-least")
            line.put(unequal.x, words, paint.style("danger", bold=True) if bad else muted)

    def _ratio(self, row: DuelRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        paint, slot, chart = self.scene.paint, slots["ratio"], slots.get("chart")
        ratio = formats.known(row.ratio)
        if ratio is None:
            line.end(slot.end, glyph("unknown"), paint.style("muted"))
            return
        if ratio < 1:
            words = f"{glyph('times')}{min(999.0, 1 / max(ratio, 1e-3)):.1f}"
            room = slot.end - (chart.x if chart else slot.x)
            words = f"Python {words}" if room >= _WORD_FROM else f"P{words}"
            line.end(slot.end, formats.cut(words, max(room, slot.width)), paint.style("stale"))
            return
        if chart:
            line.put(chart.x, look.chart, paint.style("cost-chain"))
            line.add(glyph("track") * (chart.width - len(look.chart)), paint.style("border"))
        digits = f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}"
        line.end(slot.end, f"{glyph('times')}{digits if ratio < 9999.5 else '9999'}", paint.style("text"))
