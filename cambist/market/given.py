"""The embedded market in the runtime's own loop: market, feeds, kernel and paper on one clock, no socket between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.market import markets
from cambist.model.rivals import rivals_of
from cambist.simulator.market import GENESIS_MS
from cambist.simulator.market import Market as Simulated
from cambist.simulator.node import Node
from cambist.simulator.slots import SLOT_MS
from feeds.loop_time import loop_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.config import Config
    from cambist.market.markets import Market
    from cambist.model.events import Channel
    from cambist.model.opportunity import Need
    from feeds.base import FeedStatus

START_NS = GENESIS_MS * 1_000_000
"""When such a session begins, in Unix nanoseconds: always then, so that a seed gives one session."""


class Driver:
    """Steps the market. It is run like a feed, and writes nothing."""

    name = "market"

    def __init__(self, node: Node, slots: int | None, ended: Callable[[], None]) -> None:
        self._node, self._slots, self._ended = node, slots, ended

    def channels(self) -> tuple[Channel, ...]:
        """Has none."""
        return ()

    def status(self) -> tuple[FeedStatus, ...]:
        """Is no connection."""
        return ()

    def need(self, need: Need) -> None:
        """Fetches nothing."""

    def retry(self) -> None:
        """Has nothing to try again."""

    async def run(self) -> None:
        """Steps the market for its slots, or until cancelled."""
        await self._node.run(self._slots)
        self._ended()


def market(config: Config, seconds: float | None, ended: Callable[[], None]) -> Market:
    """Returns how to watch a market of its own seed and level; after `seconds`, in whole slots, it calls `ended`."""
    asked = config.market
    simulated = Simulated(
        asked.seed,
        rate=asked.rate,
        exchanges=tuple(asked.exchanges),
        rivals=rivals_of(asked.level, asked.rivals),
    )
    node = Node(simulated, seconds=loop_s)
    dial = node.direct()
    slots = None if seconds is None else max(1, round(seconds * 1_000 / SLOT_MS))
    return markets.given(config, node.describe(), dial, Driver(node, slots, ended))
