"""The overlay of the money: wallets at each venue, what trades left over, what was paid, every limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tui import formats
from tui.glyphs import glyph
from tui.screens.confirm import put_limit
from tui.screens.overlay import Overlay
from tui.widgets.canvas import Canvas, clip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cambist.view import Holding, LeftRow, PaidRow, TradesSection

Row = TypeVar("Row")
WIDE = 90
"""From this width on, limits stand beside the rest."""
KEYS = (("esc", "back"),)


class MoneyScreen(Overlay[None]):
    """What paper holds, owes and may still lose, as of now."""

    def page(self, width: int, height: int) -> Canvas:
        """Returns the box with all of it."""
        view = self.runtime.view
        canvas = Canvas(width, height)
        draw(canvas, view.trades, view.status.now_ns, self.margin)
        canvas.box("Money", KEYS, margin=self.margin)
        return canvas


def draw(canvas: Canvas, section: TradesSection, now_ns: int, margin: int = 3) -> None:
    """Draws wallets, what is left over and costs at the left, limits beside or below them."""
    wide = canvas.width >= WIDE
    right = canvas.width // 2 - 1 if wide else canvas.width - margin
    last = canvas.height - 2
    holdings = section.paper.holdings if section.paper else ()
    y = _part(canvas, margin, 1, right, last, "Paper wallets", holdings, _put_holding)
    y = _left(canvas, margin, y, right, last, section.left, now_ns)
    y = _part(canvas, margin, y, right, last, "Paid since the session began", section.paid, _put_paid)
    if y < last:
        books = f"books are off: {', '.join(section.off)}" if section.off else "books balance"
        canvas.put(margin, y, books, "danger bold" if section.off else "muted")
        y += 1
        if waiting := section.unrecorded:
            words = f"{glyph('unrecorded')} {formats.count(waiting)} of the last orders not on disk yet"
            canvas.put(margin, y, clip(words, right - margin), "muted")
        y += 1
    left, top = (right + 3, 1) if wide else (margin, y)
    _part(canvas, left, top, canvas.width - margin, last, "Limits", section.limits, put_limit)


def _part(
    canvas: Canvas,
    left: int,
    y: int,
    right: int,
    last: int,
    head: str,
    rows: Sequence[Row],
    put: Callable[[Canvas, int, int, int, Row], None],
) -> int:
    """Draws a head and its rows as far as there is room; returns the line after a blank one."""
    if y >= last:
        return y
    canvas.put(left, y, head, "strong bold")
    room = last - y - 1
    shown = rows if len(rows) <= room else rows[: max(0, room - 1)]
    for at, row in enumerate(shown, y + 1):
        put(canvas, left, right, at, row)
    more = len(rows) - len(shown)
    if not rows or more:
        canvas.put(left, y + 1 + len(shown), f"{more} more" if more else "none", "muted")
    return y + 2 + len(shown) + bool(not rows or more)


def _put_holding(canvas: Canvas, left: int, right: int, y: int, row: Holding) -> None:
    """Draws what is free at a venue, what is tied up, and what was earned of the token."""
    canvas.put(left, y, formats.venue(row.venue, 10), "muted")
    canvas.right(left + 23, y, formats.money(row.free, row.decimals, min(4, row.decimals), 12))
    x = canvas.put(left + 24, y, formats.symbol(row.symbol, 6), "muted")
    if row.in_flight:
        flying = formats.money(row.in_flight, row.decimals, min(3, row.decimals), 9)
        canvas.put(x + 1, y, f"{flying} tied", "muted")
    if row.change:
        role = "profit" if row.change > 0 else "loss"
        canvas.right(right, y, formats.money(row.change, row.decimals, min(4, row.decimals), 10, sign=True), role)


def _left(canvas: Canvas, left: int, y: int, right: int, last: int, rows: Sequence[LeftRow], now_ns: int) -> int:
    def put(canvas: Canvas, left: int, right: int, y: int, row: LeftRow) -> None:
        have = formats.money(row.atoms, row.decimals, min(4, row.decimals), 10)
        cost = formats.money(row.cost, row.base_decimals, min(3, row.base_decimals), 10)
        if row.mark is None:
            start = canvas.right(right, y, f"mark {glyph('unknown')}", "muted")
        else:
            gain = row.mark - row.cost
            words = formats.money(gain, row.base_decimals, min(3, row.base_decimals), 9, sign=True)
            role = "profit" if gain > 0 else "loss" if gain < 0 else "muted"
            start = canvas.right(right, y, f"mark {words}", role)
        what = f"{have} {formats.symbol(row.symbol, 6)} for {cost} {formats.symbol(row.base, 6)}"
        facts = (f"{row.tries}×" if row.tries else "", str(formats.age(now_ns - row.since_ns)))
        canvas.put(left, y, clip(f"{what} {' '.join(facts).strip()}", start - left - 1), "stale")

    return _part(canvas, left, y, right, last, "Left over of legged trades", rows, put)


def _put_paid(canvas: Canvas, left: int, right: int, y: int, row: PaidRow) -> None:
    canvas.put(left, y, row.account.replace("_", " "), "muted")
    words = formats.money(row.atoms, row.decimals, min(6, row.decimals), 12)
    canvas.right(right, y, f"{words} {formats.symbol(row.symbol, 6)}")
