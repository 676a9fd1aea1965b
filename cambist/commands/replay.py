"""`cambist replay`: a session in the same screens, or compared without one."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cambist import log
from cambist.commands.console import (
    DIFFERENT,
    INTERRUPTED,
    OK,
    UNUSABLE,
    Interrupts,
    Stop,
    print_line,
    put,
    require_terminal,
    settings,
    summary,
)

if TYPE_CHECKING:
    from storage.reader import SessionReader


def replay(
    session: str,
    *,
    speed: str | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    engine: Literal["native", "reference"] | None = None,
    batch: int | None = None,
    headless: bool = False,
    json: bool = False,
    log_json: bool = False,
    config: Path | None = None,
) -> int:
    """Replay a session in the same screens, or compare it without a screen.

    Args:
        session: Name of a stored session, or the path of one.
        speed: Multiple of real time, 0.25 to 64, or `max`; without it 1 on screen, `max` headless.
        from_: RFC 3339 time or `+seconds`; earlier records are stepped unshown and stay in the digest.
        engine: Which engine steps it.
        batch: Step at most this many records at a time.
        headless: No screen, as fast as it goes.
        json: Print the report as one JSON object at the end.
        log_json: Write the application log as lines of JSON.
        config: The TOML file, for the session folder and the look.
    """
    from cambist import compose
    from cambist.runtime.headless import replay_all

    log.begin("replay", json=log_json)
    chosen = settings(config)
    if batch is not None and batch < 1:
        raise Stop(UNUSABLE, f"--batch was {batch}, expected at least 1")
    pace = _speed(speed or ("max" if headless else "1"))
    reader = compose.open_reader(chosen, session)
    from_ns = _from(from_, *_extent_ns(reader))
    kernel = compose.replay_kernel(reader, engine)
    stop = Interrupts()
    if headless:
        started = time.perf_counter()
        found = replay_all(reader, kernel, batch, lambda: stop.seen, pace, from_ns)
        report, damage = found.report(reader.path.stem, time.perf_counter() - started), found.damage
    else:
        require_terminal()
        report, damage = compose.show_replay(reader, kernel, chosen, pace, from_ns, lambda: stop.seen)
    if json:
        put(report)
    else:
        print_line(summary(report))
    if report["digest_match"] is False or damage:
        raise Stop(DIFFERENT, damage or f"decisions differ from record {report['first_divergent_seq']} on")
    return INTERRUPTED if stop.seen else OK


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text.rstrip("x×"))
    except ValueError:
        speed = 0.0
    if not 0.25 <= speed <= 64:
        raise Stop(UNUSABLE, f"--speed was {text!r}, expected 0.25 to 64, or max")
    return speed


def _from(text: str | None, first_ns: int, last_ns: int) -> int:
    if text is None:
        return 0
    at_ns = _moment(text, first_ns)
    if at_ns > last_ns:
        raise Stop(UNUSABLE, f"--from was {text}, after the session's end ({(last_ns - first_ns) / 1e9:.1f} s)")
    return at_ns


def _extent_ns(reader: SessionReader) -> tuple[int, int]:
    """Returns the times of a session's first and last record, 0 if it is empty."""
    ends = reader.extent()
    return (ends[0].first_ns, ends[1].last_ns) if ends else (0, 0)


def _moment(text: str, first_ns: int) -> int:
    if re.fullmatch(r"\+\d{1,12}(\.\d{1,12})?", text):
        return first_ns + int(float(text) * 1e9)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Stop(UNUSABLE, f"--from was {text!r}, expected an RFC 3339 time or +seconds") from None
    if moment.tzinfo is None:
        raise Stop(UNUSABLE, f"--from was {text!r}, which names no time zone; add Z or an offset")
    return int(moment.timestamp() * 1e9)
