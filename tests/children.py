"""The processes that the test process started."""

from __future__ import annotations

from pathlib import Path

import pytest

TASKS = Path("/proc/self/task")


def children() -> set[int]:
    """Returns the ids of those that did not end yet or are not waited for; skips where the system does not tell."""
    if not TASKS.exists():
        pytest.skip("this system does not tell who started whom")
    found: set[int] = set()
    for task in TASKS.iterdir():
        try:
            found.update(int(pid) for pid in (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended meanwhile
    return found
