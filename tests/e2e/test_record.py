"""`cambist record`, as a person runs it and as a service manager does."""

import json
import os
import shutil
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from cambist import compose
from cambist.commands import record
from cambist.config import load
from cambist.model.events import RecordKind, records
from storage.catalogue import session_path
from storage.reader import SessionReader
from tests.e2e.conftest import Cambist

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own(tmp_path: Path) -> Cambist:
    made = Cambist(tmp_path)
    made.config.write_text(f'engine.duel = false\n[recording]\nfolder = "{made.sessions}"\n', encoding="utf-8")
    return made


def test_a_capture_takes_nothing_and_replays(own: Cambist) -> None:
    result = own("record", "--for", "6s", "--out", "night", "--json")
    assert result.code == 0, result.err
    report = result.json
    assert (report["session"], report["ended"], report["fills"]) == ("night", "time", 0)
    assert report["frames"] > 100
    assert report["opportunities"] > 0
    assert not (own.sessions / "journal").exists()
    again = own("replay", "night", "--headless", "--json")
    assert (again.code, again.json["digest"]) == (0, report["digest"])
    taken = own("record", "--for", "1", "--out", "night")
    assert taken.code == 2
    assert "exists" in taken.err


def test_feeds_are_chosen_by_name(own: Cambist) -> None:
    wrong = own("record", "--for", "1", "--feeds", "binance,karken")
    assert wrong.code == 2
    assert "karken" in wrong.err
    assert "solana, binance" in wrong.err
    assert own("record", "--for", "3", "--feeds", "binance", "--out", "one").code == 0
    with SessionReader(session_path(own.sessions, "one")) as reader:
        feeds = {channel.id: channel.feed for channel in reader.channels}
        seen = {
            feeds[record.channel]
            for chunk in reader.blocks()
            for record in records(chunk.block)
            if record.kind == RecordKind.FRAME
        }
    assert seen == {"binance"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.realtime
def test_a_service_manager_hears_of_it_and_can_end_it(
    own: Cambist, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    messages: list[bytes] = []
    address = str(own.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(0.2)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)

        def arrived(line: bytes, seconds: float) -> bool:
            end = time.monotonic() + seconds
            while not any(line in message.splitlines() for message in messages) and time.monotonic() < end:
                try:
                    messages.append(manager.recv(4096))
                except TimeoutError:
                    continue
            return any(line in message.splitlines() for message in messages)

        with own.start("record", "--out", "service") as process:
            try:
                assert arrived(b"READY=1", 60)
                assert arrived(b"WATCHDOG=1", 10)
                process.send_signal(number)
                assert arrived(b"STOPPING=1", 10)
                _, err = process.communicate(timeout=60)
            finally:
                process.kill()
    assert process.returncode == code, err
    assert own("verify", "service").code == 0
    assert own("replay", "service", "--headless").code == 0


@pytest.mark.realtime
def test_a_hub_that_hangs_gets_no_word_to_the_watchdog(own: Cambist, monkeypatch: pytest.MonkeyPatch) -> None:
    notified: list[str] = []
    monkeypatch.setattr(record, "sd_notify", lambda *lines: notified.extend(lines))
    monkeypatch.setattr(record, "HUNG_S", 0.8)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    runtime = compose.capture(load(own.config), (), "")
    runtime.start()
    stop = threading.Event()
    watcher = threading.Thread(
        target=record.Watcher(runtime, own.sessions, None, lambda _: None).watch, args=(stop.is_set,)
    )
    watcher.start()
    try:
        time.sleep(1.0)
        before = notified.count("WATCHDOG=1")
        assert before >= 2
        loop = runtime._loop
        assert loop is not None
        loop.call_soon_threadsafe(lambda: time.sleep(2.5))
        time.sleep(1.3)
        hung = notified.count("WATCHDOG=1")
        time.sleep(0.8)
        assert notified.count("WATCHDOG=1") == hung
        time.sleep(1.5)
        assert notified.count("WATCHDOG=1") > hung
        end = time.monotonic() + 10
        while not any("stopped for" in row.text for row in runtime.view.log.rows):
            assert time.monotonic() < end, "it does not say that it hung"
            time.sleep(0.05)
    finally:
        stop.set()
        watcher.join()
        runtime.close()


def test_a_short_disk_ends_it_with_words(own: Cambist, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = compose.capture(load(own.config), (), "short")
    runtime.start()
    try:
        end = time.monotonic() + 20
        while not runtime.view.status.recorded_bytes:
            assert time.monotonic() < end, "nothing is recorded"
            time.sleep(0.05)
        usage = shutil.disk_usage(own.folder)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
        ended = record.Watcher(runtime, own.sessions, 60.0, lambda _: None).watch(lambda: False)
    finally:
        runtime.close()
    assert "free on the disk" in ended
    monkeypatch.undo()
    assert own("replay", "short", "--headless").code == 0


def test_a_line_tells_size_rates_and_gaps(own: Cambist) -> None:
    runtime = compose.capture(load(own.config), (), "")
    runtime.start()
    try:
        watcher = record.Watcher(runtime, own.sessions, 3_600.0, lambda _: None)
        end = time.monotonic() + 20
        while "binance " not in (line := watcher.line()):
            assert time.monotonic() < end, line
            time.sleep(0.3)
    finally:
        runtime.close()
    assert " of 1:00:00  " in line
    assert " MB  " in line
    assert "0 gaps, 0 dropped" in line
    assert "GB free" in line


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("1h", 3_600), ("1h30m", 5_400), ("2d", 172_800)]
)
def test_durations(text: str, seconds: float) -> None:
    assert record.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "0", "-1", "1x", "1 h", "10 30", "nan", "9999999999d"])
def test_what_is_no_duration_is_said(text: str, own: Cambist) -> None:
    with pytest.raises(ValueError, match="--for was"):
        print(record.seconds_of(text))


def test_the_unit_file_starts_what_there_is() -> None:
    unit = (Path(__file__).resolve().parents[2] / "deploy" / "cambist-record.service").read_text(encoding="utf-8")
    assert "Type=notify" in unit
    assert "ExecStart=/opt/cambist/bin/cambist record " in unit
    assert os.sep + "work" not in unit
    assert json.dumps("WatchdogSec=30")[1:-1] in unit
