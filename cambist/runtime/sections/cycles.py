"""The Cycles section: the standing cycles, each with what was decided on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.opportunity import Opportunity
from cambist.model.text import sanitise
from cambist.runtime.words import Fate, Names, decision, miss, reason_words
from cambist.view import CycleRow, CyclesSection, PanelState

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup, EngineView
    from cambist.kernel import Kernel

Shown = tuple[Opportunity, Fate, int, CycleRow]
"""A row with what it was made of."""


class CycleRows:
    """Makes the rows of one setup's cycles, and keeps the last: most cycles rest from one View to the next."""

    def __init__(self, setup: EngineSetup, names: Names) -> None:
        self._setup, self._names = setup, names
        self._shown: dict[str, Shown] = {}

    def section(self, kernel: Kernel, engine: EngineView, now_ns: int, silent: PanelState | None) -> CyclesSection:
        """Returns the section, what can be taken first; `silent` is what it says while no feed brings anything."""
        open_keys = frozenset(kernel.risk.state.open_keys)
        min_bps = self._setup.gates.min_net_ppm / 100
        before, self._shown = self._shown, {}
        fates = ((o.key in open_keys, kernel.declined.get(o.key)) for o in engine.cycles)
        rows = [self._kept(o, before.get(o.key), fate, now_ns) for o, fate in zip(engine.cycles, fates, strict=True)]
        rows.sort(key=lambda r: (r.mark != "go", -(r.net_bps if r.net_bps is not None else -1e9), r.key))
        best = max((r.net_bps for r in rows if r.net_bps is not None), default=None)
        state = PanelState()
        if engine.slot is None and not engine.prices:
            state = silent or PanelState("loading", "Waiting for the first prices.")
        elif not rows and not self._setup.pools:
            state = PanelState("empty", "No cycle can be built: no pool is watched here.")
        elif not rows:
            state = PanelState(
                "empty", "No cycle is profitable at the margin now.", f"The threshold is {min_bps:+.1f} bps."
            )
        return CyclesSection(
            version=0,
            state=state,
            rows=tuple(rows),
            min_bps=min_bps,
            seen=engine.counters.cycles,
            best_bps=best,
            stopped=_stopped(engine),
            rule=kernel.setup.rule,
        )

    def row(self, o: Opportunity, fate: Fate, now_ns: int) -> CycleRow:
        """Returns one opportunity as a row."""
        scale = 10_000 / o.amount_in if o.amount_in else 0.0
        mark, words = decision(o, self._setup.gates.min_net_ppm / 100, fate, self._names)
        age = max(0, o.oldest_ns + max(0, now_ns - o.recv_ns))
        pools, chain = o.cost.venue_fees + o.cost.transfer_fees, o.cost.chain
        return CycleRow(
            key=o.key,
            legs=self._names.legs(o.route, o.tokens),
            unit=self._names.symbol(o.tokens[0]),
            decimals=self._names.decimals(o.tokens[0]),
            settlement=o.settlement,
            size=o.amount_in,
            gross_bps=(o.gross + pools) * scale,
            pools_bps=-pools * scale,
            chain_bps=None if chain is None else -chain * scale,
            net_bps=o.net_bps,
            net=o.net,
            oldest_ns=age,
            seen_slots=o.seen_slots,
            landing_ppm=o.landing_ppm,
            score=o.score,
            mark=mark,
            reason=o.reason,
            detail=sanitise(o.detail, 80),
            decision=words,
            miss=miss(o, self._names),
            declined=tuple((sanitise(name, 24), reason_words(why)[1]) for name, why in (fate[1] or {}).items()),
        )

    def _kept(
        self,
        o: Opportunity,
        before: Shown | None,
        fate: Fate,
        now_ns: int,
    ) -> CycleRow:
        """Returns the row of the last View if nothing in it can have changed, else a new one."""
        if before is not None and before[1:3] == (fate, now_ns) and before[0] == o:
            self._shown[o.key] = before
            return before[3]
        row = self.row(o, fate, now_ns)
        self._shown[o.key] = (o, fate, now_ns, row)
        return row


def _stopped(engine: EngineView) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(engine.counters.stopped.items()))
