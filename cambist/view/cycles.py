"""Cycles: panel 2, and one of them opened up."""

from __future__ import annotations

import msgspec

from cambist.model.opportunity import End
from cambist.view.panel import PanelState


class Leg(msgspec.Struct, frozen=True, gc=False):
    """A step of a route as shown: the token sold, the venue, the pool."""

    token: str
    venue: str
    venue_class: str
    edge: str


class CycleRow(msgspec.Struct, frozen=True, gc=False):
    """One cycle of panel 2. Amounts in atoms of `unit`."""

    key: str
    legs: tuple[Leg, ...]
    unit: str
    decimals: int
    settlement: str
    size: int
    gross_bps: float
    pools_bps: float
    chain_bps: float | None
    net_bps: float | None
    net: int | None
    oldest_ns: int
    seen_slots: int
    landing_ppm: int | None
    score: int | None
    mark: str
    """`go`, `stale`, `blocked`, `skip`."""
    reason: str
    detail: str
    decision: str
    """At most 16 cells, in words of LOOK.md section 10."""
    miss: str = ""
    """How far from go it was, where a figure refused it: `0.000105 SOL`, `1 slots`, `1.7%`."""
    declined: tuple[tuple[str, str], ...] = ()
    """(strategy, why it did not take it at its last chance), where it was worth taking."""


class CyclesSection(msgspec.Struct, frozen=True):
    """Panel 2."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[CycleRow, ...] = ()
    min_bps: float = 0.0
    seen: int = 0
    """Cycles proposed since the session's start."""
    best_bps: float | None = None
    stopped: tuple[tuple[str, int], ...] = ()
    """(gate, how many opportunities it stopped since the start)."""
    rule: str = ""
    """What the operator's rule says a trade must be; empty without one."""


class HopRow(msgspec.Struct, frozen=True, gc=False):
    """One hop of an inspected cycle."""

    venue: str
    venue_class: str
    pool: str
    token_in: str
    token_out: str
    decimals_in: int
    decimals_out: int
    amount_in: int
    amount_out: int
    fee_bps: float
    impact_bps: float
    age_ns: int


class Gate(msgspec.Struct, frozen=True):
    """One test that a cycle passed or failed: label, what it has, what it needs, already in words."""

    label: str
    has: str
    needed: str
    passed: bool


class CycleEnd(msgspec.Struct, frozen=True, gc=False):
    """When and how a cycle ended."""

    at_ns: int
    slot: int | None
    """The newest one then."""
    how: End


class CycleHistory(msgspec.Struct, frozen=True, gc=False):
    """What became of a cycle since it was found."""

    found_ns: int | None
    found_slot: int | None
    stood_ns: int | None
    """From when it was found until now, or until it ended."""
    best_net: int | None
    """The most that it would have left at one moment, in atoms of its unit; `None` if it was never sized or a
    cost of it never known."""
    best_ns: int | None
    ended: CycleEnd | None = None
    """`None` while it stands."""


class CycleOutline(msgspec.Struct, frozen=True):
    """What is known of an opened cycle that ended, or stands and is not sized now."""

    version: int
    key: str
    unit: str
    """Empty where it had no base token."""
    decimals: int
    history: CycleHistory


class CycleDetail(msgspec.Struct, frozen=True):
    """What `enter` on a cycle shows."""

    version: int
    row: CycleRow
    hops: tuple[HopRow, ...]
    costs: tuple[tuple[str, int | None], ...]
    """(label, atoms of the base token), gross first, net last; costs negative."""
    gates: tuple[Gate, ...]
    curve: tuple[tuple[int, int], ...]
    """(size, net) in atoms, ascending size."""
    binds: str
    """What limits the size; where transfers are set up also what such a trade leaves to be moved."""
    history: CycleHistory
    stopped: int | None = None
    """How many opportunities the gate that refused this one stopped since the start."""
