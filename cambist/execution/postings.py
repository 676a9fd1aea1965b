"""What each step of an order posts. Pure: an order and its fill in, postings that sum to zero out.

    sent       wallet → in flight: the amount, what its legs cost beside it, and all that the chain may take
    filled     in flight → what was paid for, and the wallet for the rest and for what came out
    ended      in flight → what a revert owes, and the wallet for the rest

What came out is what was quoted less slippage; what was quoted is the amount, and what prices gave less what pools
kept. So `-result = expected_out - amount_in + pool_fees`. An order that ends in another token than it begins with gives
the one and is paid the other: what that earned is what both are worth. Amounts are at the order's venue, the chain's
fees on chain.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cambist.execution.order_life import WITHOUT_FILL
from cambist.model.ledger import CHAIN, Account, Posting, require_balanced
from cambist.model.orders import Stage

if TYPE_CHECKING:
    from cambist.model.orders import Charges, Fill, Order, Working

_Flows = Counter[tuple[Account, str, str]]
"""(account, venue, token) → atoms."""


def opening(change: dict[str, int], venue: str = CHAIN) -> tuple[Posting, ...]:
    """Returns what puts atoms into a venue's wallets (negative: takes them out)."""
    books = _At(_Flows(), venue)
    for token, atoms in change.items():
        books.move(token, atoms, Account.OPENING, Account.WALLET)
    return _posted(books.flows)


def sent(order: Order, sol: str) -> tuple[Posting, ...]:
    """Returns what ties an order's money up; `sol` is the mint that the chain is paid in."""
    flows = _Flows()
    _At(flows, order.venue).move(order.base, _beside(order) + order.amount_in, Account.WALLET, Account.IN_FLIGHT)
    _At(flows, CHAIN).move(sol, order.charges.total, Account.WALLET, Account.IN_FLIGHT)
    return _posted(flows)


def of(working: Working, fill: Fill, sol: str) -> tuple[Posting, ...]:
    """Returns what an outcome posts; nothing for one that is not known yet."""
    if fill.status in (Stage.FILLED, Stage.PARTIAL):
        return _filled(working, fill, sol)
    return _ended(working, fill, sol) if fill.status in WITHOUT_FILL else ()


def _filled(working: Working, fill: Fill, sol: str) -> tuple[Posting, ...]:
    """Returns what a fill, whole or in part, posts. With the last part what was tied up for nothing comes back."""
    order, flows, part = working.order, _Flows(), _part(working, fill)
    base, paid, whole = order.base, order.token_out, fill.status == Stage.FILLED
    expected, pool_fees = part(order.expected_out), part(order.pool_fees)
    transfer, loan = part(order.transfer), part(order.loan_fee)
    books = _At(flows, order.venue)
    books.move(paid, fill.amount_out, Account.RESULT, Account.WALLET)
    books.move(base, fill.amount_in, Account.IN_FLIGHT, Account.RESULT)
    books.move(paid, pool_fees, Account.RESULT, Account.POOL_FEE)
    books.move(paid, expected - fill.amount_out, Account.RESULT, Account.SLIPPAGE)
    books.move(base, transfer, Account.IN_FLIGHT, Account.TRANSFER)
    books.move(base, loan, Account.IN_FLIGHT, Account.LOAN_FEE)
    if whole:
        rest = order.amount_in - working.filled_in - fill.amount_in
        books.move(base, rest, Account.IN_FLIGHT, Account.WALLET)
    chain = _At(flows, CHAIN)
    chain.charge(sol, fill.charges)
    if whole:
        left = order.charges.total - working.charged.total - fill.charges.total
        chain.move(sol, left, Account.IN_FLIGHT, Account.WALLET)
    return _posted(flows)


def _ended(working: Working, fill: Fill, sol: str) -> tuple[Posting, ...]:
    """Returns what an end without a further fill posts."""
    order, flows = working.order, _Flows()
    part = _done(working)
    tied = order.amount_in - working.filled_in + _beside(order) - part(order.transfer) - part(order.loan_fee)
    _At(flows, order.venue).move(order.base, tied, Account.IN_FLIGHT, Account.WALLET)
    chain = _At(flows, CHAIN)
    chain.charge(sol, fill.charges)
    left = order.charges.total - working.charged.total - fill.charges.total
    chain.move(sol, left, Account.IN_FLIGHT, Account.WALLET)
    return _posted(flows)


def _beside(order: Order) -> int:
    """Returns what an order pays in its base token beside the amount."""
    return order.transfer + order.loan_fee


class _Share:
    """The share of a whole that goes with the atoms filled from one count to another: parts sum to the whole."""

    def __init__(self, whole_in: int, before: int, after: int) -> None:
        self._in, self._before, self._after = whole_in, before, after

    def __call__(self, whole: int) -> int:
        return whole * self._after // self._in - whole * self._before // self._in


def _part(working: Working, fill: Fill) -> _Share:
    order, before = working.order, working.filled_in
    after = order.amount_in if fill.status == Stage.FILLED else before + fill.amount_in
    return _Share(order.amount_in, before, after)


def _done(working: Working) -> _Share:
    return _Share(working.order.amount_in, 0, working.filled_in)


class _At(NamedTuple):
    """The accounts of one venue."""

    flows: _Flows
    venue: str

    def move(self, token: str, atoms: int, source: Account, target: Account) -> None:
        """Moves atoms from one account to another."""
        self.flows[source, self.venue, token] -= atoms
        self.flows[target, self.venue, token] += atoms

    def charge(self, sol: str, charges: Charges) -> None:
        """Pays the chain out of what was tied up for it."""
        self.move(sol, charges.network_fee, Account.IN_FLIGHT, Account.NETWORK_FEE)
        self.move(sol, charges.tip, Account.IN_FLIGHT, Account.TIP)
        self.move(sol, charges.rent, Account.IN_FLIGHT, Account.RENT_HELD)


def _posted(flows: _Flows) -> tuple[Posting, ...]:
    """Returns the flows as postings, in order of account, venue and token; those of nothing are left out."""
    made = tuple(Posting(*key, atoms) for key, atoms in sorted(flows.items()) if atoms)
    require_balanced(made)
    return made
