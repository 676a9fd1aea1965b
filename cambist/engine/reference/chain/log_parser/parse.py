"""Frames of a transaction's log lines, and the swaps and fills that they report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain.log_parser.text import base64, field_error, shown
from cambist.engine.reference.chain.log_parser.trace import DATA, LOG, LineKind, Trace, trace_of
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.venues import program_of
from cambist.engine.reference.venues.events import decode_event, decode_fill_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.chain.log_parser.event import SwapEvent
    from cambist.engine.reference.chain.log_parser.fill import FillEvent


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
    """Likewise; some programs hand them to themselves as instructions, which are no log lines."""
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
            event, filled = _events_of(trace.frames[frame].program, kind, lines[at])
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


def _events_of(writer: bytes, kind: LineKind, line: str) -> tuple[SwapEvent | None, list[FillEvent]]:
    """Returns what a line reports. Raises `LayoutError`."""
    program = program_of(writer)
    if program is None:
        return None, []
    if kind == "log" and program.line is not None:
        return program.line(line.removeprefix(LOG)), []
    if kind == "data":
        name, first = "event", line.removeprefix(DATA).split(" ")[0]
        data = base64(first)
        if data is None:
            raise field_error(name, "data", shown(first))
        by_line = program.fills is not None and not program.fills.by_call
        filled = decode_fill_data(writer, data) if by_line else []
        return decode_event(writer, data), filled
    return None, []
