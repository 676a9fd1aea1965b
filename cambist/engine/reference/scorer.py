"""Net of everything: go or no-go with one reason.

Gates are tried in this order and the first that fails is the reason: `no_base`, `torn`, `stale`, `unknown_cost`,
`legged_cost`, `not_positive`, `below_min`, `fees_eat_gross`, `new`, `landing`; else `go`. A gate whose input is unknown
fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from cambist.engine.protocol import Gates

_PPM: Final = 1_000_000


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a decision reads. Amounts and costs are atoms of the cycle's base token."""

    amount_in: int = 0
    amount_out: int = 0
    """Exact output of the chain, venue fees already inside."""
    settlement: str = "atomic"
    has_base: bool = False
    """Whether the cycle passes a base token that has a cap."""
    torn: str = ""
    """The torn leg, for display; empty if none."""
    stale: str = ""
    """The stale leg, for display; empty if none."""
    transfer_fees: int = 0
    """Transfer fees that `amount_out` does not hold already."""
    base_fee: int | None = None
    priority_fee: int | None = None
    tip: int | None = None
    rent: int | None = None
    rebalancing: int | None = None
    """Read for legged settlement only."""
    seen_slots: int = 0
    """Slots in a row in which the cycle gained at the margin."""
    wins: int = 0
    """Orders of this settlement and hop count that landed."""
    tries: int = 0


class Decision(NamedTuple):
    """What was decided and why."""

    go: bool
    reason: str
    detail: str
    """What the reason is about, for display."""
    net: int | None
    """Atoms of the base token after every cost; `None` if a cost is unknown or the sum leaves an i64."""
    landing_ppm: int
    score: int | None
    """0-100, `None` while the net is unknown."""


def decide(candidate: Candidate, gates: Gates) -> Decision:
    """Returns the decision on a candidate."""
    net = _net_of(candidate)
    landing = landing_ppm(candidate.wins, candidate.tries)
    reason, detail = _refusal(candidate, gates, net, landing) or ("go", "")
    score = None if net is None else _score(candidate, gates, net, landing)
    return Decision(reason == "go", reason, detail, net, landing, score)


def landing_ppm(wins: int, tries: int) -> int:
    """Returns the chance to land learned from outcomes, `(wins + 1) / (tries + 2)` in ppm, rounded down."""
    return (min(wins, tries) + 1) * _PPM // (tries + 2)


def _net_of(c: Candidate) -> int | None:
    """Returns the net, `None` if a cost is unknown or the result does not fit."""
    costs = [c.base_fee, c.priority_fee, c.tip, c.rent]
    if c.settlement == "legged":
        costs.append(c.rebalancing)
    net = _gross_of(c) - c.transfer_fees
    for cost in costs:
        if cost is None:
            return None
        net -= cost
    return net if -(1 << 63) <= net < 1 << 63 else None


def _gross_of(c: Candidate) -> int:
    return c.amount_out - c.amount_in


def _ppm(part: int, whole: int) -> int:
    """Returns `part` as parts per million of `whole`, rounded down."""
    return part * _PPM // max(whole, 1)


def _refusal(c: Candidate, gates: Gates, net: int | None, landing: int) -> tuple[str, str] | None:
    """Returns the first gate that fails and what it is about."""
    if not c.has_base or c.amount_in == 0:
        return "no_base", ""
    if c.torn:
        return "torn", c.torn
    if c.stale:
        return "stale", c.stale
    costs = {"base_fee": c.base_fee, "priority_fee": c.priority_fee, "tip": c.tip, "rent": c.rent}
    for name, cost in costs.items():
        if cost is None:
            return "unknown_cost", name
    if c.settlement == "legged" and c.rebalancing is None:
        return "legged_cost", "rebalancing"
    if net is None:
        return "unknown_cost", "overflow"
    if net <= 0:
        gross = _gross_of(c)
        what, by = ("gross", gross) if gross <= 0 else ("net", net)
        return "not_positive", f"{what} {_ppm(by, c.amount_in)} ppm"
    return _threshold(c, gates, net, landing)


def _threshold(c: Candidate, gates: Gates, net: int, landing: int) -> tuple[str, str] | None:
    """The gates that compare a known value with a limit; the detail is `value<limit unit`."""
    if net * _PPM < gates.min_net_ppm * c.amount_in:
        return "below_min", f"{_ppm(net, c.amount_in)}<{gates.min_net_ppm} ppm"
    fees = (c.priority_fee or 0) + (c.tip or 0)
    gross = _gross_of(c)
    if fees * _PPM > gates.max_fee_ppm_of_gross * gross:
        return "fees_eat_gross", f"{fees * _PPM // max(gross, 1)}>{gates.max_fee_ppm_of_gross} ppm"
    if c.seen_slots < gates.min_seen_slots:
        return "new", f"{c.seen_slots}<{gates.min_seen_slots} slots"
    if landing < gates.min_landing_ppm:
        return "landing", f"{landing}<{gates.min_landing_ppm} ppm"
    return None


def _score(c: Candidate, gates: Gates, net: int, landing: int) -> int:
    """Returns 0-100, each part rounded down, 0 where the net is not positive.

    Up to 50 for the net (all at four times the least net), up to 20 for persistence (all at twice the least slots), up
    to 30 for the chance to land.
    """
    if net <= 0:
        return 0
    full = 4 * max(gates.min_net_ppm, 1)
    value = 50 * min(_ppm(net, c.amount_in), full) // full
    slots = 2 * max(gates.min_seen_slots, 1)
    seen = 20 * min(c.seen_slots, slots) // slots
    return value + seen + 30 * landing // _PPM
