"""The strategies of a session, made from `[[strategies]]`: kinds are looked up, symbols become mints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.config.watch import hint
from cambist.engine.rules import compile_rule
from cambist.execution.risk import Budget
from cambist.strategies import kinds, negative_cycle, rule
from cambist.strategies.base import StrategySetup, typed
from cambist.strategies.rule import symbols_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.config import Config
    from cambist.config.strategies import StrategyTable
    from cambist.market.limits import Atoms
    from cambist.model.market import Token

DEFAULT = (negative_cycle.KIND.name, rule.KIND.name)
"""What runs without a table, the second where there is a rule."""


def strategy_setups(config: Config, tokens: Sequence[Token]) -> tuple[StrategySetup, ...]:
    """Returns what runs, none for the default. Raises `ValueError` for a kind, setting or rule that there isn't."""
    made = tuple(_setup(table, tokens) for table in enabled(config))
    if config.strategies and not made:
        message = "[[strategies]]: none is enabled; leave all tables out to run the default"
        raise ValueError(message)
    own = rule.KIND.name
    if made and config.strategy.rule and not any(each.kind == own and not each.settings for each in made):
        message = f"[strategy] rule: no [[strategies]] of kind {own!r} without settings goes by it"
        raise ValueError(message)
    return made


def enabled(config: Config) -> list[StrategyTable]:
    """Returns the tables of those that run."""
    return [table for table in config.strategies if table.enabled]


def budgets(config: Config, atoms: Atoms) -> dict[str, Budget]:
    """Returns the budgets by strategy. Raises `ValueError` for a token that is no base token here."""
    return {
        table.name: Budget(
            atoms(table.capital, f"strategies {table.name} capital", {}),
            table.max_open_orders,
            table.max_orders_per_day,
            atoms(table.daily_loss, f"strategies {table.name} daily_loss", {}),
        )
        for table in enabled(config)
    }


def _setup(table: StrategyTable, tokens: Sequence[Token]) -> StrategySetup:
    where = f"[[strategies]] {table.name}"
    name = table.kind or table.name
    try:
        kind = kinds.find(name)
        settings = typed(kind, table.settings)
        if isinstance(settings, rule.RuleSettings) and settings.text:
            compile_rule(settings.text, list(symbols_of(tokens)))
    except kinds.NoStrategy as error:
        message = f"{where}: {error}{hint(name, kinds.names())}"
        raise ValueError(message) from error
    except ValueError as error:
        message = f"{where}: {error}"
        raise ValueError(message) from error
    return StrategySetup(table.name, name, table.settings, table.max_edges, kind.version)
