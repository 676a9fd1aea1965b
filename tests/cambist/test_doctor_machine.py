"""What `cambist doctor` finds of a machine that is not as it should be."""

import errno
import os
import socket
from pathlib import Path

import pytest

from cambist import engine, log
from cambist.config import Config, EngineChoice
from cambist.doctor import machine
from cambist.doctor.probe import Check
from cambist.engine import BuildInfo
from cambist.host import Stolen
from tests.cambist.conftest import Terminal
from tests.cambist.test_doctor import config

NODE = ("[[solana]]", 'name = "a"', 'pubsub = "ws://127.0.0.1:1"', 'rpc = "http://127.0.0.1:1"')


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "WATCHED_S", 0.0)


def found(settings: Config) -> dict[str, Check]:
    return {check["name"]: check for check in machine.check(settings)}


@pytest.mark.parametrize(
    ("build", "ok"),
    [
        (BuildInfo(True, "release", ""), True),
        (BuildInfo(True, "debug", ""), False),
        (BuildInfo(False, "", "it was not built"), False),
    ],
)
def test_an_engine_that_is_slow_or_absent_is_no_good_unless_it_was_chosen(
    monkeypatch: pytest.MonkeyPatch, build: BuildInfo, ok: bool
) -> None:
    monkeypatch.setattr(engine, "build_info", lambda: build)
    assert found(Config())["engine"]["ok"] is ok
    chosen = found(Config(engine=EngineChoice(use_rust_backend=False)))["engine"]
    assert chosen["ok"]
    assert chosen["found"].startswith("reference")


def test_pauses_and_what_the_host_took_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 50 800 0 0 0 50 7 0\n")

    def paused(seconds: float) -> int:
        stat.write_text("cpu  150 0 60 820 0 0 0 70 99 0\n")
        return 25_000_000

    monkeypatch.setattr(machine, "Stolen", lambda: Stolen(stat))
    monkeypatch.setattr(machine, "longest_pause_ns", paused)
    check = found(Config())["pauses"]
    assert check["ok"]
    assert "25.0 ms" in check["found"]
    assert "20 %" in check["found"]
    assert check["found"].count(";") == 1, "such a pause shows in what is measured"


@pytest.mark.parametrize(
    ("columns", "rows", "fits"), [(80, 24, True), (120, 40, True), (79, 24, False), (80, 23, False)]
)
def test_a_terminal_is_measured(terminal: Terminal, columns: int, rows: int, fits: bool) -> None:
    terminal.resize(columns, rows)
    with terminal.attached():
        check = found(Config())["terminal"]
    assert check["ok"] is fits
    assert f"{columns}×{rows}" in check["found"]


def test_a_log_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert found(Config())["log"]["ok"]
    log.path().write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: path != log.path())  # root may write everything
    check = found(Config())["log"]
    assert not check["ok"]
    assert os.strerror(errno.EACCES) in check["found"]


def test_a_machine_that_lets_nobody_listen_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(address: object) -> socket.socket:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))

    assert found(Config())["loopback"]["ok"]
    monkeypatch.setattr(socket, "create_server", refused)
    check = found(Config())["loopback"]
    assert not check["ok"]
    assert os.strerror(errno.EADDRNOTAVAIL) in check["found"]


def test_pools_are_those_of_the_last_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    listed = tmp_path / "pools.json"
    listed.write_text("{")
    assert found(config(tmp_path, *NODE, "[watch]", 'tokens = ["SOL", "USDC"]'))["pools"]["ok"]
    check = found(config(tmp_path, *NODE, "[watch]", f'pool_list = "{listed}"'))["pools"]
    assert not check["ok"]
    assert str(listed) in check["found"]


def test_a_rule_waits_for_tokens_that_come_with_the_pools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rule = ("[strategy]", 'rule = "nonsense >"')
    assert not found(config(tmp_path, *NODE, *rule))["rule"]["ok"]
    asking = config(tmp_path, *NODE, *rule, "[watch]", 'tokens = ["SOL", "USDC"]')
    assert found(asking)["rule"]["ok"]
