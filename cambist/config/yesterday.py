"""Yesterday's spellings: what an older file says, put as it is written today, with words on how to write it."""

from __future__ import annotations

from typing import Any, NamedTuple

from cambist.config.settings import place_of
from cambist.model.exchanges import EXCHANGES

RULES = "rules"


class Clash(NamedTuple):
    """A setting that stands there twice, in both spellings."""

    old: str
    new: str


class Renewed(NamedTuple):
    """A file's data as they are written today."""

    data: dict[str, Any]
    written: dict[str, str]
    """Key of today → key as the file has it, where they differ."""
    warnings: tuple[str, ...]
    clash: Clash | None


def renew(data: dict[str, Any]) -> Renewed:
    """Returns a file's data in today's tables. What was never known stays where it is.

    >>> renew({"kraken": {"symbols": ["SOL/USD"]}, "rules": {"keep": 3}}).data
    {'search': {'keep': 3}, 'venues': {'kraken': {'symbols': ['SOL/USD']}}}
    """
    made = {key: value for key, value in data.items() if key != RULES}
    written: dict[str, str] = {}
    warnings: list[str] = []
    clash = None
    rules = data.get(RULES)
    if isinstance(rules, dict):
        clash = _renew_rules(rules, made, written, warnings)
    elif RULES in data:
        made[RULES] = rules
    for name in (exchange.name for exchange in EXCHANGES):
        if isinstance(table := made.get(name), dict):
            del made[name]
            venues = made.setdefault("venues", {})
            if name in venues:
                clash = clash or Clash(name, f"venues.{name}")
                continue
            made["venues"] = {name: table, **venues}
            written[f"venues.{name}"] = name
            warnings.append(f"[{name}] is written [venues.{name}] now")
    return Renewed(made, written, tuple(warnings), clash)


def _renew_rules(
    rules: dict[str, Any], made: dict[str, Any], written: dict[str, str], warnings: list[str]
) -> Clash | None:
    """Puts the keys of `[rules]` into the tables they are in today."""
    moved: dict[str, list[str]] = {}
    unknown = {key: value for key, value in rules.items() if place_of(key) is None}
    for key, value in rules.items():
        if (place := place_of(key)) is None:
            continue
        table, name = place
        if name in made.get(table, {}):
            return Clash(f"{RULES}.{key}", f"{table}.{name}")
        made[table] = {**made.get(table, {}), name: value}
        written[f"{table}.{name}"] = f"{RULES}.{key}"
        moved.setdefault(table, []).append(name if name == key else f"{name} (was {key})")
    if moved:
        where = ", ".join(f"[{table}] {', '.join(names)}" for table, names in moved.items())
        warnings.append(f"[rules] is written in tables of its own now: {where}")
    if unknown:
        made[RULES] = unknown
    return None
