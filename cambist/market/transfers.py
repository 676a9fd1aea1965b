"""What moving tokens costs, in atoms of the tokens that a market has."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cambist.config.watch import hint
from cambist.model.market import Transfer
from cambist.strategies.rule import symbols_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.config.transfers import TransferTable
    from cambist.model.market import Token

MOST = (1 << 63) - 1


def transfers_of(tables: Sequence[TransferTable], tokens: Sequence[Token]) -> tuple[Transfer, ...]:
    """Returns the ways to move tokens.

    Raises `ValueError` for a symbol that means no token here, or several, and for an amount that is no whole number of
    atoms of it.
    """
    names, decimals = symbols_of(tokens), {token.mint: token.decimals for token in tokens}
    made = []
    for at, each in enumerate(tables):
        mint = names.get(each.token)
        if mint is None:
            message = f"[[transfers]] {at + 1}: token {each.token[:60]!r} is no token here{hint(each.token, names)}"
            raise ValueError(message)
        flat, least = (
            _atoms(f"[[transfers]] {at + 1}: {key}", amount, each.token, decimals[mint])
            for key, amount in (("flat", each.flat), ("min", each.least))
        )
        made.append(Transfer(each.origin, each.target, mint, each.network, flat, each.ppm, each.minutes, least))
    return tuple(made)


def _atoms(place: str, amount: float, symbol: str, decimals: int) -> int:
    """Returns an amount as it was written, in atoms."""
    atoms = Decimal(repr(amount)).scaleb(decimals)
    if atoms != atoms.to_integral_value():
        message = f"{place} is {amount!r} {symbol}, which has {decimals} decimals"
        raise ValueError(message)
    if atoms > MOST:
        message = f"{place} is {amount!r} {symbol}, expected at most {MOST / 10**decimals:g}"
        raise ValueError(message)
    return int(atoms)
