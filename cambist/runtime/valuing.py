"""How sums over several tokens are shown: in the unit, with the oldest price in them and what could not be valued."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.model.tokens import unit_of
from cambist.view import Valued

if TYPE_CHECKING:
    from cambist.engine.protocol import EngineSetup
    from cambist.kernel.ledger import Tally
    from cambist.runtime.words import Names


class Unit(NamedTuple):
    """What sums are in."""

    mint: str
    label: str
    decimals: int


def named_unit(setup: EngineSetup, names: Names) -> Unit:
    """Returns what sums are in, called as SOL is without a token table."""
    mint = unit_of(setup.tokens, setup.sol_mint)
    return Unit(mint, names.symbol(mint), names.decimals(mint)) if names.knows(mint) else Unit(mint, "SOL", 9)


def valued(tally: Tally, names: Names) -> Valued:
    """Returns how a tally's worth came about, and what is not in it by name."""
    rest = [f"{_whole(atoms, names.decimals(mint))} {names.symbol(mint)}" for mint, atoms in tally.unvalued.items()]
    reason = f"and {', '.join(rest)}: no price" if rest else ""
    if tally.oldest is None:
        return Valued(reason)
    value = tally.oldest.value
    return Valued(reason, value.venue, names.symbol(tally.oldest.token), value.age_ns)


def _whole(atoms: int, decimals: int) -> str:
    """Returns atoms in whole tokens, with every digit that counts."""
    sign, atoms = "−" if atoms < 0 else "+", abs(atoms)
    whole, part = divmod(atoms, 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
