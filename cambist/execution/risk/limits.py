"""What RiskGate holds an intent against: amounts in atoms, by mint of the base token."""

from __future__ import annotations

import msgspec

from cambist.config.risk import Unwind
from cambist.execution.risk.budgets import Budget

ANY = "any"
"""The name that stands for each venue, route or strategy that has no caps of its own."""
Caps = dict[str, dict[str, int]]
"""Name or `ANY` → mint → atoms."""


class Account(msgspec.Struct, frozen=True):
    """Rules of an account that somebody else funds; an empty map is no rule, else other tokens are refused."""

    daily_loss: dict[str, int] = {}
    max_loss: dict[str, int] = {}
    """Below the highest balance at the end of a day."""
    daily_stop_ppm: int = 750_000
    """Share of `daily_loss` at which no new order goes out."""
    reserve_ppm: int = 100_000
    """Share of `max_loss` above the threshold below which none does."""


class Limits(msgspec.Struct, frozen=True):
    """Limits per base token (mint → atoms), per name and per time; a map without a name, and `None`, is no limit."""

    cap: dict[str, int] = {}
    """Of one order. A token without is never traded."""
    daily_loss: dict[str, int] = {}
    """From the day's peak. A token without is never traded."""
    max_open_orders: int = 4
    max_orders_per_minute: int = 60
    max_orders_per_day: int | None = None
    open_cap: dict[str, int] = {}
    """Of all open orders together."""
    day_cap: dict[str, int] = {}
    """Of all orders of a day (UTC) together."""
    venue_cap: Caps = {}
    """Of all open orders over a venue."""
    route_cap: Caps = {}
    """Of an open order of a cycle, by its key."""
    strategy_cap: Caps = {}
    """Of all open orders of a strategy."""
    balance_floor: dict[str, int] = {}
    """What stays in the wallet, of any token, whatever is traded."""
    band_ppm: int | None = None
    """How far a leg's price may be from that of other venues."""
    band_closed: bool = True
    """Whether an order is refused whose legs have no price elsewhere."""
    account: Account = Account()
    unwind: Unwind = Unwind()
    budgets: dict[str, Budget] = {}
    """Of strategies, by name."""


def cap_of(caps: Caps, name: str, token: str) -> int | None:
    """Returns the cap in atoms that binds `name`: its own, else that of any; `None` if there is neither."""
    return caps.get(name, caps.get(ANY, {})).get(token)
