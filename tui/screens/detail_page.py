"""Draws the detail of one cycle: two layouts, one for the full box and one for the content area of a small terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import formats, route_forms
from tui.glyphs import glyph, plain
from tui.widgets import profit_curve, waterfall
from tui.widgets.canvas import Canvas, cells, clip, wrap

if TYPE_CHECKING:
    from cambist.view import CycleDetail, CycleHistory, CycleRow, HopRow

WIDE = 102
"""Cells of content the full layout needs."""
_CURVE = 12
"""Rows that words leave to the curve and what is around it."""
_MARKS = {"go": "accent bold", "stale": "stale", "blocked": "stale", "skip": "muted"}
_COSTS = {"gross": "muted", "pool fees": "cost-pools", "transfer fees": "cost-pools", "net": "accent"}


def draw(canvas: Canvas, detail: CycleDetail, *, why: bool, past: str = "") -> None:
    """Draws `detail` inside a box of any size from 80×22 on; `why` shows the decision in full instead of the curve.

    `past` stands in place of a verdict that holds no more; the last line is then left to why it does not.
    """
    if canvas.width >= WIDE + 6 and canvas.height >= 28:
        _full(canvas, detail, past, why=why)
    else:
        _small(canvas, detail, past, why=why)


def _full(canvas: Canvas, detail: CycleDetail, past: str, *, why: bool) -> None:
    left, right = 3, canvas.width - 3
    _verdict(canvas, left, right, 1, detail.row, past)
    _summary(canvas, left, right, 2, detail.row)
    _history(canvas, left, right, 3, detail)
    canvas.put(left, 5, "Hops", "strong bold")
    ends = (left, left + 5, left + 14, left + 43, left + 65, left + 75, left + 86, right)
    _hops(canvas, 6, ends, detail.hops)
    y = 8 + max(1, len(detail.hops))
    below = _costs(canvas, left, left + 51, y, detail, bar=21)
    _gates(canvas, left, left + 51, below + 1, detail, canvas.height - (2 if past else 1), past)
    if why:
        _decision(canvas, left + 56, right, y, detail.row, canvas.height - 1, detail.stopped)
    else:
        lines = wrap(plain(formats.clean(detail.binds)), right - left - 56)[: max(2, canvas.height - y - _CURVE)]
        height = canvas.height - 2 - y - len(lines) - (2 if canvas.height - y > 18 else 1)
        _curve(canvas, left + 56, right, y, height, detail)
        for offset, line in enumerate([] if past else lines):
            canvas.put(left + 56, canvas.height - 1 - len(lines) + offset, line, "muted")


def _small(canvas: Canvas, detail: CycleDetail, past: str, *, why: bool) -> None:
    left, right = 2, canvas.width - 2
    _verdict(canvas, left, right, 1, detail.row, past)
    _summary(canvas, left, right, 2, detail.row)
    _history(canvas, left, right, 3, detail)
    ends = (left, left + 4, 0, left + 33, left + 52, left + 60, left + 68, right)
    _hops(canvas, 5, ends, detail.hops)
    y = 7 + max(1, len(detail.hops))
    last = canvas.height - 1
    if why:
        _gates(canvas, left, right, y, detail, last - 1, past)
        canvas.put(left, last - 1, clip(_reason(detail.row), right - left), "muted")
        return
    below = _costs(canvas, left, left + 40, y, detail, bar=9)
    _curve(canvas, left + 43, right, y, last - y - 2, detail)
    lines = [] if past else wrap(plain(formats.clean(detail.binds)), 40)[: max(0, last - below - 1)]
    for offset, line in enumerate(lines):
        canvas.put(left, last - len(lines) + offset, line, "muted")


def facts(history: CycleHistory, unit: str, decimals: int, room: int = WIDE) -> str:
    """Returns a cycle's history in one line of at most `room` cells: since when, for how long, its best net."""
    unknown = glyph("unknown")
    seen = unknown if history.found_ns is None else formats.clock(history.found_ns)
    slot = "" if history.found_slot is None else f", slot {formats.grouped(history.found_slot)}"
    stood, stands = formats.age(history.stood_ns), "stood" if history.ended else "stands"
    known = None if not unit else history.best_net
    best = unknown if known is None else f"{formats.flow(known, decimals, 0, sign=True)} {formats.symbol(unit)}"
    at = "" if known is None or history.best_ns is None else f" at {formats.clock(history.best_ns)}"
    forms = (
        (f"first seen {seen}{slot}", f"{stands} for {stood}", f"best net {best}{at}"),
        (f"first seen {seen}", f"{stands} for {stood}", f"best net {best}{at}"),
        (f"seen {seen}", f"{stands} {stood}", f"best {best}"),
    )
    lines = [f" {glyph('dot')} ".join(form) for form in forms]
    return next((line for line in lines if cells(line) <= room), clip(lines[-1], room))


def _history(canvas: Canvas, left: int, right: int, y: int, detail: CycleDetail) -> None:
    row = detail.row
    canvas.put(left, y, facts(detail.history, row.unit, row.decimals, right - left), "muted")


def _verdict(canvas: Canvas, left: int, right: int, y: int, row: CycleRow, past: str) -> None:
    joint = f" {glyph('dot')} "
    facts = [
        f"score {'' if row.score is None else row.score}" if row.score is not None else f"score {glyph('unknown')}",
        f"lands {formats.share(row.landing_ppm)}",
        "sent" if row.decision.startswith("sent") else formats.clean(row.settlement),
    ]
    if past:
        verdict = f"{glyph('skip')} {past}"
    elif row.mark == "go":
        verdict = f"{glyph('go')} GO"
    else:
        verdict = f"{glyph(row.mark if row.mark in _MARKS else 'skip')} {plain(formats.cut(row.decision, 16))}"
    start = canvas.right(right, y, verdict, _MARKS.get(row.mark, "muted"))
    room = start - 3 - left
    steps = tuple(route_forms.Step(leg.token, leg.venue, leg.venue_class) for leg in row.legs)
    while facts:
        words = joint.join(facts)
        pieces = route_forms.route(steps, room - cells(words) - 3)
        if sum(cells(piece.text) for piece in pieces) + cells(words) + 3 <= room and len(pieces) > 2 * len(steps) + 1:
            canvas.right(start - 3, y, words, "muted")
            break
        facts = facts[1:]
    else:
        pieces = route_forms.route(steps, room)
    for piece in pieces:
        role = {"token": "strong bold", "venue": f"venue-{piece.venue_class}"}.get(piece.kind, "faint")
        left = canvas.put(left, y, piece.text, role)


def _summary(canvas: Canvas, left: int, right: int, y: int, row: CycleRow) -> None:
    unit = formats.symbol(row.unit)
    out = None if row.net is None else row.size + row.net
    x = canvas.run(left, y, (formats.money(row.size, row.decimals, 2), "text"), (f" {unit} in", "text"))
    full = right - left > 90
    words = (
        f"{formats.money(out, row.decimals, 5)} {unit} out after costs"
        if full
        else f"{formats.money(out, row.decimals, 5)} out"
    )
    x = canvas.put(x + 3, y, words)
    gain = formats.flow(row.net, row.decimals, 0, sign=True)
    role = "accent bold" if row.mark == "go" else "text" if (row.net or 0) > 0 else "muted"
    strong = "strong bold" if (row.net or 0) > 0 else "muted"
    canvas.run(x + 3, y, ("net ", "muted"), (f"{gain} {unit}", strong), (f"  {formats.bps(row.net_bps, 7)} bps", role))


def _hops(canvas: Canvas, y: int, ends: tuple[int, ...], hops: tuple[HopRow, ...]) -> None:
    """Draws the table of hops. `ends`: where hop, venue, pool (0: left out) start; where the five numbers end."""
    number, venue, pool, into, out, fee, impact, age = ends
    canvas.put(number, y, "hop", "muted")
    canvas.put(venue, y, "venue", "muted")
    if pool:
        canvas.put(pool, y, "pool", "muted")
    heads = ("in", "out", "fee bps", "impact", "quote age") if pool else ("in", "out", "fee", "impact", "age")
    for end, head in zip((into, out, fee, impact, age), heads, strict=True):
        canvas.right(end, y, head, "muted")
    for index, hop in enumerate(hops, 1):
        canvas.put(number, y + index, str(index), "muted")
        canvas.put(venue, y + index, formats.cut(hop.venue, 8), f"venue-{hop.venue_class}")
        if pool:
            canvas.put(pool, y + index, plain(formats.cut(hop.pool, 12)), "muted")
        _amount(canvas, into, y + index, hop.amount_in, hop.decimals_in, hop.token_in)
        _amount(canvas, out, y + index, hop.amount_out, hop.decimals_out, hop.token_out)
        canvas.right(fee, y + index, f"{hop.fee_bps:.1f}")
        canvas.right(impact, y + index, formats.bps(hop.impact_bps, 6))
        measure = formats.age(hop.age_ns)
        canvas.run_right(age, y + index, (measure.value, "text"), (f" {measure.unit}", "muted"))


def _amount(canvas: Canvas, end: int, y: int, atoms: int, decimals: int, unit: str) -> None:
    big = atoms >= 10 ** (decimals + 6)
    text = formats.money(atoms, decimals, 6 if decimals >= 9 else 2, 8 if big else 12)
    canvas.run_right(end, y, (text, "text"), (f" {formats.symbol(unit)}", "muted"))


def _costs(canvas: Canvas, left: int, right: int, y: int, detail: CycleDetail, *, bar: int) -> int:
    """Draws where the gross goes; returns the row after it."""
    row = detail.row
    bps_end = right - 10
    canvas.put(left, y, "Where the gross goes", "strong bold")
    canvas.right(bps_end, y, "bps", "muted")
    canvas.right(right, y, formats.symbol(row.unit), "muted")
    stretches = waterfall.spans([amount for _, amount in detail.costs])
    for offset, ((label, atoms), stretch) in enumerate(zip(detail.costs, stretches, strict=True), 1):
        good = label == "net" and (atoms or 0) > 0
        role = "accent bold" if good else "muted"
        canvas.put(left, y + offset, formats.cut(label, 13), "strong bold" if label == "net" else "text")
        colour = _COSTS.get(label, "cost-chain") if label != "net" or good else "muted"
        canvas.put(left + 13, y + offset, waterfall.bar(stretch, bar), colour)
        share = None if atoms is None or not row.size else atoms / row.size * 10_000
        canvas.right(bps_end, y + offset, formats.bps(share, 7), role if label == "net" else "text")
        canvas.right(right, y + offset, formats.flow(atoms, row.decimals, 9, sign=True), role)
    return y + 1 + len(detail.costs)


def _gates(canvas: Canvas, left: int, right: int, y: int, detail: CycleDetail, last: int, past: str) -> None:
    """Draws the tests the cycle passed or failed, failed ones first, above row `last`."""
    is_go = "Why it was a go" if past else "Why it is a go"
    title = is_go if detail.row.mark == "go" else "Why it was refused"
    canvas.put(left, y, title, "strong bold")
    has_end = right - 13
    canvas.right(has_end, y, "has", "muted")
    canvas.right(right, y, "needed", "muted")
    gates = sorted(detail.gates, key=lambda gate: gate.passed)
    for offset, gate in enumerate(gates[: max(0, last - y - 1)], 1):
        mark, role = ("passed", "accent") if gate.passed else ("failed", "stale bold")
        has = plain(formats.cut(gate.has, 14))
        canvas.put(left, y + offset, glyph(mark), role)
        room = has_end - cells(has) - left - 3
        canvas.put(left + 2, y + offset, formats.cut(gate.label, room), "text" if gate.passed else "stale")
        canvas.right(has_end, y + offset, has, "strong" if gate.passed else "stale bold")
        canvas.right(right, y + offset, plain(formats.cut(gate.needed, 12)), "muted" if gate.passed else "stale")


def _curve(canvas: Canvas, left: int, right: int, y: int, height: int, detail: CycleDetail) -> None:
    row = detail.row
    one = 10**row.decimals
    canvas.put(left, y, "Profit against size", "strong bold")
    canvas.right(right, y, formats.symbol(row.unit), "muted")
    points = tuple((size / one, net / one) for size, net in detail.curve)
    best = None if row.net is None else (row.size / one, row.net / one)
    profit_curve.draw(canvas, left, y + 1, right - left, height, points, best, formats.symbol(row.unit))


def _reason(row: CycleRow) -> str:
    words = formats.clean(row.reason).replace("_", " ")
    about = f", {plain(formats.clean(row.detail))}" if row.detail else ""
    short = f", {plain(formats.clean(row.miss))} short of go" if row.miss else ""
    return f"reason: {words}{about}{short}"


def _decision(canvas: Canvas, left: int, right: int, y: int, row: CycleRow, last: int, stopped: int | None) -> None:
    """Draws the decision in full: what it rests on and the edges in their order."""
    canvas.put(left, y, "The decision in full", "strong bold")
    slots = "slot" if row.seen_slots == 1 else "slots"
    facts = [
        ("decision", plain(formats.clean(row.decision))),
        ("reason", formats.clean(row.reason).replace("_", " ")),
        ("about", plain(formats.clean(row.detail)) or glyph("unknown")),
        ("settlement", f"{row.settlement}, {'one transaction' if row.settlement == 'atomic' else 'leg by leg'}"),
        ("oldest quote", str(formats.age(row.oldest_ns))),
        ("profitable for", f"{row.seen_slots} {slots} in a row"),
    ]
    if row.miss:
        facts.insert(3, ("short of go", plain(formats.clean(row.miss))))
    facts += [(formats.cut(name, 15), plain(formats.clean(why))) for name, why in row.declined if row.reason == "go"]
    if stopped is not None:
        facts.append(("this gate", f"stopped {formats.count(stopped)} so far"))
    y += 1
    for label, value in facts:
        canvas.put(left, y, label, "muted")
        for line in wrap(value, right - left - 16)[:2]:
            canvas.put(left + 16, y, line)
            y += 1
    y += 1
    canvas.put(left, y, "Edges, in order", "strong bold")
    for number, leg in enumerate(row.legs, 1):
        if y + 1 >= last:
            break
        y += 1
        edge = formats.clean(leg.edge)
        room = right - left - 2
        canvas.put(left, y, str(number), "muted")
        shown = edge if cells(edge) <= room else edge.rpartition(":")[0]
        canvas.put(left + 2, y, clip(shown, room), f"venue-{leg.venue_class}")
