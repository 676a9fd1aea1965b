"""What an operator may get wrong: each is answered in one line on stderr, nothing on stdout, and exit code 2."""

import gzip
import json
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cambist.cli import main
from tests.e2e.conftest import Cambist

pytestmark = pytest.mark.timeout(500)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def refused(cambist: Cambist, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command that has to be refused; returns what it said."""

    def run(*args: str, code: int = 2, config: Path | None = None) -> str:
        capsys.readouterr()
        assert main([*args, "--config", str(config or cambist.config)]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        assert err.count("\n") <= 3
        return err

    return run


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("replay", "nobody", "--headless"), "no session 'nobody'"),
        (("replay", "../escape", "--headless"), "no such file"),
        (("replay", "/", "--headless"), "a folder"),
        (("verify", "/"), "a folder"),
        (("verify", "nobody"), "no session"),
        (("import", "/nowhere/x.zst", "--out", "x"), "No such file"),
        (("import", "/", "--out", "x"), "directory"),
        (("run", "--headless", "--for", "0"), "--for"),
        (("run", "--headless", "--for", "-1"), "--for"),
        (("run", "--headless", "--for", "nan"), "--for"),
        (("run", "--headless", "--seed", "x"), "seed"),
    ],
    ids=" ".join,
)
def test_arguments_that_cannot_be_used(refused: Any, args: tuple[str, ...], expected: str) -> None:
    assert expected in refused(*args)


@pytest.mark.parametrize(
    "args",
    [
        ("--speed", "0"), ("--speed", "nan"), ("--speed", "65"), ("--speed", "fast"), ("--batch", "0"),
        ("--from", "+1e9"), ("--from", "+999999999"), ("--from", "2999-01-01T00:00:00Z"), ("--from", "noon"),
        ("--from", "2024-01-01T00:00:00"), ("--engine", "abacus"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_replay_arguments_that_cannot_be_used(refused: Any, recorded: dict[str, Any], args: tuple[str, str]) -> None:
    assert args[0].strip("-") in refused("replay", recorded["session"], "--headless", "--json", *args)


@pytest.mark.parametrize(
    ("rule", "column", "expected"),
    [
        ("net_bp > 8", 1, "`net_bp` is no field; did you mean `net_bps`?"),
        ("net_bps > 8 and rsi(SOLL) < 70", 20, "did you mean `SOL`?"),
        ("atomic and \\u001b[2J", 12, "this character has no meaning"),
        ("net_bps > 8 and", 16, "was the end"),
    ],
)
def test_a_rule_that_is_none_is_refused_at_its_column(
    refused: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, rule: str, column: int, expected: str
) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(f'recording.folder = "{tmp_path}"\n[strategy]\nrule = "{rule}"\n', encoding="utf-8")
    err = refused("run", "--headless", config=path)
    assert f"[strategy] rule: column {column}: " in err
    assert expected in err
    assert err.splitlines()[2].index("^") == column + 1
    assert "\x1b" not in err
    assert main(["doctor", "--config", str(path)]) == 1
    assert f"MISS rule               [strategy] rule: column {column}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("toml", "line", "expected"),
    [
        ("[market]\nsource = '\x1b[31m'", 2, "is not TOML"),
        ('[market]\nsource = "\\u001b[31m"', 2, "expected one of demo"),
        ("market = 3", 1, "`market`: expected `object`"),
        ("[market]\nseed = 1.5", 2, "`market.seed`"),
        ("[market]\nrate = nan", 2, "`market.rate`"),
        ("[market]\nrate = 99999.0", 2, "<= 1000"),
        ("[rules]\nkeep = -1", 2, ">= 0, was -1"),
        ("[rules]\nbudget_edges = 99999999999999999999999", 2, "<= 1000000000"),
        ("[rules]\nrebalancing_ppm = '5'", 2, "`rules.rebalancing_ppm`"),
        ("[risk]\ncap = {SOL = inf}", 2, "risk.cap"),
        ("[risk.daily_loss]\nSOL = nan", 1, "risk.daily_loss"),
        ("[paper]\nlatency_ms = -5", 2, ">= 0"),
        ("[paper]\nfailure_ppm = 5000000", 2, "<= 1000000"),
        ("[recording]\nmax_bytes = -1", 2, "`recording.max_bytes`"),
        ("[engine]\nduel = 'yes'", 2, "expected `bool`, got `str`"),
        ("[screen]\ntheme = 'pink'", 2, "expected one of verdigris"),
        ("[[solana]]\nname = 3", 2, "`solana[0].name`"),
        ("[[pools]]\naddress = 'nope'\nprogram = 'nope'", 2, "expected a base58 public key"),
        ("[[tokens]]\nmint = 'x'", 1, "missing required field"),
        ("x =", 1, "is not TOML"),
    ],
)
def test_a_config_that_cannot_be_used(refused: Any, tmp_path: Path, toml: str, line: int, expected: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(toml + "\n", encoding="utf-8")
    err = refused("run", "--headless", config=path)
    assert f"bad.toml:{line}: " in err
    assert expected in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    "url", ["wss://key:CANARY@node.example/", "wss://node.example:CANARY/x?k=CANARY", "ws://node.example/CANARY",
            "wss:///CANARY", "CANARY", "wss://node.example/#CANARY", "wss://node.example/?k=CANARY"],
)  # fmt: skip
def test_an_endpoint_that_cannot_be_used_is_refused_without_its_key(refused: Any, tmp_path: Path, url: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f"[market]\nsource = 'network'\n[binance]\nws = '{url}'\n", encoding="utf-8")
    for command in (("run", "--headless"), ("doctor",)):
        err = refused(*command, config=path)
        assert "bad.toml:4" in err
        assert "CANARY" not in err


def test_a_missing_config_is_named(refused: Any, tmp_path: Path) -> None:
    assert "gone.toml: can't be read: No such file" in refused("run", "--headless", config=tmp_path / "gone.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8" in refused("run", "--headless", config=binary)


def foreign(path: Path, kind: str) -> None:
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("\x1b[31mno session[/red]\n" * 30, encoding="utf-8")
    elif kind == "half a header":
        path.write_bytes(b"SQLite format 3\x00" + bytes(20))
    else:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (x)")
            if kind == "newer":
                database.execute(f"PRAGMA application_id={0x43414D42}")
                database.execute("PRAGMA user_version=99")
            elif kind == "without tables":
                database.execute(f"PRAGMA application_id={0x43414D42}")
                database.execute("PRAGMA user_version=1")
        database.close()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("empty", "an empty file"), ("text", "no SQLite file"), ("half a header", "bytes of a SQLite header"),
        ("sqlite", "another application"), ("newer", "schema 99"), ("without tables", "tables none"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_session_is_named(refused: Any, tmp_path: Path, kind: str, expected: str) -> None:
    path = tmp_path / "given.cambist"
    foreign(path, kind)
    for command in (("replay", str(path), "--headless", "--json"), ("verify", str(path))):
        err = refused(*command)
        assert expected in err
        assert "given.cambist" in err
        assert "\x1b" not in err


def test_a_session_cut_in_two_or_with_a_chunk_gone_is_damaged(
    cambist: Cambist, recorded: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = cambist.sessions / f"{recorded['session']}.cambist"
    gone = tmp_path / "gone.cambist"
    with sqlite3.connect(source) as database:
        database.execute("VACUUM INTO ?", (str(gone),))
    database.close()
    half = tmp_path / "half.cambist"
    half.write_bytes(gone.read_bytes()[: gone.stat().st_size // 2])
    with sqlite3.connect(gone) as database:
        (at,) = database.execute("SELECT first_seq FROM chunk ORDER BY first_seq LIMIT 1 OFFSET 4").fetchone()
        database.execute("DELETE FROM chunk WHERE first_seq = ?", (at,))
    database.close()
    capsys.readouterr()
    assert main(["replay", str(gone), "--headless", "--json", "--config", str(cambist.config)]) == 1
    out, err = capsys.readouterr()
    assert f"records {at} to" in err
    report = json.loads(out)
    assert (report["digest_match"], report["first_divergent_seq"], report["records"]) == (False, at, at - 1)
    for command in (("replay", str(half), "--headless"), ("verify", str(half))):
        assert main([*command, "--config", str(cambist.config)]) in (1, 2)
        assert "half.cambist" in capsys.readouterr().err


CAPTURE = (
    b'1723161254087891268 {"stream":"btcusdt@bookTicker",'
    b'"data":{"u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}}\n'
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"\x1b[31mhello\n", "expected"),
        (gzip.compress(CAPTURE)[:-12], "damaged"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 50, "damaged"),
        (CAPTURE + b"17231612540878912 nonsense\n", "line 2"),
        (b'{"t":"header","format":3,"exchange":"BINANCE"}\n', "format 3"),
        (b'{"t":"header","format":2,"exchange":"\\u001b[31mMARS"}\n', "MARS"),
        (b'1723161254087891268 {"stream":"x","data":{}}\n', "tell spot from"),
    ],
)
def test_a_capture_that_cannot_be_imported(
    cambist: Cambist, refused: Any, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    err = refused("import", str(path), "--out", "made")
    assert expected in err
    assert "\x1b" not in err
    assert not list(cambist.sessions.glob("made*"))


def test_an_import_never_overwrites_and_takes_a_file_once(refused: Any, tmp_path: Path, capsys: Any) -> None:
    path, out = tmp_path / "capture", tmp_path / "there.cambist"
    path.write_bytes(CAPTURE)
    out.write_bytes(b"precious")
    assert "exists" in refused("import", str(path), "--out", str(out))
    assert out.read_bytes() == b"precious"
    assert "each once" in refused("import", str(path), str(path), "--out", "twice")
    assert "name" in refused("import", str(path), "--out", "a b")


def test_capture_lines_out_of_order_are_clamped_and_counted(
    cambist: Cambist, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, late = tmp_path / "capture", CAPTURE.replace(b"1723161254087891268", b"1723161254087891000")
    path.write_bytes(CAPTURE + late + CAPTURE)
    out = tmp_path / "late.cambist"
    assert main(["import", str(path), "--out", str(out), "--config", str(cambist.config)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["frames"], report["clamped"]) == (3, 1)
    assert main(["verify", str(out), "--config", str(cambist.config)]) == 0
    assert main(["replay", str(out), "--headless", "--json", "--config", str(cambist.config)]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == report["digest"]


def test_help_needs_no_screen_library(cambist: Cambist) -> None:
    for args in ((), ("run",), ("replay",), ("import",), ("sessions",), ("verify",), ("market",), ("bench",)):
        assert main([*args, "--help"]) == 0
    code = "import sys; from cambist.cli import main; main(['--help']); sys.exit('textual' in sys.modules)"
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_second_run_in_the_same_folder_says_who_is_there(cambist: Cambist) -> None:
    with cambist.start("run", "--headless", "--for", "20", "--json") as first:
        try:
            journal = cambist.sessions / "journal" / "demo.journal.lock"
            for _ in range(200):
                if journal.exists():
                    break
                signal.sigtimedwait([], 0.05)
            second = cambist("run", "--headless", "--for", "1", "--json")
            assert second.code == 2
            assert second.out == ""
            assert re.search(r"another cambist|a writer at work", second.err)
            assert "[recording] folder" in second.err
            assert "Traceback" not in second.err
        finally:
            first.send_signal(signal.SIGTERM)
            out, err = first.communicate(timeout=90)
    assert first.returncode == 130, err
    assert json.loads(out)["records"] > 0
