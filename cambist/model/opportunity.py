"""What the engine hands out: decisions on sized cycles."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class End(StrEnum):
    """How a standing cycle ended."""

    GONE = "gone"
    """A leg can't be traded."""
    UNSIZED = "unsized"
    """No size can be quoted."""
    LOST = "lost"
    """It paid no more."""
    CROWDED = "crowded"
    """More stand that earn more."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """Every cost of one opportunity, each once, in atoms of the cycle's base token, `None` where unknown.

    Venue fees are already inside `amount_out`; `venue_fees` says how much they were. The others are subtracted.
    """

    venue_fees: int
    transfer_fees: int
    base_fee: int | None
    priority_fee: int | None
    tip: int | None
    rent: int | None
    rebalancing: int | None
    flash_loan: int | None = 0
    """0 where nothing is borrowed."""

    @property
    def chain(self) -> int | None:
        """Sum of what is paid on top of the venues' own fees; `None` if any part is unknown."""
        total = self.transfer_fees
        for part in (self.base_fee, self.priority_fee, self.tip, self.rent, self.rebalancing, self.flash_loan):
            if part is None:
                return None
            total += part
        return total


class Lamports(msgspec.Struct, frozen=True, gc=False):
    """What the chain asks for, in lamports: the parts of `Cost` that are paid in SOL. `None` where unknown."""

    base_fee: int | None = None
    priority_fee: int | None = None
    tip: int | None = None
    rent: int | None = None


class Opportunity(msgspec.Struct, frozen=True, gc=False):
    """One exactly sized cycle and what was decided about it. Field order is the canonical encoding."""

    seq: int
    """Record that caused it."""
    recv_ns: int
    slot: int
    key: str
    """Canonical cycle key: edge names `pool>direction`, joined by `|`, smallest rotation first."""
    route: list[str]
    """Edge names in the order they would be executed, first leg sells the base token."""
    tokens: list[str]
    """Mints in order, one more than `route`, first = last = base token."""
    settlement: str
    """`atomic` (one transaction) or `legged` (an exchange leg or an equivalence in it)."""
    amount_in: int
    amount_out: int
    gross: int
    """amount_out − amount_in, in atoms of the base token."""
    cost: Cost
    net: int | None
    oldest_ns: int
    """Age of the oldest leg's quote."""
    seen_slots: int
    """How many slots in a row this cycle was profitable at the margin, of those in which something was judged."""
    landing_ppm: int | None
    score: int | None
    """0–100."""
    go: bool
    reason: str
    """`go`, or the one machine-readable reason: `below_min`, `stale`, `torn`, `depeg`, `no_base`, `unknown_cost`,
    `new`, `landing`, `legged_cost`, `not_positive`, `fees_eat_gross`, `tip_share`, …"""
    detail: str = ""
    """What the reason is about (a venue, a limit, a measured value), for display; part of the encoding."""
    miss: int | None = None
    """By how much the figure that refused it missed its limit, in `miss_unit`; `None` where no figure did."""
    miss_unit: str = ""
    """`atoms` of the base token, `slots` or `ppm`; else empty."""
    judged_slots: int = 0
    """Slots so far in which something was judged: the clock that `seen_slots` goes by."""
    lamports: Lamports = Lamports()

    @property
    def net_bps(self) -> float | None:
        """Net over amount in, for display only."""
        return None if self.net is None else self.net / self.amount_in * 10_000


class Need(msgspec.Struct, frozen=True):
    """What the engine wants a feed to fetch: never a decision, never in the digest."""

    kind: str
    """`account` (subscribe and seed `key`), `tick_array` (`key` = pool, `index` = start tick), `oracle` (`key` = pool),
    `depth` (seed the book of `key` = symbol on `channel`), `transaction` (`key` = signature of one that landed)."""
    channel: int
    key: str
    index: int = 0


def encode(value: Any) -> bytes:
    """Returns the canonical encoding: compact JSON, fields in declaration order, integers as they are."""
    return msgspec.json.encode(value)
