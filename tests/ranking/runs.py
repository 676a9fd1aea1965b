"""An engine beside an oracle: a random market is traded on, and after each trade the two are compared."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cambist.engine import make_engine
from cambist.engine.protocol import Engine
from tests.parity.markets import SOL, USDC, run
from tests.ranking.market import RandomMarket
from tests.ranking.mixed import MixedMarket
from tests.ranking.oracle import Best, Oracle
from tests.ranking.tables import TableOracle
from tests.snapshots import all_state

KINDS = {"constant products": (RandomMarket, Oracle), "mixed": (MixedMarket, TableOracle)}
"""Kind of market → the market, and what looks at all its cycles."""
STANDS = 0.995
"""Least share of trades after which the best cycle is shown."""
SHARE = 0.99
"""Least part of the best profit that the engine's best one is, but for the worst hundredth of trades."""
SIZINGS = 8
"""Most cycles sized after a trade, at the median."""
FIRST = 50
"""So many of the best stand, if so many pay: one that was crowded out comes back only when a pool of its moves."""
WHOLE = 0.97
"""Least share of trades after which they do."""


class Trial(NamedTuple):
    """How things are after one trade."""

    number: int
    market: RandomMarket
    oracle: Oracle | TableOracle
    engine: Engine
    view: dict[str, Any]
    best: list[Best]
    """All that pay, the most money first."""
    names: list[str]
    sizings: int
    """Cycles that were sized on account of this trade."""
    seconds: float
    """That the engine took."""

    def share(self) -> float:
        """Returns which part of the best profit the best of the engine's cycles earns."""
        worth = {SOL: self.view["sol_price"] / 1e9, USDC: 1e-6}
        cycles = [cycle for cycle in self.view["cycles"] if cycle["net"] is not None and cycle["tokens"][0] in worth]
        most = max((cycle["net"] * worth[cycle["tokens"][0]] for cycle in cycles), default=0.0)
        return most / self.best[0].money

    def shows_best(self) -> bool:
        """Returns whether the best cycle is among those that the engine shows."""
        return self.best[0].key(self.names) in {cycle["key"] for cycle in self.view["cycles"]}

    def path(self, best: Best) -> str:
        """Returns the venues of a cycle in words: kind, and the tokens by number from the one sold."""
        kinds = [venue.kind for venue in self.market.venues] if isinstance(self.market, MixedMarket) else None
        words = []
        for at, first in best.hops:
            a, b = self.market.ends[at] if first else self.market.ends[at][::-1]
            words.append(f"{kinds[at] if kinds else 'ray4'} {a}-{b}")
        return ", ".join(words)

    def absent(self) -> list[int]:
        """Returns the ranks of the best cycles that don't stand."""
        standing = {cycle["key"] for cycle in all_state(self.engine)["cycles"]}
        return [rank for rank, best in enumerate(self.best[:FIRST]) if best.key(self.names) not in standing]


def trials(engine_name: str, kind: str, seed: int, count: int) -> Iterator[Trial]:
    """Yields what follows from each of `count` trades; odd seeds make markets with hubs."""
    make_market, make_oracle = KINDS[kind]
    market = make_market(seed, hubs=seed % 2 == 1)
    market.open()
    engine = make_engine(engine_name, market.setup())
    run(engine, market.take())
    oracle = make_oracle(market)
    names = [market.source(at) for at in range(len(market.ends))]
    sized = json.loads(engine.present(market.now_ns))["counters"]["opportunities"]
    for number in range(count):
        moved = market.trade()
        block = market.take()
        begun = time.perf_counter()
        run(engine, block)
        seconds = time.perf_counter() - begun
        oracle.move(moved)
        view = json.loads(engine.present(market.now_ns))
        before, sized = sized, view["counters"]["opportunities"]
        best = oracle.paying(view["sol_price"])
        yield Trial(number, market, oracle, engine, view, best, names, sized - before, seconds)


@dataclass
class Tally:
    """What was counted over some trades."""

    trades: int = 0
    paid: int = 0
    """After how many of them a cycle paid."""
    stood: int = 0
    whole: int = 0
    """After how many all of the first ones stood."""
    shares: list[float] = field(default_factory=list)
    paying: list[int] = field(default_factory=list)
    sizings: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    """In words: seed, trade, what was missed."""

    def take(self, seed: int, trial: Trial) -> None:
        """Counts one trade."""
        self.trades += 1
        self.sizings.append(trial.sizings)
        self.seconds.append(trial.seconds)
        self.paying.append(len(trial.best))
        if not trial.best:
            return
        self.paid += 1
        shown, share, absent = trial.shows_best(), trial.share(), trial.absent()
        self.stood += shown
        self.whole += not absent
        self.shares.append(share)
        place = f"seed {seed} trade {trial.number}"
        if not shown or share < SHARE:
            word = "shown" if shown else "not shown"
            self.misses.append(f"{place}: the best earns {trial.best[0].money:.4f}, {word}; share {share:.6f}")
        if absent:
            lost = trial.best[absent[0]]
            self.misses.append(f"{place}: {len(absent)} absent, rank {absent[0]} earns {lost.money:.4f}")

    def missed(self, spare: int = 0) -> list[str]:
        """Returns the goals that were missed, in words.

        `spare` trades don't count: of a few markets one alone that stays as it is for some trades is more than 1 %.
        """
        below, dear = sum(share < SHARE for share in self.shares), sum(size > SIZINGS for size in self.sizings)
        goals = {
            f"the best cycle stands after {self.stood} of {self.paid} trades": self.stood >= STANDS * self.paid,
            f"after {below} of {self.paid} trades the share is below {SHARE}": below <= self.paid // 100 + spare,
            f"{dear} of {self.trades} trades size more than {SIZINGS}": dear <= self.trades // 2 + spare,
            f"the first {FIRST} stand after {self.whole} of {self.paid} trades": self.whole + spare
            >= WHOLE * self.paid,
        }
        return [goal for goal, is_met in goals.items() if not is_met]


def percentile(values: list[Any], percent: int) -> Any:
    """Returns a percentile of values by its rank, 0 of none."""
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)] if values else 0


def tally(engine_name: str, kind: str, seeds: list[int], count: int) -> Tally:
    """Returns what is counted over `count` trades on the market of each seed."""
    found = Tally()
    for seed in seeds:
        for trial in trials(engine_name, kind, seed, count):
            found.take(seed, trial)
    return found
