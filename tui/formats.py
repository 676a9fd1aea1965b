"""How numbers, times, addresses and symbols look (LOOK.md section 3). Pure functions of value and width.

A width is a constant of the column; a value too wide drops decimals, then shows `≥9999`. `None` is `–`, never 0.
"""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from cambist.model.text import sanitise
from tui.glyphs import SUBSCRIPTS, glyph, is_ascii

MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
_MAX_TEXT = 400
_SUFFIXES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


class Measure(NamedTuple):
    """A value and its unit; the unit is shown one space after the value, muted."""

    value: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value} {self.unit}" if self.unit else self.value


def unknown() -> Measure:
    """Returns what stands for a value nobody knows."""
    return Measure(glyph("unknown"))


def too_wide(width: int, *, negative: bool = False) -> str:
    """Returns `≥9999`, or `≤−999` if negative, in at most `width` cells."""
    if negative:
        return glyph("at-most") + glyph("minus") + "9" * max(1, min(4, width - 2))
    return glyph("at-least") + "9" * max(1, min(4, width - 1))


def clean(text: str) -> str:
    """Returns `text` free of anything a terminal would obey; text that is already printable is returned as it is."""
    if len(text) > _MAX_TEXT:
        text = text[:_MAX_TEXT]
    return text if text.isprintable() else sanitise(text, _MAX_TEXT)


def cut(text: str, cells: int) -> str:
    """Returns `text` in at most `cells` cells; what is cut off is replaced by `…`."""
    text = clean(text)
    if (len(text) if text.isascii() else cell_len(text)) <= cells:
        return text
    if cells <= 1:
        return glyph("ellipsis")[:cells]
    return set_cell_size(text, cells - 1).rstrip() + glyph("ellipsis")


def left(text: str, cells: int) -> str:
    """Returns `text` in exactly `cells` cells, flush left."""
    text = cut(text, cells)
    return text + " " * (cells - (len(text) if text.isascii() else cell_len(text)))


def right(text: str, cells: int) -> str:
    """Returns `text` in exactly `cells` cells, flush right."""
    text = cut(text, cells)
    return " " * (cells - (len(text) if text.isascii() else cell_len(text))) + text


def symbol(text: str, cells: int = 7) -> str:
    """Returns a token's label in at most `cells` cells: of `BONK DezX…B263` rather the mint than the symbol."""
    mint = clean(text).rpartition(" ")[2]
    if len(text) <= cells or len(mint) != 9 or mint[4] != "…":
        return cut(text, cells)
    if len(mint) <= cells:
        return mint
    each = max(1, (cells - 1) // 2)
    return f"{mint[:each]}{glyph('ellipsis')}{mint[-each:]}"[: max(0, cells)]


def address(text: str) -> str:
    """Returns the first and last four characters of an address."""
    text = clean(text)
    return text if len(text) <= 9 else f"{text[:4]}{glyph('ellipsis')}{text[-4:]}"


def venue(name: str, cells: int = 7) -> str:
    """Returns a venue in at most `cells` cells: of `binance-usdm`, the part that tells it from `binance`."""
    name = clean(name)
    head, dash, tail = name.rpartition("-")
    return cut(tail if dash and head and tail and cell_len(name) > cells else name, cells)


def grouped(number: int) -> str:
    """Returns an integer in groups of three with a thin space (one cell), `,` in ASCII."""
    return f"{number:,}".replace(",", glyph("thin-space")).replace("-", glyph("minus"))


def feed(name: str, cells: int) -> str:
    """Returns a feed in at most `cells` cells: of `coinbase rules` the venue is cut, never what of it is meant."""
    name = clean(name)
    whose, blank, what = name.rpartition(" ")
    room = cells - cell_len(what) - 1
    return f"{venue(whose, room)} {what}" if blank and cell_len(name) > cells and room > 2 else cut(name, cells)


def unit_sign(unit: str, cells: int = 2) -> str:
    """Returns a token that prices are in as one letter, marks before and after it kept: `~C`, `T`, `$?`.

    The dollar is `$`; of `USDT` and its like the fourth letter tells; others have their first.
    """
    unit = clean(unit)
    bare = unit.strip("~?" + glyph("equivalent"))
    letter = "$" if bare == "USD" else bare[3] if bare.startswith("USD") else bare[:1]
    return cut(unit.replace(bare, letter), cells) if bare else cut(unit, cells)


def count(number: int | None, width: int = 0) -> str:
    """Returns a count in groups; too wide for `width` it becomes `12 k`, `3 M`. 0 is no limit."""
    if number is None:
        return glyph("unknown")
    text = grouped(number)
    if not width or len(text) <= width:
        return text
    for scale, suffix in reversed(_SUFFIXES):
        text = f"{grouped(round(number / scale))} {suffix}"
        if abs(number) < scale * 1000 and len(text) <= width:
            return text
    return too_wide(width, negative=number < 0)


def signed(text: str, negative: bool, zero: bool) -> str:
    """Returns digits with `+` or `−` before them; nothing before zero."""
    return text if zero else (glyph("minus") if negative else "+") + text


def known(value: float | None) -> float | None:
    """Returns `value`, or None for what is no number."""
    return value if value is not None and math.isfinite(value) else None


def whole(value: float | None) -> int | None:
    """Returns the nearest integer; None for what is no number."""
    return round(value) if value is not None and math.isfinite(value) else None


def bps(value: float | None, width: int = 5) -> str:
    """Returns basis points with a sign and one decimal; zero has no sign."""
    return _signed_number(value, 1, width)


def whole_bps(value: float | None, width: int = 5) -> str:
    """Returns basis points with a sign and no decimal."""
    return _signed_number(value, 0, width)


def _signed_number(value: float | None, decimals: int, width: int) -> str:
    if value is None or not math.isfinite(value):
        return glyph("unknown")
    for places in range(decimals, -1, -1):
        digits = f"{abs(value):.{places}f}"
        text = signed(digits, value < 0, float(digits) == 0)
        if len(text) <= width:
            return text
    return too_wide(width, negative=value < 0)


def percent(fraction: float | None) -> tuple[str, str]:
    """Returns (direction, text) of a change: `up`, `down` or empty; two decimals, one from three digits on.

    The text, glyph included, is at most 7 cells.
    """
    if fraction is None or not math.isfinite(fraction):
        return "", glyph("unknown")
    share = min(abs(fraction), 1e6) * 100
    digits = f"{share:.2f}"
    if float(digits) == 0:
        return "", "0.00%"
    if len(digits) > 4:
        digits = f"{share:.1f}"
    if len(digits) > 4:
        digits = f"{share:.0f}"
    if len(digits) > 4:
        digits = glyph("at-least") + "999"
    direction = "up" if fraction > 0 else "down"
    return direction, f"{glyph(direction)} {digits}%"


def share(ppm: int | None) -> str:
    """Returns parts per million as whole percent."""
    return glyph("unknown") if ppm is None else f"{(ppm + 5_000) // 10_000}%"


def price_decimals(value: float) -> int:
    """Returns the decimals that show about six digits of `value` in nine cells; fixed per token when first seen.

    Two at least below 100 000: a bid and an ask of 61 828 differ in their cents.
    """
    if value <= 0 or not math.isfinite(value):
        return 5
    magnitude = math.floor(math.log10(value))
    if magnitude >= 0:
        return max(2 if magnitude < 5 else 0, 5 - magnitude)
    zeros = -magnitude - 1
    return zeros + 5 if zeros in (0, 1, 2) or zeros >= 4 else 7


def price(value: float | None, decimals: int, width: int = 9) -> str:
    """Returns a price with fixed decimals; four or more leading zeros become a subscript: `0.0₄21874`."""
    if value is None or not math.isfinite(value):
        return glyph("unknown")
    for places in range(decimals, -1, -1):
        text = _small(f"{value:.{places}f}")
        if len(text) <= width:
            return text.replace("-", glyph("minus")) if "e" not in text else text
    return too_wide(width, negative=value < 0)


def _small(digits: str) -> str:
    whole, _, tail = digits.partition(".")
    zeros = len(tail) - len(tail.lstrip("0"))
    if whole not in ("0", "-0") or zeros < 4 or zeros == len(tail):
        return digits
    rest = tail[zeros:]
    sign = "-" if whole == "-0" else ""
    if is_ascii():
        mantissa = f"{rest[0]}.{rest[1:]}" if len(rest) > 1 else rest
        return f"{sign}{mantissa}e-{zeros + 1}"
    return f"{sign}0.0{''.join(SUBSCRIPTS[int(digit)] for digit in str(zeros))}{rest}"


def age(ns: int | None) -> Measure:
    """Returns an age in at most six cells: ms under a second, then seconds, whole minutes, hours, days."""
    if ns is None:
        return unknown()
    ns = max(0, ns)
    if (ms := (ns + MS // 2) // MS) < 1000:
        return Measure(str(ms), "ms")
    if (tenths := (ns + SECOND // 20) * 10 // SECOND) < 600:
        return Measure(f"{tenths // 10}.{tenths % 10}", "s")
    minutes = ns // MINUTE
    if minutes < 60:
        return Measure(str(max(1, minutes)), "m")
    if minutes < 48 * 60:
        return Measure(str(minutes // 60), "h")
    days = minutes // 1440
    return Measure(str(days) if days < 1000 else too_wide(4), "d")


def duration(ns: float | None) -> Measure:
    """Returns a duration of code with three significant digits in at most seven cells: `0.41 µs`, `1.24 ms`."""
    if ns is None or not math.isfinite(ns) or ns < 0:
        return unknown()
    ns = abs(ns)  # −0.0 has a sign too
    value, unit = ns / 1e3, f"{glyph('micro')}s"
    if value >= 999.5:
        value, unit = ns / 1e6, "ms"
    if value >= 999.5 and unit == "ms":
        value, unit = ns / 1e9, "s"
    if value < 9.995:
        return Measure(f"{value:.2f}", unit)
    if value < 99.95:
        return Measure(f"{value:.1f}", unit)
    return Measure(f"{value:.0f}" if value < 9999.5 else too_wide(5), unit)


def clock(ns: int, *, hundredths: bool = False) -> str:
    """Returns the local time of day of a session time: `14:02:31`, with hundredths `14:02:31.48`; `–` for 0."""
    if ns <= 0:
        return glyph("unknown")
    text = time.strftime("%H:%M:%S", time.localtime(ns // SECOND))
    return f"{text}.{ns % SECOND // 10_000_000:02d}" if hundredths else text


def span(ns: int) -> str:
    """Returns an elapsed time as `HH:MM:SS`."""
    seconds = max(0, ns) // SECOND
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def short_span(ns: int) -> str:
    """Returns an elapsed time as `MM:SS`, or `HH:MM:SS` from an hour on."""
    return span(ns) if ns >= 60 * MINUTE else span(ns)[3:]


def size(number: int) -> str:
    """Returns bytes as `12.4 MB`."""
    value = float(max(0, number))
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            break
        value /= 1000
    if unit == "B":
        return f"{value:.0f} B"
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def _fixed(atoms: int, decimals: int, places: int) -> str:
    """Returns `atoms` / 10^decimals with `places` decimals, rounded half up on integers, grouped, without a sign."""
    magnitude = abs(atoms)
    if places < decimals:
        scale = 10 ** (decimals - places)
        magnitude = (magnitude + scale // 2) // scale
    else:
        magnitude *= 10 ** (places - decimals)
    whole, part = divmod(magnitude, 10**places)
    text = f"{whole:,}".replace(",", glyph("thin-space"))
    return f"{text}.{part:0{places}d}" if places else text


def money(atoms: int | None, decimals: int, places: int, width: int = 0, *, sign: bool = False) -> str:
    """Returns an amount of `atoms` with `places` decimals; too wide for `width`, decimals go, then `k M B` come.

    With `sign`, `+` or `−` stands before it, nothing before zero. 0 is no limit.
    """
    if atoms is None:
        return glyph("unknown")
    for keep in range(places, -1, -1):
        digits = _fixed(atoms, decimals, keep)
        if sign or atoms < 0:
            zero = not any(digit in "123456789" for digit in digits)
            digits = signed(digits, atoms < 0, zero)
        if not width or len(digits) <= width:
            return digits
    return _scaled(atoms, decimals, width, sign=sign)


def _scaled(atoms: int, decimals: int, width: int, *, sign: bool) -> str:
    found = next(((scale, suffix) for scale, suffix in _SUFFIXES if abs(atoms) >= scale * 10**decimals), None)
    if found is None:
        return too_wide(width, negative=atoms < 0)
    scale, suffix = found
    exponent = len(str(scale)) - 1
    for places in (2, 1, 0):
        digits = _fixed(atoms, decimals + exponent, places)
        if sign or atoms < 0:
            digits = signed(digits, atoms < 0, zero=False)
        for gap in (" ", ""):
            text = f"{digits}{gap}{suffix}"
            if len(digits.replace(".", "").lstrip("+" + glyph("minus"))) <= 4 and len(text) <= width:
                return text
    return too_wide(width, negative=atoms < 0)


def sol(lamports: int | None, places: int = 5, width: int = 0, *, sign: bool = False) -> str:
    """Returns lamports as SOL: 5 decimals in flow, 3 in wallets, 2 in sizes."""
    return money(lamports, 9, places, width, sign=sign)


def amount(atoms: int | None, decimals: int, unit: str, width: int, places: int = 2) -> Measure:
    """Returns an amount and unit in `width` cells: decimals go first, then `k M B` come, then the unit is cut."""
    if atoms is None:
        return Measure(glyph("unknown"))
    name = symbol(unit)
    room = width - 1 - cell_len(name)
    text = money(atoms, decimals, places, max(1, room))
    if text.startswith((glyph("at-least"), glyph("at-most"))) and cell_len(name) > 4:
        name = symbol(unit, 4)
        text = money(atoms, decimals, places, width - 1 - cell_len(name))
    return Measure(text, name)


def flow(atoms: int | None, decimals: int, width: int = 8, *, sign: bool = False) -> str:
    """Returns an amount with 5 decimals; what would read as zero though it is none shows its digits: `0.0₅1`."""
    if atoms is None or not atoms or decimals <= 5 or abs(atoms) * 2 >= 10 ** (decimals - 5):
        return money(atoms, decimals, 5, width, sign=sign)
    zeros = decimals - len(str(abs(atoms)))
    digits = str(abs(atoms)).rstrip("0")
    text = _small(f"0.{'0' * zeros}{digits[:2]}")
    return signed(text, atoms < 0, zero=False) if sign or atoms < 0 else text


def paid(lamports: int | None, width: int = 8) -> str:
    """Returns a fee in SOL; a paid one never reads as zero."""
    return flow(lamports, 9, width)


def small_bps(value: float | None) -> str:
    """Returns basis points of a cost without a sign: one decimal from 1 on, two below; never a zero that is none."""
    if value is None or not math.isfinite(value):
        return glyph("unknown")
    if 0 < abs(value) < 0.005:
        return "<0.01"
    return f"{value:.2f}" if abs(value) < 0.995 and value else f"{value:.1f}"


def micro_lamports(price_per_cu: int | None, width: int = 0) -> str:
    """Returns a fee in micro-lamports per CU, grouped; too wide for `width`, three digits and `M`: `3.94 M`."""
    text = count(price_per_cu)
    if price_per_cu is None or not width or len(text) <= width:
        return text
    return money(price_per_cu, 0, 0, width)
