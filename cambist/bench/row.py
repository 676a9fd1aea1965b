"""A row of the bench that is no engine call: one figure, its peer, and how it reads as a line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.bench.goal import Judged, Of, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(Judged, frozen=True):
    """One figure."""

    name: str
    value: float | None
    """`None` if it could not be measured; the note says why."""
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    """How many times better than the peer, in the same run."""
    note: str = ""
    better: str = ""
    """`less`, `more`, or nothing for a figure that is neither good nor bad."""
    rounds: dict[str, tuple[float, ...]] = msgspec.field(default_factory=dict)
    """What each try gave, by `value` and `peer`, where there was more than one."""
    part: str = ""

    def figures(self) -> Mapping[Of, float | None]:
        """Returns the figures that goals can be about."""
        return {Of.VALUE: self.value, Of.PEER: self.ratio}


def line(row: Row) -> str:
    """Returns a row as one line of text."""
    peer = ""
    if row.peer_value is not None:
        peer = f"{row.peer} {_number(row.peer_value)}" + (f" (×{row.ratio:.1f})" if row.ratio is not None else "")
    value = "–" if row.value is None else _number(row.value)
    goal = f"{row.goal} {verdict(row.goal, row.met)}"
    return f"{row.name:48} {value:>12} {row.unit:8} {goal:18} {peer:24} {row.note}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
