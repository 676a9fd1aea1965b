"""What commands share: exit codes, words on stdout and stderr, signals that end a run well."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from cambist import config, log
from cambist.model.text import redact

if TYPE_CHECKING:
    from pathlib import Path

    from cambist.model.rivals import Level

OK, DIFFERENT, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
_WARNED: set[str] = set()
"""What was said of the configuration: some commands read it twice."""


class Stop(Exception):
    """Ends a command with an exit code and, maybe, a message."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code, self.message = code, message


def print_line(text: str) -> None:
    """Writes a message to stderr, without what a terminal could take for a command and what may be a key."""
    clean = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in redact(text))
    print(clean, file=sys.stderr, flush=True)


def put(value: Any) -> None:
    """Writes one JSON object to stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def settings(path: Path | None) -> config.Config:
    """Returns the configuration in `path`, or the default one. Raises `ConfigError`."""

    def warn(text: str) -> None:
        if text not in _WARNED:
            _WARNED.add(text)
            print_line(f"cambist: {text}")
            log.emit("warn", "config", text)

    return config.load(path, warn)


def level_of(*, easy: bool, hard: bool) -> Level | None:
    """Returns the level that options name; `None` if they name none. Raises `Stop` for both."""
    if easy and hard:
        raise Stop(UNUSABLE, "--easy and --hard are two levels, one market has one")
    return "easy" if easy else "hard" if hard else None


def at_level(chosen: config.Config, *, easy: bool, hard: bool) -> config.Config:
    """Returns a configuration with the embedded market's level that options name. Raises `Stop`."""
    level = level_of(easy=easy, hard=hard)
    if level is None:
        return chosen
    if chosen.market.source != "demo":
        raise Stop(UNUSABLE, f"--{level} is for the embedded market; this one is a network's")
    return replace(chosen, market=replace(chosen.market, level=level))


def explain(error: Exception) -> str | None:
    """Returns an error of what was given, or of this machine, as one line; `None` for any other, which is a bug."""
    from cambist.simulator.process import MarketError
    from storage.files import Busy

    if isinstance(error, Busy):
        return f"{error.path}: {error.found}. End that one, or give this one its own [recording] folder."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) if isinstance(error, OSError | ValueError | MarketError) else None


def require_terminal() -> None:
    """Raises `Stop` if there is no terminal to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Stop(UNUSABLE, "no terminal: the dashboard needs one of at least 80×24. Use --headless here.")


def summary(report: dict[str, Any]) -> str:
    """Returns a report in one line."""
    equal = "equal"
    if report["chunks_compared"] != report["chunks"]:
        equal += f" in {report['chunks_compared']:,} of {report['chunks']:,} chunks"
    match = {True: equal, False: "DIFFERENT", None: report["not_compared"] or "not compared"}[report["digest_match"]]
    landing = report["landing"]
    return (
        f"{report['session'] or 'not recorded'}: {report['records']:,} records, {report['seconds_recorded']:.1f} s in "
        f"{report['seconds_wall']:.1f} s, {report['gaps']} gaps, {report['opportunities']:,} sized, {report['go']} go, "
        f"{report['fills']} of {landing['orders']} orders filled where {landing['predicted']:.1f} were predicted, "
        f"digest {report['digest'][:8]} {match}"
    )


class Progress:
    """One line on stderr that is written over, if that is a terminal; it is gone at the end."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self("")

    def __call__(self, text: str) -> None:
        """Shows a text in the place of the one before it."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{text[:78]}")
            sys.stderr.flush()


class Interrupts:
    """Turns Ctrl-C and SIGTERM into a flag, so that a session closes before the process ends."""

    def __init__(self) -> None:
        self.seen = False
        self.number = 0
        """The signal that was seen first."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        if self.seen:
            raise KeyboardInterrupt
        self.seen, self.number = True, number


def interruptible() -> None:
    """Makes SIGTERM end a command as Ctrl-C does: what it began is undone or closed."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
