"""Scripted faults: at a frame, request or time, on a symbol or channel, a venue does something wrong.

A script is a JSON array: `[{"kind": "drop", "at_frame": 100, "channel": "books", "symbol": "SOL-USDT"}]`. Frames are
counted per fault from 1, over those that its target matches; seconds are the venue's own from its start.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

import msgspec

from cambist.simulator.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_BYTES = 256 * 1024 * 1024


class Stage(enum.IntEnum):
    """What a fault counts."""

    FRAME = enum.auto()
    """Data frames."""
    BOOK = enum.auto()
    """Times that a book changed."""
    SUBSCRIBE = enum.auto()
    """Topics that are asked for."""
    REQUEST = enum.auto()
    """HTTP requests; the path is the channel."""
    CLOCK = enum.auto()
    """Readings of the venue's clock."""


class Kind(enum.StrEnum):
    """What goes wrong."""

    DROP = "drop"
    """The frame is not sent."""
    DUPLICATE = "duplicate"
    """`value` more copies are sent."""
    REORDER = "reorder"
    """The frame comes up to `value` frames late."""
    MUTE = "mute"
    """Nothing of the target is sent. Heartbeats go on."""
    RENAMED = "renamed"
    """Frames come under another channel's name."""
    MALFORMED = "malformed"
    """The frame is cut, so that it is no JSON."""
    WRONG_TYPES = "wrong_types"
    """A value has another type."""
    MISSING_FIELDS = "missing_fields"
    """A field is left out."""
    BINARY = "binary"
    """The frame is a binary one."""
    OVERSIZE = "oversize"
    """The frame is filled up with spaces to `value` bytes."""
    CLOSE = "close"
    """Every connection is closed with code `value`, after the frame."""
    SHUTDOWN = "shutdown"
    """The venue's notice, if it has one, and `value` seconds later a close with 1001."""
    CHECKSUM = "checksum"
    """The checksum is wrong."""
    CROSSED = "crossed"
    """The best bid is above the best ask."""
    LOCKED = "locked"
    """The best bid equals the best ask."""
    EMPTY_BOOK = "empty_book"
    """The book has no level."""
    DEEP_SNAPSHOT = "deep_snapshot"
    """The book has `value` levels."""
    SNAPSHOT = "snapshot"
    """A snapshot comes where an update was due."""
    SEQUENCE_RESET = "sequence_reset"
    """Sequence numbers start anew."""
    ACK_NEVER = "ack_never"
    """No answer and no data."""
    ACK_ERROR = "ack_error"
    """The venue's refusal."""
    ACK_PARTIAL = "ack_partial"
    """Of what one request asks for, only the first half is granted."""
    ACK_NO_DATA = "ack_no_data"
    """An answer and then nothing."""
    HTTP_STATUS = "http_status"
    """Status `value`; `retry_after_s` if it is not 0."""
    HTML = "html"
    """A page of HTML with status 200."""
    CLOCK_OFFSET = "clock_offset"
    """The venue's clock is `value` milliseconds ahead."""


STAGES: dict[Kind, Stage] = {
    **dict.fromkeys(
        (Kind.CHECKSUM, Kind.CROSSED, Kind.LOCKED, Kind.EMPTY_BOOK, Kind.DEEP_SNAPSHOT, Kind.SNAPSHOT), Stage.BOOK
    ),
    Kind.SEQUENCE_RESET: Stage.BOOK,
    **dict.fromkeys((Kind.ACK_NEVER, Kind.ACK_ERROR, Kind.ACK_PARTIAL, Kind.ACK_NO_DATA), Stage.SUBSCRIBE),
    **dict.fromkeys((Kind.HTTP_STATUS, Kind.HTML), Stage.REQUEST),
    Kind.CLOCK_OFFSET: Stage.CLOCK,
}
"""The rest counts data frames."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a script."""

    kind: Kind
    at_frame: int = 1
    """Which matching frame, book change, topic or request is the first, from 1; not looked at if `at_s` is given."""
    at_s: float | None = None
    """Seconds of the venue's clock after its start."""
    count: int = 1
    """How many it touches from there on; 0 touches all."""
    for_s: float | None = None
    """How long it lasts instead of `count`."""
    symbol: str = "*"
    channel: str = "*"
    value: int = 0
    """Copies, distance, bytes, levels, code, status, seconds or milliseconds; see the kind."""
    retry_after_s: int = 0

    @property
    def stage(self) -> Stage:
        """What it counts."""
        return STAGES.get(self.kind, Stage.FRAME)


class ScriptError(ValueError):
    """A script that can't be played; the message says where it is wrong."""


def load(text: str | bytes) -> list[Fault]:
    """Returns the faults of a JSON script. Raises `ScriptError`."""
    try:
        found = msgspec.json.decode(text, type=list[Fault])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        message = f"fault script: {error}"
        raise ScriptError(message) from None
    for number, fault in enumerate(found):
        problem = _problem(fault)
        if problem:
            message = f"fault script, entry {number} ({fault.kind}): {problem}"
            raise ScriptError(message)
    return found


def dump(script: Iterable[Fault]) -> bytes:
    """Returns a script that `load` reads."""
    return msgspec.json.encode(list(script))


def random_script(seed: int, kinds: Sequence[Kind], symbols: Sequence[str], *, frames: int, mean: int) -> list[Fault]:
    """Returns a script over so many frames of each symbol with one fault in `mean` frames; it depends on the seed."""
    draw, found = Draw(seed, "faults"), []
    for symbol in symbols:
        at = 1
        while (at := at + 1 + draw.below(2 * mean)) <= frames:
            value = 1 + draw.below(4)
            found.append(Fault(kind=draw.pick(kinds), at_frame=at, symbol=symbol, value=value))
    return found


class Faults:
    """The faults of a venue, as far as they are still to come."""

    def __init__(self, seed: int = 0) -> None:
        self.draw = Draw(seed, "fault details")
        self._armed: dict[Stage, list[_Armed]] = {}
        self.hits: dict[Kind, int] = {}
        """How often each kind has struck."""

    def add(self, *faults: Fault) -> None:
        """Arms faults; their frames are counted from now on. Raises `ScriptError`."""
        for fault in faults:
            if problem := _problem(fault):
                message = f"{fault.kind}: {problem}"
                raise ScriptError(message)
        for fault in faults:
            self._armed.setdefault(fault.stage, []).append(_Armed(fault))

    def clear(self) -> None:
        """Disarms all."""
        self._armed.clear()

    def armed(self, *stages: Stage) -> bool:
        """Returns whether anything may strike at one of these stages."""
        return bool(self._armed) and any(stage in self._armed for stage in stages)

    def strike(self, stage: Stage, channel: str | None, symbol: str | None, now_s: float) -> list[Fault]:
        """Returns the faults that touch this frame, change, topic or request, which is counted.

        `None` where a stage has no channel (changes of a book) or no symbol (requests): then any target matches.
        """
        armed = self._armed.get(stage)
        if not armed:
            return []
        found = [item.fault for item in armed if item.matches(channel, symbol) and item.strikes(now_s)]
        self._tidy(stage)
        for fault in found:
            self.hits[fault.kind] = self.hits.get(fault.kind, 0) + 1
        return found

    def due(self, now_s: float) -> list[Fault]:
        """Returns the closes and shutdowns whose time has come; they need no frame."""
        armed = self._armed.get(Stage.FRAME, [])
        ready = [
            item for item in armed if item.fault.kind in (Kind.CLOSE, Kind.SHUTDOWN) and item.fault.at_s is not None
        ]
        found = [item.fault for item in ready if item.strikes(now_s)]
        for fault in found:
            self.hits[fault.kind] = self.hits.get(fault.kind, 0) + 1
        self._tidy(Stage.FRAME)
        return found

    def _tidy(self, stage: Stage) -> None:
        """Forgets what is over; a stage without faults costs nothing."""
        kept = [item for item in self._armed.get(stage, ()) if not item.over]
        if kept:
            self._armed[stage] = kept
        else:
            self._armed.pop(stage, None)


class _Armed:
    """A fault and how far it has come."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.over = False
        self._seen = self._used = 0
        self._started_s: float | None = None

    def matches(self, channel: str | None, symbol: str | None) -> bool:
        fault = self.fault
        return (symbol is None or fault.symbol in ("*", symbol)) and (
            channel is None or fault.channel in ("*", channel)
        )

    def strikes(self, now_s: float) -> bool:
        fault = self.fault
        self._seen += 1
        if (now_s < fault.at_s) if fault.at_s is not None else (self._seen < fault.at_frame):
            return False
        if self._started_s is None:
            self._started_s = now_s if fault.at_s is None else fault.at_s
        if fault.for_s is not None:
            self.over = now_s >= self._started_s + fault.for_s
            return not self.over
        self._used += 1
        self.over = 0 < fault.count <= self._used
        return True


FIELD = re.compile(rb'"(\w+)":("[^"]*"|-?[0-9.]+|true|false|null|\[(?:[^\[\]]|\[[^\[\]]*\])*\])(,?)')


def wrong_types(frame: bytes, draw: Draw) -> bytes:
    """Returns a frame in which one value, chosen by `draw`, is an object."""
    fields = list(FIELD.finditer(frame))
    if not fields:
        return b"[1]"
    chosen = draw.pick(fields)
    return frame[: chosen.start(2)] + b'{"?":[]}' + frame[chosen.end(2) :]


def missing_field(frame: bytes, draw: Draw) -> bytes:
    """Returns a frame without one field, chosen by `draw`; it is still JSON."""
    fields = list(FIELD.finditer(frame))
    if not fields:
        return b"{}"
    chosen = draw.pick(fields)
    head, tail = frame[: chosen.start()], frame[chosen.end() :]
    if not chosen[3]:  # it was the last of its object, so the comma before it goes
        head = head.removesuffix(b",")
    return head + tail


def _problem(fault: Fault) -> str:
    value = fault.value
    checks = (
        (fault.at_frame < 1, f"at_frame was {fault.at_frame}, the first is 1"),
        (fault.count < 0, f"count was {fault.count}"),
        (fault.kind is Kind.DUPLICATE and value < 1, f"value was {value}, at least 1 copy is needed"),
        (fault.kind is Kind.REORDER and value < 1, f"value was {value}, at least 1 frame is needed"),
        (fault.kind is Kind.CLOSE and not 1000 <= value < 5000, f"value was {value}, a close code is needed"),
        (fault.kind is Kind.OVERSIZE and not 0 < value <= MAX_BYTES, f"value was {value} bytes"),
        (fault.kind is Kind.DEEP_SNAPSHOT and not 0 < value <= 1_000_000, f"value was {value} levels"),
        (fault.kind is Kind.SHUTDOWN and value < 0, f"value was {value} seconds"),
        (fault.kind is Kind.HTTP_STATUS and not 100 <= value < 600, f"value was {value}, a status is needed"),
    )
    return next((text for wrong, text in checks if wrong), "")
