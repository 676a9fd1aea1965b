"""The application's own log, in real files, of real processes."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cambist import compose, log
from cambist.child import environment
from cambist.config import Config, EngineChoice, Market, Recording
from cambist.doctor import machine
from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel, KernelSetup
from cambist.log.keeper import WAITING, Keeper
from cambist.log.lines import as_json
from cambist.model.text import redact
from cambist.runtime.publish import Publisher
from cambist.simulator.process import MarketError, begin

pytestmark = pytest.mark.timeout(120)
SECRET = "S3CR3Tp4th"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \d+ (info |warn |error) [^:]+: .+")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder, as a service manager gives it."""
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path / 'state'}:/elsewhere")
    return tmp_path / "state"


@pytest.fixture
def publisher() -> Publisher:
    return Publisher(Kernel(KernelSetup(EngineSetup()), make_engine, "reference"))


def lines(state: Path) -> list[str]:
    """Returns the lines of the log; every one is whole and names time, process, level and source."""
    found = (state / "cambist.log").read_text(encoding="utf-8").splitlines()
    assert all(LINE.fullmatch(line) for line in found), found
    return found


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own, inside `log.kept()`."""
    code = "from cambist import log\nwith log.kept():\n" + "".join(f"    {line}\n" for line in code.splitlines())
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment(), timeout=60)


def traceback_of(line: str) -> str:
    """Returns the traceback that a line of text holds."""
    text: str = json.loads(line.partition("  traceback=")[2])
    assert text.startswith("Traceback (most recent call last):\n")
    return text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("wss://node.example/v2/S3CR3T: refused", "wss://node.example: refused"),
        ("(https://user:S3CR3T@node.example:8899/S3CR3T?k=S3CR3T).", "(https://node.example:8899)."),
        ("can't connect to HTTPS://[::1]:80/S3CR3T, again", "can't connect to https://[::1]:80, again"),
        ("https://[S3CR3T/S3CR3T is none", "https://… is none"),
        ("url='wss://a.example/S3CR3T\x1b[2J'", "url='wss://a.example'"),
        ("?api-key=S3CR3T&commitment=processed", "?api-key=…&commitment=processed"),
        ("{'Authorization': 'Bearer S3CR3T', 'x-api-key': 'S3CR3T'}", "{'Authorization': '…', 'x-api-key': '…'}"),
        ("SECRET_KEY=S3CR3T passphrase: S3CR3T", "SECRET_KEY=… passphrase: …"),
        ("token USDC: key 7, wss://node.example: gap", "token USDC: key 7, wss://node.example: gap"),
    ],
)
def test_what_may_be_a_key_is_not_told(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_row_of_the_panel_is_in_the_log_and_shows_no_key_in_either(publisher: Publisher, state: Path) -> None:
    with log.kept():
        publisher.note(time.time_ns(), "error", "node-a", f"stopped: wss://a.example/{SECRET}\x1b[2J isn't a valid URI")
        publisher.note(1_700_000_000_000_000_000, "info", "kernel", "of a recording")
    first, second = lines(state)
    shown = "stopped: wss://a.example isn't a valid URI"
    assert publisher.log[0].text == shown
    assert first.endswith(f"error node-a: {shown}")
    assert second.endswith("info  kernel: of a recording  at_ns=1700000000000000000")


def test_all_rows_of_a_session_are_in_the_log(state: Path, tmp_path: Path) -> None:
    config = Config(market=Market(seed=7), recording=Recording(folder=str(tmp_path)), engine=EngineChoice(duel=False))
    with log.kept():
        live = compose.live(config, duel=False)
        live.start()
        time.sleep(1.5)
        live.note_threadsafe("warn", "test", "from another thread")
        live.close()
    rows = [f"{row.level:5} {row.source}: {row.text}" for row in live.publisher.log]
    assert any("from another thread" in row for row in rows)
    assert [line.split(" ", 2)[2] for line in lines(state)] == rows


def test_warnings_and_what_nobody_catches_are_in_the_log(state: Path) -> None:
    done = python(f"""
import asyncio, gc, threading, warnings
warnings.warn("see https://a.example/{SECRET}")
def fail(): raise RuntimeError("wss://a.example/{SECRET} broke")
async def main():
    async def crashing(): fail()
    task = asyncio.create_task(crashing())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
asyncio.run(main())
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
class Careless:
    def __del__(self): fail()
Careless()
""")
    warned, task, thread, left = lines(state)
    assert "warn  warnings: " in warned
    assert "UserWarning: see https://a.example" in warned
    assert "error asyncio: Task exception was never retrieved" in task
    assert "in crashing" in traceback_of(task)
    assert "error worker: RuntimeError: wss://a.example broke" in thread
    assert 'File "<string>", line' in traceback_of(thread)
    assert "in __del__" in traceback_of(left)
    assert SECRET not in (state / "cambist.log").read_text(encoding="utf-8")
    assert "never retrieved" not in done.stderr, "what other packages log is no words to stderr"


def test_an_error_that_ends_a_command_is_in_the_log(state: Path) -> None:
    done = python("""
from cambist.cli import main
assert main(["verify", "nobody"]) == 2
""")
    assert done.stderr.startswith("cambist: no session 'nobody'")
    (line,) = lines(state)
    assert "error cambist: ValueError: no session 'nobody'" in line
    assert "in find" in traceback_of(line)


def test_a_hub_that_breaks_leaves_its_traceback(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(recording=Recording(folder=str(tmp_path)), engine=EngineChoice(duel=False))
    with log.kept():
        live = compose.live(config, duel=False)
        live.start()
        monkeypatch.setattr(live.source, "advance", None)
        live.wait(10)
        live.close()
    assert isinstance(live.failure, TypeError)
    assert "in _serve" in traceback_of(next(line for line in lines(state) if "error hub: TypeError" in line))


def run(tmp_path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "cambist.toml"
    folder = json.dumps(str(tmp_path / "sessions"))
    config.write_text(f"engine.duel = false\n[recording]\nfolder = {folder}\n[rules]\nmin_net_ppm = 500\n")
    command = [sys.executable, "-P", "-m", "cambist", "run", "--headless", "--for", "2", "--config", str(config), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), timeout=60)


def test_lines_of_json_are_json(state: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "--log-json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in (state / "cambist.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(list(event)[:5] == ["time", "pid", "level", "source", "text"] for event in events)
    first, warning = events[:2]
    assert (first["text"], first["version"]) == ("run", "0.1.0")
    assert (warning["level"], warning["source"]) == ("warn", "config")
    assert "[rules]" in warning["text"]
    assert any(event["source"] == "kernel" for event in events)
    assert not (state / "cambist.log").exists()


def test_a_crash_is_one_line_of_json(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "cambist.jsonl", as_json)
    logger = logging.Logger("other")
    logger.addHandler(keeper)
    try:
        {}["missing"]
    except KeyError:
        logger.exception("lone surrogate \udc80 and\nmore")
    keeper.close()
    (event,) = map(json.loads, (tmp_path / "cambist.jsonl").read_text(encoding="utf-8").splitlines())
    assert event["text"] == r"lone surrogate \udc80 and more"
    assert event["traceback"].endswith("KeyError: 'missing'")


def in_the_way(state: Path) -> None:
    state.write_text("a file where the folder would be")


def read_only(state: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    state.mkdir(mode=0o500)


def full(state: Path) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full here")
    state.mkdir()
    (state / "cambist.log").symlink_to("/dev/full")


@pytest.mark.parametrize("made", [in_the_way, read_only, full])
def test_a_log_that_cannot_be_written_is_said_once_and_hurts_nobody(
    state: Path, tmp_path: Path, made: Callable[[Path], None]
) -> None:
    made(state)
    done = run(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records"] > 0
    assert done.stderr.count("the log can't be written: ") == 1
    assert str(state / "cambist.log") in done.stderr
    assert "Traceback" not in done.stderr


def test_on_a_screen_it_is_a_row_of_the_panel(state: Path, tmp_path: Path) -> None:
    in_the_way(state)
    config = Config(recording=Recording(folder=str(tmp_path)), engine=EngineChoice(duel=False))
    with log.kept():
        live = compose.live(config, duel=False)
        log.on_trouble(lambda text: live.note_threadsafe("warn", "log", text))
        live.start()
        until(lambda: any(row.source == "log" for row in live.publisher.log))
        live.note_threadsafe("info", "test", "one more that is lost")
        live.close()
    (row,) = [row for row in live.publisher.log if row.source == "log"]
    assert row.level == "warn"
    assert row.text.startswith(f"the log can't be written: {state}")


def test_what_was_lost_is_counted_and_told_when_it_can_be(state: Path) -> None:
    full(state)
    unreported: list[str] = []
    with log.kept(unreported.append):
        for number in range(3):
            log.emit("info", "test", f"line {number}")
        until(lambda: log._keeper is not None and log._keeper.lost == 3)
        (state / "cambist.log").unlink()
        log.emit("info", "test", "kept")
    kept, loss = lines(state)
    assert kept.endswith("test: kept")
    assert loss.endswith(f"warn  log: 3 lines were lost: {state / 'cambist.log'}: No space left on device")
    assert unreported == [f"3 lines are not in the log: {state / 'cambist.log'}: No space left on device"]


def test_trouble_is_said_to_who_asks_even_late(state: Path) -> None:
    in_the_way(state)
    notified: list[str] = []
    unreported: list[str] = []
    with log.kept(unreported.append):
        log.emit("info", "test", "lost")
        until(lambda: log._keeper is not None and log._keeper.lost == 1)
        log.on_trouble(notified.append)
        log.emit("info", "test", "lost too")
        until(lambda: log._keeper is not None and log._keeper.lost == 2)
    assert len(notified) == 1
    assert notified[0].startswith(f"the log can't be written: {state}")
    assert unreported == []


def test_a_disk_that_hangs_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper, hang = Keeper(tmp_path / "cambist.log"), threading.Event()
    monkeypatch.setattr(keeper.files, "append", lambda line: hang.wait(60))
    monkeypatch.setattr("cambist.log.keeper.CLOSE_S", 0.1)
    logger = logging.Logger("other")
    logger.addHandler(keeper)
    for number in range(WAITING + 100):
        logger.warning("line %d", number)
    assert 98 <= keeper.lost <= 100
    assert keeper.unreported.endswith("they come faster than they can be written")
    keeper.close()
    hang.set()


def test_without_a_keeper_nothing_is_written(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log.emit("error", "test", "nobody hears it")
    with log.kept():
        pass
    log.crash("test", ValueError("nor this"))
    assert not state.exists()
    assert capfd.readouterr() == ("", "")


def test_the_doctor_says_where_it_is(state: Path, tmp_path: Path) -> None:
    config = Config(recording=Recording(folder=str(tmp_path)))

    def check() -> tuple[bool, str]:
        return next((one["ok"], one["found"]) for one in machine.check(config) if one["name"] == "log")

    assert check() == (True, f"{state / 'cambist.log'}, cambist.jsonl")
    assert not state.exists(), "nothing is changed"
    in_the_way(state)
    ok, found = check()
    assert not ok
    assert found.startswith(f"{state / 'cambist.log'}: ")


def test_what_the_market_says_is_heard() -> None:
    stderr_lines: list[str] = []
    with pytest.raises(MarketError, match=r"exit code 2.*in the log"):
        begin(7, rate=-1.0, on_line=stderr_lines.append).handle()
    until(lambda: stderr_lines)
    assert stderr_lines == ["cambist market: --rate was -1.0 (0 to 1000), --slot-ms was 400.0 (1 to 60000)"]


def until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("waited in vain")


@pytest.fixture(autouse=True)
def hooks() -> Iterator[None]:
    """Nothing stays behind when a log is closed."""
    before = sys.unraisablehook, threading.excepthook, logging.getLogger().handlers[:]
    yield
    assert (sys.unraisablehook, threading.excepthook, logging.getLogger().handlers) == before
