"""`[risk]`: what RiskGate holds every order against."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from cambist.config.numbers import Amount, Count, Ppm


class Unwind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Orders that turn back what a legged order left over. They pass the limits of loss, size and rate."""

    policy: Literal["hold", "sell_back", "hedge"] = "sell_back"
    """What ends it: nothing, its own leg turned around, or the leg of the trade that was not filled."""
    retry_ms: Count = 5_000
    """Time between two tries."""
    when_halted: bool = False
    """Whether they go out while trading is halted."""
    max_loss_ppm: Ppm = 20_000
    """Least they must bring: what was paid less this share of it."""
    max_tries: Count = 3
    """Orders that may be sent to turn back the same amount."""


class AccountRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules of an account that somebody else funds. Once a map names a token, orders of any other are refused."""

    daily_loss: dict[str, Amount] = {}
    """Loss of a day that halts trading, in whole tokens by symbol."""
    max_loss: dict[str, Amount] = {}
    """The balance may not fall so far below the highest that a day ended with, in whole tokens by symbol."""
    daily_stop_ppm: Ppm = 750_000
    """Share of `daily_loss` at which no new order goes out."""
    reserve_ppm: Ppm = 100_000
    """Share of `max_loss` that the balance must be above what it may fall to."""


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of RiskGate. Maps go from a base token's symbol to whole tokens; a token without both is never traded."""

    cap: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 20.0, "USDC": 4_000.0})
    """Most whole tokens that one trade may put in, by symbol."""
    daily_loss: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 0.5, "USDC": 100.0})
    """Loss from the day's peak that halts trading, in whole tokens by symbol; what open orders can lose counts."""
    max_open_orders: Count = 4
    """Orders that may be open at a time."""
    max_orders_per_minute: Count = 60
    """Orders that may be sent in a minute."""
    max_orders_per_day: Count = 20_000
    """Orders that may be sent in a day (UTC)."""
    open_cap: dict[str, Amount] = {}
    """Most that all open orders may put in together, by symbol."""
    day_cap: dict[str, Amount] = {}
    """Most that all orders of a day (UTC) may put in together, by symbol."""
    venue_cap: dict[str, dict[str, Amount]] = {}
    """Most that open orders over a venue may put in: venue or `any`, then symbol."""
    route_cap: dict[str, dict[str, Amount]] = {}
    """Most that an order of a cycle may put in: its key or `any`, then symbol."""
    strategy_cap: dict[str, dict[str, Amount]] = {}
    """Most that open orders of a strategy may put in: its name or `any`, then symbol."""
    balance_floor: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 0.01})
    """What stays in the wallet, by symbol; SOL pays fees whatever is traded."""
    band_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    """How far the price of a leg may be from that of venues the route doesn't use; none: no such limit."""
    band_unknown: Literal["refuse", "pass"] = "refuse"
    """What becomes of an order whose legs have no price elsewhere, if there is a band."""
    account: AccountRules = AccountRules()
    unwind: Unwind = Unwind()
