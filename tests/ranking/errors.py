"""Estimates of cycles against their exact sizes: by how much they miss, and how often they are no bound."""

import random
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cambist.engine import make_engine
from cambist.engine.reference.engine import ReferenceEngine
from cambist.engine.reference.engine.ranking import WIDENED, Ranking
from tests.ranking.runs import Trial, percentile

COMPARED = 12
"""The best cycles whose estimates are compared, and as many others that pay."""
PPM = 1e6
SHORT = 0.005
"""Most of the estimates that may be below what is exact even when widened: what `engine.ranking` states."""


class Miss(NamedTuple):
    """By how much an estimate of one cycle missed, and where."""

    ppm: float
    """Of the exact gain, what the estimate leaves after costs less what is exact."""
    place: str


@dataclass
class Errors:
    """Estimates against exact sizes."""

    misses: list[Miss] = field(default_factory=list)
    short: list[Miss] = field(default_factory=list)
    """Those that were below what is exact even when widened."""

    def take(self, place: str, trial: Trial, others: random.Random) -> None:
        """Compares the estimates of the best cycles and of some others, as an engine makes them at this state."""
        engine = make_engine("reference", trial.market.setup())
        assert isinstance(engine, ReferenceEngine)
        engine.restore(trial.engine.snapshot())
        graph = engine.market.graph
        rank = Ranking(engine.setup, engine.market, engine.prices, engine.judge).by_money().rank
        rest = trial.best[COMPARED:]
        for best in [*trial.best[:COMPARED], *others.sample(rest, min(COMPARED, len(rest)))]:
            exact = trial.oracle.refined(best, trial.view["sol_price"])
            names = [f"{trial.names[at]}:{0 if first else 1}" for at, first in exact.hops]
            edges = [edge for edge in map(graph.find_edge, names) if edge is not None]
            weight, gain = graph.total(edges), trial.oracle.net(exact.hops, exact.amount_in)
            found = None if weight is None or len(edges) < len(names) else rank(edges, weight)
            if gain <= 0:
                continue
            net = 0.0 if found is None else found.net
            report = (
                f"{place} {trial.path(exact)}: exact {exact.net} of {exact.amount_in}, estimate {net:.0f}"
                f" of {0.0 if found is None else found.estimate.amount_in:.0f}"
            )
            miss = Miss((net - exact.net) / gain * PPM, report)
            self.misses.append(miss)
            if found is None or net + max(found.estimate.gain + found.estimate.lost, 0.0) * WIDENED < exact.net:
                self.short.append(miss)

    def figures(self) -> dict[str, Any]:
        """Returns what is printed of them."""
        sizes = [abs(miss.ppm) for miss in self.misses]
        over, under = max(self.misses, default=Miss(0.0, "")), min(self.misses, default=Miss(0.0, ""))
        return {
            "estimates compared": len(sizes),
            "error of an estimate, p50, ppm of the gain": round(percentile(sizes, 50)),
            "error of an estimate, p99, ppm of the gain": round(percentile(sizes, 99)),
            "worst above, ppm of the gain": round(over.ppm),
            "worst below, ppm of the gain": round(under.ppm),
            f"below even when widened, % (goal {100 * SHORT})": round(100 * len(self.short) / max(len(sizes), 1), 3),
        }

    def missed(self) -> list[str]:
        """Returns the goals that were missed, in words."""
        count, compared = len(self.short), len(self.misses)
        is_met = count <= SHORT * compared
        return [] if is_met else [f"{count} of {compared} estimates are below what is exact even when widened"]
