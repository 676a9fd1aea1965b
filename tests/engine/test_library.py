"""The engine as a library: both backends agree, and cycles are found exactly where a third party says there are any."""

import doctest
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist import engine
from cambist.engine import library
from cambist.engine.library import CycleFinder, HopGraph, MultiverseScanner, PoolEdge, SignalScorer, TokenSignal

BACKENDS = [
    "reference",
    pytest.param(
        "native", marks=pytest.mark.skipif(not engine.build_info().native, reason="the Rust engine is not built")
    ),
]
tokens = st.sampled_from("ABCDE")
edges = st.lists(
    st.builds(
        PoolEdge,
        tokens,
        tokens,
        st.sampled_from(["p", "q", "r"]),
        st.one_of(st.floats(0.5, 2.0), st.sampled_from([0.0, -1.0, 1.0, 1e-9, 1e12])),
    ).filter(lambda edge: edge.source != edge.target),
    max_size=14,
)


@settings(max_examples=100, deadline=None)
@given(edges)
def test_there_is_a_cycle_exactly_where_rustworkx_finds_one(batch):
    rustworkx = pytest.importorskip("rustworkx", reason="a development dependency")
    graph = HopGraph(batch)
    weighted = [edge for edge in graph.weighted("reference") if edge[2] is not None]
    oracle = rustworkx.PyDiGraph(multigraph=True)
    oracle.add_nodes_from(range(5))
    oracle.add_edges_from(weighted)
    found = CycleFinder(graph, "reference").find()
    # A pool taken there and back is no cycle to us; without such pairs both must agree.
    if not any(a is not None and b is not None for a, b in graph._pairs.values()):
        assert bool(found) == rustworkx.negative_edge_cycle(oracle, float)
    for cycle in found:
        assert cycle.profit_percent > 0
        assert [edge.target for edge in cycle.edges] == [edge.source for edge in cycle.edges[1:] + cycle.edges[:1]]
        product = math.prod(edge.rate for edge in cycle.edges)
        assert cycle.profit_percent == pytest.approx((product - 1) * 100, abs=1e-6, rel=1e-6)


@settings(max_examples=80, deadline=None)
@given(edges, st.integers(2, 5), st.one_of(st.none(), st.sets(st.sampled_from(["p", "q"]))))
@pytest.mark.skipif(not engine.build_info().native, reason="the Rust engine is not built")
def test_both_backends_say_the_same(batch, hops, pools):
    graph = HopGraph(batch)
    assert CycleFinder(graph, "native").find() == CycleFinder(graph, "reference").find()
    scans = [MultiverseScanner(graph, hops, backend=name).scan(pools) for name in ("native", "reference")]
    assert scans[0] == scans[1]
    assert all(2 <= len(cycle.edges) <= hops for cycle in scans[0].cycles)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_scan_keeps_to_its_threshold_pools_and_budget(backend):
    graph = HopGraph(
        [
            PoolEdge("SOL", "USDC", "a", 150.0, dex="orca"),
            PoolEdge("USDC", "SOL", "b", 0.0068, dex="ray4"),
            PoolEdge("USDC", "SOL", "c", 0.00675, dex="cpmm"),
        ]
    )
    both = MultiverseScanner(graph, backend=backend).scan()
    assert [cycle.dexes for cycle in both.cycles] == [("orca", "ray4"), ("orca", "cpmm")]
    assert [round(cycle.profit_percent, 6) for cycle in both.cycles] == [2.0, 1.25]
    assert len(MultiverseScanner(graph, min_profit_percent=1.5, backend=backend).scan().cycles) == 1
    assert len(MultiverseScanner(graph, backend=backend).scan({"c"}).cycles) == 1
    assert MultiverseScanner(graph, budget_edges=1, backend=backend).scan().cut


def test_a_pool_is_kept_once_a_direction_and_old_ones_are_pruned():
    graph = HopGraph([PoolEdge("A", "B", "p", 2.0, slot=1), PoolEdge("B", "A", "p", 0.4, slot=900)])
    graph.update(PoolEdge("A", "B", "p", 3.0, slot=2))
    assert graph.stats() == {"tokens": 2, "edges": 2, "sources": 2}
    assert graph.prune(900) == 1
    assert [edge.rate for edge in graph.edges()] == [0.4]
    assert graph.prune(2_000) == 1
    assert graph.edges() == []


@pytest.mark.parametrize("rate", [math.nan, math.inf, 2.0**63])
def test_a_rate_that_is_no_number_is_refused_by_name(rate):
    with pytest.raises(ValueError, match="rate of pool7 was"):
        HopGraph([PoolEdge("A", "B", "pool7", rate)])


def test_other_bad_input_is_refused_by_its_value():
    with pytest.raises(ValueError, match="p leads from A to itself"):
        HopGraph([PoolEdge("A", "A", "p", 1.0)])
    with pytest.raises(ValueError, match="max_hops was 6"):
        MultiverseScanner(HopGraph(), 6)
    with pytest.raises(ValueError, match="min_profit_percent was -100"):
        MultiverseScanner(HopGraph(), min_profit_percent=-100.0)
    with pytest.raises(ValueError, match="backend was 'gpu'"):
        library.backend_module("gpu")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_scorer_counts_what_it_refused(backend):
    scorer = SignalScorer(backend=backend)
    good = TokenSignal(True, False, 50_000.0, 0.03, 250.0)
    assert [signal.reason.name for signal in scorer.score_batch([good, good._replace(rug_safe=False)])] == [
        "GO",
        "NOT_RUG_SAFE",
    ]
    assert (scorer.counts["GO"], scorer.counts["NOT_RUG_SAFE"], scorer.counts["BELOW_MIN"]) == (1, 1, 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_aggregator_speaks_in_verdicts_whichever_backend_runs_it(backend):
    race = library.WssAggregator(8, backend)
    assert race.account(0, bytes(32), 5, None, 1, b"x", 0) is library.Verdict.FIRST
    assert race.account(1, bytes(32), 5, None, 1, b"y", 0) is library.Verdict.HELD
    race.disconnected(0)
    assert race.account(1, bytes(32), 5, None, 1, b"y", 0) is library.Verdict.FIRST
    assert race.sequence(0, 1, 5) is library.Verdict.FIRST
    assert race.signatures(0, bytes(128), bytes(2), 0) == b"\0\1"
    assert race.stats(1).held == 1


def test_names_can_be_had_from_the_engine_and_others_not():
    assert engine.CycleFinder is CycleFinder
    assert set(engine._HOME) <= set(dir(engine))
    for name in engine._HOME:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = engine.nothing


def test_the_examples_run():
    assert doctest.testmod(library).failed == 0
