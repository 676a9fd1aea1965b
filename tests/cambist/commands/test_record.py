"""`cambist record` and `cambist run` in the process of the tests: what they say, and what they end with."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from cambist import compose
from cambist.cli import main
from cambist.commands import record
from cambist.commands.console import DIFFERENT, OK, UNUSABLE
from cambist.config import load
from cambist.runtime.live import LiveSource
from cambist.view import View
from storage.catalogue import list_sessions
from tests.cambist.conftest import Terminal
from tests.children import children

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket, named in the environment as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield made


def received(manager: socket.socket) -> list[str]:
    lines: list[str] = []
    while True:
        try:
            lines += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            return lines


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """A config of one exchange that nobody listens at."""
    path = tmp_path / "silent.toml"
    lines = ["engine.duel = false", "[market]", 'source = "network"', "[recording]", f'folder = "{tmp_path}"']
    lines += ["[venues.kraken]", 'ws = "ws://127.0.0.1:1"', 'rest = "http://127.0.0.1:1"', 'symbols = ["SOL/USD"]']
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_terminal_has_one_line_and_the_service_manager_the_same_text(
    config: Path, terminal: Terminal, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "TERMINAL_LINE_S", 0.3)
    args = ["record", "--for", "1s", "--feeds", "binance", "--out", "night", "--config", str(config)]
    with terminal.attached():
        assert main([*args, "--json"]) == OK
    shown, _, printed = terminal.close().decode().rpartition("\r\n{")
    report = json.loads("{" + printed)
    assert (report["session"], report["ended"], report["fills"]) == ("night", "time", 0)
    assert report["frames"] > 0
    (row,) = list_sessions(config.parent / "sessions")
    assert (row.name, row.complete, row.records) == ("night", True, report["records"])
    lines = received(manager)
    assert (lines[0], lines[-1]) == ("READY=1", "STOPPING=1")
    assert lines.count("WATCHDOG=1") >= 2
    told = [line.removeprefix("STATUS=") for line in lines if line.startswith("STATUS=")][1:]
    assert told
    rewritten = shown.split("\r\x1b[K")[1:]
    assert [text.rstrip() for text in rewritten] == [text[:119].rstrip() for text in told]
    assert main(args) == UNUSABLE, "there is such a session"


def test_elsewhere_it_has_a_line_each_time(
    silent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr(record, "LINE_S", 0.2)
    assert main(["record", "--for", "0.6", "--out", "day", "--config", str(silent)]) == OK
    out, err = capsys.readouterr()
    assert out == ""
    first, *lines, last = err.splitlines()
    assert "day" in first
    assert last.startswith("day: ")
    assert lines
    assert all(" of 0:00:00  " in line and "  DOWN: kraken  " in line for line in lines)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, OK), (signal.SIGINT, 130)])
def test_a_signal_ends_it_well(
    silent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    monkeypatch.setattr(record, "watchdog_s", lambda: signal.raise_signal(number))  # it is asked once, at the start
    assert main(["record", "--json", "--config", str(silent)]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["ended"] == "stopped"


@pytest.mark.parametrize("command", ["record", "run"])
def test_a_hub_that_fails_ends_it_with_1(
    silent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    async def broken(self: Any) -> bool:
        raise LookupError("a bug of the hub")

    monkeypatch.setattr(LiveSource, "advance", broken)
    headless = ["--headless"] if command == "run" else []
    assert main([command, *headless, "--for", "30", "--json", "--config", str(silent)]) == DIFFERENT
    report = json.loads(capsys.readouterr().out)
    assert report["fills"] == 0
    assert report.get("ended") not in ("time", "stopped")


def test_a_hub_that_is_gone_is_seen_at_once(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Any) -> bool:
        raise LookupError("a bug of the hub")

    monkeypatch.setattr(LiveSource, "advance", broken)
    runtime = compose.capture(load(silent), (), "")
    runtime.start()
    runtime.wait(None)
    runtime.close()
    ended = record.Watcher(runtime, silent.parent, None, lambda _: None).watch(lambda: False)
    assert not runtime.alive
    assert str(runtime.failure) in ended


class Sized:
    """A runtime of which nothing is known but how much its segment has; the next look finds it grown or another."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = iter(sizes)
        self.view = View()

    def wait(self, seconds: float) -> None:
        status = msgspec.structs.replace(self.view.status, recorded_bytes=next(self._sizes))
        self.view = msgspec.structs.replace(self.view, status=status)


def test_segments_are_counted_together(tmp_path: Path) -> None:
    sizes = (5_000_000, 9_000_000, 1_000_000, 2_000_000, 500_000)
    watcher = record.Watcher(cast("Any", Sized(*sizes)), tmp_path, None, lambda _: None)
    assert [watcher.line().split("  ")[1] for _ in sizes] == ["5.0 MB", "9.0 MB", "10.0 MB", "11.0 MB", "11.5 MB"]


def test_a_market_that_was_started_in_vain_is_ended(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[strategy]\nrule = "nonsense >"\n')
    before = children()
    assert main(["record", "--for", "1", "--config", str(config)]) == UNUSABLE
    assert children() == before
    assert capsys.readouterr().out == ""


def test_a_manager_that_is_gone_and_an_abstract_address_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    record.sd_notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"cambist-{os.getpid()}"
        try:
            manager.bind(f"\0{name}")
        except OSError:
            pytest.skip("this system has no abstract addresses")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        record.sd_notify("READY=1", "STATUS=x")
        assert manager.recv(100) == b"READY=1\nSTATUS=x"
