"""`cambist config`: every key that can be set."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.console import OK, put, settings


def show_config(*, json: bool = False, config: Path | None = None) -> int:
    """Print every key that can be set: default, unit, range, meaning, and what the config sets it to.

    Args:
        json: Print one JSON object.
        config: The TOML file; without it the default one.
    """
    from cambist.config import describe

    found = list(describe.keys(settings(config)))
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
