"""What a strategy may ask of the market, metered: work is counted in edges, never in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cambist.engine.protocol import BookInspection
from cambist.strategies.base import OverBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cambist.engine.protocol import Engine, EngineSetup, RouteQuote

_BOOK: msgspec.json.Decoder[BookInspection | None] = msgspec.json.Decoder(BookInspection | None)


class Access:
    """The market as one strategy may ask about it; see `cambist.strategies.base.Market`."""

    def __init__(
        self,
        setup: EngineSetup,
        backend: str,
        engine: Callable[[], Engine],
        wallet: Callable[[str], Mapping[str, int]],
        max_edges: int | None,
    ) -> None:
        """`engine` and `wallet` (venue → mint → atoms) are asked anew at each call: both may be replaced."""
        self.setup, self.backend = setup, backend
        self._engine, self._wallet, self._max_edges = engine, wallet, max_edges
        self.edges = 0
        """That were asked about since `begin`."""
        self.at_work = False
        """Whether the strategy is being offered something: at no other time is there a moment to ask about."""

    def begin(self) -> None:
        """Begins a moment: the whole budget is there again."""
        self.edges = 0

    def quote(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Returns what a route pays. Raises `OverBudget`."""
        self._spend(len(route))
        return self._engine().quote_route(route, amount_in, now_ns)

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what each gauge shows. Raises `OverBudget`."""
        self._spend(len(wanted))
        return self._engine().gauges(wanted, now_ns)

    def book(self, source: str, depth: int, now_ns: int) -> BookInspection | None:
        """Returns a book, `None` if there is none. Raises `OverBudget`."""
        self._spend(1)
        return _BOOK.decode(self._engine().inspect_book(source, depth, now_ns))

    def wallet(self, venue: str) -> Mapping[str, int]:
        """Returns what is free at a venue."""
        return self._wallet(venue)

    def _spend(self, edges: int) -> None:
        if not self.at_work:
            message = "a strategy may ask of the market in on_opportunity only"
            raise RuntimeError(message)
        if self._max_edges is not None and self.edges + edges > self._max_edges:
            message = f"{self.edges} + {edges} > {self._max_edges} edges"
            raise OverBudget(message)
        self.edges += edges
