"""Priority fees: what traders bid by regime, and what the landed transactions say about it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.simulator.draw import Draw

WINDOW_SLOTS = 150


class FeeWeather:
    """The price level of compute units. It drifts slowly and follows the storm with a lag, as bidders do."""

    CALM_LEVEL = 9_000.0
    """Micro-lamports per compute unit."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._drift = 1.0
        self._heat = 0.0
        self.level = self.CALM_LEVEL

    def step(self, storm: float, fullness: float) -> None:
        """Moves by one slot; `fullness` is the last block's share of its capacity."""
        self._drift = min(4.0, max(0.3, self._drift * (1.0 + 0.01 * self._draw.normal())))
        self._drift += (1.0 - self._drift) * 0.004
        wanted = max(storm, (fullness - 0.7) * 1.6)
        self._heat += (max(0.0, min(1.0, wanted)) - self._heat) * 0.06
        self.level = self.CALM_LEVEL * self._drift * (1.0 + 45.0 * self._heat * self._heat)

    def bid(self, draw: Draw) -> int:
        """Returns what an ordinary trader bids: often a wallet's default, sometimes nothing, seldom a lot."""
        kind = draw.unit()
        if kind < 0.10 * (1.0 - self._heat):
            return 0
        if kind < 0.25:
            return 1_000 + 1_000 * draw.below(10)
        return int(self.level * draw.between(0.35, 1.5) * draw.tail(12.0))


class Paid(NamedTuple):
    """One landed transaction's price."""

    price: int
    """Micro-lamports per compute unit."""
    writable: frozenset[bytes]


class SlotFees:
    """The prices that landed in one slot."""

    __slots__ = ("_by_account", "_paid", "_prices", "slot")

    def __init__(self, slot: int, paid: Iterable[Paid]) -> None:
        self.slot = slot
        self._paid = tuple(paid)
        self._prices: list[int] | None = None
        self._by_account: dict[bytes, list[int]] | None = None

    def fee(self, accounts: list[bytes], percentile_bps: int | None) -> int:
        """Returns the slot's price: the larger of the block's and of each account's own, 0 where nothing landed.

        Without a percentile, the minimum; else the nearest rank, 1 to 10,000.
        """
        if self._prices is None:
            self._prices = sorted(item.price for item in self._paid)
        fee = rank(self._prices, percentile_bps)
        if accounts and self._by_account is None:
            self._by_account = {}
            for item in sorted(self._paid, key=lambda paid: paid.price):
                for key in item.writable:
                    self._by_account.setdefault(key, []).append(item.price)
        for key in accounts:
            prices = self._by_account.get(key) if self._by_account is not None else None
            if prices:
                fee = max(fee, rank(prices, percentile_bps))
        return fee


def rank(ordered: list[int], percentile_bps: int | None) -> int:
    """Returns the nearest-rank percentile of sorted prices, the minimum if `percentile_bps` is `None`, 0 if empty."""
    if not ordered:
        return 0
    if percentile_bps is None:
        return ordered[0]
    return ordered[max(0, -(-percentile_bps * len(ordered) // 10_000) - 1)]


class FeeHistory:
    """The prices of the last 150 slots."""

    def __init__(self) -> None:
        self._slots: deque[SlotFees] = deque(maxlen=WINDOW_SLOTS)

    def add(self, slot: int, paid: Iterable[Paid]) -> None:
        """Takes over a closed slot."""
        self._slots.append(SlotFees(slot, paid))

    def levels(self, accounts: list[bytes], slots: int, percentiles_bps: tuple[int, ...]) -> list[int]:
        """Returns the percentiles of the newest slots' prices, lowest first; 0 where nothing landed.

        Of each slot it is the price that `rows` tells; of these the same percentile.
        """
        newest = list(self._slots)[-slots:]
        wanted = [bps or None for bps in percentiles_bps]
        return [rank(sorted(item.fee(accounts, bps) for item in newest), bps) for bps in wanted]

    @property
    def newest_slot(self) -> int:
        """The newest slot known, 0 before any."""
        return self._slots[-1].slot if self._slots else 0

    def rows(self, accounts: list[bytes], percentile_bps: int | None) -> list[tuple[int, int]]:
        """Returns (slot, price) of each slot known, oldest first."""
        return [(item.slot, item.fee(accounts, percentile_bps)) for item in self._slots]
