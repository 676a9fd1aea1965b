"""Double entry: what moves money is an entry of postings that sum to zero, token by token.

Money is somewhere (`HELD`: a wallet, in flight, rent held) or was paid or earned (all other accounts). A positive
posting puts atoms into an account. So what was earned is the negative of the `RESULT` account, costs are positive, and
what the `HELD` accounts gained is what is left of both.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY_NS = 86_400 * 1_000_000_000
"""A day is a UTC day: nanoseconds since 1970 divided by this."""
CHAIN = "solana"
"""The venue of what is settled on chain; every other venue is an exchange's name."""


class Account(StrEnum):
    """Where atoms are, or what they were paid for."""

    WALLET = "wallet"
    """Free to be traded at a venue."""
    IN_FLIGHT = "in_flight"
    """Tied up in an order that has no end yet, with what it may have to pay."""
    RENT_HELD = "rent_held"
    """Deposits of token accounts, which come back when they are closed."""
    OPENING = "opening"
    """What wallets began with, and what the operator put in or took out since."""
    POOL_FEE = "pool_fee"
    """What pools and exchanges kept of the amounts, in the base token as it was quoted."""
    NETWORK_FEE = "network_fee"
    """Base and priority fee."""
    TIP = "tip"
    TRANSFER = "transfer"
    """Transfer fees of tokens, and moving inventory between venues."""
    LOAN_FEE = "loan_fee"
    SLIPPAGE = "slippage"
    """What came out less than was quoted when it was decided; negative where more did."""
    RESULT = "result"
    """What prices gave, before every cost: negative where it is a gain."""


HELD = frozenset({Account.WALLET, Account.IN_FLIGHT, Account.RENT_HELD})
"""Accounts that hold money; what they gain together, openings apart, is profit."""
COSTS = (
    Account.POOL_FEE,
    Account.NETWORK_FEE,
    Account.TIP,
    Account.TRANSFER,
    Account.LOAN_FEE,
    Account.SLIPPAGE,
)


class EntryKind(StrEnum):
    """What an entry is about."""

    OPENING = "opening"
    SENT = "sent"
    """An order ties money up."""
    FILLED = "filled"
    ENDED = "ended"
    """An order came to an end without a fill; what it didn't pay is free again."""
    REVERSED = "reversed"
    """What was booked did not last: the block it was in fell out of the chain."""


class Posting(msgspec.Struct, frozen=True, gc=False):
    """Atoms of a token into an account (negative: out of it)."""

    account: Account
    venue: str
    token: str
    atoms: int


class TokenValue(msgspec.Struct, frozen=True, gc=False):
    """What a whole token was worth at one moment, and who said so."""

    price: float
    """In whole quote tokens."""
    venue: str = ""
    """Empty for the quote token itself."""
    age_ns: int = 0
    """How long ago the price was known to be current."""


class Entry(msgspec.Struct, frozen=True):
    """Postings that sum to zero per token, made at once."""

    id: int
    at_ns: int
    kind: EntryKind
    order_id: int
    """0 for an opening."""
    postings: tuple[Posting, ...]
    values: dict[str, TokenValue] = {}
    """What each token that was earned or paid, and the unit, was worth; one whose price was unknown is not there."""
    worth: int | None = None
    """What the entry earned in atoms of the unit, of the tokens that could be valued; `None` if none could."""
    unvalued: dict[str, int] = {}
    """Atoms earned in tokens that couldn't."""

    @property
    def net(self) -> dict[str, int]:
        """Atoms earned, by token, after every cost; nothing for an opening."""
        return {} if self.kind == EntryKind.OPENING else earned(self.postings)


class Unbalanced(ValueError):
    """Postings that don't sum to zero."""


def trial_balance(postings: Iterable[Posting]) -> dict[str, int]:
    """Returns the sum of the postings of each token that is not zero: empty if the books are right."""
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.token] += posting.atoms
    return {token: atoms for token, atoms in sorted(sums.items()) if atoms}


def require_balanced(postings: Iterable[Posting]) -> None:
    """Raises `Unbalanced` unless the postings sum to zero for every token."""
    if off := trial_balance(postings):
        token, atoms = next(iter(off.items()))
        message = f"postings of {token} sum to {atoms}, not to 0"
        raise Unbalanced(message)


def earned(postings: Iterable[Posting]) -> dict[str, int]:
    """Returns what the accounts that hold money gained, by token; tokens without a change are left out."""
    sums: Counter[str] = Counter()
    for posting in postings:
        if posting.account in HELD:
            sums[posting.token] += posting.atoms
    return {token: atoms for token, atoms in sorted(sums.items()) if atoms}


def reversal(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Returns postings that undo others."""
    return tuple(Posting(p.account, p.venue, p.token, -p.atoms) for p in postings)
