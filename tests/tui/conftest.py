import asyncio
import sys
import time

import pytest
from textual import app, clock, pilot

from tests.virtual_time import REAL, VirtualLoop
from tui import glyphs

SLICE_S, BUSY_S = 0.004, 0.001


def pytest_asyncio_loop_factories():
    """Returns the loop of every pilot: its pauses take no time, an application that works does."""
    return {"loop": VirtualLoop}


def monotonic():
    """Returns the time of `time.monotonic` as it is now, for a library that took it over when it was loaded."""
    return time.monotonic()


for module in [module for name, module in sys.modules.items() if name.startswith("textual")]:
    for name in [name for name, value in vars(module).items() if value is REAL["monotonic"]]:
        setattr(module, name, monotonic)
clock.Clock.__init__.__kwdefaults__["get_time"] = monotonic


async def until_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Returns when two slices in a row used little processor time.

    Textual's own asks for 20 ms slices with under 1 ms of work: a dashboard that pulls thirty times a second rarely has
    one, so that each key press of a test would take half a second.
    """
    start, quiet = monotonic(), 0
    while quiet < 2 and monotonic() - start < max_sleep:
        before = time.process_time()
        await asyncio.sleep(SLICE_S)
        quiet = quiet + 1 if time.process_time() - before < BUSY_S and monotonic() - start >= min_sleep else 0


@pytest.fixture(autouse=True)
def quick_pilot(monkeypatch):
    """Every pilot waits no longer than the application works."""
    for module in (app, pilot):
        monkeypatch.setattr(module, "wait_for_idle", until_idle)


@pytest.fixture(autouse=True)
def unicode_glyphs(monkeypatch):
    """Every test starts with the Unicode set and colours, and leaves them so."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TEXTUAL_ANIMATIONS", raising=False)
    glyphs.use_ascii(wanted=False)
    yield
    glyphs.use_ascii(wanted=False)
