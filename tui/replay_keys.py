"""What the replay's keys mean: from an action of the registry to commands, from typed text to a time. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cambist.model.commands import AddBookmark, Pause, Play, PlaybackCommand, Seek, SeekBy, SetSpeed, Step
from tui.formats import clock

if TYPE_CHECKING:
    from cambist.view import ReplayStatus

SPEEDS: tuple[float | None, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, None)
"""Slowest to fastest; `None` is as fast as it goes."""
ACTIONS = frozenset({"play", "step", "speed", "seek", "leap", "event", "bookmark"})
"""Ids of the registry's actions that `commands` knows."""
SECOND = 1_000_000_000
_BACK_SLACK_NS = SECOND
"""While it plays, `previous event` passes over an event this near, else it would never get past it."""
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\Z")
_STEP = re.compile(r"([+-])\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\Z")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%\Z")
_UNITS = {"ms": 1_000_000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}


class TimeError(ValueError):
    """Text that is no time of this recording: why, in words for the operator."""


def commands(action: str, step: str, status: ReplayStatus) -> tuple[PlaybackCommand | AddBookmark, ...]:
    """Returns the commands that a replay action means in this state; none if it means nothing now.

    `step` is what the registry hands over: `1` or `-1`, or seconds for `seek` and `leap`.
    """
    match action:
        case "play" if status.finished:
            return (Seek(status.first_ns), Play())
        case "play":
            return (Pause() if status.playing else Play(),)
        case "step":
            pause = (Pause(),) if status.playing else ()
            return (*pause, Step(int(step)))
        case "speed":
            return _speed(int(step), status)
        case "seek" | "leap":
            return (SeekBy(int(step) * SECOND),)
        case "event":
            target = neighbour(status, int(step))
            return () if target is None else (Seek(target),)
        case "bookmark":
            return (AddBookmark(),)
    return ()


def neighbour(status: ReplayStatus, direction: int) -> int | None:
    """Returns the time of the next (1) or previous (-1) marker; `None` if there is none."""
    times = sorted({marker.at_ns for marker in status.markers})
    if direction > 0:
        return next((at for at in times if at > status.position_ns), None)
    limit = status.position_ns - (_BACK_SLACK_NS if status.playing else 0)
    return next((at for at in reversed(times) if at < limit), None)


def speed_text(speed: float | None) -> str:
    """Returns a speed as an argument and as shown without its sign: `0.25`, `8`, `max`."""
    return "max" if speed is None else f"{speed:g}"


def _speed(direction: int, status: ReplayStatus) -> tuple[PlaybackCommand | AddBookmark, ...]:
    now = status.speed
    if now in SPEEDS:
        at = SPEEDS.index(now) + direction
    else:
        faster = [index for index, speed in enumerate(SPEEDS) if speed is None or speed > (now or 0)]
        at = faster[0] if direction > 0 else faster[0] - 1
    if not 0 <= at < len(SPEEDS):
        return ()
    return (SetSpeed(SPEEDS[at]),)


def parse_time(text: str, status: ReplayStatus) -> int:
    """Returns the session time that `text` says: a time of day, `+90`, `-2m`, `50%` or RFC 3339.

    A time of day is the first such moment from the recording's start on. Raises `TimeError`.
    """
    text = text.strip().replace("\u2212", "-")
    if match := _STEP.match(text):
        by = round(float(match[2]) * _UNITS[match[3] or "s"])
        return _inside(status.position_ns + (by if match[1] == "+" else -by), status, clamp=True)
    if match := _SHARE.match(text):
        share = float(match[1])
        return _inside(status.first_ns + round((status.last_ns - status.first_ns) * share / 100), status)
    if match := _TIME.match(text):
        return _inside(_time_of_day(text, match, status), status)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text or 'nothing'} is no time; write 13:47:05, +90, -30 or 50%"
        raise TimeError(msg) from None
    return _inside(round(moment.timestamp() * 1_000_000) * 1000, status)


def _time_of_day(text: str, match: re.Match[str], status: ReplayStatus) -> int:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    nanos = int((match[4] or "").ljust(9, "0"))
    if hour > 23 or minute > 59 or second > 59:
        msg = f"{text} is no time of day"
        raise TimeError(msg)
    start = datetime.fromtimestamp(status.first_ns // SECOND).astimezone()
    moment = start.replace(hour=hour, minute=minute, second=second)
    at = int(moment.timestamp()) * SECOND + nanos
    if match[3] is None:
        before = status.first_ns - status.first_ns % (60 * SECOND)
    else:
        before = status.first_ns - (0 if match[4] else status.first_ns % SECOND)
    return at if at >= before else int((moment + timedelta(days=1)).timestamp()) * SECOND + nanos


def _inside(at: int, status: ReplayStatus, *, clamp: bool = False) -> int:
    near = max(status.first_ns, min(status.last_ns, at))
    if near != at and not clamp and abs(near - at) >= 60 * SECOND:
        msg = f"the recording runs from {clock(status.first_ns)} to {clock(status.last_ns)}"
        raise TimeError(msg)
    return near
