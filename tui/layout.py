"""Where everything stands on the screen (LOOK.md section 4): pure arithmetic on the terminal's size."""

from __future__ import annotations

import math
from typing import NamedTuple

SMALLEST = (80, 24)
LOWER: dict[int, tuple[str, ...]] = {
    80: ("prices", "trades"),
    120: ("prices", "fees", "trades", "duel", "feeds"),
    200: ("prices", "trades", "fees", "feeds", "duel", "log"),
}
"""The slots below Cycles, by size class; a slot is named for the panel that owns it."""


class Box(NamedTuple):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


def size_class(width: int, height: int) -> int:
    """Returns the largest size class that fits: 200, 120, 80, or 0 if none does."""
    if width >= 180 and height >= 50:
        return 200
    if width >= 110 and height >= 32:
        return 120
    return 80 if width >= SMALLEST[0] and height >= SMALLEST[1] else 0


def places(width: int, height: int, slots: dict[str, str], zoom: str = "", *, playback: bool = False) -> dict[str, Box]:
    """Returns the box of each widget by name; what isn't named isn't shown.

    `slots` says which panel stands in which slot, `zoom` which panel takes the whole content area.
    """
    kind = size_class(width, height)
    if not kind:
        return {
            "status": Box(0, 0, width, 1),
            "too-small": Box(0, 1, width, max(0, height - 2)),
            "footer": Box(0, max(0, height - 1), width, 1),
        }
    boxes = {
        "status": Box(0, 0, width, 1),
        "headline": Box(1, 2, width - 2, 2 if kind == 80 else 3),
        "footer": Box(0, height - 1, width, 1),
        "edge-left": Box(0, 1, 1, height - 2),
        "edge-right": Box(width - 1, 1, 1, height - 2),
    }
    bottom = height - 2
    if playback:
        boxes["playback"] = Box(1, height - 4, width - 2, 3)
        bottom = height - 5
    elif kind != 200:
        boxes["logline"] = Box(1, height - 2, width - 2, 1)
        bottom = height - 3
    top = 5 if kind == 80 else 6
    area = Box(1, top, width - 2, bottom - top)
    if zoom:
        boxes[zoom] = area
        return boxes
    slotted = {80: _small, 120: _medium, 200: _large}[kind](area)
    boxes |= {slots.get(slot, slot): box for slot, box in slotted.items()}
    return boxes


def _rows(total: int, wanted: tuple[int, ...], least: tuple[int, ...], most: tuple[int, ...]) -> list[int]:
    """Returns row heights that add up to `total`: short of it rows give way in order, beyond it they grow in order."""
    rows = list(wanted)
    short = sum(rows) - total
    for index, floor in enumerate(least):
        given = max(0, min(short, rows[index] - floor))
        rows[index] -= given
        short -= given
    extra = max(0, -short)
    for index, ceiling in enumerate(most):
        taken = max(0, min(extra, ceiling - rows[index]))
        rows[index] += taken
        extra -= taken
    rows[0] += extra
    return rows


def _small(area: Box) -> dict[str, Box]:
    cycles, lower = _rows(area.height - 1, (7, 8), (6, 7), (20, 20))
    left = round((area.width - 2) * 0.53)
    y = area.y + cycles + 1
    return {
        "cycles": Box(area.x, area.y, area.width, cycles),
        "prices": Box(area.x, y, left, lower),
        "trades": Box(area.x + left + 2, y, area.width - left - 2, lower),
    }


def _medium(area: Box) -> dict[str, Box]:
    cycles, middle, lower = _rows(area.height - 2, (11, 10, 8), (6, 7, 6), (20, 22, 16))
    left = min(round((area.width - 2) * 0.64), area.width - 2 - 42)
    y, z = area.y + cycles + 1, area.y + cycles + middle + 2
    duel = max(37, math.floor((area.width - 4) * 0.33))
    feeds = max(29, math.ceil((area.width - 4) * 0.25))
    trades = area.width - 4 - duel - feeds
    return {
        "cycles": Box(area.x, area.y, area.width, cycles),
        "prices": Box(area.x, y, left, middle),
        "fees": Box(area.x + left + 2, y, area.width - left - 2, middle),
        "trades": Box(area.x, z, trades, lower),
        "duel": Box(area.x + trades + 2, z, duel, lower),
        "feeds": Box(area.x + trades + duel + 4, z, feeds, lower),
    }


def _large(area: Box) -> dict[str, Box]:
    cycles, middle, lower = _rows(area.height - 2, (18, 20, 12), (6, 18, 8), (28, 30, 20))
    first = math.ceil((area.width - 4) * 0.43)
    second = round((area.width - 4) * 0.29)
    third = area.width - 4 - first - second
    y, z = area.y + cycles + 1, area.y + cycles + middle + 2
    x2, x3 = area.x + first + 2, area.x + first + second + 4
    return {
        "cycles": Box(area.x, area.y, area.width, cycles),
        "prices": Box(area.x, y, first, middle),
        "trades": Box(x2, y, second, middle),
        "fees": Box(x3, y, third, 10),
        "feeds": Box(x3, y + 11, third, middle - 11),
        "duel": Box(area.x, z, first, lower),
        "log": Box(x2, z, area.width - first - 2, lower),
    }
