"""What a node does wrong when a script says so: it lies, lags, falls silent. Nothing by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.accounts import Account
from cambist.simulator.token_layout import patch_token_amount

if TYPE_CHECKING:
    from collections.abc import Callable

    Lie = Callable[[Account], Account]


class Faults:
    """The faults of one node; its script may change them at any time."""

    def __init__(self) -> None:
        self.muted = False
        """Its socket stays open and says nothing."""
        self.lag_slots = 0
        """It tells each slot so many slots late, and reads are refused meanwhile."""
        self.slots_off = 0
        """Added to the slot at which it tells accounts."""
        self.lies: dict[bytes, Lie] = {}
        """What it makes of an account before it tells it, on both sides."""

    def as_reported(self, key: bytes, account: Account) -> Account:
        """Returns an account as the node tells it."""
        lie = self.lies.get(key)
        return account if lie is None else lie(account)


def owned_by(owner: bytes) -> Lie:
    """Returns a lie about who owns an account."""
    return lambda account: Account(owner, account.data, account.lamports)


def cut(size: int) -> Lie:
    """Returns a lie that leaves out the last bytes."""
    return lambda account: Account(account.owner, account.data[:-size], account.lamports)


def holding(amount: int) -> Lie:
    """Returns a lie about the balance of a token account."""
    return lambda account: Account(account.owner, patch_token_amount(account.data, amount), account.lamports)
