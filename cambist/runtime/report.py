"""The report of a run or a replay: one object, its field names are a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cambist.engine.protocol import EngineView
from cambist.runtime.valuing import Valuer
from cambist.runtime.words import Names

if TYPE_CHECKING:
    from cambist.kernel import Kernel

_VIEW = msgspec.json.Decoder(EngineView)


def report(kernel: Kernel, session: str, seconds_wall: float, duel_mismatches: int | None = None) -> dict[str, Any]:
    """Returns the report without what only a comparison can say (`recorded_digest`, `digest_match`, …: null)."""
    totals = kernel.totals
    view = _VIEW.decode(kernel.engine.present(kernel.now_ns))
    counters = view.counters
    refused = dict(counters.refused)
    for reason, count in {**totals.refused, **totals.skipped}.items():
        refused[reason] = refused.get(reason, 0) + count
    decimals = {t.mint: t.decimals for t in kernel.setup.engine.tokens}
    return {
        "schema": 1,
        "session": session,
        "records": totals.records,
        "frames": counters.frames,
        "seconds_recorded": round(max(0, kernel.now_ns - totals.first_ns) / 1e9, 3) if totals.first_ns else 0.0,
        "seconds_wall": round(seconds_wall, 3),
        "gaps": counters.gaps,
        "dropped": totals.dropped,
        "cycles": counters.cycles,
        "opportunities": counters.opportunities,
        "go": counters.go,
        "refused": dict(sorted(refused.items())),
        "fills": totals.filled,
        "net": {mint: {"atoms": str(v), "decimals": decimals.get(mint)} for mint, v in sorted(totals.net.items())},
        "valued": _valued(kernel, view),
        "engine": kernel.engine.name,
        "duel_mismatches": duel_mismatches,
        "recorded_digest": None,
        "digest": kernel.digest,
        "digest_match": None,
        "chunks_compared": None,
        "chunks": None,
        "first_divergent_seq": None,
        "not_compared": "",
        "damage": "",
    }


def _valued(kernel: Kernel, view: EngineView) -> dict[str, Any]:
    """Returns `net` as one sum with the prices in it, or `null` atoms and the reason."""
    setup = kernel.setup.engine
    names = Names(setup.tokens, setup.pools, setup.instruments)
    valuer = Valuer(setup, kernel.setup.valuation, names, view.prices, kernel.now_ns)
    found = valuer.sum(kernel.totals.net)
    prices = [
        {"mint": p.mint, "price": p.price, "venue": p.venue, "source": p.source, "age_ms": p.age_ns // 1_000_000}
        for p in found.prices
    ]
    return {
        "unit": valuer.unit,
        "atoms": None if found.atoms is None else str(found.atoms),
        "decimals": names.decimals(valuer.unit) if names.knows(valuer.unit) else None,
        "reason": found.valued.reason,
        "prices": prices,
    }
