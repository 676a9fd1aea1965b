"""The books of a session: entries in, balances and the day's result out.

Every wallet, profit, drawdown and sum of fees that is shown or limited is a view of what stands here. Sums over tokens
are in the unit, the first base token, at the prices of each entry's own time; what could not be valued stays by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from cambist.model.ledger import (
    CHAIN,
    COSTS,
    DAY_NS,
    Account,
    Entry,
    EntryKind,
    Posting,
    TokenValue,
    earned,
    require_balanced,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cambist.model.market import Token

Values = Callable[[Sequence[str], int], "list[TokenValue | None]"]
"""Returns what a whole one of each token is worth at a time, `None` where that is unknown."""


class Valued(msgspec.Struct, frozen=True):
    """A price that amounts were valued at."""

    token: str
    value: TokenValue


class Tally(msgspec.Struct):
    """What was earned and paid over a span of time."""

    net: dict[str, int] = {}
    """Atoms earned, by token, after every cost."""
    worth: int = 0
    """The same in atoms of the unit, each entry at the prices of its time."""
    unvalued: dict[str, int] = {}
    """Atoms earned that could not be valued, by token; not in `worth`."""
    peak: int = 0
    """Highest `worth` so far; never below 0."""
    paid: dict[str, dict[str, int]] = {}
    """Account of a cost → token → atoms."""
    entries: int = 0
    """That earned or cost something."""
    oldest: Valued | None = None
    """The price in `worth` that was oldest when it was taken."""

    def take(self, entry: Entry) -> None:
        """Adds an entry."""
        net = entry.net
        for token, atoms in net.items():
            self.net[token] = self.net.get(token, 0) + atoms
        for token, atoms in entry.unvalued.items():
            self.unvalued[token] = self.unvalued.get(token, 0) + atoms
        self.worth += entry.worth or 0
        self.peak = max(self.peak, self.worth)
        self.entries += bool(net)
        for token, value in entry.values.items():
            if value.venue and (self.oldest is None or value.age_ns >= self.oldest.value.age_ns):
                self.oldest = Valued(token, value)
        for posting in entry.postings:
            if posting.account in COSTS:
                paid = self.paid.setdefault(posting.account.value, {})
                paid[posting.token] = paid.get(posting.token, 0) + posting.atoms

    @property
    def from_peak(self) -> int:
        """`worth` less its peak: 0 or below."""
        return self.worth - self.peak


class LedgerState(msgspec.Struct):
    """What the books remember: the same in a session's STATE, at a restart and over segments."""

    balances: list[Posting] = []
    """What each account of each venue and token holds, in order; none of zero."""
    next_entry: int = 1
    day: int = 0
    """Days since 1970, UTC, that `today` is of; it never goes back."""
    today: Tally = msgspec.field(default_factory=Tally)


class Ledger:
    """Takes entries, one after the other; each must balance."""

    def __init__(self, state: LedgerState, tokens: Iterable[Token], unit: str) -> None:
        """`unit` is the mint that sums are in."""
        self._balances = {(p.account, p.venue, p.token): p.atoms for p in state.balances}
        self._next, self.day, self.today = state.next_entry, state.day, state.today
        self._scale = {token.mint: float(10**token.decimals) for token in tokens}
        self.unit = unit

    def state(self) -> LedgerState:
        """Returns what the books remember, apart from what goes on here."""
        balances = [Posting(*key, atoms) for key, atoms in sorted(self._balances.items()) if atoms]
        today = msgspec.convert(msgspec.to_builtins(self.today), Tally)
        return LedgerState(balances, self._next, self.day, today)

    def balance(self, account: Account, token: str, venue: str = CHAIN) -> int:
        """Returns what an account holds, in atoms."""
        return self._balances.get((account, venue, token), 0)

    def wallet(self, venue: str = CHAIN) -> dict[str, int]:
        """Returns what is free to be traded at a venue, by token."""
        found = self._balances.items()
        return {
            token: atoms for (account, at, token), atoms in sorted(found) if (account, at) == (Account.WALLET, venue)
        }

    def venues(self) -> set[str]:
        """Returns where wallets are."""
        return {venue for account, venue, _ in self._balances if account == Account.WALLET}

    def off(self) -> dict[str, int]:
        """Returns the trial balance: by token what all accounts sum to where that is not zero."""
        sums: dict[str, int] = {}
        for (_, _, token), atoms in self._balances.items():
            sums[token] = sums.get(token, 0) + atoms
        return {token: atoms for token, atoms in sorted(sums.items()) if atoms}

    def roll(self, now_ns: int) -> None:
        """Begins a new day (UTC) if one has begun; a clock that went back changes nothing."""
        day = now_ns // DAY_NS
        if day > self.day:
            self.day, self.today = day, Tally()

    def enter(
        self,
        kind: EntryKind,
        at_ns: int,
        order_id: int,
        postings: tuple[Posting, ...],
        values: Values,
        *,
        conversion: bool = False,
    ) -> Entry:
        """Books postings and returns them as an entry, with what tokens are worth by `values` now.

        Of a `conversion` of one token into another nothing is valued unless both are. Raises `Unbalanced`, and nothing
        has changed then.
        """
        require_balanced(postings)
        net = {} if kind == EntryKind.OPENING else earned(postings)
        mints = [*dict.fromkeys((*net, self.unit))] if set(net) - {self.unit} else []
        found = values(mints, at_ns) if mints else []
        known = {mint: value for mint, value in zip(mints, found, strict=True) if value is not None and value.price > 0}
        worth, unvalued = self._worth(net, known)
        if conversion and unvalued:
            worth, unvalued = None, net
        entry = Entry(self._next, at_ns, kind, order_id, postings, known, worth, unvalued)
        self._next += 1
        self.roll(at_ns)
        for posting in postings:
            key = posting.account, posting.venue, posting.token
            self._balances[key] = self._balances.get(key, 0) + posting.atoms
        self.today.take(entry)
        return entry

    def _worth(self, net: Mapping[str, int], values: Mapping[str, TokenValue]) -> tuple[int | None, dict[str, int]]:
        """Returns what amounts are in atoms of the unit, and those that can't be valued."""
        total, unvalued, unit = 0, dict[str, int](), values.get(self.unit)
        for mint, atoms in net.items():
            if mint == self.unit:
                total += atoms
            elif unit is None or mint not in values or mint not in self._scale or self.unit not in self._scale:
                unvalued[mint] = atoms
            else:
                whole = float(atoms) / self._scale[mint]
                total += round(whole * values[mint].price / unit.price * self._scale[self.unit])
        return (None if net and len(unvalued) == len(net) else total), unvalued
