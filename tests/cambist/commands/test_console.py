"""How a command ends: by itself, by a signal, by a refusal, by a bug."""

import json
import os
import runpy
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from cambist import cli, log
from cambist.bench import suite
from cambist.cli import main
from cambist.commands.console import INTERRUPTED, UNUSABLE, Interrupts, Stop
from cambist.commands.import_ import import_
from cambist.model.venues import CHAIN_BOOKS, POOL_VENUES
from tests.cambist.conftest import Terminal

pytestmark = pytest.mark.timeout(60)


def test_sigterm_ends_a_command_that_waits(tmp_path: Path) -> None:
    pipe, waiting = tmp_path / "cambist.toml", threading.main_thread().ident
    assert waiting is not None
    os.mkfifo(pipe)

    def end() -> None:
        with pipe.open("w", encoding="utf-8"):  # open when the command reads it; it never gets a byte
            signal.pthread_kill(waiting, signal.SIGTERM)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(["sessions", "--config", str(pipe)]))
    ending.join()
    assert ended.value.code == INTERRUPTED


def test_the_first_signal_is_noted_and_the_second_ends_it_at_once() -> None:
    stop = Interrupts()
    assert not stop.seen
    signal.raise_signal(signal.SIGTERM)
    assert (stop.seen, stop.number) == (True, signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert stop.number == signal.SIGTERM


def test_a_bug_is_raised_and_is_in_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a bug of the bench")

    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(suite, "run", broken)
    with pytest.raises(LookupError):
        main(["bench", "engine"])
    assert "Traceback" in log.path().read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_the_file_is_a_command_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["cambist", "sessions", "--no-such-option"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(cli.__file__, run_name="__main__")
    assert ended.value.code == UNUSABLE
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "args",
    [
        ("market", "--digest"),
        ("bench", "nothing"),
        ("bench", "engine", "nothing", "--json"),
        ("bench", "--memory", "engine"),
        ("doctor", "--timeout", "0"),
        ("doctor", "--timeout", "601"),
        ("doctor", "--timeout", "nan"),
        ("import", "--out", "x"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_refused(args: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*args]) == UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def test_an_import_of_nothing_is_refused() -> None:
    with pytest.raises(Stop) as refused:
        import_([], out="x")
    assert refused.value.code == UNUSABLE


def test_a_terminal_sees_how_many_endpoints_are_done(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cambist.doctor.machine.WATCHED_S", 0.0)
    with socket.socket() as silent:  # bound, but nobody listens
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        path = tmp_path / "cambist.toml"
        lines = ["[market]", 'source = "network"', "[recording]", f'folder = "{tmp_path}"', "[venues.kraken]"]
        lines += [f'ws = "ws://127.0.0.1:{port}"', f'rest = "http://127.0.0.1:{port}"', 'symbols = ["SOL/USD"]']
        path.write_text("\n".join(lines), encoding="utf-8")
        with terminal.attached():
            assert main(["doctor", "--json", "--config", str(path)]) == 1
    shown = terminal.close()
    assert [b"\r%d of 2 " % done in shown for done in range(3)] == [True] * 3
    before, _, after = shown.partition(b"\r\x1b[K")
    assert b"{" not in before, "the line is gone when the result comes"
    assert b'"venues"' in after


def test_doctor_gives_a_script_every_check_and_how_far_each_venue_is_proved(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cambist.doctor.machine.WATCHED_S", 0.0)
    code = main(["doctor", "--json", "--config", str(config)])
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert code == (0 if all(check["ok"] for check in found["checks"]) else 1)
    assert {"python", "engine", "terminal", "disk", "log", "loopback"} <= {check["name"] for check in found["checks"]}
    assert not any("step" in check for check in found["checks"]), "the embedded market has no endpoints"
    assert [venue["name"] for venue in found["venues"]] == [venue.name for venue in (*POOL_VENUES, *CHAIN_BOOKS)]
