"""Pool graphs, columns, scans and streams in both engines: same answer, same order, same refusal."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.bench.engine.markets import PERCENT, market
from cambist.config.settings import Gates
from cambist.engine.reference.chain import base58
from cambist.engine.reference.library import modules, quotes, scan, streams
from cambist.engine.reference.search.pool_graph import NO_WEIGHT, PoolGraph

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

WEIGHTS = st.one_of(st.integers(-40, 60), st.integers(-(1 << 47), 1 << 47), st.just(NO_WEIGHT))
U64 = st.integers(0, 64).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))


@st.composite
def graphs(draw: st.DrawFn, tokens: int = 6, pools: int = 14) -> tuple[list[int], list[int], list[int]]:
    """Returns tails, heads, weights; no pool gains against itself."""
    pairs = draw(st.lists(st.tuples(st.integers(0, tokens - 1), st.integers(1, tokens - 1)), max_size=pools))
    tails, heads, weights = [], [], []
    for a, step in pairs:
        b = (a + step) % tokens
        tails += [a, b]
        heads += [b, a]
        sell = draw(WEIGHTS)
        buy = draw(WEIGHTS)
        if NO_WEIGHT not in (sell, buy) and sell + buy < 0:
            buy = -sell
        weights += [sell, buy]
    return tails, heads, weights


def outcome(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except ValueError as error:
        return str(error)


def both(tails: list[int], heads: list[int]) -> tuple[PoolGraph, Any]:
    return PoolGraph(tails, heads), native.PoolGraph(np.array(tails, np.uint32), np.array(heads, np.uint32))


def column(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def floyd(graph: tuple[list[int], list[int], list[int]]) -> bool:
    """Returns whether any cycle is negative, by the distances between all pairs."""
    nodes = range(max(graph[0], default=-1) + 1)
    far = 1 << 62
    best = [[0 if a == b else far for b in nodes] for a in nodes]
    for a, b, weight in zip(*graph, strict=True):
        if weight != NO_WEIGHT:
            best[a][b] = min(best[a][b], weight)
    for via in nodes:
        for a in nodes:
            for b in nodes:
                if best[a][via] < far and best[via][b] < far:
                    best[a][b] = min(best[a][b], max(best[a][via] + best[via][b], -far))
    return any(best[a][a] < 0 for a in nodes)


@settings(max_examples=200, deadline=None)
@given(graphs())
@example(([0, 1, 0, 1], [1, 0, 1, 0], [-5, 8, -7, 4]))
def test_a_negative_cycle_is_found_if_and_only_if_there_is_one(graph):
    tails, heads, weights = graph
    mine, theirs = both(tails, heads)
    found = mine.negative_cycle(weights)
    assert theirs.negative_cycle(column(weights)) == found
    assert (found is not None) == floyd(graph)
    if found is not None:
        assert sum(weights[edge] for edge in found) < 0
        assert [heads[edge] for edge in found] == [tails[edge] for edge in [*found[1:], found[0]]]
        assert len({tails[edge] for edge in found}) == len(found)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(0, 6), st.integers(1, 6), st.integers(0, 5), WEIGHTS)
def test_enumerations_agree(graph, base, hops, keep, margin):
    tails, heads, weights = graph
    mine, theirs = both(tails, heads)
    args = base, hops, keep, margin
    assert outcome(theirs.cycles_through, column(weights), *args) == outcome(mine.cycles_through, weights, *args)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 14), WEIGHTS, WEIGHTS), max_size=6))
def test_moved_pools_agree_and_never_meet_their_own_old_price(graph, moves):
    tails, heads, weights = graph
    mine, theirs = both(tails, heads)
    assert outcome(theirs.move, 0, 1, 1) == outcome(mine.move, 0, 1, 1) == "no weights were loaded"
    mine.load(weights)
    theirs.load(column(weights))
    now = list(weights)
    for pool, sell, buy in moves:
        if NO_WEIGHT not in (sell, buy) and sell + buy < 0:
            buy = -sell
        args = [pool, *(None if weight == NO_WEIGHT else weight for weight in (sell, buy))]
        found = outcome(mine.move, *args)
        assert outcome(theirs.move, *args) == found
        if 2 * pool < len(now):
            now[2 * pool : 2 * pool + 2] = sell, buy
            assert (found is not None) == floyd((tails, heads, now))
            if found:
                assert sum(now[edge] for edge in found) < 0
                assert len({edge // 2 for edge in found}) == len(found)
            search = pool, 4, 5, 1_000, 0
            assert theirs.search(*search) == mine.search(*search)


def test_a_moved_pool_of_a_large_market_closes_no_cycle_with_itself():
    made = market(300, 600)
    mine, theirs = both(made.tails.tolist(), made.heads.tolist())
    mine.load(made.weights)
    theirs.load(made.weights)
    for pool in [*made.hub_pools, *range(0, 600, 29)]:
        sell, buy = (int(weight) for weight in made.weights[2 * pool : 2 * pool + 2])
        found = theirs.move(pool, sell - PERCENT, buy + PERCENT)
        assert mine.move(pool, sell - PERCENT, buy + PERCENT) == found
        assert found is None or len({edge // 2 for edge in found}) == len(found)
        assert theirs.move(pool, sell, buy) == mine.move(pool, sell, buy) is None


@pytest.mark.parametrize("pools", [31, 32, 33, 64, 150])
def test_graphs_of_any_number_of_pools_give_the_same_cycle(pools):
    rng = np.random.default_rng(pools)
    found = 0
    for tokens in (3, 8, 30, 8, 30):
        first = rng.integers(0, tokens, pools)
        second = (first + rng.integers(1, tokens, pools)) % tokens
        tails, heads = np.stack([first, second], 1).ravel(), np.stack([second, first], 1).ravel()
        price = rng.integers(-1_000, 1_000, tokens) << 20
        weights = (price[heads] - price[tails] + (rng.integers(-9, 80, 2 * pools) << 18)).tolist()
        mine, theirs = both(tails.tolist(), heads.tolist())
        cycle = mine.negative_cycle(weights)
        assert theirs.negative_cycle(column(weights)) == cycle
        found += cycle is not None
    assert found


def test_bad_shapes_and_columns_are_refused_in_the_same_words():
    for tails, heads in (([0], [1]), ([0, 1], [1]), ([0, 1], [1, 1]), ([0, 0], [0, 0]), ([1 << 14, 0], [0, 1 << 14])):
        arrays = np.array(tails, np.uint32), np.array(heads, np.uint32)
        assert outcome(native.PoolGraph, *arrays) == outcome(PoolGraph, tails, heads)
    mine, theirs = both([0, 1], [1, 0])
    for weights in ([1], [1, (1 << 47) + 1], [-(1 << 47) - 1, NO_WEIGHT]):
        assert outcome(theirs.negative_cycle, column(weights)) == outcome(mine.negative_cycle, weights)


rows = st.lists(st.tuples(U64, U64, U64), max_size=6)


@settings(max_examples=200, deadline=None)
@given(rows, st.tuples(st.integers(0, 10_001), st.just(10_000)))
def test_constant_products_agree(pools, fee):
    columns = [[pool[at] for pool in pools] for at in range(3)]
    paid = outcome(native.constant_product, *(np.array(each, np.uint64) for each in columns), fee)
    assert (paid if isinstance(paid, str) else paid.tolist()) == outcome(quotes.constant_product, *columns, fee)


reserves = st.floats(0, 2e19)
chains = st.lists(st.lists(st.tuples(reserves, reserves, st.floats(0, 1)), min_size=2, max_size=2), max_size=300)


@settings(max_examples=100, deadline=None)
@given(chains)
@example([[(1e-170, 2e-170, 1e-177), (1e-170, 1.0, 1e-170)]] * 9)
def test_sizes_agree_to_the_bit(chains):
    columns = [[[chain[hop][at] for chain in chains] for hop in range(2)] for at in range(3)]
    best = native.optimal_inputs(*(np.array(each, float).reshape(2, len(chains)) for each in columns)).tolist()
    assert best == quotes.optimal_inputs(*columns)
    assert best == [native.optimal_input(chain) for chain in chains]


GATES = msgspec.json.encode(Gates(min_net_ppm=10))


@settings(max_examples=60, deadline=None)
@given(graphs(tokens=5, pools=10), st.data())
def test_scans_agree(graph, data):
    tails, heads, _ = graph
    size = len(tails) // 2
    amounts = st.lists(st.integers(0, 10**12), min_size=size, max_size=size)
    a, b = data.draw(amounts), data.draw(amounts)
    bases = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**11), st.integers(0, 10**6)), max_size=2))
    rest = (25, 10_000), bases, 4, data.draw(st.integers(0, 50)), data.draw(st.sampled_from([5, 10_000])), GATES
    arrays = np.array(tails, np.uint32), np.array(heads, np.uint32), np.array(a, np.uint64), np.array(b, np.uint64)
    assert outcome(native.scan_pools, *arrays, *rest) == outcome(scan.scan_pools, tails, heads, a, b, *rest)


def test_book_streams_agree():
    for protocol, frames in (
        ("binance.spot.depth", [b'{"lastUpdateId":7,"bids":[["142.51","30.1"]],"asks":[["142.52","4"]]}', b"{", b"[]"]),
        ("binance.spot.ws", [b'{"u":1,"s":"X","b":"1.00000000","B":"2","a":"3","A":"4"}', b'{"result":null,"id":1}']),
    ):
        mine, theirs = streams.BookStream(protocol, "X"), native.BookStream(protocol, "X")
        for frame in frames:
            assert outcome(theirs.take, frame) == outcome(mine.take, frame)
        assert theirs.best() == mine.best()
        assert json.loads(theirs.parts()) == json.loads(mine.parts())


def test_account_streams_agree():
    key, mine, theirs = bytes([7] * 32), streams.AccountStream(), native.AccountStream()
    name = base58.encode(key)
    ask = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "accountSubscribe", "params": [name]}).encode()
    for stream in (mine, theirs):
        stream.take(ask, sent=True)
        stream.take(b'{"jsonrpc":"2.0","result":9,"id":1}')
    for slot, data in ((5, b"abc"), (4, b"old"), (6, b""), (6, b"new")):
        value = {"lamports": 1, "data": [b64encode(data).decode(), "base64"], "owner": name, "executable": False}
        value |= {"rentEpoch": 2**64 - 1, "space": len(data)}
        params = {"result": {"context": {"slot": slot}, "value": value}, "subscription": 9}
        frame = {"jsonrpc": "2.0", "method": "accountNotification", "params": params}
        for body in (json.dumps(frame).encode(), json.dumps(frame, separators=(",", ":")).encode()):
            assert theirs.take(body) == mine.take(body) == 1
        assert theirs.account(key) == mine.account(key)
    assert mine.account(key) == (6, 1, key, b"new")
    assert theirs.account(b"x") is mine.account(b"x") is None


@pytest.mark.parametrize(
    "hop", [(1, 1, 0, 0), (10**6, 2 * 10**6, 0, 0), (10**6, 2 * 10**6, 5, 0), (10**6, 2 * 10**6, 1, 1)]
)
def test_a_fee_without_a_denominator_takes_all(hop: tuple[int, int, int, int]):
    assert native.best_input([hop], 10, 1) is None
    assert modules.best_input([hop], 10, 1) is None
