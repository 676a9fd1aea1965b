"""The consolidated book in both engines, and against plain fractions."""

import doctest
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cambist.engine.reference.book.order_book import consolidated as book_module
from cambist.engine.reference.library import consolidated as reference

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

PPM = 10**6
Book = tuple[int, list[tuple[int, int]], list[tuple[int, int]]]


@st.composite
def books(draw: st.DrawFn, most: int = 2**64 - 1) -> Book:
    """Returns a book that may be none."""
    near = draw(st.integers(1, most))
    steps = st.lists(st.tuples(st.integers(1, max(1, near // 50)), st.integers(1, most)), max_size=5)
    bids, asks, down, up = [], [], near, near
    for step, qty in draw(steps):
        down -= step
        if down > 0:
            bids.append((down, qty))
    for step, qty in draw(steps):
        up += step
        if up <= most:
            asks.append((up, qty))
    if not draw(st.integers(0, 19)):
        bids.append((near, 0))
    return draw(st.sampled_from([0, 1, 1_000, 2_500, 100_000, 999_999, 1_000_000])), bids, asks


def consolidated(engine, *args: object) -> object:
    try:
        return engine.consolidate_books(*args)
    except ValueError as error:
        return str(error)


@settings(max_examples=300, deadline=None)
@given(st.lists(books(), max_size=4), st.lists(st.integers(0, 2**64 - 1), max_size=3))
def test_both_engines_agree(many: list[Book], sizes: list[int]):
    assert consolidated(native, many, sizes) == consolidated(reference, many, sizes)


scales = st.integers(8, 14)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(books(), scales), max_size=4), st.lists(st.integers(0, 2**64 - 1), max_size=3))
@example([((0, [(1, 1)], []), 7)], [])
@example([((0, [(1, 1)], []), 15)], [])
@example([((0, [(2**64 - 1, 1)], []), 8), ((0, [(1, 1)], []), 9)], [])
def test_both_engines_agree_on_books_of_different_scales(many: list[tuple[Book, int]], sizes: list[int]):
    told = [book for book, _ in many], sizes, [decimals for _, decimals in many]
    assert consolidated(native, *told) == consolidated(reference, *told)


def test_each_book_has_a_scale():
    for engine in (native, reference):
        assert consolidated(engine, [(0, [], [])], [], [8, 8]) == "2 decimals of 1 books"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(books(10**9), scales), min_size=1, max_size=3), st.integers(1, 10**12))
def test_a_finer_scale_only_says_the_same_more_finely(many: list[tuple[Book, int]], size: int):
    """Books written at the finest of their scales already say what books of their own scales say."""
    finest = max(decimals for _, decimals in many)
    fine = [
        (fee, *([(price * 10 ** (finest - decimals), qty) for price, qty in side] for side in sides))
        for (fee, *sides), decimals in many
    ]
    mixed = consolidated(native, [book for book, _ in many], [size], [decimals for _, decimals in many])
    if not isinstance(mixed, str):
        assert mixed == consolidated(native, fine, [size], [finest] * len(fine))


near_books = st.integers(1, 4).flatmap(lambda count: st.lists(books(10**12), min_size=count, max_size=count))


@settings(max_examples=200, deadline=None)
@given(near_books, st.integers(1, 10**12), scales)
def test_sums_are_within_a_unit_a_level_of_exact_ones(many: list[Book], size: int, decimals: int):
    found, one = consolidated(native, many, [size], [decimals] * len(many)), 10**decimals
    if isinstance(found, str):
        return
    for side, taken in enumerate(found[2][0]):
        left, exact = Fraction(size), Fraction(0)
        for _, price, qty, venue in found[side]:
            kept = Fraction(PPM - many[venue][0], PPM)
            room = Fraction(qty) if side == 0 else Fraction(int(qty * kept))
            part = min(left, room)
            exact += part * price * kept / one if side == 0 else part * price / kept / one
            left -= part
        assert (taken is None) == (left > 0)
        if taken is not None:
            slack = taken[2] * (2 + max(price for _, price, *_ in found[side]) // one * 2)
            assert 0 <= (exact - taken[0] if side == 0 else taken[0] - exact) <= slack


@settings(max_examples=200, deadline=None)
@given(near_books)
def test_a_crossing_gains_and_names_two_venues(many: list[Book]):
    found = consolidated(native, many, [])
    if isinstance(found, str) or found[3] is None:
        return
    base, cost, proceeds, bought_from, sold_to = found[3]
    assert proceeds > cost
    assert base > 0
    assert not set(bought_from) & set(sold_to)
    best_bid, best_ask = found[0][0], found[1][0]
    assert best_bid[0] > best_ask[0]


@pytest.mark.parametrize("module", [reference, book_module])
def test_the_examples_run(module):
    failed, attempted = doctest.testmod(module)
    assert (failed, attempted > 0) == (0, True)
