"""`cambist pools`, and a session on pools that a node found, through the real command."""

import io
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cambist import compose
from cambist.commands.pools_table import print_pools
from cambist.config import load
from cambist.simulator.process import Handle, spawn
from tests.e2e.conftest import ROOT, Cambist

SOL, USDC = "So11111111111111111111111111111111111111112", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


@pytest.fixture(scope="module")
def market() -> Iterator[Handle]:
    with spawn(7) as handle:
        yield handle


@pytest.fixture
def watching(cambist: Cambist, market: Handle, tmp_path: Path) -> Path:
    facts = market.endpoints
    path = tmp_path / "network.toml"
    path.write_text(
        f"""
[market]
source = "network"
[engine]
duel = false
[recording]
folder = "{tmp_path / "sessions"}"
[[solana]]
name = "node-a"
pubsub = "{facts["pubsub"]}"
rpc = "{facts["rpc"]}/SECRETPATH"
[watch]
tokens = ["SOL", "USDC", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"]
min_liquidity = 3000.0
calls_per_minute = 6000
[valuation]
base = ["SOL", "USDC"]
"""
    )
    return path


def test_what_is_found_is_listed_then_kept_then_watched(cambist: Cambist, market: Handle, watching: Path) -> None:
    asked = cambist("pools", "--config", str(watching), "--json")
    assert asked.code == 0, asked.err
    listed = {pool["address"]: pool for pool in market.endpoints["pools"]}
    found = asked.json["pools"]
    assert len(found) > 5
    for pool in found:
        assert {listed[pool["address"]][side] for side in ("token_a", "token_b")} <= {"SOL", "USDC", "USDT"}
        assert int(pool["liquidity_atoms"]) >= 3_000 * 10**9
        assert pool["from"] == "discovery"
    usdt = next(token for token in asked.json["tokens"] if token["mint"].startswith("Es9v"))
    assert (usdt["label"], usdt["verified"], usdt["decimals"]) == ("Es9v…wNYB", False, 6)

    table = cambist("pools", "--config", str(watching), "--limit", "3")
    assert table.code == 0
    assert f"3 of {len(found)} pools" in table.out
    assert "(cache)" in table.out
    assert found[0]["address"] in table.out
    assert found[3]["address"] not in table.out
    assert "left out:" in table.err
    assert "questions" not in table.err, "progress is for terminals"

    report = cambist("run", "--config", str(watching), "--headless", "--for", "8", "--json")
    assert report.code == 0, report.err
    assert f"{len(found)} pools are watched" in report.err
    assert report.json["opportunities"] > 0
    everything = asked.out + table.out + table.err + report.out + report.err
    assert "SECRETPATH" not in everything
    for path in (cambist.folder / "cache").rglob("*"):
        assert path.is_dir() or "SECRETPATH" not in path.read_text()


def test_the_dashboards_log_says_what_is_watched(
    watching: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    notified: list[str] = []
    live = compose.live(load(watching), duel=False, notify=notified.append)
    live.start()
    try:
        end = time.monotonic() + 60
        while "Es9v…wNYB" not in {row.token for row in live.view.prices.rows}:
            assert time.monotonic() < end, "a token that nothing verifies is shown by its mint"
            time.sleep(0.05)
        logged = [row.text for row in live.view.log.rows if row.source == "pools"]
    finally:
        live.close()
    assert logged == notified
    assert "pools are watched, as http://127.0.0.1" in notified[-1]
    assert live.report()["valued"]["unit"] == SOL


def test_the_embedded_market_lists_its_own(cambist: Cambist) -> None:
    result = cambist("pools", "--json", "--limit", "2")
    assert result.code == 0, result.err
    assert result.json["demo"] is True
    assert len(result.json["pools"]) == 2
    assert {pool["from"] for pool in result.json["pools"]} == {"demo"}


def test_nobody_to_ask_and_nothing_kept_is_unusable(cambist: Cambist, tmp_path: Path) -> None:
    path = tmp_path / "gone.toml"
    node = "[market]\nsource='network'\n[[solana]]\nname='n'\npubsub='ws://127.0.0.1:1'\nrpc='http://127.0.0.1:1'\n"
    path.write_text(f"{node}[watch]\npools = ['{SOL}']\n")
    result = cambist("pools", "--config", str(path))
    assert result.code == 2
    assert "n (http://127.0.0.1:1): getMultipleAccounts failed: Connection refused" in result.err
    assert result.out == ""
    path.write_text(node)
    result = cambist("pools", "--config", str(path))
    assert (result.code, "fill in [watch] or [[pools]]" in result.err) == (2, True)
    assert cambist("pools", "--limit", "0").code == 2


def test_a_terminal_sees_how_the_search_goes(cambist: Cambist, watching: Path) -> None:
    main, side = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cambist.folder / "other")}
    command = [sys.executable, "-m", "cambist", "pools", "--config", str(watching), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=side, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(side)
        shown = b""
        while True:
            try:
                shown += (part := os.read(main, 65_536))
            except OSError:
                break
            if not part:
                break
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["pools"]
    os.close(main)
    assert b"\r\x1b[Klooking for pools: 1 of " in shown
    assert shown.endswith(b"\r\x1b[K")


def test_a_hostile_label_is_neither_markup_nor_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    side = {"mint": SOL, "label": "[bold red]X[/] So11…1112", "decimals": None, "held_atoms": None}
    pool = {
        "address": USDC, "program": "", "venue": "", "title": "", "pair": [side, side], "fee_ppm": None,
        "fee_note": "", "liquidity_atoms": None, "state": "no such account", "usable": False, "proof": "",
        "from": "list",
    }  # fmt: skip
    found = {"pools": [pool], "unit": None, "demo": False, "node": "https://n", "slot": 1, "cached": True}
    found["age_s"] = 7_300.0
    print_pools(found, None)
    assert "[bold red]X[/] So11…1112/[bold red]X[/]" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert "asked 2 h ago (cache)" in out.getvalue()
    assert "–/–" in out.getvalue()
