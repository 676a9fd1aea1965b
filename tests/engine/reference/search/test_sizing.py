import math
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.search.sizing import (
    MAX_EVALUATIONS,
    MAX_PIECES,
    _corner,
    _is_narrow,
    _Point,
    best_input,
    chain_out,
    closed_form,
    curve,
)
from tests.engine.reference.search.chains import (
    Capped,
    Chain,
    ConstantProduct,
    Ladder,
    constant_products,
    ladders,
)


def scan(chain: Chain, low: int, high: int) -> int:
    """Returns the best profit over a dense grid: each input if few, else 4,000 of them, then 400 around the best."""
    best = (-(1 << 70), low)
    for steps in (4_000, 400):
        step = max((high - low) // steps, 1)
        best = max(best, *((p, a) for a in range(low, high + 1, step) if (p := chain.profit(a)) is not None))
        low, high = max(best[1] - step, low), min(best[1] + step, high)
    return best[0]


def rounding(chain: Chain, amount: int) -> int:
    """Returns what one atom lost in each hop costs at the end, in atoms of the last."""
    loss, at = 0.0, amount
    for hop in chain.hops:
        out = hop.quote(at) or 1
        loss = 2.0 + loss * max(out / at, 1.0)
        at = out
    return int(loss) + 4


@settings(max_examples=150, deadline=None)
@given(st.lists(constant_products(50, 3_000), min_size=2, max_size=4), st.integers(1, 2_000))
def test_small_pools_against_brute_force(hops, cap) -> None:
    chain = Chain(hops)
    profits = {amount: p for amount in range(1, cap + 1) if (p := chain.profit(amount)) is not None}
    found = best_input(chain, cap, 1)
    assert chain.evaluations <= MAX_EVALUATIONS or chain.refused
    if found is None:
        assert not profits
        return
    best = max(profits.values())
    assert found.amount_out - found.amount_in == profits[found.amount_in]
    assert profits[found.amount_in] >= best - 4 * rounding(chain, found.amount_in)
    assert (found.binds == "cap") == (found.amount_in == cap)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(constant_products(10**9, 10**15), min_size=3, max_size=3),
    st.integers(-50_000, 200_000),
    st.integers(10**6, 10**16),
)
def test_big_constant_product_chains_in_few_quotes(hops, edge_ppm, cap) -> None:
    """The last pool is set so that the chain earns about `edge_ppm` at the margin."""
    rate = (hops[0].reserve_out / hops[0].reserve_in) * (hops[1].reserve_out / hops[1].reserve_in)
    last = ConstantProduct(max(int(hops[2].reserve_out * rate / (1 + edge_ppm / 1e6)), 1), hops[2].reserve_out, 2_500)
    chain = Chain([*hops[:2], last])
    minimum = 1_000
    found = best_input(chain, cap, minimum)
    assert chain.evaluations <= MAX_EVALUATIONS or chain.refused
    assume(found is not None)
    assert found is not None
    # Where steps of whole atoms hide the curve, or nothing earns, it may look on to the end.
    coarse = rounding(chain, found.amount_in) * 100 > abs(found.amount_out - found.amount_in)
    coarse = coarse or found.amount_out <= found.amount_in
    assert found.evaluations <= (MAX_EVALUATIONS if coarse else 16) or chain.refused
    best = scan(chain, minimum, cap)
    assert found.amount_out - found.amount_in >= best - abs(best) // 100_000 - 4 * rounding(chain, found.amount_in)


@settings(max_examples=60, deadline=None)
@given(
    ladders(10**5, 10**10),
    constant_products(10**9, 10**12),
    st.booleans(),
    st.integers(-20_000, 300_000),
    st.integers(10**4, 10**12),
)
def test_kinks_and_depth(ladder, pool, ladder_first, edge_ppm, cap) -> None:
    size, pays = ladder.levels[0]
    back = ConstantProduct(max(int(pool.reserve_out * pays / size / (1 + edge_ppm / 1e6)), 1), pool.reserve_out, 100)
    chain = Chain([ladder, back] if ladder_first else [back, ladder])
    found = best_input(chain, cap, 1_000)
    assert chain.evaluations <= MAX_EVALUATIONS or chain.refused
    assume(found is not None)
    assert found is not None
    best = scan(chain, 1_000, cap)
    # At a kink a bracket of 2^-14 of the input is what ends it.
    assert found.amount_out - found.amount_in >= best - abs(best) // 20_000 - 4 * rounding(chain, found.amount_in)


def test_the_closed_form_is_the_textbooks() -> None:
    hop_a, hop_b = ConstantProduct(10**12, 2 * 10**12, 2_500), ConstantProduct(10**12, 6 * 10**11, 2_500)
    start = closed_form(Chain([hop_a, hop_b]))
    assert start is not None
    keep = 0.9975
    # (√(k²·Ro1·Ro2·Ri1·Ri2) − Ri1·Ri2) / (k·Ri2 + k²·Ro1)
    wanted = (keep * (2e12 * 6e11 * 1e12 * 1e12) ** 0.5 - 1e24) / (keep * 1e12 + keep * keep * 2e12)
    assert start == pytest.approx(wanted, rel=1e-12)


def test_what_binds_is_said() -> None:
    gain = [ConstantProduct(10**12, 2 * 10**12, 0), ConstantProduct(10**12, 10**12, 0)]
    free = best_input(Chain(gain), 10**15, 1)
    capped = best_input(Chain(gain), 10**9, 1)
    deep = best_input(Chain([Ladder(((10**9, 2 * 10**9),)), ConstantProduct(10**15, 10**15, 0)]), 10**15, 1)
    assert free is not None
    assert capped is not None
    assert deep is not None
    assert (free.binds, capped.binds, deep.binds) == ("curve", "cap", "depth")
    assert capped.amount_in == 10**9
    assert 10**9 - 10**6 <= deep.amount_in <= 10**9


def test_a_losing_chain_gets_the_smallest_size() -> None:
    chain = Chain([ConstantProduct(10**12, 10**12, 2_500)] * 3)
    found = best_input(chain, 10**12, 10**6)
    assert found is not None
    assert found.amount_in == 10**6
    assert found.amount_out < found.amount_in
    assert found.evaluations <= 3


def test_nothing_to_size() -> None:
    chain = Chain([ConstantProduct(10**12, 10**12, 2_500)] * 3)
    assert best_input(chain, 9, 10) is None
    assert best_input(Chain([]), 9, 1) is None
    refusing = Chain([Ladder(((1, 0),))])
    assert best_input(refusing, 10**18, 1) is None
    assert refusing.evaluations <= MAX_EVALUATIONS + 2 * 64 * math.log(2) / math.log(19 / 16) + 2


def test_a_curve_marks_refused_sizes() -> None:
    chain = Chain([Ladder(((100, 200),)), ConstantProduct(10**6, 10**6, 0)])
    assert curve(chain, [10, 100, 101]) == [(10, 9), (100, 99), (101, None)]
    assert chain_out(chain, 101) is None


def test_a_kink_is_found_in_few_quotes() -> None:
    """The best input ends at a level of a book: no parabola has its top there; halving took 31."""
    book = Ladder(((10**9, 12 * 10**8), (10**9, 9 * 10**8)))
    chain = Chain([book, ConstantProduct(10**13, 10**13, 100)])
    found = best_input(chain, 10**12, 10**6)
    assert found is not None
    assert abs(found.amount_in - 10**9) <= 10**9 >> 14
    assert found.evaluations <= 20


CAPPED = Capped(ConstantProduct(10**12, 106 * 10**10, 0), fee_ppm=65_000, most=5 * 10**6)
BACK = ConstantProduct(10**12, 10**12, 2_500)


def test_a_fee_that_stops_growing_is_two_pieces() -> None:
    """6.5 % at first, next to nothing of a large trade: small ones lose, and the closed form sees no other."""
    chain = Chain([CAPPED, BACK])
    alone, small, large = (best_input(chain, 10**12, 1_000, pieces) for pieces in ([], [[1e6]], [[1e10]]))
    assert alone is not None
    assert small is not None
    assert large is not None
    assert alone.amount_in == small.amount_in == 1_000
    assert small.amount_out - small.amount_in < 0 < large.amount_out - large.amount_in
    for pieces in ([[1e10], [1e6]], [[1e6], [1e10]]):
        both = best_input(chain, 10**12, 1_000, pieces)
        assert both is not None
        assert both[:2] == large[:2]
        assert both.amount_out - both.amount_in >= scan(Chain([CAPPED, BACK]), 1_000, 10**12) * (1 - 2**-17)


def test_of_a_piece_only_the_best_start_is_closed_in_on() -> None:
    hops = [ConstantProduct(10**12, 2 * 10**12, 0), ConstantProduct(10**12, 10**12, 0)]
    near = best_input(Chain(hops), 10**15, 1)
    assert near is not None
    one, three = (best_input(Chain(hops), 10**15, 1, [piece]) for piece in ([1.4e11], [1e3, 1.4e11, 1e14]))
    assert one is not None
    assert three is not None
    assert three[:2] == one[:2]
    assert three.evaluations == one.evaluations + 2
    assert best_input(Chain(hops), 10**15, 1, [[]]) is None


def test_a_start_that_is_refused_leaves_the_others() -> None:
    book = Ladder(((10**9, 12 * 10**8),))
    hops = [book, ConstantProduct(10**13, 10**13, 100)]
    alone = best_input(Chain(hops), 10**12, 10**6, [[5e8]])
    assert alone is not None
    assert best_input(Chain(hops), 10**12, 10**6, [[2e9, 5e8]]) == alone._replace(evaluations=alone.evaluations + 1)
    assert best_input(Chain(hops), 10**12, 10**6, [[2e9], [5e8]]) is not None


def test_a_few_pieces_are_looked_into() -> None:
    """The best one is the last that counts, or one beyond it."""
    small = [[1e6]] * (MAX_PIECES - 1)
    within, beyond = (
        best_input(Chain([CAPPED, BACK]), 10**12, 1_000, [*more, [1e10]]) for more in (small, [*small, [1e6]])
    )
    assert within is not None
    assert beyond is not None
    assert within.amount_out > within.amount_in
    assert beyond.amount_out < beyond.amount_in


@pytest.mark.parametrize(("high", "narrow"), [(64, True), (65, False)])
def test_a_bracket_is_narrow_at_a_part_in_16384_of_its_best_input(high: int, narrow: bool) -> None:
    best = _Point(1 << 20, 5)
    for reach in ((0, high), (high, 0)):
        ends = _Point(best.amount - reach[0], 5), _Point(best.amount + reach[1], 5)
        assert _is_narrow(ends[0], best, ends[1]) is narrow


def test_a_flat_curve_is_looked_at_in_the_middle() -> None:
    """Where the lines through the ends never meet nothing says where between them the top is."""
    points = [_Point(at, 10) for at in (100, 200, 300, 400)]
    assert _corner(points[1], points[0], points[2], points[3]) == (0.0, 250)
    assert _corner(points[2], points[3], points[1], points[0]) == (0.0, 250)


def test_a_corner_at_the_end_is_looked_for_one_atom_before_it() -> None:
    """Nothing rises towards the best point and the end is as high: the lines meet at the end, which is known."""
    near, best, end, far = _Point(100, 10), _Point(200, 10), _Point(300, 10), _Point(400, 0)
    assert _corner(best, near, end, far) == (0.0, 299)
    assert _corner(_Point(300, 10), _Point(400, 10), _Point(200, 10), _Point(100, 0)) == (0.0, 201)


@dataclass(frozen=True)
class Window:
    """Accepts inputs of a few atoms only and pays most for one of them."""

    least: int
    most: int
    best: int

    def __len__(self) -> int:
        return 1

    def quote(self, hop: int, amount_in: int) -> int | None:
        return 2 * amount_in - abs(amount_in - self.best) * 3 if self.least <= amount_in <= self.most else None

    def virtual_reserves(self, hop: int) -> tuple[float, float, float] | None:
        return None


def test_after_a_long_way_to_what_is_accepted_the_search_still_goes_on() -> None:
    """From 10⁶ down by 19/16 the first accepted input is another one than the best, which is looked for anew."""
    found = best_input(Window(900, 1_400, 1_111), 10**12, 1)
    assert found is not None
    assert found.amount_out - found.amount_in >= 1_111 - 4, "four times what is lost by rounding may be missed"
    assert found.evaluations > MAX_EVALUATIONS
