"""`cambist replay` in the process of the tests, on recorded sessions."""

import json
import shutil
import signal
import threading
from pathlib import Path

import pytest

from cambist import compose, engine
from cambist.cli import main
from cambist.commands.console import INTERRUPTED, UNUSABLE
from cambist.config import load
from cambist.engine import BuildInfo
from storage.files import SessionError
from storage.session import SessionWriter
from tests.cambist.conftest import Terminal
from tests.storage.blocks import put

pytestmark = pytest.mark.timeout(120)
RECORDED = Path(__file__).resolve().parents[2] / "replay" / "net" / "commands-1.cambist"
SCREEN = b"\x1b[?1049h"
"""Begins the screen that a dashboard draws on."""


@pytest.fixture
def stored(config: Path) -> str:
    """The name of a stored session."""
    folder = load(config).session_folder
    folder.mkdir()
    shutil.copy(RECORDED, folder / "stored.cambist")
    return "stored"


def test_a_signal_ends_a_replay_on_a_screen_with_its_report(
    stored: str, config: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "settle", lambda: None)  # other tests need their garbage collected
    waiting = threading.main_thread().ident
    assert waiting is not None

    def end() -> None:
        if terminal.saw(SCREEN):
            signal.pthread_kill(waiting, signal.SIGTERM)

    ending = threading.Thread(target=end)
    ending.start()
    with terminal.attached():
        code = main(["replay", stored, "--json", "--speed", "max", "--config", str(config)])
    ending.join()
    assert code == INTERRUPTED
    shown = terminal.close()
    assert SCREEN in shown
    assert b"\x1b[?1049l" in shown, "the terminal is as it was"
    report = json.loads(shown[shown.rindex(b'{"schema"') :].partition(b"\n")[0])
    assert report["session"] == stored
    assert report["digest_match"] is not False


def test_an_engine_that_was_not_built_is_refused(
    stored: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "build_info", lambda: BuildInfo(False, "", "nobody built it"))
    assert main(["replay", stored, "--headless", "--engine", "native", "--config", str(config)]) == UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert "nobody built it" in err


@pytest.mark.parametrize("first", [0, 51])
async def test_a_session_that_does_not_begin_with_a_state_is_refused(config: Path, first: int) -> None:
    settings = load(config)
    path = settings.session_folder / "headless.cambist"
    path.parent.mkdir()
    writer = await SessionWriter.open(path, meta={"seed": "7"}, min_free_bytes=0)
    if first:
        assert put(writer, first, first + 9)
    await writer.close("test")
    with compose.open_reader(settings, "headless") as reader, pytest.raises(SessionError) as refused:
        compose.replay_kernel(reader, None)
    assert refused.value.path == path
