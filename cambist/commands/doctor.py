"""`cambist doctor`: what a run needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cambist.commands.console import DIFFERENT, OK, UNUSABLE, Stop, put, settings
from cambist.model.venues import CHAIN_BOOKS, POOL_VENUES

if TYPE_CHECKING:
    from collections.abc import Callable


def doctor(*, timeout: float = 10.0, json: bool = False, config: Path | None = None) -> int:
    """Check what a run needs: engine, terminal, folders, each endpoint; list how far each venue is proved.

    Every endpoint of the config is tried step by step, all at the same time: name, connection, TLS, first data, lag,
    clock, limits, fee. Exit code 0 if all is well, 1 if not.

    Args:
        timeout: No endpoint takes longer than so many seconds.
        json: Print one JSON object.
        config: The TOML file.
    """
    from cambist.doctor import check  # loads all that feeds need

    if not 0 < timeout <= 600:
        raise Stop(UNUSABLE, f"--timeout was {timeout:g}, expected seconds above 0 and at most 600")
    checks = check(settings(config), timeout, _counted())
    venues = [*POOL_VENUES, *CHAIN_BOOKS]
    if json:
        put({"schema": 1, "checks": checks, "venues": venues})
    else:
        for one in checks:
            ms = f"{one['ms']:7.1f} ms" if "ms" in one else ""
            step = f"{one.get('step', ''):15} {ms:10}  " if "step" in one else ""
            print(f"{'ok  ' if one['ok'] else 'MISS'} {one['name']:18} {step}{one['found']}")
        print("\nHow far quotes are proved (live trading refuses what is proved by formula only):")
        for venue in venues:
            print(f"     {venue.title:18} by {venue.proof:8} {venue.note}".rstrip())
            for form, proof in venue.forms:
                print(f"       {form:43} by {proof}")
        print("\nCompute units that a swap asks for:")
        for source in dict.fromkeys(venue.units for venue in POOL_VENUES):
            print(f"     {source}: {', '.join(venue.title for venue in POOL_VENUES if venue.units == source)}")
    return OK if all(one["ok"] for one in checks) else DIFFERENT


def _counted() -> Callable[[int, int], None]:
    """Returns what shows on a terminal how many endpoints are done; nothing is written elsewhere."""

    def progress(done: int, of: int) -> None:
        if of and sys.stderr.isatty():
            end = "\r\x1b[K" if done == of else ""
            print(f"\r{done} of {of} endpoints checked{end}", end="", file=sys.stderr, flush=True)

    return progress
