"""Draws the detail of one price: two layouts, one for the full box and one for the content area of a small terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tui import formats
from tui.glyphs import glyph, plain
from tui.widgets import price_chart
from tui.widgets.canvas import Canvas, cells, clip

if TYPE_CHECKING:
    from cambist.view import PriceBar, PriceDetail, PriceRow

BAND_BARS = 20
AVERAGE_BARS = 11
RSI_BARS = 15
"""How many bars each needs before it is known."""
_LABELS = 10
"""Cells at the left of the chart."""


def draw(canvas: Canvas, detail: PriceDetail) -> None:
    """Draws `detail` inside a box of any size from 80×22 on."""
    full = canvas.width >= 106 and canvas.height >= 28
    left, right = (3, canvas.width - 3) if full else (2, canvas.width - 2)
    top = 2 if full and canvas.height >= 31 else 1
    bars = _bars(detail)
    decimals = formats.price_decimals(bars[-1].close if bars else _mid(detail.rows) or 0.0)
    _verdict(canvas, left, right, top, detail, decimals)
    canvas.put(left, top + 1, clip(plain(_sentence(detail, right - left)), right - left), "muted")
    y = top + 3
    side = right - (30 if full else 22)
    venues = min(max(1, len(detail.rows)), 7 if full else 5)
    below = canvas.height - venues - 2 - (1 if full else 0)
    _chart(canvas, left, side - (4 if full else 2), y, below - 1, detail, decimals)
    _figures(canvas, side, right, y, detail, decimals)
    _venues(canvas, left, right, below, detail, decimals, venues)


def _bars(detail: PriceDetail) -> tuple[PriceBar, ...]:
    """Returns all bars, the provisional one last."""
    return detail.bars if detail.provisional is None else (*detail.bars, detail.provisional)


def _mid(rows: tuple[PriceRow, ...]) -> float | None:
    return next((mid for row in rows if (mid := _middle(row)) is not None), None)


def _middle(row: PriceRow) -> float | None:
    return None if row.bid is None or row.ask is None else (row.bid + row.ask) / 2


def _reference(detail: PriceDetail) -> PriceRow | None:
    """Returns the row whose bars these are: of that venue, and in the same asset."""
    rows = (row for row in detail.rows if row.venue == detail.venue)
    return next((row for row in rows if row.unit in ("", detail.quote)), None)


def _verdict(canvas: Canvas, left: int, right: int, y: int, detail: PriceDetail, decimals: int) -> None:
    believed = detail.state in ("live", "injected")
    mark, role = ("live", "text") if believed else ("stale", "stale")
    end = canvas.right(right, y, f"{glyph(mark)} {plain(formats.cut(detail.state, 12))}", role)
    age = formats.age(detail.age_ns)
    joint = f" {glyph('dot')} "
    words = f"{formats.clean(detail.source)}{joint}quote {age.value} {age.unit}".rstrip()
    reference = _reference(detail)
    bid, ask = (None, None) if reference is None else (reference.bid, reference.ask)
    x = canvas.put(left, y, formats.symbol(detail.token), "strong bold")
    x = canvas.put(x + 1, y, formats.venue(detail.venue, 12), f"venue-{detail.venue_class}")
    for word, value in (("bid", bid), ("ask", ask)):
        x = canvas.run(x + 3, y, (f"{word} ", "muted"), (formats.price(value, decimals), "strong bold"))
    x = canvas.put(x + 1, y, formats.symbol(detail.quote), "muted")
    if x + 3 + cells(words) + 3 <= end:
        canvas.right(end - 3, y, plain(words), "muted")


def _sentence(detail: PriceDetail, room: int) -> str:
    """Returns what the bars are of and what is still missing; short of room not what the axis says anyway."""
    of = f"5 s bars of {formats.clean(detail.venue)}"
    words = f"{of}, last one provisional."
    bars = _bars(detail)
    if not bars:
        return f"No price of {formats.clean(detail.venue)} has come since the start."
    missing = [f"{BAND_BARS} bars for the band"] if bars[-1].band_low is None else []
    missing += [f"{RSI_BARS} for the RSI"] if detail.rsi is None else []
    missing += [f"{AVERAGE_BARS} for KAMA"] if bars[-1].kama is None else []
    if not missing:
        return words
    short = f"{len(bars)} of {', '.join(missing)}."
    return f"{words} {short}" if cells(words) + 1 + cells(short) <= room else f"{of}. {short}"


def _chart(canvas: Canvas, left: int, right: int, y: int, end: int, detail: PriceDetail, decimals: int) -> None:
    """Draws the chart from row `y` to before `end`, whose last row is the time axis."""
    bars = _bars(detail)
    scale = price_chart.bounds(price_chart.lines(bars))
    canvas.put(left, y, "Price", "strong bold")
    canvas.right(right, y, formats.symbol(detail.quote), "muted")
    plot, width, height = left + _LABELS + 1, right - left - _LABELS - 1, end - y - 2
    if scale is None or height < 2:
        canvas.put(left, y + 1, "The first bar is not known yet.", "muted")
        return
    price_chart.draw(canvas, plot, y + 1, width, height, bars)
    labels = plot - 1
    last = price_chart.row_of(bars[-1].close, height, scale)
    canvas.right(labels, y + 1, formats.price(scale[1], decimals), "muted")
    canvas.right(labels, y + height, formats.price(scale[0], decimals), "muted")
    if 0 < last < height - 1:
        canvas.right(labels, y + 1 + last, formats.price(bars[-1].close, decimals), "strong bold")
    axis = y + 1 + height
    canvas.put(plot, axis, "5 min ago", "muted")
    canvas.right(right, axis, "provisional", "muted")


def _figures(canvas: Canvas, left: int, right: int, y: int, detail: PriceDetail, decimals: int) -> None:
    """Draws the values of the last bar, each with the look of its line."""
    bars = _bars(detail)
    bar = bars[-1] if bars else None
    canvas.put(left, y, "Last bar" if detail.provisional is None else "Last bar, provisional", "strong bold")
    rows: list[tuple[str, str, str, float | None]] = [
        ("", "", "open", bar.open if bar else None),
        ("", "", "high", bar.high if bar else None),
        ("", "", "low", bar.low if bar else None),
        ("line-price", "text", "close", bar.close if bar else None),
        ("line-average", "accent", "KAMA 10/2/30" if right - left > 24 else "KAMA", bar.kama if bar else None),
        ("", "", "EMA 20", bar.ema if bar else None),
        ("line-band", "muted", "band high", bar.band_high if bar else None),
        ("line-band", "muted", "band low", bar.band_low if bar else None),
    ]
    for offset, (mark, role, label, value) in enumerate(rows, 1):
        if mark:
            canvas.put(left, y + offset, glyph(mark) * 2, role)
        canvas.put(left + 3, y + offset, label, "muted" if value is None else "text")
        shown = formats.price(value, decimals) if value is not None else glyph("unknown")
        canvas.right(right, y + offset, shown, "muted" if value is None else "text")
    canvas.put(left + 3, y + 9, "RSI 14", "muted" if detail.rsi is None else "text")
    whole = formats.whole(detail.rsi)
    canvas.right(right, y + 9, formats.count(whole), "muted" if whole is None else "text")


def _venues(canvas: Canvas, left: int, right: int, y: int, detail: PriceDetail, decimals: int, room: int) -> None:
    """Draws the token on every venue: quotes and how far each middle is from the reference's."""
    wide = right - left >= 90
    at = (28, 44, 60, 81) if wide else (25, 38, 52, 0)
    ends = dict(zip(("bid", "ask", "away", "depth"), (left + end if end else 0 for end in at), strict=True))
    ends["age"] = right
    canvas.put(left, y, "venue", "muted")
    heads = {"bid": "bid", "ask": "ask", "away": "away bps", "depth": f"depth {formats.symbol(detail.quote)}"}
    for name, head in (heads | {"age": "quote age"}).items():
        if ends[name]:
            canvas.right(ends[name], y, head, "muted")
    reference = _reference(detail)
    own = None if reference is None else _middle(reference)
    shown = _shown(detail, room)
    for offset, row in enumerate(shown, 1):
        _venue(canvas, left, y + offset, row, detail, (own, decimals), ends)
    if len(shown) < len(detail.rows):
        more = f"{len(detail.rows) - len(shown)} more venues in the table"
        canvas.put(left, y + room, more, "muted")


def _shown(detail: PriceDetail, room: int) -> tuple[PriceRow, ...]:
    """Returns the rows that fit, the reference among them; a line that says how many more there are needs room too."""
    if len(detail.rows) <= room:
        return detail.rows
    reference = _reference(detail)
    kept = [] if reference is None else [reference]
    kept += [row for row in detail.rows if row is not reference][: room - 1 - len(kept)]
    return tuple(kept)


def _venue(
    canvas: Canvas,
    left: int,
    y: int,
    row: PriceRow,
    detail: PriceDetail,
    known: tuple[float | None, int],
    ends: dict[str, int],
) -> None:
    own, decimals = known
    is_reference, alike = row is _reference(detail), row.unit in ("", detail.quote)
    text = "muted" if row.stale else "text"
    if row.key == detail.key:
        canvas.put(left - 1, y, glyph("cursor"), "accent")
    end = canvas.put(left, y, formats.venue(row.venue, 8), "muted" if row.stale else f"venue-{row.venue_class}")
    if not alike:
        canvas.put(end + 1, y, formats.symbol(row.unit, 5), "muted")
    for name, value, best in (("bid", row.bid, row.best_bid), ("ask", row.ask, row.best_ask)):
        role = "strong bold" if best and not row.stale else text
        canvas.right(ends[name], y, formats.price(value, decimals), role if value is not None else "muted")
    mid = _middle(row)
    away = None if mid is None or not alike or not own or not math.isfinite(own) else (mid / own - 1) * 10_000
    word = "reference" if is_reference else formats.bps(away, 7)
    canvas.right(ends["away"], y, word, "muted" if is_reference or away is None else text)
    if ends["depth"]:
        known_depth = row.depth > 0 and math.isfinite(row.depth)
        depth = formats.count(round(row.depth)) if known_depth else glyph("unknown")
        canvas.right(ends["depth"], y, clip(depth, 14), text if known_depth else "muted")
    age = formats.age(row.age_ns)
    stale = "stale" if row.stale else text
    canvas.run_right(ends["age"], y, (age.value, stale), (f" {age.unit}".rstrip(), "stale" if row.stale else "muted"))
