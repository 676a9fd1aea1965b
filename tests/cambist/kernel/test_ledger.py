"""What the books say of a day: sums at the prices of their time, the peak, what was paid, what has no price."""

from __future__ import annotations

import msgspec
import pytest

from cambist.kernel.ledger import Ledger, LedgerState, Tally, Valued
from cambist.model.ledger import (
    CHAIN,
    COSTS,
    DAY_NS,
    HELD,
    Account,
    Entry,
    EntryKind,
    Posting,
    TokenValue,
    Unbalanced,
    earned,
    require_balanced,
    reversal,
    trial_balance,
)
from cambist.model.market import Token
from tests.fakes import SOL, TOKENS, USDC

MSOL, STRANGE = "mSOL", "strange"
ALL = (*TOKENS, Token(MSOL, "mSOL", 6, verified=True, base=3))
PRICES = {SOL: TokenValue(150.0, "orca", 5), USDC: TokenValue(1.0), MSOL: TokenValue(180.0, "ray4", 9)}
W, R = Account.WALLET, Account.RESULT


class Asked:
    """Tells what tokens are worth, and notes what it was asked."""

    def __init__(self, prices: dict[str, TokenValue]) -> None:
        self.prices, self.calls = prices, []

    def __call__(self, mints, now_ns):
        self.calls.append((list(mints), now_ns))
        return [self.prices.get(mint) for mint in mints]


def ledger() -> Ledger:
    return Ledger(LedgerState(), ALL, SOL)


def gain(**atoms: int) -> tuple[Posting, ...]:
    mints = {"sol": SOL, "usdc": USDC, "msol": MSOL, "strange": STRANGE}
    return tuple(
        Posting(account, CHAIN, mints[name], sign * each)
        for name, each in atoms.items()
        for account, sign in ((W, 1), (R, -1))
    )


def test_accounts_that_hold_money_and_those_that_cost_it() -> None:
    assert {"wallet", "in_flight", "rent_held"} == HELD
    assert COSTS == ("pool_fee", "network_fee", "tip", "transfer", "loan_fee", "slippage")
    assert DAY_NS == 24 * 60 * 60 * 10**9


def test_the_unit_alone_needs_no_price_and_others_are_asked_for_with_it() -> None:
    book, asked = ledger(), Asked(PRICES)
    entry = book.enter(EntryKind.FILLED, 7, 1, gain(sol=-40), asked)
    assert (entry.worth, entry.values, entry.unvalued, asked.calls) == (-40, {}, {}, [])
    entry = book.enter(EntryKind.FILLED, 8, 2, gain(usdc=300_000, sol=5), asked)
    assert asked.calls == [([USDC, SOL], 8)] or asked.calls == [([SOL, USDC], 8)]
    assert entry.worth == round(0.3 * 1.0 / 150.0 * 1e9) + 5
    assert entry.values == {SOL: PRICES[SOL], USDC: PRICES[USDC]}
    assert entry.net == {SOL: 5, USDC: 300_000}


def test_entries_are_numbered_one_by_one_and_a_refused_one_takes_no_number() -> None:
    book = ledger()
    with pytest.raises(Unbalanced, match="postings of SOL-like sum to -3, not to 0"):
        book.enter(EntryKind.FILLED, 0, 1, (Posting(W, CHAIN, "SOL-like", -3),), Asked({}))
    made = [book.enter(EntryKind.FILLED, 0, 1, gain(sol=1), Asked({})) for _ in range(3)]
    assert [entry.id for entry in made] == [1, 2, 3]
    assert book.state().next_entry == 4
    assert Ledger(book.state(), ALL, SOL).enter(EntryKind.FILLED, 0, 1, gain(sol=1), Asked({})).id == 4


@pytest.mark.parametrize(
    ("prices", "worth", "unvalued"),
    [
        (PRICES, round(2.5 * 180.0 / 150.0 * 1e9) - 3, {}),
        ({MSOL: PRICES[MSOL]}, -3, {MSOL: 2_500_000}),
        ({SOL: PRICES[SOL]}, -3, {MSOL: 2_500_000}),
        ({**PRICES, MSOL: TokenValue(0.0, "x")}, -3, {MSOL: 2_500_000}),
        ({**PRICES, SOL: TokenValue(0.0, "x")}, -3, {MSOL: 2_500_000}),
        ({**PRICES, MSOL: TokenValue(-1.0, "x")}, -3, {MSOL: 2_500_000}),
        ({**PRICES, MSOL: TokenValue(0.5, "x")}, round(2.5 * 0.5 / 150.0 * 1e9) - 3, {}),
    ],
)
def test_what_has_no_price_above_zero_is_left_by_name(prices, worth: int, unvalued: dict[str, int]) -> None:
    entry = ledger().enter(EntryKind.FILLED, 0, 1, gain(msol=2_500_000, sol=-3), Asked(prices))
    assert (entry.worth, entry.unvalued) == (worth, unvalued)
    assert all(value.price > 0 for value in entry.values.values())


def test_a_token_that_no_table_knows_has_no_worth_and_a_unit_of_none_neither() -> None:
    prices = {**PRICES, STRANGE: TokenValue(2.0, "x")}
    entry = ledger().enter(EntryKind.FILLED, 0, 1, gain(strange=9), Asked(prices))
    assert (entry.worth, entry.unvalued) == (None, {STRANGE: 9})
    entry = Ledger(LedgerState(), TOKENS[1:], SOL).enter(EntryKind.FILLED, 0, 1, gain(usdc=9), Asked(prices))
    assert (entry.worth, entry.unvalued) == (None, {USDC: 9})


def test_prices_that_are_fewer_than_the_tokens_are_an_error_and_nothing_is_booked() -> None:
    book = ledger()
    with pytest.raises(ValueError, match="zip"):
        book.enter(EntryKind.FILLED, 0, 1, gain(usdc=9), lambda mints, now_ns: [TokenValue(1.0)])
    assert book.state() == LedgerState()


def test_what_earned_nothing_is_worth_nothing_and_an_opening_earns_nothing() -> None:
    book, asked = ledger(), Asked(PRICES)
    moved = (Posting(W, CHAIN, USDC, -5), Posting(Account.IN_FLIGHT, CHAIN, USDC, 5))
    assert book.enter(EntryKind.SENT, 0, 1, moved, asked).worth == 0
    opened = (Posting(W, CHAIN, USDC, 50), Posting(Account.OPENING, CHAIN, USDC, -50))
    entry = book.enter(EntryKind.OPENING, 0, 0, opened, asked)
    assert (entry.net, entry.worth, asked.calls, book.today.net, book.today.entries) == ({}, 0, [], {}, 0)
    assert book.wallet() == {USDC: 45}


def test_balances_are_of_a_venue_and_a_token_and_none_of_zero_is_kept() -> None:
    book = ledger()
    book.enter(EntryKind.OPENING, 0, 0, (
        Posting(W, CHAIN, USDC, 5), Posting(W, "kraken", USDC, 7), Posting(W, CHAIN, SOL, 9),
        Posting(Account.OPENING, CHAIN, USDC, -12), Posting(Account.OPENING, CHAIN, SOL, -9),
    ), Asked({}))  # fmt: skip
    assert (book.wallet(), book.wallet("kraken"), book.wallet("okx")) == ({USDC: 5, SOL: 9}, {USDC: 7}, {})
    assert [*book.wallet()] == sorted((SOL, USDC))
    assert (book.balance(W, USDC), book.balance(W, USDC, "kraken"), book.balance(Account.TIP, SOL)) == (5, 7, 0)
    book.enter(EntryKind.FILLED, 0, 1, gain(sol=-9), Asked({}))
    kept = book.state().balances
    assert Posting(W, CHAIN, SOL, 0) not in kept
    assert kept == sorted(kept, key=lambda posting: (posting.account, posting.venue, posting.token))
    assert Ledger(book.state(), ALL, SOL).wallet("kraken") == {USDC: 7}
    assert book.off() == {}


def test_a_trial_balance_names_what_does_not_sum_to_zero_in_order() -> None:
    off = Ledger(
        LedgerState([Posting(W, CHAIN, "b", 5), Posting(W, "kraken", "b", -2), Posting(W, CHAIN, "a", -1)]), ALL, SOL
    )
    assert list(off.off().items()) == [("a", -1), ("b", 3)]
    wrong = (
        Posting(W, CHAIN, "b", 2),
        Posting(W, CHAIN, "a", -1),
        Posting(W, CHAIN, "c", 1),
        Posting(R, CHAIN, "c", -1),
    )
    assert list(trial_balance(wrong).items()) == [("a", -1), ("b", 2)]
    with pytest.raises(Unbalanced, match=r"^postings of a sum to -1, not to 0$"):
        require_balanced(wrong)
    require_balanced(wrong[2:])


def test_what_was_earned_is_what_money_accounts_gained_and_a_reversal_undoes_it() -> None:
    postings = (
        Posting(W, CHAIN, SOL, 5), Posting(Account.IN_FLIGHT, "okx", SOL, -7),
        Posting(Account.RENT_HELD, CHAIN, SOL, 1),
        Posting(Account.TIP, CHAIN, SOL, 3), Posting(R, CHAIN, SOL, -2), Posting(W, CHAIN, USDC, 4),
        Posting(Account.IN_FLIGHT, CHAIN, USDC, -4),
    )  # fmt: skip
    assert earned(postings) == {SOL: -1}
    assert reversal(postings)[:2] == (Posting(W, CHAIN, SOL, -5), Posting(Account.IN_FLIGHT, "okx", SOL, 7))
    assert trial_balance((*postings, *reversal(postings))) == {}


def entry(worth: int | None, net: int = 0, **changes: object) -> Entry:
    return msgspec.structs.replace(
        Entry(1, 0, EntryKind.FILLED, 1, gain(sol=net) if net else ()), worth=worth, **changes
    )


def test_a_tally_adds_up_what_was_earned_paid_and_not_valued() -> None:
    tally = Tally()
    tip = (Posting(Account.TIP, CHAIN, SOL, 4), Posting(W, CHAIN, SOL, -4))
    tally.take(entry(-4, postings=tip, unvalued={MSOL: 2}))
    tally.take(entry(-4, postings=tip, unvalued={MSOL: -7}))
    assert (tally.net, tally.worth, tally.unvalued, tally.entries) == ({SOL: -8}, -8, {MSOL: -5}, 2)
    assert tally.paid == {"tip": {SOL: 8}}
    tally.take(entry(None, net=3))
    tally.take(entry(0))
    assert (tally.net, tally.worth, tally.entries) == ({SOL: -5}, -8, 3)


def test_a_peak_is_never_below_the_start_and_is_counted_from() -> None:
    tally, seen = Tally(), []
    for worth in (-5, 4, 3, -1, 6):
        tally.take(entry(worth))
        seen.append((tally.worth, tally.peak, tally.from_peak))
    assert seen == [(-5, 0, -5), (-1, 0, -1), (2, 2, 0), (1, 2, -1), (7, 7, 0)]


def test_the_oldest_price_is_of_a_venue_and_of_equals_the_last() -> None:
    tally = Tally()
    assert tally.oldest is None
    tally.take(entry(1, values={USDC: TokenValue(1.0, "", 99)}))
    assert tally.oldest is None
    for mint, age in ((SOL, 5), (MSOL, 4), (USDC, 5), (SOL, 0)):
        tally.take(entry(1, values={mint: TokenValue(2.0, "orca", age)}))
    assert tally.oldest == Valued(USDC, TokenValue(2.0, "orca", 5))


def test_a_day_begins_with_the_first_entry_of_it_and_none_before() -> None:
    book = ledger()
    for day, atoms in ((3, 1), (3, 2), (2, 4), (4, 8)):
        book.enter(EntryKind.FILLED, day * DAY_NS + DAY_NS - 1, 1, gain(sol=atoms), Asked({}))
        assert book.day == max(3, day)
    assert book.today.worth == 8
    book.roll(5 * DAY_NS - 1)
    assert (book.day, book.today.worth) == (4, 8)
    book.roll(5 * DAY_NS)
    assert (book.day, book.today) == (5, Tally())


def test_what_the_books_remember_does_not_move_with_them() -> None:
    book = ledger()
    book.enter(EntryKind.FILLED, 0, 1, gain(sol=5), Asked({}))
    state = book.state()
    book.enter(EntryKind.FILLED, 0, 1, gain(sol=7), Asked({}))
    assert (state.today.net, state.today.worth, state.next_entry) == ({SOL: 5}, 5, 2)


def test_books_begin_before_any_day_and_a_price_that_says_no_age_is_current() -> None:
    state = LedgerState()
    assert (state.balances, state.next_entry, state.day, state.today) == ([], 1, 0, Tally())
    assert (TokenValue(2.0).venue, TokenValue(2.0).age_ns) == ("", 0)
    plain = Entry(1, 2, EntryKind.SENT, 3, ())
    assert (plain.values, plain.worth, plain.unvalued) == ({}, None, {})
