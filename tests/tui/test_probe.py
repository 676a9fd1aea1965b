"""The width probe on a pseudo-terminal that answers, answers otherwise, or doesn't."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

pty = pytest.importorskip("pty")
ASK = "from tui.probe import draws_wide; print('wide', draws_wide(0.5))"


def asked(answer: bytes, environment: dict[str, str] | None = None) -> str:
    """Returns what the probe prints in a terminal that gives `answer` when it is asked for the cursor."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=slave, stdout=slave, stderr=slave, env=os.environ | (environment or {})
    )
    os.close(slave)
    shown, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        try:
            data = os.read(master, 1024)
        except OSError:
            break
        if not data:
            break
        shown += data
        if b"\x1b[6n" in data:
            os.write(master, answer)
    assert process.wait(30) == 0
    os.close(master)
    return shown.decode()


@pytest.mark.parametrize(
    ("answer", "wide"),
    [(b"\x1b[7;2R", False), (b"\x1b[7;3R", True), (b"xy\x1b[1;3R", True), (b"", False), (b"q", False)],
)
def test_a_terminal_says_how_wide_a_dot_is(answer, wide):
    shown = asked(answer)
    assert f"wide {wide}" in shown
    assert "\x1b[K" in shown, "the probe leaves nothing behind"


def test_nothing_is_asked_where_nothing_would_answer():
    assert "\x1b[6n" not in asked(b"", {"TERM": "dumb"})
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True
    )
    assert done.stdout == "wide False\n"
