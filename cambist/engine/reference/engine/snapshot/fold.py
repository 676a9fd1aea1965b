"""What a state says twice is said once, and its rows of numbers are said as columns.

An account that is remembered beside one that is kept is told by what differs, a cycle's last decision without the names
that its edges give. Both change the twin of a `State` in place.
"""

from __future__ import annotations

from typing import Any

from cambist.engine.reference.series import table

POINTS = "tb"
TRAIL = "tbbbbmmmm"
"""Kinds of the columns of `SeriesParts`."""


def fold(state: Any) -> None:
    """Leaves out what `unfold` adds again."""
    for row in state.rows:
        series = row.series
        series.closes, series.minutes = table.pack(series.closes, POINTS), table.pack(series.minutes, POINTS)
        series.trail = table.pack(series.trail, TRAIL)
    _differ(state)
    for cycle in state.cycles:
        if (last := cycle.last) is not None and (last.key, last.route, last.tokens) == _names(state, cycle):
            last.key, last.route, last.tokens = "", [], []


def unfold(state: Any) -> None:
    """Adds what `fold` left out. Raises `ValueError` if a table is none."""
    for row in state.rows:
        series = row.series
        series.closes, series.minutes = table.unpack(series.closes, POINTS), table.unpack(series.minutes, POINTS)
        series.trail = table.unpack(series.trail, TRAIL)
    _differ(state)
    for cycle in state.cycles:
        if cycle.last is not None and not cycle.last.route and (names := _names(state, cycle)) is not None:
            cycle.last.key, cycle.last.route, cycle.last.tokens = names


def _differ(state: Any) -> None:
    """Tells what is remembered by its difference to what is kept, or the other way round."""
    for account in state.accounts:
        account.rooted = _difference(account.rooted, account.data)
        account.kept = _difference(account.kept, account.data)


def _difference(part: tuple[int, str, bytes] | None, data: bytes) -> tuple[int, str, bytes] | None:
    if part is None or len(part[2]) != len(data):
        return part
    bits = int.from_bytes(part[2], "little") ^ int.from_bytes(data, "little")
    return part[0], part[1], bits.to_bytes(len(data), "little")


def _names(state: Any, cycle: Any) -> tuple[str, list[str], list[str]] | None:
    """Returns a cycle's key, the names of its edges and the tokens that it passes; `None` if there are none such."""
    nodes, count = state.nodes, len(state.edges)
    if not all(0 <= edge < count for edge in cycle.edges):
        return None
    legs = [state.edges[edge] for edge in cycle.edges]
    passed = [*(leg.tail for leg in legs[:1]), *(leg.head for leg in legs)]
    if not all(0 <= node < len(nodes) for node in passed):
        return None
    return cycle.key, [leg.name for leg in legs], [nodes[node] for node in passed]
