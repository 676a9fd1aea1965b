"""Goals of rows: what a figure is to reach, in words, and the one place that says whether it did."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Of(StrEnum):
    """Which figure of a row."""

    VALUE = "value"
    PEER = "peer"
    """How many times better than the peer."""
    PYTHON = "python"
    """How many times better than the reference engine."""
    PASSES = "passes"
    """How often its input could have been gone over meanwhile."""


class Goal(NamedTuple):
    """A bound of one figure."""

    of: Of
    limit: float
    words: str
    most: bool = False
    """Whether the limit is the most that the figure may be; the least otherwise."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A row that may have goals. Only `judged` gives it one."""

    goal: str = ""
    """All of its goals in words."""
    met: bool | None = None
    """Whether each goal is met; `None` without one, or where a figure that one is about was not measured."""

    def figures(self) -> Mapping[Of, float | None]:
        """Returns the figures that goals can be about."""
        raise NotImplementedError


Kind = TypeVar("Kind", bound=Judged)


def least(limit: float, words: str = "") -> Goal:
    """Returns the goal of a value of at least so much."""
    return Goal(Of.VALUE, limit, words or f"≥ {limit:,g}")


def most(limit: float, words: str = "") -> Goal:
    """Returns the goal of a value of at most so much."""
    return Goal(Of.VALUE, limit, words or f"≤ {limit:,g}", most=True)


def judged(row: Kind, goals: Sequence[Goal]) -> Kind:
    """Returns the row with its goals in words and whether it meets all of them."""
    figures, verdicts = row.figures(), []
    for goal in goals:
        figure = figures[goal.of]
        verdicts.append(None if figure is None else figure <= goal.limit if goal.most else figure >= goal.limit)
    met = None if not verdicts or None in verdicts else all(verdicts)
    return msgspec.structs.replace(row, goal=", ".join(goal.words for goal in goals), met=met)


def verdict(goal: str, met: bool | None) -> str:
    """Returns what a row says of its goal; nothing without one."""
    return {True: "met", False: "missed", None: "not judged" if goal else ""}[met]
