"""Takes events from any thread and writes them in a thread of its own: a slow or full disk holds nobody up."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from cambist.log.files import Files
from cambist.log.lines import as_text, event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cambist.log.lines import Event

WAITING = 1_024
"""Lines that may wait to be written; more are dropped and counted."""
CLOSE_S = 2.0


class Keeper(logging.Handler):
    """Writes what it is handed to a file. What can't be written is counted, and said once."""

    def __init__(self, path: Path, form: Callable[[Event], str] = as_text, **limits: int) -> None:
        """`limits` are those of `Files`."""
        super().__init__()
        self.files, self._form = Files(path, **limits), form
        self.lost = 0
        """Lines that are not in the file."""
        self.why = ""
        """Why not; empty while nothing is lost."""
        self._notify: Callable[[str], None] | None = None
        self._waiting: queue.Queue[str | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._owed = 0
        """Lost lines that the file does not tell of yet."""

    def emit(self, record: logging.LogRecord) -> None:
        """Takes an event; never waits, never raises."""
        try:
            self._waiting.put_nowait(self._form(event(record)))
        except queue.Full:
            self._lose("they come faster than they can be written")
        except Exception as error:  # a value with a bad __str__ must not end what wrote of it
            self._lose(f"one could not be put into words ({type(error).__name__})")
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="log", daemon=True)
            self._thread.start()

    def on_trouble(self, notify: Callable[[str], None]) -> None:
        """Has `notify` called, once and from any thread, when lines can't be written; at once if that is so already."""
        self._notify = notify
        if self.why:
            self._report_trouble()

    def close(self) -> None:
        """Writes what waits, for two seconds at most."""
        super().close()
        thread, self._thread = self._thread, None
        if thread is not None:
            try:
                self._waiting.put(None, timeout=CLOSE_S)
            except queue.Full:
                return
            thread.join(CLOSE_S)

    @property
    def unreported(self) -> str:
        """What was lost and why, if nobody was there to be notified; else empty."""
        return f"{self.lost} lines are not in the log: {self.why}" if self.why and self._notify is None else ""

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self.files.append(line.encode("utf-8", "backslashreplace"))
                self._own_up()
            except OSError as error:
                self._lose(f"{self.files.path}: {error.strerror}")
        self.files.close()

    def _own_up(self) -> None:
        """Tells in the file, once it can be written again, how many lines it lacks."""
        if self._owed:
            owed, self._owed = self._owed, 0
            fields = {"name": "log", "msg": f"{owed} lines were lost: {self.why}", "levelno": logging.WARNING}
            self.files.append(self._form(event(logging.makeLogRecord(fields))).encode())

    def _lose(self, why: str) -> None:
        self.lost += 1
        self._owed += 1
        first, self.why = not self.why, why
        if first:
            self._report_trouble()

    def _report_trouble(self) -> None:
        if self._notify is not None:
            self._notify(f"the log can't be written: {self.why}. The run goes on without it.")
