"""The Fees section: what landing costs now, from what that comes, and how it went over the last minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cambist.model.text import short
from cambist.view import FeeColumn, FeeInputRow, FeesSection, PanelState

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup, EngineView, FeeSample

BUCKET_NS = 15_000_000_000
BUCKETS = 60
SLOT_NS = 400_000_000
KNOWN_SLOTS = 50
"""Percentiles come some slots after the minimum; a node that gave none for this long gives none."""
BID_SLOTS = 20
"""Newest slots whose smallest fees such a node's percentile is taken over."""
TIPS = "jito.tip_floor"
NO_VALUE = "not told yet"


class FeeHistory:
    """Fees in buckets of 15 s. They are the chain's: a new setup leaves them as they are."""

    def __init__(self) -> None:
        self._buckets: dict[int, FeeColumn] = {}

    def section(self, setup: EngineSetup, engine: EngineView, now_ns: int) -> FeesSection:
        """Returns the section, after it took in what the engine has on its last slots."""
        for sample in engine.fees:
            self._remember(sample, engine)
        columns = tuple(self._buckets[b] for b in sorted(self._buckets)[-BUCKETS:])
        newest = engine.fees[-1] if engine.fees else None
        base, priority, tip = engine.trade_lamports
        total = None if base is None or priority is None or tip is None else base + priority + tip
        state = PanelState()
        if newest is None:
            state = PanelState("loading", "Waiting for the first fee samples.")
            if not setup.pools:
                state = PanelState("empty", "No fee is paid here: no chain is watched.")
        note = ""
        if newest is not None and all(sample.p50 is None for sample in engine.fees[-KNOWN_SLOTS:]):
            note = _minimum_note({s.minimum for s in engine.fees[-BID_SLOTS:]} - {None})
        cap = setup.gates.caps.get(setup.sol_mint) or None
        return FeesSection(
            state=state,
            columns=columns,
            now=columns[-1] if columns else None,
            score=engine.congestion,
            trend=_trend(columns),
            bid_percentile=f"p{engine.bid_percentile or setup.bidding.percentile}",
            hops=3,
            total=total,
            total_bps=None if total is None or cap is None else total / cap * 10_000,
            size=cap,
            tip=tip,
            priority=priority,
            base=base,
            source=engine.fee_source,
            age_ns=None if newest is None else max(0, now_ns - newest.recv_ns),
            note=note,
            inputs=_inputs(engine, now_ns, tips_watched=any(c.protocol == TIPS for c in setup.channels)),
        )

    def _remember(self, s: FeeSample, engine: EngineView) -> None:
        """Files a slot's sample under its 15 s bucket; a bucket shows its busiest slot."""
        lag = max(0, (engine.slot or s.slot) - s.slot) * SLOT_NS
        end = ((engine.slot_ns or s.recv_ns) - lag) // BUCKET_NS * BUCKET_NS + BUCKET_NS
        old = self._buckets.get(end, FeeColumn(end))
        merged = {n: _most(getattr(old, n), getattr(s, n)) for n in ("p25", "p50", "p75", "p90", "p99", "minimum")}
        self._buckets[end] = FeeColumn(end, **merged)
        while len(self._buckets) > BUCKETS + 1:
            del self._buckets[min(self._buckets)]


def _inputs(engine: EngineView, now_ns: int, *, tips_watched: bool) -> tuple[FeeInputRow, ...]:
    """Returns the figures that fees rest on, those that are missing too; of the accounts only the dearest."""
    accounts = [each for each in engine.fee_inputs if each.name == "account"]
    dearest = max(accounts, key=lambda each: each.value or 0, default=None)
    rows = [
        FeeInputRow(
            each.name,
            short(each.source) if each is dearest else each.source or NO_VALUE,
            each.value,
            None if each.recv_ns is None else max(0, now_ns - each.recv_ns),
        )
        for each in engine.fee_inputs
        if each.name != "account" or each is dearest
    ]
    if rows and not any(row.name == "tip" for row in rows):
        rows.append(FeeInputRow("tip", NO_VALUE if tips_watched else "no source", None, None))
    return tuple(rows)


def _minimum_note(smallest: set[int | None]) -> str:
    """Returns what a percentile is where a node gives none, of the smallest fees of its newest slots."""
    if len(smallest) <= 1:
        return "one figure only: this node gives the smallest fee that landed, and it is the same in each slot"
    return "this node gives only the smallest fee that landed in each slot, so a percentile is one of slots"


def _most(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def _trend(columns: tuple[FeeColumn, ...]) -> str:
    """Compares the median of the last minute with the five before; a quarter up or down is a trend."""

    def level(part: tuple[FeeColumn, ...]) -> float | None:
        known: list[Any] = [c.p75 if c.p75 is not None else c.minimum for c in part]
        values = sorted(v for v in known if v is not None)
        return values[len(values) // 2] if values else None

    now, before = level(columns[-4:]), level(columns[-24:-4])
    if now is None or before is None:
        return ""
    return "rising" if now > before * 1.25 else "falling" if now < before * 0.8 else "steady"
