"""What each step of an order posts, in parts too: the sums of what was paid and tied up, to the atom."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from cambist.execution.postings import of, opening, sent
from cambist.model.ledger import HELD, Account, Posting
from cambist.model.orders import Charges, Fill, Order, Stage, Working
from tests import orders
from tests.fakes import SOL, USDC

ORDER = orders.order(
    tokens=[USDC, SOL, USDC], amount_in=1_000, expected_out=1_101, pool_fees=53, transfer=31, loan_fee=17,
    charges=Charges(100, 200, 300),
)  # fmt: skip


def flows(postings: tuple[Posting, ...]) -> dict[tuple[str, str], int]:
    symbols = {SOL: "SOL", USDC: "USDC"}
    return {(posting.account.value, symbols[posting.token]): posting.atoms for posting in postings}


def part(amount_in: int, amount_out: int, status: Stage = Stage.PARTIAL, charges: Charges = Charges()) -> Fill:  # noqa: B008  # frozen
    return Fill(1, 5, status, amount_in, amount_out, 0, 0, charges=charges)


def after(fills: list[Fill], order: Order = ORDER) -> Working:
    """Returns the order as it is after some parts."""
    charges = [fill.charges for fill in fills]
    return Working(
        order, Stage.PARTIAL if fills else Stage.SENT, sum(fill.amount_in for fill in fills),
        sum(fill.amount_out for fill in fills),
        Charges(sum(c.network_fee for c in charges), sum(c.tip for c in charges), sum(c.rent for c in charges)),
    )  # fmt: skip


FIRST = part(333, 340, charges=Charges(10, 20, 30))
SECOND = part(334, 350, charges=Charges(1, 2, 3))


def test_a_part_pays_its_share_of_all_and_gives_nothing_back_yet() -> None:
    assert flows(of(after([]), FIRST, SOL)) == {
        ("wallet", "USDC"): 340, ("in_flight", "USDC"): -333 - 10 - 5,
        ("pool_fee", "USDC"): 17, ("slippage", "USDC"): 366 - 340, ("transfer", "USDC"): 10, ("loan_fee", "USDC"): 5,
        ("result", "USDC"): -(340 - 333 + 17 + 26),
        ("in_flight", "SOL"): -60, ("network_fee", "SOL"): 10, ("tip", "SOL"): 20, ("rent_held", "SOL"): 30,
    }  # fmt: skip


def test_a_second_part_pays_what_its_end_makes_due_less_what_the_first_paid() -> None:
    assert flows(of(after([FIRST]), SECOND, SOL)) == {
        ("wallet", "USDC"): 350, ("in_flight", "USDC"): -334 - 10 - 6,
        ("pool_fee", "USDC"): 18, ("slippage", "USDC"): 368 - 350, ("transfer", "USDC"): 10, ("loan_fee", "USDC"): 6,
        ("result", "USDC"): -(350 - 334 + 18 + 18),
        ("in_flight", "SOL"): -6, ("network_fee", "SOL"): 1, ("tip", "SOL"): 2, ("rent_held", "SOL"): 3,
    }  # fmt: skip


def test_the_last_part_pays_the_rest_and_frees_what_was_not_needed() -> None:
    last = part(330, 335, Stage.FILLED, Charges(4, 5, 6))
    assert flows(of(after([FIRST, SECOND]), last, SOL)) == {
        ("wallet", "USDC"): 335 + 3, ("in_flight", "USDC"): -330 - 3 - 11 - 6,
        ("pool_fee", "USDC"): 18, ("slippage", "USDC"): 367 - 335, ("transfer", "USDC"): 11, ("loan_fee", "USDC"): 6,
        ("result", "USDC"): -(335 - 330 + 18 + 32),
        ("in_flight", "SOL"): -600 + 66, ("network_fee", "SOL"): 4, ("tip", "SOL"): 5, ("rent_held", "SOL"): 6,
        ("wallet", "SOL"): 600 - 66 - 15,
    }  # fmt: skip


@pytest.mark.parametrize("status", [Stage.EXPIRED, Stage.MISSED, Stage.REVERTED])
def test_an_end_after_a_part_gives_back_what_the_part_left(status: Stage) -> None:
    assert flows(of(after([FIRST]), part(0, 0, status, Charges(4, 5, 6)), SOL)) == {
        ("wallet", "USDC"): 667 + 21 + 12, ("in_flight", "USDC"): -667 - 21 - 12,
        ("in_flight", "SOL"): -540, ("network_fee", "SOL"): 4, ("tip", "SOL"): 5, ("rent_held", "SOL"): 6,
        ("wallet", "SOL"): 600 - 60 - 15,
    }  # fmt: skip


@pytest.mark.parametrize("status", [Stage.UNKNOWN, Stage.LANDED, Stage.ACKNOWLEDGED, Stage.UNWINDING, Stage.FINAL])
def test_what_is_not_known_yet_or_changes_nothing_posts_nothing(status: Stage) -> None:
    assert of(after([FIRST]), part(0, 0, status), SOL) == ()


@pytest.mark.parametrize("sizes", [(1, 998, 1), (1_000,), (7, 11, 982), (500, 500)])
@pytest.mark.parametrize("whole", [True, False])
def test_parts_however_cut_sum_to_the_whole_and_leave_nothing_in_flight(sizes: tuple[int, ...], whole: bool) -> None:
    sums: Counter[tuple[Account, str]] = Counter()

    def take(postings: tuple[Posting, ...]) -> None:
        for posting in postings:
            sums[posting.account, posting.token] += posting.atoms

    take(sent(ORDER, SOL))
    done: list[Fill] = []
    for at, size in enumerate(sizes, 1):
        last = at == len(sizes)
        if last and not whole:
            take(of(after(done), part(0, 0, Stage.EXPIRED), SOL))
            break
        fill = part(size, size + 9, Stage.FILLED if last else Stage.PARTIAL, Charges(at, at, at))
        take(of(after(done), fill, SOL))
        done.append(fill)
    assert sums[Account.IN_FLIGHT, USDC] == sums[Account.IN_FLIGHT, SOL] == 0
    if whole:
        assert sums[Account.POOL_FEE, USDC] == 53
        assert (sums[Account.TRANSFER, USDC], sums[Account.LOAN_FEE, USDC]) == (31, 17)
        out = sum(fill.amount_out for fill in done)
        assert sums[Account.SLIPPAGE, USDC] == 1_101 - out
        assert sums[Account.RESULT, USDC] == -(1_101 - 1_000 + 53)
        assert sums[Account.WALLET, USDC] == out - 1_000 - 31 - 17
    spent = 3 * sum(range(1, len(done) + 1))
    assert sums[Account.WALLET, SOL] == -spent
    assert sum(atoms for (account, token), atoms in sums.items() if account in HELD and token == SOL) == -2 * spent // 3


def test_an_order_ties_up_its_base_token_and_the_chains_and_both_if_they_are_one() -> None:
    assert flows(sent(ORDER, SOL)) == {
        ("wallet", "USDC"): -1_048, ("in_flight", "USDC"): 1_048, ("wallet", "SOL"): -600, ("in_flight", "SOL"): 600,
    }  # fmt: skip
    one = msgspec.structs.replace(ORDER, legs=orders.order().legs)
    assert flows(sent(one, SOL)) == {("wallet", "SOL"): -1_648, ("in_flight", "SOL"): 1_648}


def test_an_opening_puts_in_and_takes_out_and_postings_stand_in_order() -> None:
    made = opening({USDC: 5, SOL: -7, "none": 0})
    assert flows(made) == {
        ("opening", "USDC"): -5, ("wallet", "USDC"): 5, ("opening", "SOL"): 7, ("wallet", "SOL"): -7
    }  # fmt: skip
    assert [(posting.account, posting.token) for posting in made] == sorted((p.account, p.token) for p in made)
    assert {posting.venue for posting in made} == {"solana"}
