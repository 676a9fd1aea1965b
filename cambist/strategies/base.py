"""What a strategy is: opportunities in, wishes out. It sends nothing and reads no clock.

    opportunity ─► on_opportunity ─► Wish ─► numbered as an Intent ─► RiskGate ─► Order ─► on_order … on_fill

A strategy is made of its `Kind`, which is what an entry point of `cambist.strategy` names. What it decides may rest on
nothing but its settings, what it is handed, its state and what it asks of `Market`: a replay asks the same again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.engine.protocol import BookInspection, EngineSetup, RouteQuote
    from cambist.model.opportunity import Opportunity
    from cambist.model.orders import Fill, Order

API = 1
"""Of this page; raised with each change after which a strategy written for it may not run."""
PLUGINS = "cambist.strategy"
"""Entry point group."""

Setting = bool | int | float | str
State = dict[str, int]


class OverBudget(Exception):
    """A strategy asked for more work than it may at one moment. The kernel cuts it for that moment, and says so."""


class StrategySetup(msgspec.Struct, frozen=True):
    """One strategy that runs; all of it stands in the session's STATE."""

    name: str
    """What orders, limits and screens call it."""
    kind: str
    settings: dict[str, Setting] = {}
    max_edges: int | None = None
    """Most edges that it may ask about at a moment; `None`: no bound."""
    version: str = ""
    """Of the package that it comes from; empty for what comes with cambist."""


class Wish:
    """What a strategy wants done with an opportunity; the kernel numbers it and makes it an `Intent`."""

    __slots__ = ("amount_in", "min_out", "opportunity", "skip")

    def __init__(self, opportunity: Opportunity, amount_in: int, min_out: int, skip: str = "") -> None:
        self.opportunity, self.amount_in, self.min_out, self.skip = opportunity, amount_in, min_out, skip


class Market(Protocol):
    """What a strategy may ask while it is offered something, at the state as it is.

    Each call is work and counts against `max_edges`.
    """

    setup: EngineSetup
    backend: str
    """`auto` or `reference`: which of two equal implementations decides."""

    def quote(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Returns what a route pays; as many edges as it has. Raises `OverBudget`."""
        ...

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what `Engine.gauges` does; an edge for each. Raises `OverBudget`."""
        ...

    def book(self, source: str, depth: int, now_ns: int) -> BookInspection | None:
        """Returns a book (`venue:symbol`) with so many levels a side, `None` if there is none; an edge.

        Raises `OverBudget`.
        """
        ...

    def wallet(self, venue: str) -> Mapping[str, int]:
        """Returns what is free at a venue, mint → atoms; empty where nothing is known to be there. No edge."""
        ...


class Strategy(Protocol):
    """Turns opportunities into wishes. An error that any of its calls raises stops it for the session, by name."""

    def on_opportunity(self, opportunity: Opportunity) -> list[Wish]:
        """Returns what to do about one go opportunity, in record order."""
        ...

    def on_order(self, order: Order) -> None:
        """Takes note of an order that is open from now on, whoever wished for it.

        That is one that was sent, or that a restored session had sent.
        """
        ...

    def on_fill(self, order: Order, fill: Fill) -> None:
        """Takes note of how an order ended, whoever wished for it."""
        ...

    def state(self) -> State:
        """Returns what it must remember over a cut."""
        ...

    def restore(self, state: State) -> None:
        """Takes over what `state` returned; it was made anew before."""
        ...


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a strategy that has none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of strategy: what its entry point names."""

    api: int
    """`API` of the cambist that it was written for."""
    name: str
    make: Callable[[Any, Market], Strategy]
    """Makes one of its settings. Raises `ValueError` if they can't be meant here."""
    settings: type[msgspec.Struct] = NoSettings
    """Its settings, each with a default and a line of meaning; they must refuse unknown keys."""
    version: str = ""
    """Of its package; filled in where it is found, empty for what comes with cambist."""


def typed(kind: Kind, settings: Mapping[str, Setting]) -> Any:
    """Returns the settings of a kind. Raises `ValueError` for one that it does not have or that is out of range."""
    try:
        return msgspec.convert(dict(settings), kind.settings)
    except msgspec.ValidationError as error:
        message = f"settings of {kind.name}: {error}"
        raise ValueError(message) from error


def made(kind: Kind, settings: Mapping[str, Setting], market: Market) -> Strategy:
    """Returns a strategy of a kind. Raises `ValueError` for settings that it does not have or can't mean."""
    return kind.make(typed(kind, settings), market)
