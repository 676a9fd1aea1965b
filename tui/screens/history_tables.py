"""The tables of the page of gaps: who takes them, predicted against happened, and the last ones that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui import formats, route_forms
from tui.glyphs import glyph, plain
from tui.widgets import charts, life_chart
from tui.widgets.canvas import Canvas, cells, clip, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.view import EndRow, EndsSection, LandingRow, RivalRow, Taken


class Look(NamedTuple):
    """How a fate is shown."""

    mark: str
    """Name of its glyph."""
    role: str
    words: str


FATES = {
    "ours": Look("passed", "strong", "taken by us"),
    "taken": Look("failed", "muted", "taken by another"),
    "faded": Look("dot", "muted", "faded"),
    "stale": Look("stale", "stale", "stale in between"),
    "crowded": Look("skip", "muted", "crowded out"),
}
"""How a gap can end, in the order shown."""
MANY = 30
"""Orders from which on a share is worth more than its noise."""
_FULL = 66
"""Cells from which on a table has all its columns."""
_WITH_FEES = 70
"""Cells from which on takers have what they paid to the network too."""
_BAR = 12
_WITH_BARS = 56
"""Cells from which on a row of predictions has a bar too."""


def who(address: str, program: str) -> str:
    """Returns a taker in at most 15 cells: the name of a program that is known, else an address."""
    return f"{formats.cut(program, 7)} program" if program else plain(formats.address(address))


def money(net: tuple[Taken, ...], width: int = 10) -> str:
    """Returns what was taken of the token that most was taken of, and how many others there are."""
    if not net:
        return glyph("unknown")
    first, more = net[0], len(net) - 1
    amount = formats.money(first.atoms, first.decimals, min(4, first.decimals), width)
    return f"{amount} {formats.symbol(first.symbol, 6)}" + (f" +{more}" if more else "")


def head(canvas: Canvas, left: int, right: int, y: int, title: str, info: str = "") -> None:
    """Draws a part's title, a rule, and what stands at its right."""
    x = canvas.put(left, y, title, "strong bold") + 1
    end = canvas.right(right, y, info, "muted") - 1 if info and right - x > cells(info) + 3 else right
    canvas.put(x, y, glyph("rule") * max(0, end - x), "border")


def rivals(canvas: Canvas, left: int, right: int, y: int, last: int, section: EndsSection) -> None:
    """Draws who takes gaps: how many, what those would have left, how soon, and what fee and tip they paid."""
    rows, full = section.rivals, right - left >= _FULL
    head(canvas, left, right, y, "Who takes them", f"{formats.count(len(rows))} known" if rows else "")
    ends = (left + 20, left + 33, 0, right, 0, 0)
    if right - left >= _WITH_FEES:
        ends = (left + 24, left + 40, left + 46, left + 53, right - 9, right)
    elif full:
        ends = (left + 24, left + 44, left + 50, left + 57, 0, right)
    labels = ("gaps", "net", "slots", "after", "fee SOL", "tip SOL")
    for end, label in zip(ends, labels, strict=True):
        if end:
            canvas.right(end, y + 1, label, "muted")
    canvas.put(left, y + 1, "who", "muted")
    room = last - y - 2
    shown = rows if len(rows) <= room else _some(rows, max(0, room - 1))
    for at, row in enumerate(shown, y + 2):
        _rival(canvas, left, ends, at, row)
    if len(shown) < len(rows):
        canvas.put(left, y + 2 + len(shown), f"{len(rows) - len(shown)} more", "muted")
    elif not rows:
        canvas.put(left, y + 2, "No taker was seen yet.", "muted")


def _some(rows: Sequence[RivalRow], room: int) -> list[RivalRow]:
    """Returns as many as have room: payers first, but half of it is for programs, as far as there are some."""
    payers, programs = ([row for row in rows if row.is_payer is is_payer] for is_payer in (True, False))
    first = payers[: room - min(len(programs), room // 2)]
    return first + programs[: room - len(first)]


def _rival(canvas: Canvas, left: int, ends: tuple[int, ...], y: int, row: RivalRow) -> None:
    taken, net, slots, after, fee, tip = ends
    canvas.put(left, y, who(row.who, row.program), "text")
    if slots and not row.is_payer and not row.program:
        canvas.put(left + 10, y, "program", "muted")
    canvas.right(taken, y, formats.count(row.taken, 5), "strong bold")
    canvas.right(net, y, clip(money(row.net, 8 if slots else 5), net - taken - 1), "text" if row.net else "muted")
    if slots:
        canvas.right(slots, y, formats.count(row.slots, 5), "muted" if row.slots is None else "text")
    age = formats.age(row.time_ns)
    canvas.run_right(after, y, (age.value, "text" if age.unit else "muted"), (f" {age.unit}".rstrip(), "muted"))
    for end, lamports in ((fee, row.fee), (tip, row.tip)):
        if end:
            canvas.right(end, y, formats.paid(lamports), "muted" if lamports is None else "text")


def landing(canvas: Canvas, left: int, right: int, y: int, last: int, rows: Sequence[LandingRow]) -> None:
    """Draws predicted against happened, a row a tenth; those without orders give way where room is short."""
    orders = sum(row.orders for row in rows)
    head(canvas, left, right, y, "Chance to land", f"{formats.count(orders)} orders" if orders else "")
    full = right - left >= 36
    ends = (left + 14, left + 23, left + 31 - full, left + 38 if full else 0)
    for end, label in zip(ends, ("mean", "happened", "orders", "landed"), strict=True):
        if end:
            canvas.right(end, y + 1, label, "muted")
    canvas.put(left, y + 1, "predicted", "muted")
    if not orders:
        canvas.put(left, y + 2, clip("No order of ours has ended.", right - left), "muted")
        return
    room = last - y - 2
    shown = [row for row in rows if row.orders or (len(rows) <= room and row.from_ppm is not None)]
    more = 0 if len(shown) <= room else len(shown) - room + 1
    fewest = sorted(shown, key=lambda row: row.orders)[:more]
    for at, row in enumerate((row for row in shown if row not in fewest), y + 2):
        _tenth(canvas, left, ends, at, row)
        if right - left >= _WITH_BARS:
            _reached(canvas, left + 41, right, at, row)
    if more:
        left_out = formats.count(sum(row.orders for row in fewest))
        canvas.put(left, last - 1, clip(f"{more} rows more, of {left_out} orders", right - left), "muted")


def _tenth(canvas: Canvas, left: int, ends: tuple[int, ...], y: int, row: LandingRow) -> None:
    mean, happened, orders, landed = ends
    role = "text" if row.orders >= MANY else "muted"
    low = None if row.from_ppm is None else row.from_ppm // 10_000
    canvas.put(left, y, "unknown" if low is None else f"{low}-{low + 10}%", "muted")
    canvas.right(mean, y, formats.share(row.predicted_ppm), role if row.predicted_ppm is not None else "muted")
    real = formats.share(row.landed * 1_000_000 // row.orders if row.orders else None)
    canvas.right(happened, y, real, "strong bold" if row.orders >= MANY else "muted")
    canvas.right(orders, y, formats.count(row.orders, 6), role)
    if landed:
        canvas.right(landed, y, formats.count(row.landed, 6), role)


def _reached(canvas: Canvas, left: int, right: int, y: int, row: LandingRow) -> None:
    """Draws what share landed, with what was predicted as a tick."""
    filled, track = charts.thin_bar(row.landed / row.orders if row.orders else 0.0, right - left)
    canvas.put(canvas.put(left, y, filled, "muted"), y, track, "border")
    if row.predicted_ppm is not None:
        canvas.put(
            left + min(right - left - 1, row.predicted_ppm * (right - left) // 1_000_000), y, glyph("now"), "accent"
        )


def ends(
    canvas: Canvas, left: int, right: int, rows_of: tuple[int, int], section: EndsSection, now_ns: int, cursor: int
) -> None:
    """Draws the last gaps that ended, newest first; the one under the cursor is always among them."""
    y, last = rows_of
    rows, whole = section.rows, sum(count for _, count in section.fates)
    info = f"last {formats.count(len(rows))} of {formats.count(whole)}" if whole else ""
    head(canvas, left, right, y, "Last ends", info)
    full = right - left >= 100
    cols = _FULL_COLUMNS if full else _SMALL_COLUMNS
    for name, label in (("age", "age"), ("net", "net"), ("life", "life"), ("slots", "slots")):
        canvas.right(left + cols[name], y + 1, label, "muted")
    canvas.put(left + cols["route"], y + 1, "route", "muted")
    canvas.put(left + cols["how"], y + 1, "how it ended", "muted")
    room = max(0, last - y - 2)
    if not rows:
        text = f"{section.state.cause} {section.state.next_step}".strip()
        for offset, line in enumerate(wrap(plain(text), right - left)[:room]):
            canvas.put(left, y + 2 + offset, line, "muted")
        return
    top = max(0, min(cursor - room // 2, len(rows) - room))
    own = section.own_ns.p50
    for offset, row in enumerate(rows[top : top + room]):
        _end(canvas, (left, right), y + 2 + offset, row, now_ns, own, cols, at=top + offset == cursor)


_FULL_COLUMNS = {"age": 8, "route": 10, "go": 43, "net": 60, "bar": 62, "life": 82, "slots": 89, "how": 91}
_SMALL_COLUMNS = {"age": 8, "route": 10, "go": 0, "net": 44, "bar": 0, "life": 52, "slots": 58, "how": 60}
"""Where a column begins, and of numbers where it ends; 0 is not there."""


def _end(
    canvas: Canvas,
    edges: tuple[int, int],
    y: int,
    row: EndRow,
    now_ns: int,
    own_ns: int | None,
    cols: dict[str, int],
    *,
    at: bool,
) -> None:
    left, right = edges
    on = "@selection" if at else ""
    if at:
        canvas.put(left - 1, y, " " * (right - left + 1), f"text{on}")
        canvas.put(left - 1, y, glyph("cursor"), f"accent{on}")
    mark, role, words = FATES[row.fate]
    ours, value = row.fate == "ours", "strong" if row.fate == "ours" else "text" if row.go else "muted"
    canvas.put(left, y, glyph(mark), f"{role}{on}")
    age = formats.age(now_ns - row.at_ns)
    canvas.right(left + cols["age"], y, str(age), f"muted{on}")
    _route(canvas, left + cols["route"], (cols["go"] or cols["net"] - 14) - cols["route"] - 1, y, row, on, strong=ours)
    if cols["go"] and row.go:
        canvas.put(left + cols["go"], y, "go", f"accent{on}")
    amount = formats.flow(row.net, row.decimals, 9, sign=True)
    unit = formats.symbol(row.unit, 4)
    canvas.run_right(left + cols["net"], y, (amount, f"{value}{on}"), (f" {unit}", f"muted{on}"))
    if cols["bar"]:
        _life(canvas, left + cols["bar"], y, row, own_ns, on)
    lived, least = formats.age(row.lived_ns), "" if row.end_known else glyph("at-least")
    canvas.run_right(
        left + cols["life"], y, (f"{least}{lived.value}", f"{value}{on}"), (f" {lived.unit}", f"muted{on}")
    )
    slots = formats.count(row.slots, 5)
    canvas.right(left + cols["slots"], y, slots, f"{value if row.slots is not None else 'muted'}{on}")
    words = f"by {who(row.who, row.program)}" if row.who else words
    how = f"{role}{on} bold" if ours else f"{role}{on}"
    canvas.put(left + cols["how"], y, clip(words, right - left - cols["how"]), how)


def _route(canvas: Canvas, x: int, room: int, y: int, row: EndRow, on: str, *, strong: bool) -> None:
    """Draws base token and venues, whole names if they fit, then letters; the tokens between them are not known."""
    base = formats.symbol(row.unit)
    dash, to = glyph("dash"), glyph("to")
    for full in (True, False):
        names = [formats.venue(each.venue, 8) if full else route_forms.letter(each.venue) for each in row.venues]
        if 2 * cells(base) + sum(1 + cells(name) for name in names) + 1 <= room:
            break
    else:
        canvas.put(x, y, clip(f"{base}{to}{len(row.venues)}{to}{base}", room), f"muted{on}")
        return
    token = f"strong{on} bold" if strong else f"muted{on}"
    x = canvas.put(x, y, base, token)
    for name, each in zip(names, row.venues, strict=True):
        colour = f"venue-{each.venue_class}" if strong or row.go else "muted"
        x = canvas.run(x, y, (dash, f"faint{on}"), (name, f"{colour}{on}"))
    canvas.run(x, y, (to, f"faint{on}"), (base, token))


def _life(canvas: Canvas, x: int, y: int, row: EndRow, own_ns: int | None, on: str) -> None:
    """Draws a life on the chart's scale, with our own latency as a tick; one whose end is not known has none."""
    if not row.end_known:
        canvas.put(x, y, glyph("unknown"), f"muted{on}")
        return
    filled, track = charts.thin_bar(life_chart.share(row.lived_ns), _BAR)
    shorter = own_ns is not None and row.lived_ns <= own_ns
    canvas.put(x, y, filled, f"{'faint' if shorter else 'muted'}{on}")
    canvas.put(x + len(filled), y, track, f"border{on}")
    if own_ns is not None:
        tick = min(_BAR - 1, int(life_chart.share(own_ns) * _BAR))
        canvas.put(x + tick, y, glyph("now"), f"accent{on}")
