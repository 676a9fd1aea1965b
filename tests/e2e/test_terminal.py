"""The real command in a real (pseudo) terminal: it restores what it found, whatever ends it."""

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import time
import weakref
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ, tcgetattr

import pytest

from tests.e2e.conftest import ROOT, Cambist

pytestmark = pytest.mark.timeout(400)

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    def __init__(
        self,
        cambist: Cambist,
        *args: str,
        rows: int = 40,
        columns: int = 120,
        start: tuple[str, ...] = ("-m", "cambist"),
    ) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = tcgetattr(slave)
        self.slave = slave
        # A worker of pytest names its own size there, and these two count before what the terminal says.
        env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        command = [sys.executable, *start, *args, "--config", str(cambist.config)]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=ROOT)
        # A test that fails before it ends the command must not leave it at work.
        weakref.finalize(self, self.process.kill)
        self.output = b""

    def read(self, seconds: float, until: bytes = b"\0never") -> bytes:
        end = time.monotonic() + seconds
        while time.monotonic() < end and until not in self.output:
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                try:
                    self.output += os.read(self.master, 65536)
                except OSError:
                    break
        return self.output

    def finish(self) -> int:
        end = time.monotonic() + 90
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.2)
        self.read(0.5)
        try:
            code = self.process.wait(5)
            after = tcgetattr(self.slave)
        finally:
            self.process.kill()
            os.close(self.slave)
            os.close(self.master)
        assert after == self.before
        return code


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGTERM, 130), (signal.SIGINT, 130), (b"q", 0)], ids=["SIGTERM", "SIGINT", "q"]
)
def test_the_terminal_is_restored_and_the_session_readable(cambist: Cambist, end: int | bytes, code: int) -> None:
    before = {row["name"] for row in cambist("sessions", "--json").json["sessions"]}
    terminal = Terminal(cambist, "run")
    terminal.read(60, until=b"RUNNING")
    terminal.read(3)
    if isinstance(end, bytes):
        os.write(terminal.master, end)
    else:
        terminal.process.send_signal(end)
    assert terminal.finish() == code, terminal.output[-3000:].decode(errors="replace")
    assert LEAVE_ALTERNATE_SCREEN in terminal.output
    assert SHOW_CURSOR in terminal.output
    (made,) = [r for r in cambist("sessions", "--json").json["sessions"] if r["name"] not in before]
    assert made["complete"]
    assert cambist("verify", made["name"]).code == 0


def test_a_terminal_too_small_says_so_and_still_halts_and_quits(cambist: Cambist) -> None:
    terminal = Terminal(cambist, "run", rows=14, columns=60)
    # Not sooner: what is typed before the terminal is in raw mode is thrown away with its mode.
    assert b"cambist needs 80" in terminal.read(60, until=b"cambist needs 80")
    os.write(terminal.master, b"q")
    assert terminal.finish() == 0


STRAY = """
import logging, sys, threading, warnings
from cambist.cli import main
from tui.app import CambistApp
def speak():
    warnings.warn("STRAY words of a warning")
    logging.getLogger("other").error("STRAY words of a package")
    raise RuntimeError("STRAY words of a thread")
def next_theme(self, presses=[]):
    presses.append(1)
    if len(presses) > 1:
        raise RuntimeError("the screen broke")
    threading.Thread(target=speak, name="stray").start()
CambistApp.next_theme = next_theme
sys.exit(main(sys.argv[1:]))
"""


def test_nothing_is_written_over_the_screen_and_all_of_it_is_in_the_log(
    cambist: Cambist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    terminal = Terminal(cambist, "run", start=("-P", "-c", STRAY))
    terminal.read(60, until=b"RUNNING")
    os.write(terminal.master, b"t")
    terminal.read(2)
    assert b"STRAY" not in terminal.output
    os.write(terminal.master, b"t")
    terminal.finish()
    assert LEAVE_ALTERNATE_SCREEN in terminal.output
    assert b"STRAY" not in terminal.output
    lines = (tmp_path / "cambist.log").read_text(encoding="utf-8").splitlines()
    found = [line.split(" ", 3)[3].strip() for line in lines if "STRAY" in line or "broke" in line]
    starts = ("warnings: ", "other: STRAY words of a package", "stray: RuntimeError: ", "screen: RuntimeError: the scr")
    assert len(found) == len(starts)
    assert all(line.startswith(start) for line, start in zip(found, starts, strict=True)), found
    assert "in next_theme" in found[-1]
