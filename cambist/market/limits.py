"""What RiskGate is given, made from `[risk]`: symbols become mints, whole tokens atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.config.watch import hint
from cambist.execution.risk import ANY, Account, Limits
from cambist.model.venues import POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.config import Risk
    from cambist.execution.risk import Budget
    from cambist.model.events import Channel

    Atoms = Callable[[dict[str, float], str, dict[str, float]], dict[str, int]]
    """(whole tokens by symbol, the key they stand at, the key's default) → atoms by mint. Raises `ValueError`."""


def risk_limits(
    risk: Risk, atoms: Atoms, channels: Iterable[Channel], strategies: tuple[str, ...], budgets: dict[str, Budget]
) -> Limits:
    """Returns the limits; `strategies` are the names that may run.

    Raises `ValueError` for a token, venue or strategy that there isn't, with the nearest.
    """
    default = type(risk)()

    def amounts(key: str) -> dict[str, int]:
        return atoms(getattr(risk, key), f"risk.{key}", getattr(default, key))

    def by_name(key: str, known: tuple[str, ...]) -> dict[str, dict[str, int]]:
        tables: dict[str, dict[str, float]] = getattr(risk, key)
        for name in tables:
            if known and name not in (*known, ANY):
                message = f"[risk.{key}] {name[:60]!r} is none here{hint(name, (*known, ANY))}"
                raise ValueError(message)
        return {name: atoms(table, f"risk.{key}.{name}", {}) for name, table in tables.items()}

    account = Account(
        atoms(risk.account.daily_loss, "risk.account.daily_loss", {}),
        atoms(risk.account.max_loss, "risk.account.max_loss", {}),
        risk.account.daily_stop_ppm,
        risk.account.reserve_ppm,
    )
    venues = (*(venue.name for venue in POOL_VENUES), *dict.fromkeys(channel.venue for channel in channels))
    return Limits(
        cap=amounts("cap"),
        daily_loss=amounts("daily_loss"),
        max_open_orders=risk.max_open_orders,
        max_orders_per_minute=risk.max_orders_per_minute,
        max_orders_per_day=risk.max_orders_per_day,
        open_cap=amounts("open_cap"),
        day_cap=amounts("day_cap"),
        venue_cap=by_name("venue_cap", venues),
        route_cap=by_name("route_cap", ()),
        strategy_cap=by_name("strategy_cap", strategies),
        balance_floor=amounts("balance_floor"),
        band_ppm=risk.band_ppm,
        band_closed=risk.band_unknown == "refuse",
        account=account,
        unwind=risk.unwind,
        budgets=budgets,
    )
