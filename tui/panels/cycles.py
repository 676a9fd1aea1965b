"""Panel 2: cycles, go first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui import formats
from tui.glyphs import glyph
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.routes import paint_route
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from rich.style import Style

    from cambist.view import CycleRow, CyclesSection
    from tui.paint import Line
    from tui.scene import Scene

DROPS = ("bar", "slots", "lands", "score", "chain", "pools", "gross", "gain", "size", "age")
ROUTE_LEAST = {80: 26, 120: 34, 200: 50}
GAIN_UNIT_FROM = 150
_BAR_BPS = 100.0
"""A full gross-to-net bar; a constant, so that bars can be compared from one second to the next."""
_ORDER = {"go": 0, "stale": 1, "blocked": 1, "skip": 1}


def columns(size_class: int, width: int) -> tuple[Column, ...]:
    """Returns the columns of a size class."""
    gap = 2 if size_class == 200 else 1
    return (
        Column("route", "route", ROUTE_LEAST.get(size_class, 26), right=False, most=50),
        Column("size", "size", 10, gap=gap),
        Column("gross", "gross", 5, gap=gap),
        Column("pools", "pools", 5, gap=gap),
        Column("chain", "chain", 5, gap=gap),
        Column("bar", "gross to net", 16, right=False, gap=gap, most=999),
        Column("net", "net", 5, gap=gap),
        Column("gain", "gain", 13 if width >= GAIN_UNIT_FROM else 8, gap=gap),
        Column("age", "age", 6, gap=gap),
        Column("slots", "slots", 5, gap=gap),
        Column("lands", "lands", 5, gap=gap),
        Column("score", "score", 5, gap=gap),
        Column("decision", "decision", 17, right=False, gap=2),
    )


class Cycles(SnapshotTable):
    """Routes with what they gain, what it costs, and what was decided."""

    NUMBER = 2
    TITLE = "Cycles"
    MONEY = True
    MOVES: ClassVar[bool] = True
    SORTS: ClassVar[tuple[str, ...]] = ("go first, net", "net", "gross", "score", "age")

    section: CyclesSection | None

    def __init__(self, scene: Scene, *, id: str = "cycles") -> None:
        super().__init__(scene, id=id)
        self.pinned: set[str] = set()
        self.hide_rejected = False

    def info(self) -> list[str]:
        """Returns unit, order, threshold and count."""
        arrow = glyph("sort-up" if self.reverse else "sort-down")
        parts = ["bps", f"{self.SORTS[self.sort]} {arrow}"]
        if self.section is not None:
            parts += [f"min {self.section.min_bps:.1f}", f"{formats.count(self.section.seen)} seen"]
            if self.section.rule:
                parts.append(f"rule {formats.clean(self.section.rule)}")
        if self.hide_rejected:
            parts.insert(2, "rejected hidden")
        return parts

    def hints(self, kind: str) -> list[tuple[str, str]]:
        """Returns the keys that may show more."""
        if kind == "empty":
            return [("x", "show rejected cycles"), ("/", "change the filter")]
        return super().hints(kind)

    def arranged(self, rows: list[CycleRow]) -> list[CycleRow]:
        """Returns rows by the chosen order; ties keep theirs, pinned ones stay on top."""
        name = self.SORTS[self.sort]
        unknown = float("-inf")

        def value(row: CycleRow) -> float:
            if name == "age":
                return float(-row.oldest_ns)
            if name == "score":
                return unknown if row.score is None else float(row.score)
            found = row.gross_bps if name == "gross" else row.net_bps
            found = formats.known(found)
            return unknown if found is None else found

        ordered = sorted(rows, key=value, reverse=not self.reverse)
        if self.sort == 0:
            ordered.sort(key=lambda row: _ORDER.get(row.mark, 1))
        return sorted(ordered, key=lambda row: row.key not in self.pinned)

    def _passes(self, row: CycleRow) -> bool:
        return not (self.hide_rejected and row.mark == "skip") and super()._passes(row)

    def is_wrong(self, row: CycleRow) -> bool:
        """Returns True for a stale or blocked cycle."""
        return row.mark in ("stale", "blocked")

    def signature(self, row: CycleRow) -> Hashable:
        """Returns what is shown, but the age."""
        return (
            row.legs, row.unit, row.size, row.gross_bps, row.pools_bps, row.chain_bps, row.net_bps, row.net,
            row.seen_slots, row.landing_ppm, row.score, row.mark, row.decision, row.key in self.pinned,
        )  # fmt: skip

    def age_of(self, row: CycleRow) -> int | None:
        """Returns the age of the oldest quote."""
        return row.oldest_ns

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand."""
        return plan(columns(self.scene.size_class, width), DROPS, width, start=3)

    def paint_row(self, row: CycleRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row: a go in accent, what is refused muted, what is stale or capped in amber."""
        paint = self.scene.paint
        mark = "skip" if look.gone else row.mark
        rejected = look.gone or mark == "stale" or (mark == "skip" and (row.net_bps is None or row.net_bps <= 0))
        muted = paint.style("muted")
        text = muted if rejected else paint.style("text")
        self._mark(row, line, mark, look)
        paint_route(line, slots["route"].x, row.legs, slots["route"].width, paint, muted=rejected)
        if size := slots.get("size"):
            self.measure(line, size, formats.amount(row.size, row.decimals, row.unit, size.width), text, muted)
        for name, value, style in (
            ("gross", row.gross_bps, text),
            ("pools", row.pools_bps, muted),
            ("chain", row.chain_bps, muted),
        ):
            if slot := slots.get(name):
                line.end(slot.end, formats.bps(value), style if value is not None else muted)
        if bar := slots.get("bar"):
            self._bar(row, line, bar, mark, rejected=rejected)
        net = paint.style("accent", bold=True) if mark == "go" else text
        self.digits(line, slots["net"], look.key, "net", formats.bps(row.net_bps), net)
        if gain := slots.get("gain"):
            self._gain(row, line, gain, text)
        self._tail(row, line, slots, look, mark, rejected=rejected)

    def _mark(self, row: CycleRow, line: Line, mark: str, look: Look) -> None:
        paint = self.scene.paint
        if row.key in self.pinned and not look.selected:
            line.put(0, glyph("pin"), paint.style("accent"))
        role = {"go": "accent", "stale": "stale", "blocked": "stale"}.get(mark, "muted")
        name = mark if mark in ("go", "stale", "blocked") else "skip"
        line.put(1, glyph(name), paint.style(role))

    def _bar(self, row: CycleRow, line: Line, slot: Slot, mark: str, *, rejected: bool) -> None:
        """Paints the gross as a thin bar: pools, then chain, then what is left."""
        paint = self.scene.paint
        scale = slot.width / _BAR_BPS
        total = _cells(row.gross_bps, scale, slot.width)
        pools = _cells(abs(row.pools_bps), scale, total)
        chain = _cells(abs(row.chain_bps or 0.0), scale, total - pools)
        bar = glyph("bar")
        faded = "border" if rejected else ""
        line.put(slot.x, bar * pools, paint.style(faded or "cost-pools"))
        line.add(bar * chain, paint.style("faint" if rejected else "cost-chain"))
        line.add(bar * (total - pools - chain), paint.style("accent" if mark == "go" else faded or "text"))

    def _gain(self, row: CycleRow, line: Line, slot: Slot, style: Style) -> None:
        paint = self.scene.paint
        text = formats.flow(row.net, row.decimals, 8, sign=True)
        known = paint.style("muted") if row.net is None else style
        line.end(slot.x + 8, text, known)
        if slot.width > 8 and row.net is not None:
            line.put(slot.x + 9, formats.symbol(row.unit, 4), paint.style("muted"))

    def _tail(
        self, row: CycleRow, line: Line, slots: dict[str, Slot], look: Look, mark: str, *, rejected: bool
    ) -> None:
        paint = self.scene.paint
        muted = paint.style("muted")
        text = muted if rejected else paint.style("text")
        stale = mark == "stale"
        if age := slots.get("age"):
            value = paint.style("stale", bold=True) if stale else text
            self.measure(line, age, look.age, value, paint.style("stale") if stale else muted)
        score = formats.count(row.score, 5)
        for name, words, known in (
            ("slots", formats.count(row.seen_slots, 5), True),
            ("lands", formats.share(row.landing_ppm), row.landing_ppm is not None),
            ("score", score, row.score is not None),
        ):
            if slot := slots.get(name):
                line.end(slot.end, words, text if known else muted)
        role = {"go": "accent", "stale": "stale", "blocked": "stale"}.get(mark, "muted")
        words = "gone" if look.gone else row.decision
        line.put(slots["decision"].x, formats.cut(words, 17), paint.style(role, bold=mark == "go"))


def _cells(bps: float, scale: float, most: int) -> int:
    return max(0, min(most, formats.whole((formats.known(bps) or 0.0) * scale) or 0))
