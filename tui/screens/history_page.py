"""Draws what became of gaps: three layouts, by the room there is; every field has its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui import formats
from tui.glyphs import glyph, plain
from tui.screens import history_tables as tables
from tui.screens.history_tables import FATES, money, who
from tui.widgets import charts, life_chart
from tui.widgets.canvas import Canvas, cells, clip, wrap

if TYPE_CHECKING:
    from cambist.view import EndsSection

MEDIUM, WIDE = (106, 28), (176, 48)
"""Width and height from which on all parts are shown, and from which on tables stand side by side."""
_SUMS = {"small": (0, 13, 25, 35, 48, 61), "medium": (0, 19, 34, 49, 67, 89), "wide": (0, 32, 60, 88, 116, 148)}
_LEFT, _GUTTER = 71, 4
"""Cells of the left column, and between it and what stands right of it."""
_FATE_CELLS = 38


class Sum(NamedTuple):
    """One of the sums on top: what it is of, its value, and what stands below it, also in few words."""

    label: str
    value: str
    unit: str
    below: str
    short: str


def draw(canvas: Canvas, section: EndsSection, now_ns: int, margin: int = 3, cursor: int = 0) -> None:
    """Draws the page inside a box of any size from 80×22 on; `cursor` is the row of the last ends it is on."""
    left, right, last = margin, canvas.width - margin, canvas.height - 1
    if canvas.width >= WIDE[0] and canvas.height >= WIDE[1]:
        _sums(canvas, left, right, section, "wide")
        top, second = 5, left + _LEFT + _GUTTER
        _lives(canvas, left, second - _GUTTER, top, section)
        _fates(canvas, second, second + _FATE_CELLS, top, section)
        tables.landing(canvas, second + _FATE_CELLS + _GUTTER, right, top, 19, section.landing)
        tables.rivals(canvas, left, second - _GUTTER, 20, last, section)
        tables.ends(canvas, second, right, (20, last), section, now_ns, cursor)
    elif canvas.width >= MEDIUM[0] and canvas.height >= MEDIUM[1]:
        _sums(canvas, left, right, section, "medium")
        middle = left + _LEFT + _GUTTER
        _lives(canvas, left, middle - _GUTTER, 5, section)
        _fates(canvas, middle, right, 5, section)
        below = _two_tables(canvas, left, middle, 16, section)
        tables.ends(canvas, left, right, (below, last), section, now_ns, cursor)
    else:
        _sums(canvas, left, right, section, "small")
        _fates_in_a_line(canvas, left, right, 5, section)
        below = _two_tables(canvas, left, left + 45, 7, section)
        tables.ends(canvas, left, right, (below, last), section, now_ns, cursor)


def warn(canvas: Canvas, margin: int, cause: str) -> None:
    """Draws why what ends now ends as stale, in the line below the sums; nothing while all is well."""
    if cause:
        words = plain(f"{glyph('stale')} {formats.clean(cause)}")
        canvas.put(margin, 4, clip(words, canvas.width - 2 * margin), "stale")


def _two_tables(canvas: Canvas, left: int, middle: int, y: int, section: EndsSection) -> int:
    """Draws rivals and landing side by side, with three eighths of the rows; returns the row after a blank one."""
    rows = max(3, min(11, (canvas.height - 1 - y - 5) * 3 // 8))
    end = y + 2 + rows
    tables.rivals(canvas, left, middle - _GUTTER, y, end, section)
    tables.landing(canvas, middle, canvas.width - left, y, end, section.landing)
    return end + 1


def _sums(canvas: Canvas, left: int, right: int, section: EndsSection, size: str) -> None:
    starts = [left + at for at in _SUMS[size]]
    for start, end, each in zip(starts, [*starts[1:], right + 1], _made(section), strict=True):
        room = end - start - 1
        canvas.put(start, 1, clip(each.label, room), "muted")
        known = each.value != glyph("unknown")
        x = canvas.put(start, 2, clip(each.value, room), "strong bold" if known else "muted")
        canvas.put(x + 1, 2, clip(each.unit, end - x - 2), "muted")
        below = each.below if len(each.below) <= room else each.short
        canvas.put(start, 3, clip(below, room), "muted")


def _made(section: EndsSection) -> list[Sum]:
    """Returns the sums; what is not known is a dash."""
    unknown = glyph("unknown")
    ended, lived = sum(count for _, count in section.fates), section.lived_ns.of
    life, own = formats.age(section.lived_ns.p50), formats.age(section.own_ns.p50)
    share = unknown if section.catchable is None else f"{section.catchable * 100 // max(1, lived)}%"
    rival = section.rivals[0] if section.rivals else None
    took = "" if rival is None else f"{formats.count(rival.taken)} gaps"
    worth = formats.count(section.worth_an_order if ended else None)
    return [
        Sum("gaps ended", formats.count(ended, 8) if ended else unknown, "", f"{worth} worth an order", f"{worth} go"),
        Sum("median life", life.value, life.unit, *_p90(str(formats.age(section.lived_ns.p90)))),
        Sum("in slots", formats.count(section.slots.p50, 6), "", *_p90(formats.count(section.slots.p90, 6))),
        Sum("our latency", own.value, own.unit, *_p90(str(formats.age(section.own_ns.p90)))),
        Sum("catchable", share, f"of {formats.count(lived)}" if lived else "", "outlived our median", "outlived us"),
        Sum(
            "lost most to", unknown if rival is None else who(rival.who, rival.program), "",
            f"{took}, {money(rival.net, 5)}" if rival is not None else unknown, took or unknown,
        ),
    ]  # fmt: skip


def _p90(value: str) -> tuple[str, str]:
    return f"p90 {value}", f"p90 {value}"


def _lives(canvas: Canvas, left: int, right: int, y: int, section: EndsSection) -> None:
    """Draws how long gaps lived, with our own latency among them, in ten rows."""
    known = f"{formats.count(section.lived_ns.of)} gaps {glyph('dot')} log scale"
    tables.head(canvas, left, right, y, "How long they lived", known if section.lived_ns.of else "")
    if not section.lived_ns.of:
        lines = (section.state.cause, section.state.next_step) if section.state.cause else ("No life is known yet.",)
        for offset, line in enumerate(part for text in lines for part in wrap(plain(text), right - left)):
            canvas.put(left, y + 2 + offset, line, "muted" if offset else "text")
        return
    own = section.own_ns.p50
    at = None if own is None else life_chart.place(own)
    x = left + 4
    life_chart.draw(canvas, x, y + 2, 6, section.lives, at)
    if at is None or section.catchable is None:
        canvas.put(x, y + 1, f"our latency {glyph('unknown')} is not known yet", "muted")
        return
    _latency(canvas, x, right, y + 1, x + at, section)


def _latency(canvas: Canvas, x: int, end: int, y: int, line: int, section: EndsSection) -> None:
    """Draws what the line is, and how many are left and right of it, as far as there is room for that."""
    canvas.put(line, y, glyph("border-left"), "accent")
    words = f"our latency {formats.age(section.own_ns.p50)}"
    at_left = line + 2 + cells(words) > end
    start = line - 1 - cells(words) if at_left else line + 2
    canvas.put(start, y, words, "accent")
    long = section.catchable or 0
    short = f"too short: {formats.count(section.lived_ns.of - long)}"
    if x + cells(short) + 1 < min(line, start):
        canvas.put(x, y, short, "muted")
    if end - cells(f"catchable: {formats.count(long)}") > max(line, start + cells(words)) + 1:
        canvas.right(end, y, f"catchable: {formats.count(long)}", "muted")


def _fates(canvas: Canvas, left: int, right: int, y: int, section: EndsSection) -> None:
    """Draws how gaps ended, as counts and shares of all."""
    tables.head(canvas, left, right, y, "How they ended", f"count {glyph('dot')} share")
    counts = dict(section.fates)
    whole = sum(counts.values())
    for offset, (fate, look) in enumerate(FATES.items(), 1):
        count = counts.get(fate, 0)
        role = _role(fate, count)
        canvas.put(left, y + offset, glyph(look.mark), role)
        canvas.put(left + 2, y + offset, look.words, role)
        canvas.right(left + 24, y + offset, formats.count(count if whole else None, 6), "text" if count else "muted")
        filled, track = charts.thin_bar(count / whole if whole else 0.0, right - left - 31)
        x = canvas.put(left + 26, y + offset, filled, "accent" if fate == "ours" else "muted")
        canvas.put(x, y + offset, track, "border")
        canvas.right(right, y + offset, _share(count, whole), "text" if count else "muted")
    contested = f"{formats.count(section.contested if whole else None)} closed by several swaps."
    for offset, line in enumerate((contested, "Stale, crowded: no known end."), len(FATES) + 2):
        canvas.put(left, y + offset, clip(line, right - left), "muted")


def _role(fate: str, count: int) -> str:
    """Returns how a fate looks: amber only where there is one that was stale."""
    if not count:
        return "muted"
    return "strong bold" if fate == "ours" else FATES[fate].role


def _share(count: int, whole: int) -> str:
    """Returns a share in whole percent; one above nothing never reads as nothing."""
    if not whole:
        return glyph("unknown")
    return "<1%" if 0 < count * 200 < whole else f"{round(count * 100 / whole)}%"


def _fates_in_a_line(canvas: Canvas, left: int, right: int, y: int, section: EndsSection) -> None:
    counts, x = dict(section.fates), left
    for fate, look in FATES.items():
        count = counts.get(fate, 0)
        words, role = formats.count(count if counts else None), _role(fate, count)
        if x + len(fate) + 3 + cells(words) > right:
            return
        x = canvas.run(x, y, (f"{glyph(look.mark)} {fate} ", role), (words, "text"), ("    ", "text"))
