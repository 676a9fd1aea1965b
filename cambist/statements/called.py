"""What the mints, pools and orders of a journal are called, and amounts in whole tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.market import Token
from cambist.model.tokens import KNOWN, unit_of
from cambist.runtime.words import Names

if TYPE_CHECKING:
    from cambist.model.market import Listed
    from cambist.model.orders import Order

_ALWAYS = (Token(KNOWN["SOL"], "SOL", 9, verified=True), Token(KNOWN["USDC"], "USDC", 6, verified=True))
"""For a journal that does not say what its tokens are."""


class Called:
    """Looks up names; a token that nobody described has its mint, and its amounts stay atoms."""

    def __init__(self, listed: Listed) -> None:
        known = {token.mint for token in listed.tokens}
        self.tokens = (*listed.tokens, *(token for token in _ALWAYS if token.mint not in known))
        self.demo = listed.demo
        """Whether amounts are of the embedded market."""
        self._names = Names(self.tokens, listed.pools, ())
        self.unit = unit_of(self.tokens, KNOWN["SOL"])
        """Mint that sums over tokens are in."""

    def symbol(self, mint: str) -> str:
        """Returns a token's label, safe for a terminal."""
        return self._names.symbol(mint)

    def decimals(self, mint: str) -> int | None:
        """Returns a token's decimals, `None` if they are unknown."""
        return self._names.decimals(mint) if self._names.knows(mint) else None

    def amount(self, mint: str, atoms: int) -> str | None:
        """Returns atoms in whole tokens with all decimals, `None` if those are unknown.

        >>> from cambist.model.market import Listed
        >>> Called(Listed()).amount(KNOWN["SOL"], -1_500)
        '-0.000001500'
        """
        decimals = self.decimals(mint)
        if decimals is None:
            return None
        whole, part = divmod(abs(atoms), 10**decimals)
        digits = f"{whole}.{part:0{decimals}d}" if decimals else str(whole)
        return f"-{digits}" if atoms < 0 else digits

    def venues(self, order: Order) -> list[str]:
        """Returns where an order trades: kinds of pools and exchanges, each once, in order of name."""
        return sorted({self._names.venue(leg.edge) for leg in order.legs})

    def pairs(self, order: Order) -> list[str]:
        """Returns the pairs of an order's legs as `A/B` with the symbols in order, each once."""
        return sorted({self.pair(leg.token_in, leg.token_out) for leg in order.legs})

    def pair(self, a: str, b: str) -> str:
        """Returns two mints as a pair, the same whichever comes first."""
        return "/".join(sorted((self.symbol(a), self.symbol(b))))
