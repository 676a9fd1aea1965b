"""`cambist import`: recordings of exchanges become a session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cambist.commands.console import OK, UNUSABLE, Stop, print_line, put, settings


def import_(files: Annotated[list[Path], Parameter(negative=())], /, *, out: str, config: Path | None = None) -> int:
    """Turn recordings of exchanges into a session that replays.

    Args:
        files: Recordings (plain, .zst or .gz); several are merged by receive time.
        out: Name of the session, or the path of a file to make.
        config: The TOML file, for the session folder.
    """
    if not files:
        raise Stop(UNUSABLE, "no file to import was given")
    from cambist.runtime.importing import import_files

    put(import_files(settings(config), files, out, print_line))
    return OK
