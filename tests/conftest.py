"""What holds for every test."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.shared import WANTING
from tests.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

END_S = 60.0
"""How long a run may take to end when its last test is done: a thread that never does would keep the process."""

# A crowded machine is no reason to fail; Hypothesis's own profile for CI says so too.
settings.register_profile("desk", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("desk")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Returns the loop a test runs on: waiting takes no time where it is marked `virtual_time`."""
    virtual = item.get_closest_marker("virtual_time")
    return {"loop": VirtualLoop if virtual is not None and all(virtual.args) else asyncio.new_event_loop}


def pytest_configure(config: pytest.Config) -> None:
    """Keeps the log of what tests start out of the user's own."""
    os.environ.pop("STATE_DIRECTORY", None)
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="cambist-tests-")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Returns True for a file without a test in real time if just these are to run: reading all takes seconds."""
    if config.option.markexpr != "realtime" or collection_path.suffix != ".py":
        return None
    return b"mark.realtime" not in collection_path.read_bytes() or None


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Says last which data were wanting, by name, and sees to it that the process ends."""
    for line in wanting(config):
        print(line)
    shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)
    _end_within(END_S)


def wanting(config: pytest.Config) -> list[str]:
    """Returns what the tests that were skipped for want of shared data lacked, and how many there were."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter is not None else []
    reasons = [report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)]
    names = Counter(reason.partition(WANTING)[2] for reason in reasons if WANTING in reason)
    if not names:
        return []
    listed = [f"  {count:4} {name}" for name, count in sorted(names.items())]
    return [*listed, f"{names.total()} tests skipped: ../shared/data is not beside this checkout"]


def _end_within(seconds: float) -> None:
    """Ends the process, with the stacks of what still runs, unless it has ended by itself by then."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    if left:
        print(f"threads left when the tests were done: {', '.join(thread.name for thread in left)}", file=sys.stderr)
        faulthandler.dump_traceback_later(seconds, exit=True)
