"""What a step wants done, and what was counted since the session began."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cambist.kernel.ends import GapLedger
from cambist.kernel.ledger import Tally
from cambist.kernel.reliability import Reliability

if TYPE_CHECKING:
    from cambist.execution.risk import RiskState
    from cambist.model.ends import GapEnd
    from cambist.model.ledger import Entry
    from cambist.model.opportunity import Need
    from cambist.model.orders import Fill, Intent, Order, Refused, StageChange, StageTimes


@dataclass(slots=True)
class Effects:
    """What one step wants done and what it did. Nothing here flows back except as a record."""

    last_seq: int = 0
    records: int = 0
    decided: bool = False
    """Whether anything was decided on."""
    needs: list[Need] = field(default_factory=list)
    ends: list[GapEnd] = field(default_factory=list)
    """Gaps that ended, in the order in which they did."""
    orders: list[Order] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    times: dict[int, StageTimes] = field(default_factory=dict)
    """Of orders that were decided now, by id; none in a replay."""
    fills: list[tuple[Order, Fill]] = field(default_factory=list)
    stages: list[StageChange] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    risk: RiskState | None = None
    """What the gate remembers, where an order or an outcome changed it."""
    halts: list[tuple[int, str]] = field(default_factory=list)
    """(recv_ns, reason); an empty reason is a cleared halt."""
    rules: list[tuple[int, str]] = field(default_factory=list)
    """(seq, text) of the operator's rule that counts after that record; empty for none."""
    notes: list[tuple[int, str, str]] = field(default_factory=list)
    """(recv_ns, level, text) for the log."""


@dataclass(slots=True)
class Totals:
    """Counts since the session's STATE record."""

    records: int = 0
    intents: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    declined: dict[str, Counter[str]] = field(default_factory=dict)
    """By strategy: what `skipped` and, after `risk:`, `refused` count."""
    filled: int = 0
    missed: int = 0
    earned: Tally = field(default_factory=Tally)
    dropped: int = 0
    first_ns: int = 0
    gaps: GapLedger = field(default_factory=GapLedger)
    reliability: Reliability = field(default_factory=Reliability)
