"""The headline: the best cycle now, its net, and what was really earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from cambist.view import Headline as Figures
from cambist.view import Status
from tui import formats
from tui.glyphs import glyph
from tui.widgets import charts
from tui.widgets.painted import Grounded
from tui.widgets.routes import paint_route

if TYPE_CHECKING:
    from textual.strip import Strip

    from tui.paint import Line
    from tui.scene import Scene

_UNTIMED = {"REPLAY": "a recording isn't timed"}
"""Why no frame was timed, by mode."""
_WALLETS = {"PAPER": "paper wallet", "LIVE": "LIVE wallet", "REPLAY": "recorded"}


class Headline(Grounded):
    """Three lines, or two on a small terminal."""

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene, id=id)
        self.figures = Figures()
        self.status = Status()
        self.equity: tuple[float, ...] = ()

    def show(self, figures: Figures, status: Status, equity: tuple[float, ...]) -> None:
        """Takes over what the headline shows."""
        self.figures, self.status, self.equity = figures, status, equity
        self.repaint()

    def paint_lines(self, width: int, height: int) -> list[Strip]:
        """Returns the lines of the size class."""
        rows = [self.line(width) for _ in range(height)]
        if self.scene.size_class == 80:
            self._small(rows)
        elif height >= 3:
            self._medium(rows, min(0, width + 2 - 120))
            if self.scene.size_class == 200:
                self._large(rows)
        return [row.strip() for row in rows]

    # Texts.

    def _halted(self, row: Line, room: int) -> bool:
        """Paints why trading is halted and how to clear it; returns False if it isn't."""
        if self.status.state != "HALTED":
            return False
        paint = self.scene.paint
        why = self.status.halt_reason or "by key"
        reason = formats.cut(why if why.startswith("halted") else f"halted: {why}", room - 10)
        row.put(1, f"{glyph('halted')} {reason}", paint.style("danger", bold=True))
        row.put(row.at + 2, "K", paint.style("accent", bold=True)).add(" clear", paint.style("muted"))
        return True

    def _route(self, row: Line, room: int) -> None:
        best = self.figures.best
        if best is None:
            row.put(1, "no cycle yet", self.scene.paint.style("muted"))
        else:
            paint_route(row, 1, best.legs, room, self.scene.paint)

    def _basis(self, row: Line, joint: str, *, oldest: str) -> None:
        best, paint = self.figures.best, self.scene.paint
        if best is None:
            return
        text, muted = paint.style("text" if oldest else "muted"), paint.style("muted")
        dot = f"{joint}{glyph('dot')}{joint}"
        row.put(1, f"{formats.amount(best.size, best.decimals, best.unit, 13)} in", text)
        row.add(f"{dot}{oldest}{formats.age(best.oldest_ns)}", muted)
        slots = formats.count(best.seen_slots, 4)
        row.add(f"{dot}{slots} slot{'' if best.seen_slots == 1 else 's'}", muted)

    def _net(self, first: Line, second: Line, x: int, room: int) -> None:
        best, paint = self.figures.best, self.scene.paint
        net = None if best is None else best.net_bps
        prospect = net is not None and net > 0
        style = paint.style("accent" if prospect else "muted", bold=prospect)
        first.put(x, f"{formats.bps(net, 6)}{' bps' if net is not None else ''}", style)
        if best is not None:
            unit = formats.symbol(best.unit, 5)
            width = min(9, room - 1 - cell_len(unit))
            second.put(x, f"{formats.flow(best.net, best.decimals, width, sign=True)} {unit}", paint.style("text"))

    def _realised(self, row: Line, x: int, width: int = 8) -> None:
        figures, paint = self.figures, self.scene.paint
        value = figures.realised
        role = "muted" if value is None else "profit" if value > 0 else "loss" if value < 0 else "text"
        text = formats.money(value, figures.decimals, 4, width, sign=True)
        unit = f" {formats.symbol(figures.unit, 5)}" if value is not None else ""
        row.put(x, f"{text}{unit}", paint.style(role, bold=True))

    def _why_unknown(self, cells: int) -> str:
        """Returns why there is no sum, in few words; empty where there is one."""
        return formats.cut(self.figures.valued.reason.partition(":")[0], cells)

    # Sizes.

    def _small(self, rows: list[Line]) -> None:
        figures, paint = self.figures, self.scene.paint
        wallet = {"PAPER": "paper", "LIVE": "live"}.get(self.scene.mode, "recorded")
        if not self._halted(rows[0], 41):
            self._route(rows[0], 41)
        self._basis(rows[1], " ", oldest="")
        self._net(rows[0], rows[1], 43, 12)
        fills = f"{formats.count(figures.fills, 4)} of {formats.count(figures.orders, 4)}"
        end = rows[0].width - 1
        self._realised(rows[0], 56, max(3, min(8, end - cell_len(fills) - 58 - len(f" {figures.unit[:5]}"))))
        rows[1].put(56, self._why_unknown(15) or f"today, {wallet}", paint.style("muted"))
        rows[0].end(end, fills, paint.style("strong", bold=True))
        rows[1].end(end, "fills", paint.style("muted"))

    def _medium(self, rows: list[Line], shift: int) -> None:
        figures, paint = self.figures, self.scene.paint
        head, main, foot = rows[:3]
        muted, text, strong = paint.style("muted"), paint.style("text"), paint.style("strong", bold=True)
        halted = self._halted(head, head.width - 2)
        if not halted:
            self._labels(head, shift)
        self._route(main, 46 + shift)
        self._basis(foot, "  " if not shift else " ", oldest="oldest " if not shift else "")
        self._net(main, foot, 48 + shift, 14)
        self._realised(main, 63 + shift)
        foot.put(63 + shift, self._why_unknown(15) or _WALLETS.get(self.scene.mode, ""), muted)
        main.put(79 + shift, f"{formats.count(figures.fills, 5)} of {formats.count(figures.orders, 5)}", strong)
        foot.put(79 + shift, f"missed {formats.count(figures.missed, 4)}", muted)
        main.put(91 + shift, formats.money(figures.from_peak, figures.decimals, 4, 9, sign=True), text)
        limit = formats.money(figures.loss_limit, figures.decimals, 1, 6)
        foot.put(91 + shift, f"limit {limit}", muted)
        if figures.congestion is None:
            main.put(104 + shift, glyph("unknown"), muted)
        else:
            main.put(104 + shift, str(figures.congestion), strong).add(" of 100", muted)
            filled, track = charts.thin_bar(figures.congestion / 100, 10)
            foot.put(104 + shift, filled, paint.style("strong")).add(track, paint.style("border"))

    def _labels(self, head: Line, shift: int) -> None:
        """Paints what the columns are; while halted the reason has the line to itself."""
        muted = self.scene.paint.style("muted")
        head.put(1, "best cycle now", muted)
        labels = ((48, "net"), (63, "realised today"), (79, "fills"), (91, "from peak"), (104, "congestion"))
        for x, label in labels:
            head.put(x + shift, label, muted)
        if self.scene.size_class == 200:
            since = f" since {formats.clock(self.figures.since_ns)[:5]}" if self.figures.since_ns else ""
            head.put(120, f"equity{since}", muted)
            head.put(148, "cycles a minute", muted).put(172, "frame to score", muted)

    def _large(self, rows: list[Line]) -> None:
        figures, paint = self.figures, self.scene.paint
        main, foot = rows[1:3]
        muted, strong = paint.style("muted"), paint.style("strong", bold=True)
        role = "profit" if not self.equity or self.equity[-1] >= 0 else "loss"
        for row, text in zip((main, foot), charts.curve(self.equity, 24, 2), strict=True):
            row.put(120, text, paint.style(role))
        seen = figures.per_minute[-1] if figures.per_minute else None
        main.put(148, formats.count(seen, 6), strong if seen is not None else muted)
        if figures.go_last_minute is not None:
            main.put(main.at + 2, f"go {formats.count(figures.go_last_minute, 4)}", muted)
        foot.put(148, charts.sparkline([float(value) for value in figures.per_minute], 20), muted)
        p50, p99 = formats.duration(figures.score_p50_ns), formats.duration(figures.score_p99_ns)
        main.put(172, str(p50), strong if p50.unit else muted)
        if p99.unit:
            main.add(f" p99 {p99}", muted)
        foot.put(172, "of the last minute" if p50.unit else _UNTIMED.get(self.scene.mode, "nothing decided on"), muted)
