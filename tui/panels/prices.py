"""Panel 1: prices by token and venue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui import formats
from tui.glyphs import glyph
from tui.widgets import charts
from tui.widgets.columns import Column, Slot, plan
from tui.widgets.snapshot_table import Look, SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from cambist.view import PriceRow, PricesSection
    from tui.paint import Line
    from tui.scene import Scene

_TOKEN = Column("token", "token", 7, right=False)
_VENUE = Column("venue", "venue", 8, right=False)
COLUMNS = (
    _TOKEN,
    _VENUE,
    Column("unit", "in", 5, right=False),
    Column("bid", "bid", 9),
    Column("ask", "ask", 9),
    Column("change", "1 h", 7),
    Column("chart", "15 min", 6, right=False, gap=2, most=999),
    Column("rsi", "RSI", 3),
    Column("ema", "EMA bps", 7),
    Column("band", "band", 7, right=False, gap=2),
    Column("age", "age", 6),
)
DROPS = ("ema", "band", "rsi", "chart", "change", "age", "unit")
_SIGN = 2
TIGHT = (
    _TOKEN,
    _VENUE,
    Column("unit", "in", _SIGN, right=False, gap=0),
    Column("bid", "bid", 9, gap=0),
    Column("ask", "ask", 9),
)
"""Where even token, venue, unit, bid and ask don't fit: the unit is a sign, and none for the section's own."""
_LEAST = 44
"""From how many cells on the unit is written out."""
_HOUR_NS = 3600 * formats.SECOND
_RSI_HIGH, _RSI_LOW = 70, 30


class Prices(SnapshotTable):
    """Bid, ask, change, chart and indicators of every token on every venue."""

    NUMBER = 1
    TITLE = "Price feeds"
    MONEY = True
    SORTS: ClassVar[tuple[str, ...]] = ("", "by 1 h")

    section: PricesSection | None

    def __init__(self, scene: Scene, *, id: str = "prices") -> None:
        super().__init__(scene, id=id)
        self._decimals: dict[str, int] = {}
        self._span_ns = 0

    def take(self, section: PricesSection) -> None:
        """Takes over rows; a token's decimals are fixed by its first price."""
        for row in section.rows:
            if row.token not in self._decimals:
                value = row.bid if row.bid is not None else row.ask
                if value is not None:
                    self._decimals[row.token] = formats.price_decimals(value)
        self._span_ns = max((row.change_span_ns for row in section.rows), default=0)
        super().take(section)

    def info(self) -> list[str]:
        """Returns quote token and counts."""
        section = self.section
        if section is None:
            return []
        units = dict.fromkeys((section.quote, *(row.unit for row in section.rows if row.unit and not row.peg)))
        if _tight(self.size.width):
            own, *others = units
            return [f"in {formats.symbol(own)}", *(f"{formats.unit_sign(u)} {formats.symbol(u)}" for u in others)]
        parts = [f"in {', '.join(formats.symbol(unit) for unit in units)}"]
        if any(row.reference for row in section.rows):
            parts.append(f"5 s bars, {glyph('reference')} reference venue")
        if any(row.synthetic for row in section.rows):
            parts.append(f"{glyph('demo')} basis (synthetic)")
        if self.sort:
            parts.append(self.SORTS[self.sort])
        parts += [_many(section.tokens, "token")] if section.tokens else []
        return [*parts, *([_many(section.pools, "pool")] if section.pools else [])]

    def arranged(self, rows: list[PriceRow]) -> list[PriceRow]:
        """Returns rows grouped by token, venues in the section's order."""
        groups: dict[Hashable, list[PriceRow]] = {}
        for row in rows:
            groups.setdefault(self.group_of(row), []).append(row)
        ordered = list(groups.values())
        if self.sort:
            ordered.sort(key=lambda group: -(formats.known(group[0].change_1h) or 0.0))
        if self.reverse:
            ordered.reverse()
        return [row for group in ordered for row in group]

    def is_wrong(self, row: PriceRow) -> bool:
        """Returns True for a stale or unknown price."""
        return row.stale or row.bid is None or row.ask is None

    def group_of(self, row: PriceRow) -> Hashable:
        """Returns the token; an equivalence stands alone."""
        return row.key if row.peg else row.token

    def signature(self, row: PriceRow) -> Hashable:
        """Returns what is shown, but age and chart."""
        return (
            row.token, row.venue, row.bid, row.ask, row.change_1h, row.rsi, row.ema, row.band_low, row.band_high,
            row.best_bid, row.best_ask, row.stale, row.synthetic, row.reference, row.unit, row.quote, row.peg_words,
        )  # fmt: skip

    def age_of(self, row: PriceRow) -> int | None:
        """Returns the age of the quote."""
        return row.age_ns

    def chart_of(self, row: PriceRow, width: int) -> str:
        """Returns the closes as a line."""
        return charts.sparkline(row.spark, width)

    def slots(self, width: int) -> dict[str, Slot]:
        """Returns where the columns stand; the change's head says what it really spans."""
        slots = plan(TIGHT if _tight(width) else COLUMNS, DROPS, width - 1)
        if "change" in slots and 0 < self._span_ns < _HOUR_NS - formats.MINUTE:
            slots["change"] = slots["change"]._replace(head=str(formats.age(self._span_ns)))
        return slots

    def paint_row(self, row: PriceRow, line: Line, slots: dict[str, Slot], look: Look) -> None:
        """Paints a row."""
        paint, stale = self.scene.paint, row.stale or self.kind() == "stale"
        muted, text = paint.style("muted"), paint.style("muted" if stale else "text")
        if row.stale and "age" not in slots:
            line.put(1, glyph("stale"), paint.style("stale"))
        elif row.synthetic:
            line.put(1, glyph("demo"), paint.style("demo"))
        elif row.reference:
            line.put(1, glyph("reference"), muted)
        if look.first:
            token = muted if stale else paint.style("strong", bold=True)
            line.put(slots["token"].x, formats.symbol(row.token), token)
        if venue := slots.get("venue"):
            line.put(venue.x, formats.venue(row.venue, venue.width), muted if stale else paint.venue(row.venue_class))
        if unit := slots.get("unit"):
            label = self._sign(row) if unit.width == _SIGN else formats.symbol(_unit(row), unit.width)
            line.put(unit.x, label, muted)
        decimals = 5 if row.peg else self._decimals.get(row.token, 5)
        for name, value, best in (("bid", row.bid, row.best_bid), ("ask", row.ask, row.best_ask)):
            style = muted if stale or value is None else paint.style("strong", bold=True) if best else text
            self.digits(line, slots[name], look.key, name, formats.price(value, decimals), style)
        if row.peg:
            self._peg(row, line, slots, stale=stale)
        else:
            self._indicators(row, line, slots, look, stale=stale)
        if age := slots.get("age"):
            number = paint.style("stale", bold=True) if stale else text
            self.measure(line, age, look.age, number, paint.style("stale") if stale else muted)

    def _sign(self, row: PriceRow) -> str:
        """Returns what a price is in as a sign; of the section's own quote token the title tells."""
        own = self.section is not None and row.unit == self.section.quote
        unit = _unit(row)
        return formats.unit_sign(unit) if not own or row.peg else unit.removesuffix(row.unit)

    def _peg(self, row: PriceRow, line: Line, slots: dict[str, Slot], *, stale: bool) -> None:
        """Paints the state of an equivalence where prices have change and chart."""
        free = [slot for name, slot in slots.items() if name not in ("token", "venue", "unit", "bid", "ask", "age")]
        if free:
            room = free[-1].end - free[0].x - 1
            words = formats.cut(row.peg_words, room)
            line.put(free[0].x + 1, words, self.scene.paint.style("stale" if stale else "muted"))

    def _indicators(self, row: PriceRow, line: Line, slots: dict[str, Slot], look: Look, *, stale: bool) -> None:
        paint = self.scene.paint
        muted, text = paint.style("muted"), paint.style("muted" if stale else "text")
        if change := slots.get("change"):
            direction, words = formats.percent(row.change_1h)
            style = paint.style(f"price-{direction}") if direction and not stale else muted
            line.end(change.end, words, style)
        if chart := slots.get("chart"):
            line.put(chart.x, look.chart, muted)
        if rsi := slots.get("rsi"):
            value = formats.whole(row.rsi)
            loud = value is not None and (value >= _RSI_HIGH or value <= _RSI_LOW) and not stale
            style = paint.style("strong", bold=True) if loud else text if value is not None else muted
            line.end(rsi.end, formats.count(value, 3), style)
        if ema := slots.get("ema"):
            mid = None if row.bid is None or row.ask is None else (row.bid + row.ask) / 2
            off = None if mid is None or not row.ema else (mid / row.ema - 1) * 10_000
            line.end(ema.end, formats.whole_bps(off), text if off is not None else muted)
        if band := slots.get("band"):
            self._band(row, line, band, stale=stale)

    def _band(self, row: PriceRow, line: Line, slot: Slot, *, stale: bool) -> None:
        paint = self.scene.paint
        mid = None if row.bid is None or row.ask is None else (row.bid + row.ask) / 2
        index = charts.band_index(mid, row.band_low, row.band_high, slot.width)
        if index is None:
            line.end(slot.end, glyph("unknown"), paint.style("muted"))
            return
        track = glyph("band-left") + glyph("track") * (slot.width - 2) + glyph("band-right")
        border = paint.style("border")
        line.put(slot.x, track[:index], border)
        line.add(glyph("band-price"), paint.style("muted" if stale else "text"))
        line.add(track[index + 1 :], border)


def _unit(row: PriceRow) -> str:
    """Returns what a price is in; `~` says that the source trades another token, at whose price it was turned."""
    if row.peg:
        return f"{glyph('equivalent')}{row.unit}"
    turned = row.quote and row.unit and row.quote != row.unit.rstrip("?")
    return f"~{row.unit}" if turned else row.unit or glyph("unknown")


def _tight(width: int) -> bool:
    return width - 1 < _LEAST


def _many(number: int, name: str) -> str:
    return f"{formats.count(number)} {name}{'' if number == 1 else 's'}"
