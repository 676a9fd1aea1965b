"""What moving tokens back costs a trade by legs, in both engines: to the atom, by hand, and alike on any stream."""

from __future__ import annotations

import json
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cambist.engine import make_engine
from cambist.engine.protocol import CycleInspection
from cambist.engine.reference.chain import base58
from cambist.model.market import Transfer
from tests.parity.dollars import USD, Dollars, dollar_setup
from tests.parity.dollars import VENUE as DOLLARS
from tests.parity.markets import BONK, GATES, SOL, USDC, Market, key, run, setup
from tests.parity.test_engine import LATER, acts, assert_same, play
from tests.small_market import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.engine.protocol import Engine

FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
FREE = msgspec.structs.replace(GATES, rebalancing_ppm=None)
OUT, BACK = ("binance", "solana"), ("solana", "binance")


def way(ends: tuple[str, str], mint: str, flat: int = 0, ppm: int = 0, least: int = 0) -> Transfer:
    return Transfer(*ends, mint, "a net", flat, ppm, 3, least)


def opened(name: str, transfers: Iterable[Transfer], gates: Any = FREE) -> Engine:
    """Returns an engine on the tiny market once somebody has sold SOL to a pool, so that the book's SOL is dear."""
    return played(name, setup(transfers=tuple(transfers), gates=gates), Market())


def holding(name: str, transfers: tuple[Transfer, ...], atoms: int) -> Engine:
    """Returns the same with so much SOL at the exchange."""
    return played(name, setup(transfers=transfers, gates=FREE), Market(), atoms)


def played(name: str, chosen: Any, market: Market, held: int | None = None) -> Engine:
    engine: Engine = make_engine(name, chosen)
    if held is not None:
        engine.stock("binance", SOL, held, moved=False)
    market.open()
    market.trade("cpmm-sol-usdc", 2 * 10**12, a_to_b=True)
    market.next_slot()
    run(engine, market.take())
    return engine


def cycles(engine: Engine, wanted: Callable[[list[str]], bool]) -> list[CycleInspection]:
    shown = json.loads(engine.present(LATER))["cycles"]
    found = (engine.inspect(each["key"], LATER) for each in shown if wanted(each["route"]))
    return [msgspec.json.decode(each, type=CycleInspection) for each in found]


def crossing(engine: Engine) -> CycleInspection:
    """Returns the cycle that sells SOL at the exchange and buys it from the pool."""
    (found,) = cycles(engine, lambda route: route == ["binance:SOLUSDC:0", f"{base58.encode(key('cpmm-sol-usdc'))}:1"])
    assert found.opportunity is not None
    return found


def rebalancing(found: CycleInspection) -> int | None:
    assert found.opportunity is not None
    return found.opportunity.cost.rebalancing


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("sol", "usdc", "trades"),
    [((5_000, 100), (10**6, 0), 1), ((0, 0), (999_999, 7), 1), ((1, 1), (0, 1), 3), ((10**7, 0), (10**6 + 1, 333), 7)],
)
def test_each_token_bears_its_fees_at_the_rate_at_which_the_route_reached_it(
    name: str, sol: tuple[int, int], usdc: tuple[int, int], trades: int
) -> None:
    gates = msgspec.structs.replace(FREE, trades_per_transfer=trades)
    ways = way(OUT, USDC, *usdc), way(BACK, SOL, *sol), way(OUT, SOL, 10**12), way(BACK, USDC, 10**12)
    found = crossing(opened(name, ways, gates))
    o, (sell, buy) = found.opportunity, found.hops
    assert o is not None
    fees = [
        -(-flat // trades) + ceil(Fraction(amount * ppm, 10**6))
        for (flat, ppm), amount in ((sol, sell.amount_in), (usdc, buy.amount_in))
    ]
    costs = [fees[0], ceil(Fraction(fees[1] * o.amount_in, buy.amount_in))]
    assert [(m.origin, m.target, m.mint, m.amount, m.fee, m.cost) for m in found.moves] == [
        (*BACK, SOL, o.amount_in, fees[0], costs[0]),
        (*OUT, USDC, sell.amount_out, fees[1], costs[1]),
    ]
    assert o.cost.rebalancing == sum(costs) > 0
    assert o.cost.chain == sum(costs) + (o.cost.base_fee or 0) + (o.cost.priority_fee or 0)
    assert o.net == o.gross - o.cost.chain
    assert o.go
    assert (o.amount_in, o.net) in found.curve or min(found.curve)[0] < o.amount_in < max(found.curve)[0]


@pytest.mark.parametrize("name", ENGINES)
def test_what_no_way_is_set_up_for_bears_the_rate_once(name: str) -> None:
    ways = way(BACK, SOL, 77), way(BACK, USDC, 5), way(("kraken", "solana"), USDC, 5)
    found = crossing(opened(name, ways, GATES))
    assert rebalancing(found) == 77 + ceil(Fraction(found.hops[0].amount_in * 50, 10**6))
    assert [(each.fee, each.cost) for each in found.moves] == [(77, 77), (None, None)]
    neither = crossing(opened(name, [way(("kraken", "okx"), SOL, 1)], GATES))
    assert rebalancing(neither) == ceil(Fraction(found.hops[0].amount_in * 50, 10**6))
    unknown = crossing(opened(name, ways)).opportunity
    assert unknown is not None
    assert (unknown.cost.rebalancing, unknown.net, unknown.go) == (None, None, False)
    assert (unknown.reason, unknown.detail) == ("legged_cost", "rebalancing")


@pytest.mark.parametrize("name", ENGINES)
def test_without_a_table_the_rate_stands_for_all_of_it(name: str) -> None:
    found = crossing(opened(name, (), GATES))
    assert rebalancing(found) == found.hops[0].amount_in * 50 // 10**6
    assert [(each.mint, each.fee) for each in found.moves] == [(SOL, None), (USDC, None)]
    gates = msgspec.structs.replace(GATES, trades_per_transfer=9)
    assert rebalancing(crossing(opened(name, (), gates))) == rebalancing(found)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("trades", [1, 4])
def test_what_is_not_let_out_has_no_known_cost(name: str, trades: int) -> None:
    gates = msgspec.structs.replace(FREE, trades_per_transfer=trades)

    def at(least: int) -> CycleInspection:
        return crossing(opened(name, (way(BACK, SOL, 8), way(OUT, USDC, 8, least=least)), gates))

    moved = at(0).hops[1].amount_in
    assert rebalancing(at(moved * trades)) is not None
    short = at(moved * trades + 1)
    assert (rebalancing(short), short.moves[1].fee, short.moves[0].fee) == (None, None, -(-8 // trades))
    assert short.opportunity is not None
    assert short.opportunity.reason == "legged_cost"


@pytest.mark.parametrize("name", ENGINES)
def test_a_trade_on_chain_moves_nothing(name: str) -> None:
    engine = opened(name, [way(OUT, mint, 10**9) for mint in (SOL, USDC, BONK)])
    found = cycles(engine, lambda route: not any("binance" in edge for edge in route))
    assert found
    assert all((rebalancing(each), each.moves) == (0, ()) for each in found)


@pytest.mark.parametrize("name", ENGINES)
def test_an_equivalence_is_turned_where_its_pair_trades(name: str) -> None:
    ways = way((DOLLARS, "solana"), USDC, 10**6), way(("solana", DOLLARS), USDC, 2 * 10**6)
    ways += way((DOLLARS, "solana"), SOL, 10**6), way(("solana", DOLLARS), SOL, 3 * 10**6)
    chosen = msgspec.structs.replace(dollar_setup(), transfers=ways, gates=FREE)
    engine = played(name, chosen, Dollars())
    found = cycles(engine, lambda route: any("equivalence" in edge for edge in route))
    assert found
    mixed = [each for each in found if all("binance:SOL" not in hop.edge for hop in each.hops)]
    assert mixed
    for each in mixed:
        assert {move.mint for move in each.moves} == {SOL, USDC}
        assert all({move.origin, move.target} == {"solana", DOLLARS} for move in each.moves)
        assert all(
            move.fee == next(w.flat for w in ways if w.mint == move.mint and w.target == move.target)
            for move in each.moves
        )
        assert rebalancing(each) == sum(move.cost or 0 for move in each.moves)
    assert not any(move.mint == USD for each in mixed for move in each.moves)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("flat", "ppm"), [(0, 0), (10**9, 0), (5 * 10**8, 20_000), (0, 150_000)])
def test_what_is_held_pays_for_moving_it_back_too(name: str, flat: int, ppm: int) -> None:
    held = 7 * 10**9
    found = crossing(holding(name, (way(BACK, SOL, flat, ppm), way(OUT, USDC, 10**7)), held))
    o = found.opportunity
    assert o is not None
    beside = rebalancing(found)
    assert beside is not None
    assert o.amount_in + beside <= held
    left = held - o.amount_in - beside
    assert left <= o.amount_in >> 12, "as much as sizing finds is taken"


@pytest.mark.parametrize("name", ENGINES)
def test_where_not_even_the_fee_is_held_a_cycle_is_sized_without(name: str) -> None:
    ways = way(BACK, SOL, 10**9), way(OUT, USDC)
    free, bound = (crossing(holding(name, ways, atoms)) for atoms in (10**12, 10**9))
    assert bound.opportunity == free.opportunity
    assert rebalancing(bound) == 10**9


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("ways", "rate", "cost"), [(True, None, 0), (False, 50, 0), (False, None, None)])
def test_what_may_not_be_traded_leaves_nothing_to_move(
    name: str, *, ways: bool, rate: int | None, cost: int | None
) -> None:
    gates = msgspec.structs.replace(GATES, caps={}, rebalancing_ppm=rate)
    set_up = [way(BACK, SOL, 5, 9, 10**9), way(OUT, USDC, 5, 9, 10**9)] if ways else []
    found = crossing(opened(name, set_up, gates))
    assert found.opportunity is not None
    assert (found.opportunity.reason, rebalancing(found), found.moves) == ("no_base", cost, ())


places = st.sampled_from(["binance", "solana", DOLLARS, "kraken"])
ways = st.builds(
    Transfer,
    places,
    places,
    st.sampled_from([SOL, USDC, BONK, USD]),
    st.just("net"),
    st.integers(0, 10**10) | st.just(2**63 - 1),
    st.sampled_from([0, 1, 999, 1_000_000]),
    st.none() | st.integers(0, 9),
    st.integers(0, 10**11),
)
held = st.lists(st.tuples(st.sampled_from([SOL, USDC]), st.integers(0, 10**11)), max_size=2)
ALL = [
    way(ends, mint, 10**6, 30) for ends in (OUT, BACK, (DOLLARS, "solana"), ("solana", DOLLARS)) for mint in (SOL, USDC)
]


@FEW
@given(
    st.lists(acts, max_size=15),
    st.lists(ways, max_size=6) | st.just(ALL),
    st.sampled_from([None, 0, 50]),
    st.integers(1, 5),
    held,
)
@example([("swap", "cpmm-sol-usdc", 2 * 10**12, True, [0, 1, 2]), ("slot",)], ALL, None, 2, [(SOL, 10**10)])
def test_both_engines_reckon_alike_and_go_on_from_each_other(
    stream: list[tuple[Any, ...]], chosen: list[Transfer], rate: int | None, trades: int, stocks: list[tuple[str, int]]
) -> None:
    pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")
    gates = msgspec.structs.replace(GATES, rebalancing_ppm=rate, trades_per_transfer=trades)
    made = msgspec.structs.replace(dollar_setup(), transfers=tuple(chosen), gates=gates)
    market = Dollars()
    market.open()
    for act in [*stream, ("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2]), ("slot",), ("slot",)]:
        play(market, act)
    market.us_ticker("SOLUSD", "147.00", "147.10")
    block = market.take()
    first, second, again = (make_engine(each, made) for each in ("reference", "native", "reference"))
    for engine in (first, second):
        for mint, atoms in stocks:
            engine.stock("binance", mint, atoms, moved=False)
    assert run(first, block) == run(second, block)
    assert_same(first, second)
    again.restore(second.snapshot())
    for mint, atoms in stocks:
        again.stock("binance", mint, atoms, moved=False)
    market.record(2, b"{}", step_ns=10**8)
    market.next_slot()
    rest = market.take()
    assert run(again, rest) == run(first, rest) == run(second, rest)
    assert again.snapshot() == first.snapshot() == second.snapshot()
