"""Panel 5: wallets, the curve of what was realised, and every order with how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len

from tui import formats
from tui.glyphs import glyph
from tui.widgets import charts
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.routes import paint_route
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.strip import Strip

    from cambist.view import TradeRow, TradesSection, Wallet
    from tui.paint import Line
    from tui.scene import Scene

CURVE_ROWS = 6
CURVE_FROM = 16
"""Panel height from which the curve is shown."""
MIN_REASON = 10
"""Cells without which a reason is left out."""
DROPS = ("hoped", "got", "seconds")
_ROUTE_FORM = 4


def columns(*, seconds: bool) -> tuple[Column, ...]:
    """Returns the columns, with the time in full or without seconds."""
    return (
        Column("time", "time", 8 if seconds else 5, right=False),
        Column("route", "route", 16, right=False, most=21),
        Column("hoped", "hoped", 5),
        Column("got", "got bps", 5, most=7),
        Column("net", "", 8),
    )


class Trades(SnapshotTable):
    """Paper and real wallet side by side, hoped against got."""

    NUMBER = 5
    TITLE = "Trades and P&L"
    MONEY = True
    SORTS: ClassVar[tuple[str, ...]] = ()

    section: TradesSection | None

    def __init__(self, scene: Scene, *, id: str = "trades") -> None:
        super().__init__(scene, id=id)

    def info(self) -> list[str]:
        """Returns whose trades these are."""
        if self.scene.mode == "REPLAY":
            return [f"wall {formats.clock(self.scene.wall_ns)}"] if self.outer_size.width >= 56 else []
        return ["LIVE" if self.scene.live else "paper"]

    def has_content(self) -> bool:
        """Returns True if there is a wallet or an order."""
        section = self.section
        return section is not None and (super().has_content() or section.paper is not None or section.real is not None)

    def key_of(self, row: TradeRow) -> str:
        """Returns the order's number."""
        return str(row.id)

    def is_wrong(self, row: TradeRow) -> bool:
        """Returns True for a loss, a miss or an order without an answer."""
        return row.status in ("missed", "unknown") or (row.net or 0) < 0

    def signature(self, row: TradeRow) -> Hashable:
        """Returns the row."""
        return row

    def _curve(self) -> bool:
        return self.outer_size.height >= CURVE_FROM and self.section is not None and len(self.section.curve) > 1

    def head_count(self) -> int:
        """Returns the lines above the rows."""
        return 2 + (CURVE_ROWS + 1 if self._curve() else 0)

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand: curve, hoped, got and seconds go first when room is short."""
        inner = width - 1
        for seconds, without in ((True, ()), (True, ("hoped",)), (True, ("hoped", "got")), (False, ("hoped", "got"))):
            kept = tuple(column for column in columns(seconds=seconds) if column.name not in without)
            slots = plan(kept, (), inner)
            if not seconds or (slots["net"].end <= inner and (without == ("hoped", "got") or _roomy(slots))):
                break
        slots = {name: slot for name, slot in slots.items() if slot.x < inner}
        push = inner - slots["net"].end  # numbers end with the panel, slack stays before them
        for name in ("hoped", "got", "net"):
            if name in slots:
                slots[name] = slots[name]._replace(x=slots[name].x + push)
        return slots

    def heads(self, slots: dict[str, Slot], width: int) -> list[Strip]:
        """Returns wallets, curve and column heads."""
        unit = self._unit()
        slots = {**slots, "net": slots["net"]._replace(head=unit)}
        lines = [self._wallets(width)]
        if self._curve():
            lines += self._curve_lines(width)
        return lines + super().heads(slots, width)

    def _unit(self) -> str:
        section = self.section
        wallet = section.paper or section.real if section is not None else None
        return formats.symbol(wallet.unit) if wallet is not None else "SOL"

    def _wallets(self, width: int) -> Strip:
        section, paint = self.section, self.scene.paint
        assert section is not None
        line = self.line(width)
        first, second = (section.real, section.paper) if self.scene.live else (section.paper, section.real)
        names = ("real", "paper") if self.scene.live else ("paper", "real")
        line.put(2, f"{names[0]} ", paint.style("muted"))
        self._balance(line, first)
        known = second is not None and second.balance is not None
        words = formats.money(second.balance, second.decimals, 3, 10) if second is not None else glyph("unknown")
        unit = f" {formats.symbol(second.unit, 5)}" if second is not None and known and width >= 52 else ""
        tail = len(names[1]) + 1 + len(words) + len(unit)
        self._valued(line, first, width - 1 - tail - 2)
        if line.at + 2 + tail <= width - 1:
            line.put(width - 1 - tail, f"{names[1]} ", paint.style("muted"))
            line.add(words, paint.style("text" if known else "muted")).add(unit, paint.style("muted"))
        return line.strip()

    def _balance(self, line: Line, wallet: Wallet | None) -> None:
        paint = self.scene.paint
        if wallet is None or wallet.balance is None:
            line.add(glyph("unknown"), paint.style("muted"))
            return
        words = f"{formats.money(wallet.balance, wallet.decimals, 3, 10)} {formats.symbol(wallet.unit, 5)}"
        line.add(words, paint.style("strong", bold=True))
        if wallet.change is not None:
            change = formats.money(wallet.change, wallet.decimals, 3, 8, sign=True)
            role = "profit" if wallet.change > 0 else "loss" if wallet.change < 0 else "muted"
            line.add(f" {change}", paint.style(role, bold=True))

    def _valued(self, line: Line, wallet: Wallet | None, end: int) -> None:
        """Paints what the change was added up with, or why it could not be, as far as there is room."""
        if wallet is None or wallet.balance is None:
            return
        valued, room = wallet.valued, end - line.at - 1
        if valued.reason:
            short, _, _ = valued.reason.partition(":")
            words = valued.reason if len(valued.reason) <= room else short
        elif valued.venue:
            words = f"{formats.venue(valued.venue, 8)} {formats.age(valued.age_ns)}"
            words = f"by {words}" if cell_len(words) + 3 <= room else words
        else:
            return
        if room >= MIN_REASON:
            line.add(f" {formats.cut(words, room)}", self.scene.paint.style("muted"))

    def _curve_lines(self, width: int) -> list[Strip]:
        section, paint = self.section, self.scene.paint
        assert section is not None
        values, cells = [value for value in section.curve if formats.known(value) is not None] or [0.0], width - 12
        muted = paint.style("muted")
        style = paint.style("profit" if values[-1] >= 0 else "loss")
        lines = []
        labels = {0: _signed(max(values)), CURVE_ROWS - 1: _signed(min(0.0, *values))}
        for index, row in enumerate(charts.curve(values, cells, CURVE_ROWS, low=0.0)):
            line = self.line(width).put(2, row, style)
            if index in labels:
                line.end(width - 1, labels[index], muted)
            lines.append(line.strip())
        axis = self.line(width).put(2, f"{formats.count(len(values))} fills ", muted)
        if (drawdown := values[-1] - max(0.0, *values)) < 0:
            axis.add(f"{glyph('dot')} {_signed(drawdown)} from peak ", muted)
        newest = formats.clock(section.rows[0].at_ns)[:5] if section.rows else ""
        axis.add(glyph("placeholder") * max(0, 2 + cells - axis.at - len(newest) - 1), paint.style("border"))
        return [*lines, axis.add(f" {newest}", muted).strip()]

    def paint_row(self, row: TradeRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row: only what was realised is green or red; what is not on disk yet has a muted mark."""
        paint = self.scene.paint
        muted = paint.style("muted")
        if not row.recorded:
            line.put(int(look.selected), glyph("unrecorded"), muted)  # the cursor has the first column
        line.put(slots["time"].x, formats.clock(row.at_ns)[: slots["time"].width], muted)
        route = slots["route"]
        paint_route(line, route.x, row.legs, route.width, paint, first_form=_ROUTE_FORM)
        if hoped := slots.get("hoped"):
            line.end(hoped.end, formats.bps(row.hoped_bps, hoped.width), muted)
        if got := slots.get("got"):
            line.end(
                got.end, formats.bps(row.got_bps, got.width), paint.style("text") if row.got_bps is not None else muted
            )
        self._net(row, line, slots["net"])

    def _net(self, row: TradeRow, line: Line, slot: Slot) -> None:
        paint = self.scene.paint
        if row.status == "filled" and row.net is not None:
            role = "profit" if row.net > 0 else "loss" if row.net < 0 else "text"
            text = formats.money(row.net, row.decimals, 4, slot.width, sign=True)
            if row.unit != self._unit():
                unit = formats.symbol(row.unit, 4)
                text = f"{formats.money(row.net, row.decimals, 2, slot.width - 5, sign=True)} {unit}"
            line.end(slot.end, text, paint.style(role, bold=True))
            return
        role = {"open": "accent", "unknown": "stale"}.get(row.status, "muted")
        line.end(slot.end, formats.cut(row.status, slot.width), paint.style(role, bold=row.status == "unknown"))


def _roomy(slots: dict[str, Slot]) -> bool:
    return slots["route"].width >= 20


def _signed(value: float) -> str:
    digits = f"{abs(value):.3f}"
    zero = float(digits) == 0
    return formats.signed(digits if abs(value) < 1000 else formats.too_wide(6), value < 0, zero)
