"""Whether the engine keeps the cycle that earns most: random markets, every cycle of which is sized beside it.

Half of the markets are of constant products, half of pools of every kind and books; every other one has hubs. Prints
what was counted, and by how much estimates miss what is exact. Exit code 1 where a goal is missed, 2 without the Rust
engine.

    scripts/ranking.py [--trades N] [--seed N] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from typing import Any

from cambist.engine import build_info
from tests.ranking.errors import Errors
from tests.ranking.runs import FIRST, KINDS, SHARE, SIZINGS, STANDS, WHOLE, Tally, percentile, trials

TRADES_EACH = 25
"""On one market."""
EVERY = 5
"""Trades from one comparison of estimates to the next."""


def figures(found: Tally, errors: Errors) -> dict[str, Any]:
    """Returns what is printed of one kind of markets."""
    micros = [seconds * 1e6 for seconds in found.seconds]
    part = 100.0 / max(found.paid, 1)
    return {
        "trades": found.trades,
        "after which a cycle paid": found.paid,
        f"the best stands, % (goal {STANDS:.1%})": round(found.stood * part, 2),
        f"share of the best profit, p1 (goal {SHARE})": round(percentile(found.shares, 1), 6),
        "share of the best profit, least": round(min(found.shares, default=0.0), 6),
        f"the first {FIRST} stand, % (goal {100 * WHOLE:.0f})": round(found.whole * part, 2),
        "paying cycles, p50": percentile(found.paying, 50),
        "paying cycles, p99": percentile(found.paying, 99),
        f"sizings, p50 (goal {SIZINGS})": percentile(found.sizings, 50),
        "sizings, p99": percentile(found.sizings, 99),
        **errors.figures(),
        "engine time of a trade, p50, µs": round(percentile(micros, 50)),
        "engine time of a trade, p99, µs": round(percentile(micros, 99)),
    }


def measure(kind: str, count: int, seed: int) -> tuple[Tally, Errors]:
    """Returns what is counted over `count` trades of one kind of markets, with seeds from `seed` on."""
    found, errors = Tally(), Errors()
    while found.trades < count:
        for trial in trials("native", kind, seed, min(TRADES_EACH, count - found.trades)):
            found.take(seed, trial)
            if trial.number % EVERY == 0 and trial.best:
                errors.take(f"seed {seed} trade {trial.number}", trial, random.Random(seed))
        seed += 1
    return found, errors


def report(kinds: dict[str, tuple[Tally, Errors]]) -> None:
    """Prints a table, then the worst of what was missed."""
    columns = {kind: figures(*parts) for kind, parts in kinds.items()}
    width = max(len(name) for column in columns.values() for name in column)
    print(f"{'':{width}}" + "".join(f"{kind:>20}" for kind in columns))
    for name in next(iter(columns.values())):
        print(f"{name:{width}}" + "".join(f"{column[name]:>20,}" for column in columns.values()))
    for kind, (found, errors) in kinds.items():
        over, under = max(errors.misses, default=None), min(errors.misses, default=None)
        lines = [f"{word}: {miss.place}" for word, miss in (("above", over), ("below", under)) if miss is not None]
        for line in [*lines, *found.misses[:10]]:
            print(f"{kind}: {line}")
        for goal in [*found.missed(), *errors.missed()]:
            print(f"{kind}: missed: {goal}")


def main(arguments: list[str]) -> int:
    """Measures and prints; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trades", type=int, default=6_000, help="of both kinds together")
    parser.add_argument("--seed", type=int, default=0, help="of the first market of each kind")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    if not build_info().native:
        print("the Rust engine is not built")
        return 2
    kinds = {kind: measure(kind, given.trades // len(KINDS), given.seed) for kind in KINDS}
    missed = {kind: [*found.missed(), *errors.missed()] for kind, (found, errors) in kinds.items()}
    if given.json:
        outcome = {
            kind: {
                "figures": figures(found, errors),
                "missed": missed[kind],
                "misses": found.misses,
                "short": [miss.place for miss in sorted(errors.short)],
            }
            for kind, (found, errors) in kinds.items()
        }
        print(json.dumps(outcome, indent=2))
    else:
        report(kinds)
    return 1 if any(missed.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
