import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from cambist.simulator.process import MarketError, main, spawn


def ask(url: str, method: str) -> object:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": [{"commitment": "processed"}]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["result"]


def gone(pid: int, seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_market_starts_runs_in_real_time_and_ends() -> None:
    with spawn(5, slot_ms=20.0) as handle:
        facts = handle.endpoints
        assert (facts["schema"], facts["demo"], facts["seed"]) == (1, True, 5)
        assert len(facts["pools"]) >= 60
        assert len(facts["tokens"]) >= 15
        assert len(facts["symbols"]) >= 6
        assert {item["venue"] for item in facts["pools"]} == {
            *("ray4", "cpmm", "orca", "damm2", "dlmm", "saber", "clmm", "pump")
        }
        mints = {token["mint"] for token in facts["tokens"]}
        assert {item["mint"] for item in facts["identities"]} <= mints
        assert {item["asset"] for item in facts["identities"]} == {
            asset for item in facts["instruments"] for asset in (item["base"], item["quote"])
        }
        first = ask(facts["rpc"], "getSlot")
        until = time.monotonic() + 5.0
        while ask(facts["rpc"], "getSlot") < first + 10 and time.monotonic() < until:
            time.sleep(0.02)
        assert ask(facts["rpc"], "getSlot") >= first + 10
        assert handle.alive()
    assert gone(handle.pid)


def test_all_exchanges_are_served_and_told(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('[{"kind":"http_status","value":418,"retry_after_s":9}]')
    names = ("coinbase", "okx", "kraken", "bybit")
    with spawn(5, exchanges=names, faults={"okx": script}) as handle:
        facts = handle.endpoints
        assert list(facts["exchanges"]) == ["binance", "kraken", "okx", "bybit", "coinbase"]
        assert facts["exchanges"]["binance"]["ws"] == facts["exchange_ws"]
        assert {item["venue"] for item in facts["instruments"]} == set(facts["exchanges"])
        for venue, found in facts["exchanges"].items():
            symbols = [item["symbol"] for item in facts["instruments"] if item["venue"] == venue]
            assert symbols == found["symbols"]
        known = {(item["venue"], item["asset"]) for item in facts["identities"]}
        assert ("kraken", "SOL") in known
        assert not {("kraken", "USD"), ("kraken", "BTC"), ("coinbase", "USD")} & known
        paths = {"kraken": "/0/public/Time", "bybit": "/v5/market/time", "coinbase": "/api/v3/brokerage/time"}
        for venue, path in paths.items():
            with urllib.request.urlopen(facts["exchanges"][venue]["rest"] + path, timeout=30) as answer:
                assert json.loads(answer.read())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(facts["exchanges"]["okx"]["rest"] + "/api/v5/public/time", timeout=30)
        assert (refused.value.code, refused.value.headers["Retry-After"]) == (418, "9")
        refused.value.close()


def test_more_exchanges_leave_the_slots_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--digest", "--slots", "5"]) == 0
    alone = capsys.readouterr().out
    assert main(["--digest", "--slots", "5", "--exchanges", "kraken,okx,bybit,coinbase"]) == 0
    assert capsys.readouterr().out == alone


def test_it_does_not_outlive_its_parent() -> None:
    code = "from cambist.simulator.process import spawn; import os, sys; print(spawn(5).pid, flush=True); os._exit(0)"
    pid = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=90).stdout)
    assert gone(pid)


def test_sigterm_ends_it_with_success() -> None:
    command = [sys.executable, "-m", "cambist.simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["demo"] is True
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0


def test_signals_that_come_while_it_ends_say_nothing() -> None:
    command = [sys.executable, "-P", "-m", "cambist.simulator", "--slot-ms", "20"]
    for pace in (0.0003, 0.0001, 0.00003):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while process.poll() is None:
                process.send_signal(signal.SIGTERM)
                time.sleep(pace)
            assert process.stderr is not None
            assert process.stderr.read() == b""
            assert process.returncode in {0, -signal.SIGTERM}


def test_it_ends_after_so_many_slots() -> None:
    command = [sys.executable, "-m", "cambist.simulator", "--slots", "5", "--slot-ms", "5"]
    assert subprocess.run(command, capture_output=True, timeout=90, check=True).stdout.count(b"\n") == 1


def test_a_taken_port_is_said_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    printed = capsys.readouterr()
    assert str(port) in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    "options",
    [
        ["--slots", "0"],
        ["--rate", "-1"],
        ["--slot-ms", "0"],
        ["--fund", "nobody"],
        ["--exchanges", "mtgox"],
        ["--faults", "okx=none"],
        ["--faults", "binance=/nonexistent"],
    ],
)
def test_unusable_options_end_with_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options) == 2
    assert options[1].rpartition("=")[2] in (err := capsys.readouterr().err) or "'okx'" in err


def test_a_market_that_can_not_start_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MarketError, match="exit code 2"):
        spawn(5, rate=-1.0)
    assert "--rate" in capfd.readouterr().err
