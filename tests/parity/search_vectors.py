"""Shared vectors of graph, cycle_finder, multiverse, sizing, scorer and fees; both engines assert them.

`python -m tests.parity.search_vectors` writes the file anew from the reference engine. Do it only when a change of
behaviour is meant.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cambist.config.settings import Bidding, Gates
from cambist.engine.reference import fees
from cambist.engine.reference.judge import scorer
from cambist.engine.reference.search import sizing
from cambist.engine.reference.search.cycle_finder import Potentials, find_negative_cycles
from cambist.engine.reference.search.graph import Graph
from cambist.engine.reference.search.multiverse import Params, search
from tests.engine.reference.search.chains import Chain, ConstantProduct, Ladder

FILE = Path(__file__).with_name("search_vectors.json")
ONE = 1 << 40
Case = dict[str, Any]


def graph_of(case: Case) -> Graph:
    graph = Graph()
    for node in range(case["nodes"]):
        graph.add_node(f"t{node}")
    for tail, head, name in case["edges"]:
        graph.add_edge(tail, head, name)
    return graph


def walk(case: Case) -> Case:
    """Returns what each move and search of a graph answers, and the state in the end."""
    graph, potentials, answers = graph_of(case), Potentials(), []
    params = Params(*case["params"])
    for edge, weight in case["moves"]:
        graph.set_weight(edge, weight)
        maybe = potentials.update(graph, edge, params.margin)
        twin = graph.twin(edge)
        found, work = search(graph, potentials, [edge] if twin is None else [edge, twin], params)
        cycles = [[graph.cycle_key(cycle.edges), cycle.weight] for cycle in found]
        answers.append([maybe, potentials.relaxed, potentials.worst, work.expanded, work.cut, cycles])
    cold, first = Potentials.cold(graph)
    return {
        "answers": answers,
        "state": msgspec.to_builtins(potentials.state()),
        "cold": msgspec.to_builtins(cold.state()),
        "first": first,
        "negative": find_negative_cycles(graph),
        "pools": walk_pools(case),
    }


def walk_pools(case: Case) -> Case:
    """Returns what the moves of a graph answer if both edges of a pool move at once, and the state in the end."""
    graph, potentials, answers = graph_of(case), Potentials(), []
    for (first, weight), (second, back) in zip(case["moves"][::2], case["moves"][1::2], strict=False):
        assert second == first + 1
        graph.set_weight(first, weight)
        graph.set_weight(second, back)
        promises = potentials.update_pool(graph, first, case["params"][3])
        answers.append([promises, potentials.relaxed, potentials.worst])
    return {"answers": answers, "state": msgspec.to_builtins(potentials.state())}


def chain_of(case: Case) -> Chain:
    return Chain(
        [
            ConstantProduct(*hop["pool"]) if "pool" in hop else Ladder(tuple(map(tuple, hop["levels"])), hop["known"])
            for hop in case["hops"]
        ]
    )


def size(case: Case) -> Case:
    """Returns the best input of a chain, the same by pieces, its closed form, and some points of its curve."""
    chain = chain_of(case)
    found = [sizing.best_input(chain, case["cap"], case["min"], pieces) for pieces in ([], case["pieces"])]
    start = sizing.closed_form(chain)
    return {
        "sized": found[0],
        "sized_by_pieces": found[1],
        "start_bits": None if start is None else start.hex(),
        "curve": sizing.curve(chain, case["sizes"]),
    }


def score(case: Case) -> Case:
    """Returns the decision on a candidate."""
    candidate = msgspec.convert(case["candidate"], scorer.Candidate)
    return scorer.decide(candidate, msgspec.convert(case["gates"], Gates))._asdict()


def price(case: Case) -> Case:
    """Returns what the fee model says after each reply, and its state in the end."""
    model, bidding = fees.FeeModel(case["bidding"]["window_slots"]), msgspec.convert(case["bidding"], Bidding)
    answers = []
    for samples, percentile, recv_ns in case["replies"]:
        added = model.add([(slot, price) for slot, price in samples], percentile, recv_ns)
        percentiles = [model.percentile(p) for p in (25, 50, 60, 75, 90, 99, 100)]
        cost = model.trade(bidding, case["cu_limit"], case["gross"])
        answers.append(
            [added, model.source(), model.bid(bidding), percentiles, model.congestion(), model.trend(), list(cost)]
        )
    return {"answers": answers, "state": msgspec.to_builtins(model.state())}


def compute_units(case: Case) -> Case:
    """Returns the compute-unit limit of a route."""
    return {"cu_limit": fees.cu_limit(fees.SwapShape(*swap) for swap in case["swaps"])}


OUTCOMES: dict[str, Callable[[Case], Case]] = {
    "graphs": walk,
    "chains": size,
    "candidates": score,
    "fees": price,
    "routes": compute_units,
}


def random_graph(rng: random.Random, *, nodes: int, pools: int, moves: int, calm: float, params: list[int]) -> Case:
    """Returns pools around fair prices that move, tear and heal; `calm` is the share of moves within the fee."""
    edges, ends = [], []
    for index in range(pools):
        a, b = rng.sample(range(nodes), 2) if rng.random() < 0.6 else (0, rng.randrange(1, nodes))
        name = f"{rng.randrange(1 << 32):08x}{index}"
        edges += [[a, b, f"{name}:0"], [b, a, f"{name}:1"]]
        ends.append((a, b))
    if rng.random() < 0.3:
        edges.append([1, 0, "alone"])
    level = [rng.randrange(-20 * ONE, 20 * ONE) for _ in range(nodes)]
    fee = ONE * 36 // 10_000
    steps: list[list[int | None]] = []

    def quote(pool: int, gap: int) -> None:
        a, b = ends[pool]
        steps.append([2 * pool, level[b] - level[a] + fee + gap])
        steps.append([2 * pool + 1, level[a] - level[b] + fee - gap])

    for pool in range(pools):
        quote(pool, rng.randrange(-fee // 2, fee // 2))
    for _ in range(moves):
        pool = rng.randrange(pools)
        if rng.random() < 0.07:
            steps += [[2 * pool, None], [2 * pool + 1, None]]
        else:
            reach = fee // 2 if rng.random() < calm else 4 * fee
            quote(pool, rng.randrange(-reach, reach))
    if len(edges) > 2 * pools:
        steps.append([2 * pools, level[0] - level[1] - 3])
    return {"nodes": nodes, "edges": edges, "moves": steps, "params": params}


def random_chain(rng: random.Random) -> Case:
    """Returns two to four hops that close near break-even, one of them a ladder now and then."""
    hops: list[Case] = []
    rate = 1.0
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.25:
            levels, at = [], rng.uniform(0.2, 5.0)
            for _ in range(rng.randint(1, 10)):
                width = int(10 ** rng.uniform(4, 10))
                levels.append([width, max(int(width * at), 1)])
                at *= rng.uniform(0.96, 0.9999)
            hops.append({"levels": levels, "known": rng.random() < 0.7})
            rate *= levels[0][1] / levels[0][0]
        else:
            a, b = (int(10 ** rng.uniform(8, 15)) for _ in range(2))
            hops.append({"pool": [a, b, rng.choice([100, 2_500, 10_000])]})
            rate *= b / a
    out = int(10 ** rng.uniform(9, 14))
    edge = rng.uniform(-0.02, 0.15)
    reserve = min(max(int(out * rate / (1 + edge)), 1), 1 << 62)
    hops.insert(rng.randint(0, len(hops)), {"pool": [reserve, out, rng.choice([100, 2_500])]})
    cap, low = int(10 ** rng.uniform(3, 14)), rng.choice([1, 1_000, 10**6])
    pieces = [[low * 2.0, cap / 16], [cap / 3, cap / 4096, low * 3.0], [cap * 2.0]]
    return {"hops": hops, "cap": cap, "min": low, "sizes": [1, low, cap, cap * 2], "pieces": pieces}


def random_candidate(rng: random.Random) -> Case:
    """Returns a candidate that may fail any gate."""
    amount = int(10 ** rng.uniform(0, 19))
    unknown = rng.random() < 0.2
    cost = lambda: None if unknown and rng.random() < 0.3 else rng.choice([0, amount // 100_000, amount // 900])  # noqa: E731
    candidate = {
        "amount_in": rng.choice([amount, amount, amount, amount, 0]),
        "amount_out": min(amount + int(amount * rng.uniform(-0.002, 0.01)), (1 << 64) - 1),
        "settlement": rng.choice(["atomic", "atomic", "legged"]),
        "has_base": rng.random() < 0.95,
        "torn": rng.choice([""] * 9 + ["orca"]),
        "fork": rng.choice([""] * 19 + ["ray4"]),
        "unconfirmed": rng.choice(["", "dlmm"]),
        "stale": rng.choice([""] * 9 + ["binance:SOLUSDT"]),
        "transfer_fees": rng.choice([0, 0, 7]),
        "base_fee": cost(),
        "priority_fee": cost(),
        "tip": cost(),
        "rent": cost(),
        "flash_loan": cost(),
        "rebalancing": rng.choice([None, 3]),
        "seen_slots": rng.randrange(6),
        "wins": rng.randrange(9),
        "tries": rng.randrange(30),
    }
    gates = {"min_net_ppm": rng.choice([0, 500, 3_000]), "min_seen_slots": rng.choice([0, 2, 4])}
    gates["max_unconfirmed_ppm"] = rng.choice([3_000, 20_000])
    return {"candidate": candidate, "gates": gates}


def random_fees(rng: random.Random) -> Case:
    """Returns replies of a plain node, of one with percentiles, or of both, through calm and storm."""
    kinds = rng.choice([[None], [2_500, 5_000, 7_500, 9_000, 9_900], [None, 7_500], [None, 5_000, 6_000]])
    slot, level, replies = rng.randrange(1 << 30), 10 ** rng.uniform(2, 5), []
    for at in range(rng.choice([4, 24])):
        slot += rng.randint(6, 13)
        level *= rng.choice([0.6, 1.0, 1.0, 1.1, 2.2])
        for kind in kinds:
            scale = 0.02 if kind is None else kind / 5_000
            row = [
                [slot - back, int(level * scale * rng.uniform(0.5, 2.0))] for back in range(rng.choice([0, 7, 13, 13]))
            ]
            replies.append([row, kind, at * 1_000])
    bidding = {"percentile": rng.choice([50, 75, 90]), "floor_micro_lamports": 1_000, "tip_ppm_of_gross": 50_000}
    bidding |= {"min_tip_lamports": 1_000, "signatures": rng.randint(1, 3), "window_slots": rng.choice([20, 150])}
    return {
        "bidding": bidding,
        "cu_limit": rng.randrange(1_400_001),
        "gross": rng.choice([None, 0, 10**9]),
        "replies": replies,
    }


def random_route(rng: random.Random) -> Case:
    """Returns the swaps of a transaction."""
    venues = ["ray4", "cpmm", "orca", "orca", "dlmm" if rng.random() < 0.1 else "cpmm"]
    flags = [False, False, True]
    swaps = [
        [rng.choice(venues), rng.choice([0, 0, 1, 3, 60]), rng.choice(flags), rng.choice(flags)]
        for _ in range(rng.randint(1, 5))
    ]
    return {"swaps": swaps}


def build() -> dict[str, list[Case]]:
    """Returns all cases with their outcomes."""
    rng = random.Random(7)
    big = 1 << 60
    shapes: list[Case] = [
        {"nodes": 4, "pools": 6, "moves": 30, "calm": 0.5, "params": [4, 6, big, 0]},
        {"nodes": 5, "pools": 9, "moves": 40, "calm": 0.3, "params": [5, 4, big, ONE // 1_000]},
        {"nodes": 8, "pools": 14, "moves": 60, "calm": 0.7, "params": [3, 6, big, ONE // 2_000]},
        {"nodes": 8, "pools": 20, "moves": 60, "calm": 0.5, "params": [4, 2, 25, ONE // 300]},
        {"nodes": 20, "pools": 80, "moves": 120, "calm": 0.9, "params": [4, 6, 20_000, ONE * 43 // 100_000]},
        {"nodes": 60, "pools": 120, "moves": 40, "calm": 0.8, "params": [4, 6, 20_000, ONE * 43 // 100_000]},
        {"nodes": 40, "pools": 120, "moves": 60, "calm": 0.2, "params": [5, 3, 120, 0]},
    ]
    cases: dict[str, list[Case]] = {
        "graphs": [random_graph(rng, **shape) for shape in shapes],
        "chains": [random_chain(rng) for _ in range(120)],
        "candidates": [random_candidate(rng) for _ in range(500)],
        "fees": [random_fees(rng) for _ in range(9)],
        "routes": [random_route(rng) for _ in range(30)],
    }
    return {kind: [{"in": case, "out": OUTCOMES[kind](case)} for case in of] for kind, of in cases.items()}


def main() -> None:
    """Writes the file, one case a line."""
    lines = ",\n".join(
        f'"{kind}":[\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"
        for kind, cases in build().items()
    )
    FILE.write_text("{" + lines + "}\n")


if __name__ == "__main__":
    main()
