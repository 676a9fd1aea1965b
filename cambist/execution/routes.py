"""Edges of a route by name: `pool:direction`, `venue:symbol:direction`, or an equivalence's."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cambist.model.ledger import CHAIN
from cambist.model.orders import OrderLeg

if TYPE_CHECKING:
    from collections.abc import Sequence

EQUIVALENCE = "equivalence"
"""The venue of an edge between two tokens that are taken for one: nothing is traded on it."""


def legs_of(route: Sequence[str], tokens: Sequence[str]) -> tuple[OrderLeg, ...]:
    """Returns the hops of a route; an edge of three parts is of the exchange that it begins with."""
    made = []
    for edge, (token_in, token_out) in zip(route, pairwise(tokens), strict=True):
        head, *rest = edge.split(":")
        made.append(OrderLeg(edge, head if len(rest) > 1 else CHAIN, token_in, token_out))
    return tuple(made)


def turned(legs: Sequence[OrderLeg]) -> tuple[OrderLeg, ...]:
    """Returns the hops that lead back: the other direction of each edge, last first."""
    return tuple(OrderLeg(_other(leg.edge), leg.venue, leg.token_out, leg.token_in) for leg in reversed(legs))


def pools_of(route: Sequence[str]) -> set[str]:
    """Returns what the edges of a route trade with, whatever their direction."""
    return {edge.rpartition(":")[0] for edge in route}


def _other(edge: str) -> str:
    head, _, direction = edge.rpartition(":")
    return f"{head}:{1 - int(direction)}"
