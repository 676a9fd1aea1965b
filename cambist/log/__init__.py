"""The application's own log, for whoever looks into what happened: one line per event in the user's state folder.

Every row of the Log panel, every warning and the traceback of every error that nobody expected are in it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from cambist import VERSION
from cambist.log.keeper import Keeper
from cambist.log.lines import LEVELS, as_json, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Keeper", "begin", "crash", "emit", "folder", "kept", "on_trouble", "path", "row"]

APART_NS = 1_000_000_000
"""A row whose time is further from now is of a recording, or of another clock: its own time is told too."""
LOG = logging.getLogger("cambist")
LOG.setLevel(logging.INFO)
LOG.addHandler(logging.NullHandler())  # without a keeper nothing goes to stderr either

_keeper: Keeper | None = None


def folder() -> Path:
    """Returns where the log is: the folder a service manager gives, else the user's state folder."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given or platformdirs.user_state_dir("cambist"))


def path(*, json: bool = False) -> Path:
    """Returns the file of the log, or that of its lines of JSON."""
    return folder() / ("cambist.jsonl" if json else "cambist.log")


def emit(level: str, source: str, text: str, **fields: Any) -> None:
    """Logs an event: level (`info`, `warn`, `error`), who says it, what, and what else is known of it."""
    LOG.log(LEVELS.get(level, logging.INFO), "%s", text, extra={"source": source, "fields": fields})


def row(at_ns: int, level: str, source: str, text: str) -> None:
    """Logs a row of the Log panel."""
    emit(level, source, text, **({"at_ns": at_ns} if abs(time.time_ns() - at_ns) > APART_NS else {}))


def crash(source: str, error: BaseException) -> None:
    """Logs an error with its traceback."""
    LOG.error("%s: %s", type(error).__name__, error, extra={"source": source}, exc_info=error)


def begin(what: str, *, json: bool = False) -> None:
    """Logs that a session begins; with `json` all that follows goes to the file of JSON lines."""
    if _keeper is not None and json:
        _keep(Keeper(path(json=True), as_json))
    emit("info", "cambist", what, version=VERSION)


def on_trouble(notify: Callable[[str], None]) -> None:
    """Has `notify` called, once and from any thread, when the log can't be written."""
    if _keeper is not None:
        _keeper.on_trouble(notify)


@contextmanager
def kept(notify: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Keeps a log while it is open; `notify` gets at its end what was lost, if nobody else did."""
    before = threading.excepthook, sys.unraisablehook
    logging.captureWarnings(capture=True)
    threading.excepthook = _logged(before[0])
    sys.unraisablehook = _logged(before[1])
    _keep(Keeper(path(), as_text))
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before
        logging.captureWarnings(capture=False)
        if _keeper is not None and _end(_keeper).unreported:
            notify(_keeper.unreported)
        _keep(None)


def _keep(keeper: Keeper | None) -> None:
    """Hands all events to a keeper from now on, also those of other packages."""
    global _keeper
    root = logging.getLogger()
    if _keeper is not None:
        root.removeHandler(_end(_keeper))
    _keeper = keeper
    if keeper is not None:
        root.addHandler(keeper)


def _end(keeper: Keeper) -> Keeper:
    keeper.close()
    return keeper


def _logged(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns a hook for errors that nobody catches: it logs them, then does what was done before."""

    def logged(args: Any) -> None:
        if args.exc_value is not None:
            crash(getattr(getattr(args, "thread", None), "name", "cambist"), args.exc_value)
        hook(args)

    return logged
