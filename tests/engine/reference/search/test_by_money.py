"""A search that keeps what earns most, against every cycle there is."""

import math
import random

import pytest

from cambist.engine.reference.search.by_money import Base, ByMoney, Limits, Places, Ranked
from cambist.engine.reference.search.cycle_finder import Potentials
from cambist.engine.reference.search.estimate import Estimate, Hop, Range, Regime
from cambist.engine.reference.search.graph import Graph
from cambist.engine.reference.search.log2 import log2_ratio
from cambist.engine.reference.search.multiverse import Search
from tests.engine.reference.search.graphs import simple_cycles

MARGIN = log2_ratio(1_000_300, 1_000_000) or 0
HOPS = 4


class Pools:
    """Constant products between a dozen tokens, of which two are worth something."""

    def __init__(self, seed: int, *, valued: int) -> None:
        rng = random.Random(seed)
        self.tokens, self.rng = rng.randint(6, 12), rng
        prices = [math.exp(rng.uniform(-3, 3)) for _ in range(self.tokens)]
        self.graph, self.reserves, self.potentials = Graph(), [], Potentials()
        for token in range(self.tokens):
            self.graph.add_node(f"t{token}")
        for pool in range(rng.randint(14, 30)):
            a = rng.randrange(2) if rng.random() < 0.4 else rng.randrange(self.tokens)
            b = rng.choice([token for token in range(self.tokens) if token != a])
            worth = 10 ** rng.uniform(3, 7)
            self.reserves.append([int(worth / prices[a] * 1e6), int(worth / prices[b] * 1e6 * rng.gauss(1, 0.002))])
            self.graph.add_edge(a, b, f"p{pool:02}:0")
            self.graph.add_edge(b, a, f"p{pool:02}:1")
        for pool in range(len(self.reserves)):
            self.weigh(pool)
        inputs = [Range(1e7 / price, 1e10 / price) for price in prices]
        self.bases = {at: Base(at + 1, prices[at] / 1e6 if at < valued else None, inputs[at]) for at in range(2)}

    def weigh(self, pool: int) -> None:
        a, b = self.reserves[pool]
        for edge, (into, out) in ((2 * pool, (a, b)), (2 * pool + 1, (b, a))):
            self.graph.set_weight(edge, -(log2_ratio(out * 997, into * 1_000) or 0))
        self.potentials.update_pool(self.graph, 2 * pool, MARGIN)

    def hop(self, edge: int) -> Hop:
        into, out = self.reserves[edge // 2][:: -1 if edge % 2 else 1]
        return Hop.of(Regime(self.graph.weights[edge] or 0, 0.997 * out / into, 0.997 / into))

    def net(self, route: list[int], base: int, found: Estimate) -> float:
        """Half a cent for each hop."""
        return found.gain - 0.005 * len(route) / (self.bases[base].value or 1.0)

    def trade(self) -> int:
        pool = self.rng.randrange(len(self.reserves))
        a, b = self.reserves[pool]
        put = int(a * self.rng.uniform(0.0005, 0.03))
        self.reserves[pool] = [a + put, b - int(b * put * 0.997 / (a + put))]
        self.weigh(pool)
        return pool

    def ranked(self, places: Places) -> ByMoney:
        limits = Limits(places, HOPS, MARGIN, 0.01)
        return ByMoney(self.graph, self.potentials, self, self.bases, limits)


def shown(found: list[Ranked]) -> list[tuple[list[int], float | None]]:
    return [(each.route, each.money) for each in found]


@pytest.mark.parametrize("valued", [2, 1, 0])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_kept_is_the_best_of_all_there_are(seed: int, valued: int) -> None:
    market, places = Pools(seed, valued=valued), Places(12, 4, 3)
    paid = 0
    for _ in range(4):
        touched = [2 * (pool := market.trade()), 2 * pool + 1]
        rank = market.ranked(places)
        assert not Search(market.graph, market.potentials, rank, HOPS).through(touched, 1 << 60)
        every: list[Ranked] = []
        for cycle in simple_cycles(market.graph, HOPS):
            weight = market.graph.total(cycle)
            if weight is not None and weight < MARGIN and set(cycle) & set(touched):
                found = rank.rank(cycle, weight)
                assert found is not None
                every.append(found)
        valued_ones = sorted((each for each in every if each.money is not None), key=rank.order)
        paying = [each for each in valued_ones if (each.money or 0) > 0]
        others = sorted((each for each in every if each.money is None), key=rank.order)
        assert shown(rank.paying) == shown(paying[:12])
        if len(paying) < 12:
            assert shown(rank.losing) == shown([each for each in valued_ones if each not in paying][:4])
        assert shown(rank.unvalued) == shown(others[:3])
        paid += len(paying)
    assert paid or valued < 2


def test_the_bound_spares_work() -> None:
    bounded, unbounded = 0, 0
    for seed in range(6):
        market = Pools(seed, valued=2)
        for _ in range(3):
            touched = [2 * (pool := market.trade()), 2 * pool + 1]
            few, every = (
                Search(market.graph, market.potentials, market.ranked(Places(most, most, 1)), HOPS)
                for most in (1, 1 << 20)
            )
            few.through(touched, 1 << 60)
            every.through(touched, 1 << 60)
            assert few.expanded <= every.expanded
            bounded, unbounded = bounded + few.expanded, unbounded + every.expanded
    assert bounded < unbounded
