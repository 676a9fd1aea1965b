"""What a trade by legs leaves to be moved, in words: how much, from where to where, how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.model.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.protocol import EngineSetup, MoveView
    from cambist.runtime.words import Names


def in_words(moves: Sequence[MoveView], setup: EngineSetup, names: Names) -> tuple[str, ...]:
    """Returns a sentence for each move, and that none is made by itself; nothing where no transfer is set up."""
    said = tuple(_sentence(each, setup, names) for each in moves) if setup.transfers else ()
    return (*said, "Nothing is moved by itself.") if said else ()


def _sentence(move: MoveView, setup: EngineSetup, names: Names) -> str:
    unit, scale = names.symbol(move.mint), 10 ** names.decimals(move.mint)
    amount = f"Leaves {move.amount / scale:g} {unit} to move from {move.origin} to {move.target}"
    ends = move.origin, move.target, move.mint
    way = next((each for each in setup.transfers if (each.origin, each.target, each.mint) == ends), None)
    if way is None:
        rate = setup.gates.rebalancing_ppm
        return f"{amount}: {'no [[transfers]] says how' if rate is None else f'covered by the rate of {rate} ppm'}."
    if move.fee is None:
        return f"{amount}: it lets out {way.least / scale:g} at least."
    over = f" over {sanitise(way.network, 16)}" if way.network else ""
    time = "time unknown" if way.minutes is None else f"{way.minutes} min"
    return f"{amount}{over}: {time}, {move.fee / scale:g} {unit} a trade."
