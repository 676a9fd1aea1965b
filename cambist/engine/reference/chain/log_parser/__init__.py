"""Logs of a transaction: which program wrote each line, and the swaps that the programs report.

A line belongs to the frame on top of the call stack, not to the program named last. `Program log: ` stands before all
text that a program chooses, so text that looks like `Program … invoke [1]` can't open a frame; the prefix is looked at
first. What a program reports counts only in its own frame: a `ray_log` of another program is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.log_parser import trace as _trace
from cambist.engine.reference.chain.log_parser.event import (
    CPI_EVENT,
    SwapEvent,
    decode_event,
    is_book,
    is_router,
    venue_of,
)
from cambist.engine.reference.chain.log_parser.fill import PHOENIX_LOG, FillEvent, decode_fill_data
from cambist.engine.reference.chain.log_parser.text import base64, field_error, shown
from cambist.engine.reference.chain.log_parser.trace import Frame, LineKind, Outcome, Trace, trace_of
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues import owned
from cambist.engine.reference.venues.ray4.ray_log import RayLog, decode_ray_log, swap_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CPI_EVENT",
    "PHOENIX_LOG",
    "FillEvent",
    "Frame",
    "LineKind",
    "LogFill",
    "LogSwap",
    "Logs",
    "Outcome",
    "RayLog",
    "SwapEvent",
    "Trace",
    "decode_event",
    "decode_events",
    "decode_fill_data",
    "decode_fills",
    "decode_ray_log",
    "decode_ray_logs",
    "is_book",
    "is_router",
    "parse_logs",
    "parse_many_logs",
    "swap_of",
    "trace_of",
    "venue_of",
]

_RAY_LOG = "ray_log: "


class LogSwap(NamedTuple):
    """A swap that a log line reports."""

    line: int
    frame: int
    """The frame that wrote the line."""
    event: SwapEvent


class LogFill(NamedTuple):
    """A fill of an order book that a log line reports."""

    line: int
    frame: int
    """The frame that wrote the line."""
    event: FillEvent


class Logs(NamedTuple):
    """What the logs of one transaction say."""

    trace: Trace
    swaps: list[LogSwap]
    """In the order of their lines. They moved nothing if the transaction failed."""
    fills: list[LogFill]
    """Likewise; those of Phoenix are no log lines but instructions."""
    refused: list[tuple[int, str]]
    """Lines of a known program that can't be read, and why."""


def parse_logs(lines: Sequence[str]) -> Logs:
    """Returns the frames of a transaction's log lines and the swaps they report.

    >>> swap = "A2SoNgAAAAAAAAAAAAAAAAABAAAAAAAAAB7IPhAIAAAAjEpmligAAACk8vyzBgAAAFoWSgEAAAAA"
    >>> amm = "Program 675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
    >>> logs = parse_logs([f"{amm} invoke [1]", f"Program log: ray_log: {swap}", f"{amm} success"])
    >>> [(swap.event.amount_in, swap.event.amount_out) for swap in logs.swaps]
    [(3582052, 21632602)]
    >>> parse_logs([f"Program log: {amm} invoke [1]", f"Program log: ray_log: {swap}"]).swaps
    []
    """
    trace = trace_of(lines)
    swaps: list[LogSwap] = []
    fills: list[LogFill] = []
    refused: list[tuple[int, str]] = []
    for at, (kind, frame) in enumerate(trace.lines):
        if frame is None:
            continue
        try:
            event, filled = _told(trace.frames[frame].program, kind, lines[at])
        except LayoutError as error:
            refused.append((at, str(error)))
        else:
            fills += [LogFill(at, frame, fill) for fill in filled]
            if event is not None:
                swaps.append(LogSwap(at, frame, event))
    return Logs(trace, swaps, fills, refused)


def parse_many_logs(logs: Sequence[Sequence[str]]) -> list[Logs]:
    """Returns what the logs of each transaction say."""
    return [parse_logs(lines) for lines in logs]


def decode_ray_logs(texts: Sequence[str]) -> list[dict[str, str | int | bytes] | str]:
    """Returns the fields of each base64 record of Raydium AMM v4, its `kind` among them, or the words of its error.

    >>> decode_ray_logs(["A", "CQ=="])
    ['ray_log: text was A', 'ray_log: kind was 9']
    """
    found: list[dict[str, str | int | bytes] | str] = []
    for text in texts:
        try:
            record = decode_ray_log(text)
        except LayoutError as error:
            found.append(str(error))
        else:
            found.append({"kind": record.kind} | record.fields)
    return found


def decode_events(events: Sequence[tuple[bytes, bytes]]) -> list[SwapEvent | str | None]:
    """Returns the swap that each (program, event data) reports, `None` for no swap, or the words of its error.

    Raises `ValueError` for a program that has not 32 bytes.

    >>> decode_events([(owned.WHIRLPOOL, bytes.fromhex("e1ca49af932ba096"))])
    ['whirlpool_traded: size was 8, expected 121']
    """
    found: list[SwapEvent | str | None] = []
    for key, data in events:
        _check_program(key)
        try:
            found.append(decode_event(key, data))
        except LayoutError as error:
            found.append(str(error))
    return found


def decode_fills(events: Sequence[tuple[bytes, bytes]]) -> list[list[FillEvent] | str]:
    """Returns the fills that each (program, data) reports, in the market's lots, or the words of its error.

    The data are of an event of OpenBook v2 or of the instruction that Phoenix hands to itself. Raises `ValueError` for
    a program that has not 32 bytes.

    >>> decode_fills([(owned.PHOENIX, bytes([15, 1])), (owned.OPENBOOK_V2, b"another event")])
    ['phoenix_log: size was 2, expected 93', []]
    """
    found: list[list[FillEvent] | str] = []
    for writer, data in events:
        _check_program(writer)
        try:
            found.append(decode_fill_data(writer, data))
        except LayoutError as error:
            found.append(str(error))
    return found


def _check_program(key: bytes) -> None:
    if len(key) != 32:
        message = f"program was {len(key)} bytes, not 32"
        raise ValueError(message)


def _told(writer: bytes, kind: LineKind, line: str) -> tuple[SwapEvent | None, list[FillEvent]]:
    """Returns what a line reports. Raises `LayoutError`."""
    if kind == "log" and writer == owned.RAYDIUM_V4:
        text = line.removeprefix(_trace.LOG)
        record = text.removeprefix(_RAY_LOG)
        # Its remark `… mismatch: input:…` is no record.
        is_record = record != text and " " not in record
        return swap_of(decode_ray_log(record)) if is_record else None, []
    if kind == "data" and venue_of(writer) is not None:
        name, first = "event", line.removeprefix(_trace.DATA).split(" ")[0]
        data = base64(first)
        if data is None:
            raise field_error(name, "data", shown(first))
        # Phoenix's own log instruction never stands in a line.
        filled = decode_fill_data(writer, data) if writer == owned.OPENBOOK_V2 else []
        return decode_event(writer, data), filled
    return None, []
