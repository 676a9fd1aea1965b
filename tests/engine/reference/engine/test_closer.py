"""Who of several closed a gap: two pools of one pair, whose swaps are exact constant products without a fee."""

from __future__ import annotations

import random

import pytest

from cambist.engine.reference.engine.closer import Closer, Leg, Touch, closer_of
from cambist.engine.reference.search.log2 import log2_ratio

CHEAP, DEAR = 0, 1
SLOT = 100
COST = 20_000


class Pools:
    """Two pools (a, b); a is bought in the cheap one with b, and sold in the dear one."""

    def __init__(self, a_of_dear: int = 10_000_000, price: int = 1) -> None:
        self.reserves = {CHEAP: (10_000_000, price * 10_000_000), DEAR: (a_of_dear, price * a_of_dear * 106 // 100)}

    def quote(self, pool: int, amount: int, *, sells_a: bool) -> int:
        """Returns what a swap pays, rounded down."""
        a, b = self.reserves[pool]
        put, pay = (a, b) if sells_a else (b, a)
        return pay * amount // (put + amount)

    def swap(self, pool: int, amount: int, *, sells_a: bool) -> Touch:
        """Swaps and returns what the logs say of it."""
        paid, (a, b) = self.quote(pool, amount, sells_a=sells_a), self.reserves[pool]
        self.reserves[pool] = (a + amount, b - paid) if sells_a else (a - paid, b + amount)
        return Touch(pool, sells_a, amount, paid)

    def weight(self, pool: int, *, sells_a: bool) -> int:
        """Returns −log2 of the slope."""
        a, b = self.reserves[pool]
        rate = log2_ratio(b, a) if sells_a else log2_ratio(a, b)
        assert rate is not None
        return -rate

    def earned(self, amount: int) -> int:
        """Returns what the gap earns."""
        return self.quote(DEAR, self.quote(CHEAP, amount, sells_a=False), sells_a=True) - amount

    def best(self, most: int) -> int:
        """Returns what it earns at the best size up to one."""
        return max(self.earned(most * part // 64) for part in range(65))

    def legs(self, amount: int) -> list[Leg]:
        """Returns the gap's legs as they stand."""
        bought = self.quote(CHEAP, amount, sells_a=False)
        sold = self.quote(DEAR, bought, sells_a=True)
        return [
            Leg(CHEAP, False, SLOT, self.weight(CHEAP, sells_a=False), amount, bought),
            Leg(DEAR, True, SLOT, self.weight(DEAR, sells_a=True), bought, sold),
        ]

    def after(self, slot: int = SLOT + 1) -> list[tuple[int, int | None]]:
        """Returns how they stand when it has ended."""
        return [(slot, self.weight(CHEAP, sells_a=False)), (slot, self.weight(DEAR, sells_a=True))]


def asked(pools: Pools, amount: int = 140_000) -> tuple[list[Leg], int, int]:
    """Returns the gap as it stands, its size and what it leaves."""
    return pools.legs(amount), amount, pools.earned(amount) - COST // 10


def found(pools: Pools, gap: tuple[list[Leg], int, int], *landed: tuple[int, list[Touch]]) -> tuple[int | None, int]:
    legs, amount, net = gap
    return closer_of(Closer(legs, pools.after(), amount, net), landed)


def test_the_first_after_which_nothing_is_left_took_it() -> None:
    pools = Pools()
    gap = asked(pools)
    cost = COST // 10
    small = pools.swap(DEAR, 30_000, sells_a=True)
    assert pools.best(gap[1]) > cost
    large = pools.swap(DEAR, 260_000, sells_a=True)
    assert pools.best(gap[1]) <= cost
    later = pools.swap(CHEAP, 200_000, sells_a=False)
    swaps = [(SLOT + 1, [small]), (SLOT + 1, [large]), (SLOT + 1, [later])]
    assert found(pools, gap, *swaps) == (1, 3)


def test_one_that_opens_it_further_did_not_take_it() -> None:
    pools = Pools()
    gap = asked(pools)
    against = pools.swap(DEAR, 100_000, sells_a=False)
    taken = pools.swap(CHEAP, 500_000, sells_a=False)
    assert pools.best(gap[1]) <= COST // 10
    assert found(pools, gap, (SLOT + 1, [against]), (SLOT + 1, [taken])) == (1, 2)
    assert found(pools, gap, (SLOT + 1, [against])) == (None, 1)


@pytest.mark.parametrize(("slot", "who"), [(SLOT - 1, None), (SLOT, 0), (SLOT + 1, 0), (SLOT + 2, None)])
def test_only_what_landed_between_the_two_states_counts(slot: int, who: int | None) -> None:
    pools = Pools()
    gap = asked(pools)
    touch = pools.swap(DEAR, 400_000, sells_a=True)
    assert found(pools, gap, (slot, [touch])) == (who, 0 if who is None else 1)


def test_of_its_own_slot_only_where_no_later_one_did_it() -> None:
    pools = Pools()
    gap = asked(pools)
    early, late = pools.swap(DEAR, 400_000, sells_a=True), pools.swap(DEAR, 400_000, sells_a=True)
    assert found(pools, gap, (SLOT, [early]), (SLOT + 1, [late])) == (1, 1)


def test_they_count_in_the_order_of_their_slots_whenever_they_were_told() -> None:
    pools = Pools()
    gap = asked(pools)
    first, second = pools.swap(DEAR, 400_000, sells_a=True), pools.swap(DEAR, 400_000, sells_a=True)
    legs, amount, net = gap
    landed = [(SLOT + 2, [second]), (SLOT + 1, [first])]
    assert closer_of(Closer(legs, pools.after(SLOT + 2), amount, net), landed) == (1, 2)


def test_one_that_took_half_of_it_or_more_is_named_and_less_is_nobody() -> None:
    for amount, who in ((90_000, 0), (30_000, None)):
        pools = Pools()
        gap = asked(pools)
        touch = pools.swap(DEAR, amount, sells_a=True)
        left = pools.best(gap[1]) - COST // 10
        assert left > 0
        assert (left <= gap[2] // 2) == (who == 0)
        assert found(pools, gap, (SLOT + 1, [touch]))[0] == who


def test_a_swap_without_amounts_did_what_the_pool_s_move_says() -> None:
    pools = Pools()
    gap = asked(pools)
    unseen = Touch(DEAR, None, 0, 0)
    little = pools.swap(CHEAP, 20_000, sells_a=False)
    pools.swap(DEAR, 300_000, sells_a=True)
    assert found(pools, gap, (SLOT + 1, [little]), (SLOT + 1, [unseen])) == (1, 2)
    both = [Touch(DEAR, None, 0, 0), pools.swap(CHEAP, 10_000, sells_a=False)]
    assert found(pools, gap, (SLOT + 1, [unseen]), (SLOT + 1, both)) == (1, 2), "who goes through more of its legs"
    other = Pools()
    other.swap(DEAR, 100_000, sells_a=False)
    assert found(other, asked(Pools()), (SLOT + 1, [unseen])) == (None, 1)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_came_before_it_is_the_one_that_the_pools_themselves_say(seed: int) -> None:
    rng = random.Random(seed)
    price = rng.choice((1, 7, 300))
    pools = Pools(rng.randrange(2_000_000, 50_000_000), price)
    amount = max(range(50_000 * price, 500_000 * price, 10_000 * price), key=pools.earned)
    earned = pools.earned(amount)
    cost = earned * rng.randrange(5, 60) // 100
    gap = pools.legs(amount), amount, earned - cost
    landed, truth, left = [], None, earned - cost
    for at in range(8):
        pool, sells_a = rng.choice((CHEAP, DEAR)), rng.random() < 0.5
        reserve = pools.reserves[pool][0 if sells_a else 1]
        landed.append((SLOT + 1, [pools.swap(pool, reserve // rng.choice((30, 60, 150, 400)), sells_a=sells_a)]))
        left = pools.best(amount) - cost
        if abs(left) * 40 < earned:
            return  # too near to be told apart
        if left <= 0:
            truth = at
            break
    if truth is None:
        return
    assert found(pools, gap, *landed) == (truth, len(landed))
    assert found(pools, gap, *landed[:-1])[0] != truth


def test_of_several_that_left_something_who_took_most_at_once_is_named() -> None:
    pools = Pools()
    gap = asked(pools)
    amounts = (5_000, 75_000, 5_000)
    landed = [(SLOT + 1, [pools.swap(DEAR, amount, sells_a=True)]) for amount in amounts]
    assert pools.best(gap[1]) > COST // 10
    assert found(pools, gap, *landed) == (1, 3)


def test_without_legs_nobody_is_looked_for() -> None:
    pools = Pools()
    legs, amount, net = asked(pools)
    touch = pools.swap(DEAR, 400_000, sells_a=True)
    assert closer_of(Closer([], [], amount, net), [(SLOT + 1, [touch])]) == (None, 0)
    assert closer_of(Closer(legs, [], amount, net), [(SLOT + 1, [touch])]) == (None, 0)
