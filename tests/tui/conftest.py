import asyncio
from time import monotonic, process_time

import pytest
from textual import app, pilot

from tui import glyphs

SLICE_S, BUSY_S = 0.004, 0.001


async def until_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Returns when two slices in a row used little processor time.

    Textual's own asks for 20 ms slices with under 1 ms of work: a dashboard that pulls thirty times a second rarely has
    one, so that each key press of a test would take half a second.
    """
    start, quiet = monotonic(), 0
    while quiet < 2 and monotonic() - start < max_sleep:
        before = process_time()
        await asyncio.sleep(SLICE_S)
        quiet = quiet + 1 if process_time() - before < BUSY_S and monotonic() - start >= min_sleep else 0


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
