"""What commands leave behind in the process they run in."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Puts back what commands do with signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config of the embedded market that records in a folder of its own."""
    path = tmp_path / "cambist.toml"
    path.write_text(f'engine.duel = false\n[recording]\nfolder = "{tmp_path / "sessions"}"\n', encoding="utf-8")
    return path
