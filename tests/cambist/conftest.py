"""A terminal for what runs in the process of the tests."""

import os
import pty
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from termios import TIOCSWINSZ

import pytest


class Terminal:
    """A pseudo-terminal in the place of stdin, stdout and stderr, and all that was written to it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(120, 40)
        self._shown, self._changed, self._open = b"", threading.Condition(), True
        self._reader = threading.Thread(target=self._read, name="terminal")
        self._reader.start()

    def resize(self, columns: int, rows: int) -> None:
        ioctl(self.slave, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        with suppress(OSError):  # the other side is closed
            while part := os.read(self.master, 65_536):
                with self._changed:
                    self._shown += part
                    self._changed.notify_all()

    def saw(self, text: bytes, seconds: float = 30.0) -> bool:
        """Waits until a text was shown; returns whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: text in self._shown, seconds)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Puts it in their place. A test does so itself: between its set-up and its body pytest sets them anew."""
        with (
            os.fdopen(self.slave, "r", encoding="utf-8", closefd=False) as source,
            os.fdopen(self.slave, "w", encoding="utf-8", closefd=False) as target,
            pytest.MonkeyPatch.context() as patched,
        ):
            for name, file in (("stdin", source), ("stdout", target), ("stderr", target)):
                patched.setattr(sys, name, file)
                patched.setattr(sys, f"__{name}__", file)
            yield

    def close(self) -> bytes:
        """Closes it; returns all that was shown."""
        if self._open:
            self._open = False
            os.close(self.slave)
            self._reader.join(10)
            os.close(self.master)
        return self._shown


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal of 120×40."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    made = Terminal()
    yield made
    made.close()
