"""What opening a pool needs, and the token accounts it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.simulator.accounts import Account, TokenBalance
from cambist.simulator.core_programs import SOL_MINT
from cambist.simulator.tokens import TRANSFER_FEE

if TYPE_CHECKING:
    from cambist.simulator.pool import PoolSpec
    from cambist.simulator.tokens import TokenSpec


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

    def halves(self, spec: PoolSpec, dollars: float, off: float) -> tuple[int, int]:
        """Returns the atoms of each token that are half of `dollars`, those of b times `off`."""
        a, b = (
            int(dollars / 2.0 / self.dollars[token.symbol] * tilt * float(10**token.decimals))
            for token, tilt in ((spec.token_a, 1.0), (spec.token_b, off))
        )
        return a, b

    def vaults(self, spec: PoolSpec, owner: bytes, amounts: tuple[int, int]) -> None:
        """Opens a pool's vaults."""
        self.accounts[spec.vault_a] = balance(spec.token_a, owner, amounts[0])
        self.accounts[spec.vault_b] = balance(spec.token_b, owner, amounts[1])


def balance(token: TokenSpec, owner: bytes, amount: int) -> TokenBalance:
    """Returns a token account."""
    withheld = token.symbol in TRANSFER_FEE
    return TokenBalance.new(
        token.token_program, token.mint, owner, amount, native=token.mint == SOL_MINT, withheld=withheld
    )
