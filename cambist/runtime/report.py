"""The report of a run or a replay: one object, its field names are a contract."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.engine.protocol import EngineView
from cambist.kernel.ends import by_taken, percentile
from cambist.model.units import NS_PER_MS
from cambist.runtime.sections.ends import landing
from cambist.runtime.valuing import named_unit
from cambist.runtime.words import Names

if TYPE_CHECKING:
    from cambist.kernel import Kernel
    from cambist.kernel.ends import Rival

MOST_REPORTED = 20
"""Takers of gaps that a report names."""
_VIEW = msgspec.json.Decoder(EngineView)


def report(kernel: Kernel, session: str, seconds_wall: float, duel_mismatches: int | None = None) -> dict[str, Any]:
    """Returns the report without what only a comparison can say (`recorded_digest`, `digest_match`, …: null)."""
    totals = kernel.totals
    view = _VIEW.decode(kernel.engine.present(kernel.now_ns))
    counters = view.counters
    inputs = Counter(counters.refused) - Counter(counters.stopped)
    taken_off = Counter[str](totals.refused) + totals.skipped
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
        "opportunities": counters.decided,
        "go": counters.go,
        "refused": dict(sorted(counters.stopped.items())),
        "unchanged": counters.unchanged,
        "inputs_refused": dict(sorted(inputs.items())),
        "not_taken": dict(sorted(taken_off.items())),
        "declined": {name: dict(sorted(why.items())) for name, why in sorted(totals.declined.items())},
        "fills": totals.filled,
        "net": {
            mint: {"atoms": str(v), "decimals": decimals.get(mint)} for mint, v in sorted(totals.earned.net.items())
        },
        "valued": _valued(kernel),
        "ends": _ends(kernel, decimals),
        "landing": _landing(kernel),
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


def _ends(kernel: Kernel, decimals: dict[str, int]) -> dict[str, Any]:
    """Returns what became of gaps: fates, lives against our own latency, and who took most of them."""
    gaps = kernel.totals.gaps
    catchable = gaps.catchable()
    return {
        "fates": dict(sorted(gaps.fates.items())),
        "worth_an_order": gaps.worth_an_order,
        "contested": gaps.contested,
        "life_slots": _spread(gaps.slots, 1),
        "life_ms": _spread(gaps.times_ns, NS_PER_MS),
        "own_ms": _spread(gaps.own_ns, NS_PER_MS),
        "catchable": None if catchable is None else {"gaps": catchable[0], "of": catchable[1]},
        "payers": [_rival(rival, decimals) for rival in by_taken(gaps.payers)[:MOST_REPORTED]],
        "rivals": [_rival(rival, decimals) for rival in by_taken(gaps.rivals)[:MOST_REPORTED]],
    }


def _rival(rival: Rival, decimals: dict[str, int]) -> dict[str, Any]:
    return {
        "payer" if rival.is_payer else "program": rival.who,
        "taken": rival.taken,
        "net": {
            mint: {"atoms": str(atoms), "decimals": decimals.get(mint)} for mint, atoms in sorted(rival.net.items())
        },
        "reaction_slots": percentile(rival.slots, 50),
        "reaction_ms": _scaled(percentile(rival.times_ns, 50), NS_PER_MS),
        "fee_lamports": percentile(rival.fees, 50),
        "tip_lamports": percentile(rival.tips, 50),
    }


def _landing(kernel: Kernel) -> dict[str, Any]:
    """Returns how many orders ended and landed, how many were predicted to, and the same by tenth of the prediction."""
    counted = kernel.totals.reliability
    *tenths, unknown = landing(counted)
    return {
        "orders": sum(counted.ended),
        "landed": sum(counted.landed),
        "predicted": round(sum(counted.predicted_ppm) / 1e6, 3),
        "by_tenth": [msgspec.structs.asdict(row) for row in tenths],
        "not_predicted": {"orders": unknown.orders, "landed": unknown.landed},
    }


def _spread(values: list[int], unit: int) -> dict[str, int | None]:
    """Returns median and 90th percentile in whole units, and of how many values."""
    middle, most = (_scaled(percentile(values, q), unit) for q in (50, 90))
    return {"p50": middle, "p90": most, "of": len(values)}


def _scaled(value: int | None, unit: int) -> int | None:
    return None if value is None else value // unit


def _valued(kernel: Kernel) -> dict[str, Any]:
    """Returns `net` as one sum at the prices of each outcome's time, and what is not in it by name."""
    setup, earned = kernel.setup.engine, kernel.totals.earned
    names = Names(setup.tokens, setup.pools, setup.instruments)
    unit = named_unit(setup, names)
    oldest = earned.oldest
    return {
        "unit": unit.mint,
        "atoms": str(earned.worth),
        "decimals": unit.decimals,
        "without": {mint: str(atoms) for mint, atoms in sorted(earned.unvalued.items())},
        "oldest_price": None
        if oldest is None
        else {
            "mint": oldest.token,
            "price": oldest.value.price,
            "venue": oldest.value.venue,
            "age_ms": oldest.value.age_ns // NS_PER_MS,
        },
    }
