"""`cambist pools`: what is watched and why."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.console import DIFFERENT, OK, UNUSABLE, Progress, Stop, print_line, put, settings


def pools(*, json: bool = False, refresh: bool = False, limit: int | None = None, config: Path | None = None) -> int:
    """List what is watched and why: pools, fees, liquidity, how far each is proved, and where it comes from.

    Exit code 0 if all that is named can be watched, 1 if not, 2 if no node answers and nothing was kept.

    Args:
        json: Print one JSON object.
        refresh: Ask a node anew, however young the answer in the cache is.
        limit: Print at most this many pools.
        config: The TOML file.
    """
    from cambist.commands.pools_table import print_pools
    from cambist.market.pools import shown

    if limit is not None and limit < 1:
        raise Stop(UNUSABLE, f"--limit was {limit}, expected at least 1")
    with Progress() as progress:
        found = shown(settings(config), refresh=refresh, notify=print_line, progress=progress)
    if json:
        put(found.json | {"pools": found.json["pools"][:limit]})
    else:
        print_pools(found.json, limit)
        for note in found.json["notes"]:
            print_line(note)
    return OK if found.ok else DIFFERENT
