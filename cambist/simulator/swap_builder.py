"""Builds any pool's swap, as wallets do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.simulator.addresses import associated
from cambist.simulator.transactions import Instruction, Meta
from cambist.simulator.venue import Swap
from cambist.simulator.venues import VENUE_OF

if TYPE_CHECKING:
    from cambist.simulator.pool import Fill, Find, Pool
    from cambist.simulator.tokens import TokenSpec


def unit_limit(pool: Pool, fill: Fill) -> int:
    """Returns the compute units that a wallet asks for a swap that it expects to end as `fill`."""
    return VENUE_OF[pool.spec.venue].units(fill)


class SwapBuilder:
    """Builds swap instructions; remembers addresses that are costly to derive."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._associated: dict[tuple[bytes, bytes], bytes] = {}

    def account_of(self, owner: bytes, token: TokenSpec) -> bytes:
        """Returns a wallet's associated token account."""
        key = (owner, token.mint)
        found = self._associated.get(key)
        if found is None:
            found = self._associated[key] = associated(owner, token)
        return found

    def swap(
        self,
        pool: Pool,
        owner: bytes,
        amount: int,
        threshold: int,
        *,
        a_to_b: bool,
        exact_in: bool = True,
        version: int = 1,
    ) -> Instruction:
        """Returns the instruction that sells token a (or b) for at least `threshold`, or buys for at most that."""
        spec = pool.spec
        users = self.account_of(owner, spec.token_a), self.account_of(owner, spec.token_b)
        signer = Meta(owner, signer=True, writable=True)
        asked = Swap(signer, users, amount, threshold, a_to_b, exact_in, version)
        return VENUE_OF[spec.venue].instruction(pool, self._find, asked)
