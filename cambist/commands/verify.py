"""`cambist verify`: whether a session is sound."""

from __future__ import annotations

from pathlib import Path

from cambist.commands.console import print_line, put, settings


def verify(session: str, *, json: bool = False, config: Path | None = None) -> int:
    """Check a session: sizes, checksums, order, keyframes. Exit code 0 sound, 1 damaged, 2 unusable.

    Args:
        session: Name of a stored session, or the path of one.
        json: Print one JSON object.
        config: The TOML file, for the session folder.
    """
    from cambist.compose import keyframe_check
    from storage.catalogue import find
    from storage.verify import verify as check

    found = check(find(settings(config).session_folder, session), keyframe_check())
    if json:
        put(found)
    else:
        tail = f" and {found.tail_rows:,} blocks of its tail" if found.tail_rows else ""
        print_line(
            f"{found.session}: {found.records:,} records in {found.chunks:,} chunks{tail}, "
            f"{found.damaged_chunks} damaged"
        )
        if found.frames:
            print_line(f"  {found.judged}")
        if found.chunks:
            print_line(f"  {found.reached}")
        for line in found.findings:
            print_line(f"  {line}")
    return int(found.exit_code)
