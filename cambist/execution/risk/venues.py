"""Which venues a route goes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.execution.routes import EQUIVALENCE
from cambist.model.venues import VENUE_OF_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.model.market import PoolRef


class Venues:
    """The venues of edges, by the watched pools."""

    def __init__(self, pools: Iterable[PoolRef]) -> None:
        self._of = {pool.address: VENUE_OF_PROGRAM.get(pool.program, "") for pool in pools}

    def of(self, edge: str) -> str:
        """Returns an edge's venue; empty for a pool of none that is known."""
        head, *rest = edge.split(":")
        return self._of.get(head, "") if len(rest) == 1 else head

    def over(self, route: Iterable[str]) -> list[str]:
        """Returns a route's venues, each once, sorted; an equivalence is none."""
        return sorted({self.of(edge) for edge in route} - {EQUIVALENCE})


def is_legged(route: Iterable[str]) -> bool:
    """Returns whether a route has an edge that is no pool's, so that it can't be one transaction."""
    return any(edge.count(":") != 1 for edge in route)
