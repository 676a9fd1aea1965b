"""What opening a pool needs, and the token accounts it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator import catalogue
from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.core_programs import SOL_MINT

if TYPE_CHECKING:
    from cambist.simulator.catalogue import PoolSpec, TokenSpec


class Scene(NamedTuple):
    """The accounts so far, and the prices at the opening."""

    seed: int
    dollars: dict[str, float]
    genesis_s: int
    accounts: dict[bytes, Account]

    def atoms(self, spec: PoolSpec) -> tuple[float, float]:
        """Returns the dollars of an atom of each token."""
        usd = self.dollars[spec.token_a.symbol], self.dollars[spec.token_b.symbol]
        return usd[0] / float(10**spec.token_a.decimals), usd[1] / float(10**spec.token_b.decimals)

    def vaults(self, spec: PoolSpec, owner: bytes, amounts: tuple[int, int]) -> None:
        """Opens a pool's vaults."""
        self.accounts[spec.vault_a] = balance(spec.token_a, owner, amounts[0])
        self.accounts[spec.vault_b] = balance(spec.token_b, owner, amounts[1])


def balance(token: TokenSpec, owner: bytes, amount: int) -> TokenBalance:
    """Returns a token account."""
    withheld = token.symbol in catalogue.TRANSFER_FEE
    return TokenBalance.new(
        token.token_program, token.mint, owner, amount, native=token.mint == SOL_MINT, withheld=withheld
    )
