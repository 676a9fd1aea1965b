"""An event of the log as one line: of text, or of JSON.

What comes from elsewhere is put as on the screen: nothing that a terminal obeys, no address beyond its host, no key.
"""

from __future__ import annotations

import logging
import os
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec

from cambist.model.text import redact, sanitise

TEXT_CELLS = 2_000
TRACE_LINES = 200
LINE_CELLS = 240
LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
"""The levels of log rows, in the words of the screen."""
_WORDS = {number: word for word, number in LEVELS.items()} | {logging.CRITICAL: "error", logging.DEBUG: "debug"}

Event = dict[str, Any]
"""`time` (UTC), `pid`, `level`, `source`, `text`, and what else is known of it."""


def event(record: logging.LogRecord) -> Event:
    """Returns what a record says; `fields` of it are a dictionary, `source` is who says it."""
    at = datetime.fromtimestamp(record.created, UTC)
    made = {
        "time": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "pid": os.getpid(),
        "level": _WORDS.get(record.levelno, "info"),
        "source": sanitise(redact(getattr(record, "source", record.name.removeprefix("py."))), 40),
        "text": sanitise(redact(record.getMessage()), TEXT_CELLS),
    }
    for name, value in getattr(record, "fields", {}).items():
        made[name] = sanitise(redact(value), LINE_CELLS) if isinstance(value, str) else value
    if record.exc_info and record.exc_info[1] is not None:
        made["traceback"] = trace(record.exc_info[1])
    return made


def trace(error: BaseException) -> str:
    """Returns an error's traceback, line by line; of a very long one the end."""
    lines = [line for line in "".join(traceback.format_exception(error)).splitlines() if line.strip(" ^~")]
    return "\n".join(_clean(line) for line in lines[-TRACE_LINES:])


def _clean(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))][:40] + sanitise(redact(line.strip()), LINE_CELLS)


def as_json(found: Event) -> str:
    """Returns an event as a line of JSON."""
    return msgspec.json.encode(found).decode()


def as_text(found: Event) -> str:
    """Returns an event as a line to read: `time pid level source: text name=value …`, a traceback as a JSON string."""
    rest = [f"{name}={_value(value)}" for name, value in list(found.items())[5:]]
    line = f"{found['time']} {found['pid']} {found['level']:5} {found['source']}: {found['text']}"
    return "  ".join([line, *rest])


def _value(value: Any) -> str:
    plain = isinstance(value, str) and value and not set(value) & set(' "=\n')
    return str(value) if plain else msgspec.json.encode(value).decode()
