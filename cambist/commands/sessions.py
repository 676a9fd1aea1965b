"""`cambist sessions`: what is stored."""

from __future__ import annotations

import time
from pathlib import Path

from cambist.commands.console import OK, print_line, put, settings


def sessions(*, json: bool = False, config: Path | None = None) -> int:
    """List the stored sessions.

    Args:
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from storage.catalogue import list_sessions

    folder = settings(config).session_folder
    rows = list_sessions(folder)
    if json:
        put({"schema": 1, "sessions": rows})
        return OK
    if not rows:
        print_line(f"no session in {folder}")
    for row in rows:
        marks = " ".join(
            word
            for word, yes in (
                ("demo", row.demo),
                ("imported", row.imported),
                ("open", row.open),
                ("cut short", not row.complete and not row.open),
                (f"{row.bookmarks} bookmarks", row.bookmarks > 0),
            )
            if yes
        )
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row.started_ns // 1_000_000_000))
        print(f"{row.name:40} {when}  {row.seconds:9.1f} s {row.bytes / 1e6:9.1f} MB {row.records:10,}  {marks}")
    return OK
