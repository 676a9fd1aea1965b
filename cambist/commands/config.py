"""`cambist config`: every key that can be set."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from cambist.commands.console import OK, put, settings

if TYPE_CHECKING:
    from cambist.config.describe import Key


def show_config(*, json: bool = False, config: Path | None = None) -> int:
    """Print every key that can be set: default, unit, range, meaning, and what the config sets it to.

    Args:
        json: Print one JSON object.
        config: The TOML file; without it the default one.
    """
    from cambist.config import describe

    found = [*describe.keys(settings(config)), *_of_strategies()]
    if json:
        put({"schema": 1, "keys": found})
        return OK
    table = ""
    for key in found:
        if key.table != table:
            table = key.table
            print(table)
        print(describe.line(key))
    return OK


def _of_strategies() -> list[Key]:
    """Returns the settings of each kind of strategy that can be used here."""
    from cambist.config import describe
    from cambist.strategies import kinds

    found: list[Key] = []
    for name in kinds.names():
        with contextlib.suppress(kinds.NoStrategy):  # `cambist doctor` says why
            found += describe.settings_keys(kinds.find(name).settings, f"[strategies.settings] of {name}")
    return found
