"""What a room says of its pool program: one row of the table in `venues`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from cambist.simulator.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.accounts import Account
    from cambist.simulator.draw import Draw
    from cambist.simulator.execution import Context
    from cambist.simulator.layout import Layout
    from cambist.simulator.pool import Fill, Find, PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.tokens import TokenSpec
    from cambist.simulator.transactions import Instruction, Meta

P = TypeVar("P", bound=Pool)


class Swap(NamedTuple):
    """A swap as a wallet asks for it."""

    signer: Meta
    users: tuple[bytes, bytes]
    """The wallet's accounts of token a and b."""
    amount: int
    threshold: int
    """Least out if exact in, most in if exact out."""
    a_to_b: bool
    exact_in: bool
    version: int
    """Of the program's instruction, where it has two."""

    @property
    def sides(self) -> tuple[bytes, bytes]:
        """The wallet's account that pays, and the one that is paid."""
        return self.users if self.a_to_b else self.users[::-1]

    @property
    def asked(self) -> bytes:
        """Amount and threshold, as most programs read them."""
        return self.amount.to_bytes(8, "little") + self.threshold.to_bytes(8, "little")

    @property
    def in_and_out(self) -> bytes:
        """The same with what is paid first."""
        first, second = (self.amount, self.threshold) if self.exact_in else (self.threshold, self.amount)
        return first.to_bytes(8, "little") + second.to_bytes(8, "little")


def nothing(accounts: dict[bytes, Account], tokens: Mapping[str, TokenSpec]) -> None:
    """Opens no accounts: pools that share none."""


@dataclass(frozen=True)
class Venue(Generic[P]):
    """A pool program."""

    name: str
    """As in `cambist.model.venues`."""
    programs: tuple[bytes, ...]
    """The one that swaps, then those of its makers that it calls."""
    layouts: tuple[Layout, ...]
    """How its accounts are laid out."""
    pairs: str
    """Its pools: pairs with thousands of dollars; after the colon the index of their terms."""
    spec: Callable[[TokenSpec, TokenSpec, float, int], PoolSpec]
    """Returns a pool of two tokens worth so many dollars together, on the terms of that index."""
    fund: Callable[[Scene, PoolSpec, Draw, float, float], P]
    """Puts a pool's accounts in place: worth so many dollars, its price off the market's by a factor."""
    instruction: Callable[[P, Find, Swap], Instruction]
    """Returns a wallet's swap."""
    units: Callable[[Fill], int]
    """Returns the compute units that wallets ask for a swap that they expect to end so."""
    run: Callable[[Context, Instruction], None]
    """Runs an instruction as the program does. Raises `ProgramError`."""
    share: Callable[[dict[bytes, Account], Mapping[str, TokenSpec]], None] = nothing
    """Opens the accounts that its pools share."""
    keys: tuple[bytes, ...] = ()
    """What every swap names."""
    exact_out: tuple[bool, ...] = (True, False)
    """For which direction (a to b) wallets ask for an exact amount out."""
