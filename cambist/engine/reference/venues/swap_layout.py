"""Accounts of a swap, by where its instruction names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


Pair = tuple[bytes, bytes]


class Places(NamedTuple):
    """Where an instruction names the accounts of its swap."""

    pool: int
    users: tuple[int, int]
    vaults: tuple[int, int]
    mints: tuple[int, int] | None = None
    ordered: bool = True


class Layout(NamedTuple):
    """The accounts between which a swap moves tokens."""

    pool: bytes
    users: Pair
    """The trader's accounts: paid from, paid to."""
    vaults: Pair
    mints: Pair | None
    """The pool's accounts, and their mints where the instruction names them."""
    ordered: bool
    """Whether vaults and mints are input first; else token a is first."""


def at(accounts: Sequence[bytes], places: Places) -> Layout | None:
    """Returns the accounts at these places, `None` if there are fewer."""
    wanted = (places.pool, *places.users, *places.vaults, *(places.mints or ()))
    if max(wanted) >= len(accounts):
        return None

    def two(pair: tuple[int, int]) -> Pair:
        return accounts[pair[0]], accounts[pair[1]]

    mints = None if places.mints is None else two(places.mints)
    return Layout(accounts[places.pool], two(places.users), two(places.vaults), mints, places.ordered)
