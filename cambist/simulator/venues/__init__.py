"""The pool programs that the market runs: one room each, found by the names of `cambist.model.venues`.

A room's `VENUE` is its row; pools open in the order of the names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cambist.model.venues import POOL_VENUES
from cambist.simulator import core_programs
from cambist.simulator.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cambist.simulator.execution import Context
    from cambist.simulator.pool import Pool, PoolSpec
    from cambist.simulator.scene import Scene
    from cambist.simulator.tokens import TokenSpec
    from cambist.simulator.transactions import Instruction
    from cambist.simulator.venue import Venue

VENUES: tuple[Venue[Any], ...] = tuple(import_module(f"{__name__}.{venue.name}").VENUE for venue in POOL_VENUES)
VENUE_OF = {venue.name: venue for venue in VENUES}
HANDLERS: dict[bytes, Callable[[Context, Instruction], None]] = {
    **core_programs.HANDLERS,
    **{venue.programs[0]: venue.run for venue in VENUES},
}
"""Every program that the chain runs."""


def specs(tokens: Mapping[str, TokenSpec]) -> list[PoolSpec]:
    """Returns every pool, in a fixed order."""
    found = []
    for venue in VENUES:
        words = venue.pairs.split()
        for pair, thousands in zip(words[::2], words[1::2], strict=True):
            names, _, tier = pair.partition(":")
            first, second = (tokens[name] for name in names.split("/"))
            found.append(venue.spec(first, second, float(thousands) * 1_000.0, int(tier or 0)))
    return found


def open_pool(scene: Scene, spec: PoolSpec) -> Pool:
    """Returns a funded pool; its accounts are in place."""
    draw = Draw(scene.seed, "pool", spec.address.hex())
    dollars = spec.dollars * draw.between(0.7, 1.3)
    off = 1.0 + draw.normal() * 0.0004
    pool: Pool = VENUE_OF[spec.venue].fund(scene, spec, draw, dollars, off)
    return pool
