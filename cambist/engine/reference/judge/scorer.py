"""Net of everything: go or no-go with one reason.

Gates are tried in this order and the first that fails is the reason: `no_base`, `fork`, `torn`, `stale`, `depeg`,
`unconfirmed`, `unknown_cost`, `legged_cost`, `not_positive`, `below_min`, `fees_eat_gross`, `tip_share`, `new`,
`landing`; else `go`. A gate whose input is unknown fails. A refusal by a figure says by how much it missed: what the
figure must change, no more and no less, for that gate to pass.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.config.settings import Gates

_PPM: Final = 1_000_000
_I64_MIN: Final = -(1 << 63)
_I64_MAX: Final = (1 << 63) - 1

COLUMNS: Final = (
    "amount_in", "amount_out", "flags", "transfer_fees", "base_fee", "priority_fee", "tip", "rent", "flash_loan",
    "rebalancing", "seen_slots", "wins", "tries",
)  # fmt: skip
"""Columns of `score_columns`. `flags` holds 1 for a base token with a cap, 2 torn, 4 stale, 8 legged, 16 off its peg,
32 fork, 64 unconfirmed; a cost below 0 is unknown."""
_COSTS: Final = frozenset(COLUMNS[4:10])
_MOST: Final = {"flags": 127, "seen_slots": (1 << 32) - 1}


class Reason(IntEnum):
    """The gate that refused, in the order they are tried."""

    GO = 0
    NO_BASE = 1
    FORK = 2
    TORN = 3
    STALE = 4
    DEPEG = 5
    UNCONFIRMED = 6
    UNKNOWN_COST = 7
    LEGGED_COST = 8
    NOT_POSITIVE = 9
    BELOW_MIN = 10
    FEES_EAT_GROSS = 11
    TIP_SHARE = 12
    NEW = 13
    LANDING = 14


_UNITS: Final = {
    "not_positive": "atoms",
    "below_min": "atoms",
    "fees_eat_gross": "atoms",
    "tip_share": "atoms",
    "new": "slots",
    "landing": "ppm",
}
"""What a miss at a gate is counted in."""


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a decision reads. Amounts and costs are atoms of the cycle's base token."""

    amount_in: int = 0
    amount_out: int = 0
    """Exact output of the chain, venue fees already inside."""
    settlement: str = "atomic"
    has_base: bool = False
    """Whether the cycle passes a base token that has a cap."""
    fork: str = ""
    """The leg whose state came from a slot that fell out of the chain, for display; empty if none."""
    torn: str = ""
    """The torn leg, for display; empty if none."""
    stale: str = ""
    """The stale leg, for display; empty if none."""
    depeg: str = ""
    """The equivalence that does not hold, for display; empty if none."""
    unconfirmed: str = ""
    """The leg that no second endpoint told alike, for display; empty if none. Read for a great gross only."""
    transfer_fees: int = 0
    """Transfer fees that `amount_out` does not hold already."""
    base_fee: int | None = None
    priority_fee: int | None = None
    tip: int | None = None
    rent: int | None = None
    flash_loan: int | None = None
    """Fee of a loan taken for the trade, 0 where none is."""
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
    miss: int | None = None
    """By how much the refusing gate's figure missed, `None` where no figure refused."""
    miss_unit: str = ""
    """What `miss` is counted in: `atoms` of the base token, `slots` or `ppm`; else empty."""


class Scored(NamedTuple):
    """What was decided on each row; -1 in `scores` and `misses` is unknown, -2^63 in `nets`."""

    reasons: list[int]
    """Numbers of `Reason`."""
    nets: list[int]
    landing_ppm: list[int]
    scores: list[int]
    misses: list[int]


class ColumnError(ValueError):
    """A figure that can't be one."""


def decide(candidate: Candidate, gates: Gates) -> Decision:
    """Returns the decision on a candidate.

    >>> from cambist.config.settings import Gates
    >>> known = dict(base_fee=5, priority_fee=100, tip=500, rent=0, flash_loan=0)
    >>> seen = Candidate(amount_in=10**6, amount_out=10**6 + 1_000, has_base=True, seen_slots=3, **known)
    >>> found = decide(seen, Gates())
    >>> found.reason, found.net, found.miss, found.miss_unit
    ('below_min', 395, 105, 'atoms')
    """
    net = _net_of(candidate)
    landing = landing_ppm(candidate.wins, candidate.tries)
    reason, detail, miss = _refusal(candidate, gates, net, landing) or ("go", "", None)
    score = None if net is None else _score(candidate, gates, net, landing)
    if miss is not None and miss > _I64_MAX:
        miss = None
    return Decision(reason == "go", reason, detail, net, landing, score, miss, _UNITS.get(reason, ""))


def score_columns(columns: Sequence[Sequence[int]], gates: Gates) -> Scored:
    """Returns the decision on each row of `columns`, which are those of `COLUMNS` in their order.

    Raises `ColumnError` for the first figure that can't be one.

    >>> from cambist.config.settings import Gates
    >>> row = (10**6, 10**6 + 9_000, 1, 0, 5, 100, 500, 0, 0, -1, 3, 5, 10)
    >>> score_columns([[figure] for figure in row], Gates())
    Scored(reasons=[0], nets=[8395], landing_ppm=[500000], scores=[80], misses=[-1])
    """
    sizes = [len(column) for column in columns]
    if len(sizes) != len(COLUMNS) or len(set(sizes)) != 1:
        message = f"{sum(sizes)} numbers are no whole rows of {len(COLUMNS)} columns"
        raise ColumnError(message)
    scored = Scored([], [], [], [], [])
    for row, figures in enumerate(zip(*columns, strict=True)):
        decision = decide(_candidate(figures, row), gates)
        scored.reasons.append(int(Reason[decision.reason.upper()]))
        scored.nets.append(_I64_MIN if decision.net is None else decision.net)
        scored.landing_ppm.append(decision.landing_ppm)
        scored.scores.append(-1 if decision.score is None else decision.score)
        scored.misses.append(-1 if decision.miss is None else decision.miss)
    return scored


def _candidate(figures: Sequence[int], row: int) -> Candidate:
    named = dict(zip(COLUMNS, figures, strict=True))
    for column, value in named.items():
        if (value < 0 and column not in _COSTS) or value > _MOST.get(column, _I64_MAX):
            message = f"{column} of row {row} was {value}"
            raise ColumnError(message)
    flags = named.pop("flags")
    costs = {name: None if named[name] < 0 else named[name] for name in _COSTS}
    return Candidate(
        amount_in=named["amount_in"],
        amount_out=named["amount_out"],
        settlement="legged" if flags & 8 else "atomic",
        has_base=bool(flags & 1),
        fork="fork" if flags & 32 else "",
        torn="torn" if flags & 2 else "",
        stale="stale" if flags & 4 else "",
        depeg="depeg" if flags & 16 else "",
        unconfirmed="unconfirmed" if flags & 64 else "",
        transfer_fees=named["transfer_fees"],
        **costs,
        seen_slots=named["seen_slots"],
        wins=named["wins"],
        tries=named["tries"],
    )


def landing_ppm(wins: int, tries: int) -> int:
    """Returns the chance to land learned from outcomes, `(wins + 1) / (tries + 2)` in ppm, rounded down."""
    return (min(wins, tries) + 1) * _PPM // (tries + 2)


def needs_second(amount_in: int, amount_out: int, gates: Gates) -> bool:
    """Returns whether a gross is too good to be believed on one endpoint's word."""
    return (amount_out - amount_in) * _PPM > gates.max_unconfirmed_ppm * amount_in


def _net_of(c: Candidate) -> int | None:
    """Returns the net, `None` if a cost is unknown or the result does not fit."""
    costs = [c.base_fee, c.priority_fee, c.tip, c.rent, c.flash_loan]
    if c.settlement == "legged":
        costs.append(c.rebalancing)
    net = _gross_of(c) - c.transfer_fees
    for cost in costs:
        if cost is None:
            return None
        net -= cost
    return net if _I64_MIN <= net <= _I64_MAX else None


def _gross_of(c: Candidate) -> int:
    return c.amount_out - c.amount_in


def _ppm(part: int, whole: int) -> int:
    """Returns `part` as parts per million of `whole`, rounded down."""
    return part * _PPM // max(whole, 1)


_Refusal = tuple[str, str, int | None]
"""Reason, what it is about, by how much it missed."""


def _refusal(c: Candidate, gates: Gates, net: int | None, landing: int) -> _Refusal | None:
    """Returns the first gate that fails."""
    if not c.has_base or c.amount_in == 0:
        return "no_base", "", None
    if c.fork:
        return "fork", c.fork, None
    if c.torn:
        return "torn", c.torn, None
    if c.stale:
        return "stale", c.stale, None
    if c.depeg:
        return "depeg", c.depeg, None
    if c.unconfirmed and needs_second(c.amount_in, c.amount_out, gates):
        share = _ppm(_gross_of(c), c.amount_in)
        return "unconfirmed", f"{share}>{gates.max_unconfirmed_ppm} ppm, {c.unconfirmed}", None
    for name in ("base_fee", "priority_fee", "tip", "rent", "flash_loan"):
        if getattr(c, name) is None:
            return "unknown_cost", name, None
    if c.settlement == "legged" and c.rebalancing is None:
        return "legged_cost", "rebalancing", None
    if net is None:
        return "unknown_cost", "overflow", None
    least = max(1, -(-gates.min_net_ppm * c.amount_in // _PPM))
    if net <= 0:
        gross = _gross_of(c)
        what, by = ("gross", gross) if gross <= 0 else ("net", net)
        return "not_positive", f"{what} {_ppm(by, c.amount_in)} ppm", least - net
    if net < least:
        return "below_min", f"{_ppm(net, c.amount_in)}<{gates.min_net_ppm} ppm", least - net
    return _shares(c, gates, net, landing)


def _shares(c: Candidate, gates: Gates, net: int, landing: int) -> _Refusal | None:
    """The gates of what landing costs, of time and of luck; the detail is `value<limit unit`."""
    tip = c.tip or 0
    bid, gross = (c.priority_fee or 0) + tip, _gross_of(c)
    most = gates.max_fee_ppm_of_gross * gross
    if bid * _PPM > most:
        share = bid * _PPM // max(gross, 1)
        return "fees_eat_gross", f"{share}>{gates.max_fee_ppm_of_gross} ppm", bid - most // _PPM
    profit = net + tip
    most = gates.max_tip_ppm_of_profit * profit
    if tip * _PPM > most:
        return "tip_share", f"{tip * _PPM // profit}>{gates.max_tip_ppm_of_profit} ppm", tip - most // _PPM
    if c.seen_slots < gates.min_seen_slots:
        missing = gates.min_seen_slots - c.seen_slots
        return "new", f"{c.seen_slots}<{gates.min_seen_slots} slots", missing
    if landing < gates.min_landing_ppm:
        return "landing", f"{landing}<{gates.min_landing_ppm} ppm", gates.min_landing_ppm - landing
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
