"""Panel 3: fee percentiles over time, and what a trade would pay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui import formats
from tui.glyphs import glyph
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from textual.strip import Strip

    from cambist.view import FeeColumn, FeeInputRow, FeesSection

PERCENTILES = ("p99", "p90", "p75", "p50", "p25")
BUCKET_NS = 15 * formats.SECOND
_LOG_LOW, _LOG_HIGH = 3.0, 6.6
"""Heat runs from 1 000 to 4 000 000 micro-lamports per CU: a constant scale, so that a colour keeps its meaning."""


class Fees(Panel):
    """Heat cells of the last minutes by percentile, the newest value beside them."""

    NUMBER = 3
    TITLE = "Fee congestion"
    MONEY = True

    section: FeesSection | None

    def info(self) -> list[str]:
        """Returns the span of the cells."""
        span = self._cells(self.outer_size.width) * self._merge() * BUCKET_NS
        have = len(self.section.columns) * BUCKET_NS if self.section is not None else 0
        minutes = max(1, min(span, have) // formats.MINUTE) if have else 0
        return [f"last {minutes} min"] if minutes else []

    def has_content(self) -> bool:
        """Returns True if any figure is known."""
        section = self.section
        return section is not None and (bool(section.columns) or section.now is not None or section.score is not None)

    def _merge(self) -> int:
        return 1 if self.scene.size_class == 200 else 2

    def _cells(self, width: int) -> int:
        return max(4, width - 15)

    def body(self, width: int, height: int) -> list[Strip]:
        """Returns score, percentile rows, axis and costs; what doesn't fit goes in the order of the look."""
        section = self.section
        assert section is not None
        rows = self._rows(section)
        minimum_only = rows == ["min"]
        tail = [self._pays(section, width), self._parts(section, width)]
        axis = [self._axis(section, width)]
        note = section.note if minimum_only or section.note else ""
        notes = self._wrapped(note, width, "muted") if note else []
        inputs = [self._input(each, width) for each in section.inputs]
        while 1 + len(rows) + len(axis) + len(tail) + len(notes) + len(inputs) > height:
            if inputs:
                inputs.pop()
            elif notes and len(notes) > 1:
                notes.pop()
            elif "p99" in rows:
                rows = [row for row in rows if row not in ("p99", "p25")]
            elif axis:
                axis = []
            elif len(tail) > 1:
                tail.pop()
            elif notes:
                notes = []
            else:
                break
        lines = [self._score(section, width), *(self._heat(section, row, width) for row in rows), *axis, *tail, *inputs]
        return self.with_notes([*lines, *notes], width, height, forced=1 if self.kind() in ("error", "stale") else 0)

    def _rows(self, section: FeesSection) -> list[str]:
        columns = [*section.columns, *([section.now] if section.now is not None else [])]
        known = any(getattr(column, name) is not None for column in columns for name in PERCENTILES)
        if not known and any(column.minimum is not None for column in columns):
            return ["min"]
        return list(PERCENTILES)

    def _score(self, section: FeesSection, width: int) -> Strip:
        paint = self.scene.paint
        muted = paint.style("muted")
        line = self.line(width).put(2, "congestion ", muted)
        if section.score is None:
            line.add(glyph("unknown"), muted)
        else:
            line.add(str(section.score), paint.style("strong", bold=True)).add(" of 100", muted)
            line.add(f", {formats.cut(section.trend, 9)}" if section.trend else "", muted)
        unit = f"{glyph('micro')}lam/CU"
        return line.end(width - 1, unit, muted).strip() if line.at + len(unit) + 1 < width else line.strip()

    def _heat(self, section: FeesSection, name: str, width: int) -> Strip:
        paint = self.scene.paint
        bid = name == section.bid_percentile
        line = self.line(width).put(2, name, paint.style("muted"))
        field = "minimum" if name == "min" else name
        cells = self._cells(width)
        values = self._merged(section.columns, field, cells)
        line.put(6 + cells - len(values), "", paint.style(""))
        for value in values:
            if value is None:
                line.add(" ", paint.style(""))
            else:
                line.add(*paint.heat(_share(value), glyph("heat")))
        now = getattr(section.now, field) if section.now is not None else None
        style = paint.style("strong", bold=True) if bid else paint.style("text" if now is not None else "muted")
        return line.end(width - 1, formats.micro_lamports(now, 7), style).strip()

    def _merged(self, columns: tuple[FeeColumn, ...], field: str, cells: int) -> list[int | None]:
        """Returns the newest `cells` cells, each the highest value of its buckets."""
        merge = self._merge()
        values: list[int | None] = []
        newest = list(columns[-cells * merge :])
        first = len(newest) % merge
        groups = ([newest[:first]] if first else []) + [newest[i : i + merge] for i in range(first, len(newest), merge)]
        for group in groups[-cells:]:
            known = [value for column in group if (value := getattr(column, field)) is not None]
            values.append(max(known) if known else None)
        return values

    def _axis(self, section: FeesSection, width: int) -> Strip:
        muted = self.scene.paint.style("muted")
        cells = self._cells(width)
        shown = section.columns[-cells * self._merge() :]
        line = self.line(width)
        if shown:
            start = 6 + cells - math.ceil(len(shown) / self._merge())
            line.put(start, formats.clock(shown[0].end_ns - BUCKET_NS)[:5], muted)
        return line.end(6 + cells, "now", muted).strip() if line.at + 4 <= 6 + cells else line.strip()

    def _pays(self, section: FeesSection, width: int) -> Strip:
        paint = self.scene.paint
        muted, strong = paint.style("muted"), paint.style("strong", bold=True)
        percentile = formats.cut(section.bid_percentile, 7)
        known = section.total is not None
        total = f"{formats.paid(section.total)} SOL" if known else glyph("unknown")
        bps = formats.known(section.total_bps)
        rate = f" = {formats.small_bps(bps)} bps" if known and bps is not None else ""
        of = f"{rate} of {formats.sol(section.size, 0, 6)} SOL" if rate and section.size else ""
        hops = f"{section.hops} hops "
        line = self.line(width)
        for tail in (of, rate, "") if of else (rate, ""):
            for intro in (f"we bid {percentile}, {hops}", f"{percentile}, {hops}", hops, ""):
                if 2 + cell_len(intro + total + tail) <= width - 1:
                    return line.put(2, intro, muted).add(total, strong if known else muted).add(tail, muted).strip()
        return line.strip()

    def _input(self, row: FeeInputRow, width: int) -> Strip:
        """Returns one figure that fees rest on: what it is, where from, how old, how much."""
        paint = self.scene.paint
        muted, text = paint.style("muted"), paint.style("text")
        name = "fullness, observed" if row.name == "fullness" else row.name
        line = self.line(width).put(2, formats.cut(f"{name} {row.source}".strip(), max(4, width - 22)), muted)
        age = "" if row.age_ns is None else f"{formats.age(row.age_ns)} "
        value = _worth(row)
        room = width - 1 - cell_len(value) - 1
        if age and line.at + 1 + cell_len(age) <= room:
            line.put(room - cell_len(age), age, muted)
        return line.end(width - 1, value, text if row.value is not None else muted).strip()

    def _parts(self, section: FeesSection, width: int) -> Strip:
        """Returns tip, priority and base fee; a part that doesn't fit whole is left out: half a number is a lie."""
        paint = self.scene.paint
        muted, text = paint.style("muted"), paint.style("text")
        line = self.line(width).put(2, "", muted)
        parts = (("tip", section.tip), ("prio", section.priority), ("base", section.base))
        for index, (name, lamports) in enumerate(parts):
            label = (f" {glyph('dot')} " if index else "") + f"{name} "
            value = formats.paid(lamports)
            if line.at + cell_len(label + value) <= width - 1:
                line.add(label, muted).add(value, text if lamports is not None else muted)
        return line.strip()


def _worth(row: FeeInputRow) -> str:
    """Returns an input's figure in its unit."""
    if row.value is None:
        return glyph("unknown")
    if row.name in ("fullness", "landing"):
        return f"{row.value / 10_000:.1f}%"
    return formats.paid(row.value) if row.name == "tip" else formats.micro_lamports(row.value, 9)


def _share(value: int) -> float:
    """Returns where a fee lies on the heat scale, 0 to 1."""
    return max(0.0, min(1.0, (math.log10(max(1, value)) - _LOG_LOW) / (_LOG_HIGH - _LOG_LOW)))
