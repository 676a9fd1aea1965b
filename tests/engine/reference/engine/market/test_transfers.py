"""What a trade pays for moving tokens back: rounding, bounds, and how it meets its estimate."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cambist.config.settings import Gates
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.engine.market.stocks import Stocks
from cambist.engine.reference.engine.market.transfers import Move, Rebalancing, Terms, terms
from cambist.model.market import Transfer

MOST = 2**64 - 1
WAY = Transfer("x", "solana", "T", "a net", flat=1_000, ppm=0, minutes=3, least=0)


def borne(flat: int = 0, ppm: int = 0, least: int = 0, trades: int = 1) -> Terms:
    way = msgspec.structs.replace(WAY, flat=flat, ppm=ppm, least=least)
    (made,) = terms(EngineSetup(transfers=(way,), gates=Gates(trades_per_transfer=trades)))
    return made


@pytest.mark.parametrize(
    ("given_", "amount", "fee"),
    [
        (borne(1_000), 5, 1_000),
        (borne(1_000, trades=3), 5, 334),
        (borne(0, 1), 1_000_000, 1),
        (borne(0, 1), 1_000_001, 2),
        (borne(0, 1), 1, 1),
        (borne(7, 500_000), 11, 13),
        (borne(0, 1_000_000), MOST, MOST),
        (borne(1, 1_000_000), MOST, None),
        (borne(1, least=10), 10, 1),
        (borne(1, least=10), 9, None),
        (borne(1, least=10, trades=3), 4, 1),
        (borne(1, least=10, trades=3), 3, None),
        (borne(0), 0, 0),
    ],
)
def test_a_fee_is_a_share_of_the_flat_one_and_a_part_each_rounded_up(
    given_: Terms, amount: int, fee: int | None
) -> None:
    assert given_.fee(amount) == fee


def test_a_cost_is_at_the_average_rate_up_to_the_hop_rounded_up_for_each() -> None:
    moves = Move(0, "a", "b", borne(5)), Move(2, "b", "a", borne(1, 100_000))
    whole = Rebalancing(moves, 0)
    assert whole.cost(100, [100, 9_999, 30]) == 5 + ceil(Fraction((1 + 3) * 100, 30))
    assert Rebalancing(moves, 50).cost(100, [100, 9_999, 30]) == 5 + 14 + 1
    assert Rebalancing(moves, None).cost(100, [100, 9_999, 30]) is None
    assert whole.cost(0, [0, 0, 0]) == 0
    lost = Rebalancing((*moves, Move(3, "b", "a", borne(1, least=99))), 0)
    assert (lost.cost(100, [100, 1, 30, 98]), lost.cost(100, [100, 1, 30, 99])) == (None, 5 + 14 + 2)


def test_what_fits_no_64_bits_is_unknown() -> None:
    one = Rebalancing((Move(1, "a", "b", borne(2**62)),), 0)
    assert one.cost(4, [4, 2]) == 2**63
    assert one.cost(4, [4, 1]) is None
    two = Rebalancing((*one.moves, Move(2, "b", "a", borne(2**62))), 0)
    assert two.cost(4, [4, 2, 2]) is None
    assert two.cost(4, [4, 2, 3]) is not None


hop = st.tuples(st.integers(10**6, 10**12), st.integers(10**6, 10**12))


@given(
    st.lists(hop, min_size=2, max_size=4),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 5_000), st.booleans()), min_size=4, max_size=4),
    st.integers(10**4, 10**10),
)
def test_an_estimate_never_costs_more_than_the_trade(
    pools: list[tuple[int, int]], fees: list[tuple[int, int, bool]], amount_in: int
) -> None:
    taken, amount = [], amount_in
    for reserve_in, reserve_out in pools:
        taken.append(amount)
        amount = reserve_out * amount // (reserve_in + amount)
    if 0 in taken:
        return
    made = [Move(at, "a", "b", borne(flat, ppm)) for at, (flat, ppm, moved) in enumerate(fees[: len(pools)]) if moved]
    found = Rebalancing(tuple(made), 30)
    cost, ppm = found.cost(amount_in, taken), found.ppm()
    assert cost is not None
    assert ppm is not None
    assert ppm == 30 + sum(fee[1] for fee in fees[: len(pools)] if fee[2])
    estimated = found.flat(lambda at: pools[at][1] / pools[at][0]) + amount_in * ppm / 10**6
    assert estimated <= cost * (1 + 1e-12)
    if amount_in * 10**6 < min(each for pool in pools for each in pool):
        assert cost <= estimated * 1.01 + len(made) * (1 + max(Fraction(amount_in, each) for each in taken)) + 1


def test_a_flat_fee_is_estimated_at_what_the_hops_before_pay_at_most() -> None:
    moves = tuple(Move(at, "a", "b", borne(1_000)) for at in (0, 2, 3))
    slopes = [2.0, 5.0, 0.5, 7.0]
    assert Rebalancing(moves, 0).flat(lambda at: slopes[at]) == 1_000.0 + 1_000.0 / 10.0 + 1_000.0 / 5.0
    assert Rebalancing((), 9).flat(lambda at: slopes[at]) == 0.0


def test_what_is_held_is_held_against_the_amount_and_what_moving_it_costs() -> None:
    moves = Rebalancing((Move(0, "a", "b", borne(10)), Move(1, "b", "a", borne(6))), 0)
    held = Stocks([110, 50], moves)

    def may(first: int, second: int) -> list[bool]:
        return [held.is_held(0, first), held.is_held(1, second)]

    assert may(88, 44) == [True, True]
    assert may(89, 44) == [True, False]
    assert may(89, 49) == [True, True]
    assert may(89, 51) == [True, False]
    assert not held.is_held(0, 111)
    assert [held.is_held(0, 100), held.is_held(1, 50), held.is_held(0, 20), held.is_held(1, 10)] == [
        True, False, True, True,
    ]  # fmt: skip
    unknown = Stocks([110, 50], Rebalancing(moves.moves, None))
    assert unknown.is_held(0, 110)
    assert unknown.is_held(1, 50)


@pytest.mark.parametrize(("dollars", "net_bps"), [(3_700, "56.45"), (370, "46.96"), (37_000, "57.39")])
def test_a_withdrawal_fee_weighs_on_a_trade_by_its_size(dollars: int, net_bps: str) -> None:
    """The figures of a public log of trades between two exchanges, at their medians.

    Of a gap of 91 bps the takers keep 10 and 15, the books 8.5, and the withdrawal of the coin $0.39 whatever the size.
    """
    amount_in, price = dollars * 10**6, Fraction(5, 100)
    coins = int(amount_in / price)
    brought = int(amount_in * (1 + Fraction(91 - 10 - 15, 10_000) - Fraction(85, 100_000)))
    withdrawal = Rebalancing((Move(1, "okx", "binance", borne(7_800_000)),), 0)
    cost = withdrawal.cost(amount_in, [amount_in, coins])
    assert cost == 390_000
    assert f"{float(Fraction(brought - amount_in - cost, amount_in) * 10_000):.2f}" == net_bps
