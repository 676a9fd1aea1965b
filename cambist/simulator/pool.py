"""A pool: its fixed facts, and what a swap through it does."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cambist.simulator.accounts import TokenBalance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.engine.reference.chain.token import TransferFee
    from cambist.simulator.accounts import Account
    from cambist.simulator.tokens import TokenSpec

    Find: TypeAlias = Callable[[bytes], Account | None]


class PoolSpec(NamedTuple):
    """A pool before it is funded. Token a/b are its program's first and second."""

    venue: str
    """As in `cambist.model.venues`."""
    token_a: TokenSpec
    token_b: TokenSpec
    dollars: float
    """Value of both sides."""
    fee_ppm: int
    tick_spacing: int
    """Between the ticks of concentrated liquidity, or bps between bins; else 0."""
    tier: int
    """Index of its terms in its venue's catalogue."""
    address: bytes
    vault_a: bytes
    vault_b: bytes
    stable: bool = False
    """Whether its curve is one for tokens that move together."""

    @property
    def pegged(self) -> bool:
        """Whether it is made for tokens that move together."""
        return self.tick_spacing == 1 or self.stable


class Moment(NamedTuple):
    """When a swap happens."""

    now: int
    """Unix seconds."""
    slot: int
    epoch: int = 0


class Fill(NamedTuple):
    """What a swap moves, and the accounts that it leaves changed besides token balances."""

    paid: int
    """Atoms the user pays."""
    vault_in: int
    """Atoms that reach the vault: `paid` less the transfer fee."""
    vault_out: int
    """Atoms that leave the vault."""
    received: int
    """Atoms that reach the user."""
    changed: dict[bytes, Account]
    maths: object = None
    """What the venue's maths said, for its program."""


class Pool(ABC):
    """A pool's fixed facts; all that changes is in its accounts. A venue's own adds what its swaps need."""

    def __init__(self, spec: PoolSpec) -> None:
        self.spec = spec
        self.taxes: tuple[TransferFee | None, TransferFee | None] = (None, None)
        """Transfer fees of token a and b."""
        self.scale = float(10**spec.token_a.decimals) / float(10**spec.token_b.decimals)
        """Price in whole b per whole a over price in atoms."""

    @abstractmethod
    def swap(self, find: Find, amount: int, at: Moment, *, a_to_b: bool, exact_in: bool) -> Fill:
        """Returns the swap of `amount` against the accounts that `find` gives. Raises `QuoteError`."""

    @abstractmethod
    def reserves(self, find: Find) -> tuple[float, float]:
        """Returns the virtual reserves of a and b in atoms: what a constant-product pool with this slope would hold."""

    def parts(self) -> list[bytes]:
        """Returns the accounts of its own that swaps change."""
        return [self.spec.address, self.spec.vault_a, self.spec.vault_b]

    def named(self, find: Find) -> Iterable[bytes]:
        """Returns the accounts that its swaps name now, besides those that every pool has."""
        return ()

    def taxes_of(self, *, a_to_b: bool) -> tuple[TransferFee | None, TransferFee | None]:
        """Returns the transfer fees of the token that a swap takes in and of the one it gives."""
        return self.taxes if a_to_b else self.taxes[::-1]

    def untaxed(self, amount: int, *, a_to_b: bool, exact_in: bool) -> int:
        """Returns the atoms that reach the vault of `amount` in, or that have to leave it for `amount` out."""
        tax_in, tax_out = self.taxes_of(a_to_b=a_to_b)
        if exact_in:
            return amount - (tax_in.fee(amount) if tax_in else 0)
        return tax_out.gross(amount) if tax_out else amount

    def paid(self, amount_in: int, *, a_to_b: bool) -> int:
        """Returns the atoms that the user pays for so many to reach the vault."""
        tax, _ = self.taxes_of(a_to_b=a_to_b)
        return tax.gross(amount_in) if tax else amount_in

    def received(self, amount_out: int, *, a_to_b: bool) -> int:
        """Returns the atoms that reach the user of so many that leave the vault."""
        _, tax = self.taxes_of(a_to_b=a_to_b)
        return amount_out - (tax.fee(amount_out) if tax else 0)

    def amount_for(self, reserves: tuple[float, float], impact: float, *, a_to_b: bool) -> int:
        """Returns the atoms in that move the price by about `impact` (a fraction) on the virtual reserves."""
        reserve = reserves[0] if a_to_b else reserves[1]
        return int(reserve * (math.sqrt(1.0 + impact) - 1.0) / (1.0 - self.spec.fee_ppm / 1_000_000.0))


class Vaults(NamedTuple):
    """Balances of a pool's vaults."""

    a: int
    b: int


def vaults(pool: Pool, find: Find) -> Vaults:
    """Returns the vault balances."""
    a, b = find(pool.spec.vault_a), find(pool.spec.vault_b)
    assert isinstance(a, TokenBalance)
    assert isinstance(b, TokenBalance)
    return Vaults(a.amount, b.amount)
