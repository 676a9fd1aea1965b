"""What a room says of its exchange: one row of the table in `exchanges`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cambist.model.exchanges import Exchange
    from cambist.simulator.books import Listing


class Simulated(NamedTuple):
    """An exchange of the market."""

    facts: Exchange
    kind: str
    """Its class, in module `exchange` of its room."""
    listings: tuple[Listing, ...]
    levels: int | None = None
    """Levels of a side that the book channel shows which feeds ask for, where that is less than there are."""
    first: bool = False
    """Whether it is the one that is always there. Its draws have no name of their own."""

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        return self.facts.name

    @property
    def label(self) -> str:
        """What names its draws."""
        return "" if self.first else self.name
