"""The call stack behind log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from cambist.engine.reference.chain import base58
from cambist.engine.reference.chain.log_parser.text import digits

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG = "Program log: "
DATA = "Program data: "
_RETURN = "Program return: "
_TRUNCATED = "Log truncated"
_MAX_DEPTH = 64
"""Deeper than the runtime goes; a deeper `invoke` is no line of its."""

Outcome = Literal["open", "success", "failed"]
"""How an invocation ended; `open` if the lines don't say."""

LineKind = Literal["invoke", "success", "failed", "consumed", "log", "data", "return", "truncated", "other"]
"""What a line is; `other` is of the runtime or of a native program."""


class Frame(NamedTuple):
    """One invocation of a program."""

    program: bytes
    depth: int
    """1 for an instruction of the transaction itself."""
    parent: int | None
    """The frame that invoked it; `None` at depth 1 and where the lines of the caller are missing."""
    outcome: Outcome
    reason: str
    """Why it failed, else empty."""
    consumed: tuple[int, int] | None
    """Compute units consumed, and how many there were; native programs don't say."""


class Trace(NamedTuple):
    """The frames behind the lines of one transaction."""

    frames: list[Frame]
    """In the order in which they were invoked."""
    lines: list[tuple[LineKind, int | None]]
    """Of each line, what it is and the frame it belongs to. Nothing belongs to a frame after `Log truncated`: a line
    that still fits may stand behind an invocation that doesn't."""
    truncated: bool
    misfits: int
    """Lines that don't fit the stack; the stack then follows them as far as it can."""
    failed: bool
    """Whether an instruction of the transaction failed, which undoes all of it."""
    complete: bool
    """Whether every line fits and every frame ended."""


class _Line(NamedTuple):
    kind: LineKind
    program: bytes = b""
    depth: int = 0
    reason: str = ""
    units: tuple[int, int] = (0, 0)


class _Tracer:
    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.stack: list[int | None] = []
        self.misfits = 0

    def take(self, line: _Line) -> int | None:
        """Returns the frame a line belongs to."""
        if line.kind == "invoke":
            return self._invoke(line)
        if line.kind in ("success", "failed"):
            return self._end(line)
        top = self.stack[-1] if self.stack else None
        if line.kind != "consumed":
            return top
        if top is None or self.frames[top].program != line.program:
            self.misfits += 1
            return None
        self.frames[top] = self.frames[top]._replace(consumed=line.units)
        return top

    def _invoke(self, line: _Line) -> int:
        """Opens a frame. Frames at its depth or deeper whose end is missing stay open for good."""
        callers = line.depth - 1
        if len(self.stack) != callers:
            self.misfits += 1
            self.stack = self.stack[:callers] + [None] * (callers - len(self.stack))
        parent = self.stack[-1] if self.stack else None
        self.frames.append(Frame(line.program, line.depth, parent, "open", "", None))
        self.stack.append(len(self.frames) - 1)
        return len(self.frames) - 1

    def _end(self, line: _Line) -> int | None:
        """Ends the innermost frame of a program; those above it stay open for good."""
        for at in range(len(self.stack) - 1, -1, -1):
            frame = self.stack[at]
            if frame is None or self.frames[frame].program != line.program:
                continue
            if at + 1 != len(self.stack):
                self.misfits += 1
            del self.stack[at:]
            outcome: Outcome = "success" if line.kind == "success" else "failed"
            self.frames[frame] = self.frames[frame]._replace(outcome=outcome, reason=line.reason)
            return frame
        self.misfits += 1
        if self.stack and self.stack[-1] is None:
            self.stack.pop()
        return None


def trace_of(lines: Sequence[str]) -> Trace:
    """Returns the frames behind log lines.

    >>> trace = trace_of(["Program 11111111111111111111111111111111 invoke [1]", "Transfer: insufficient lamports"])
    >>> trace.lines, trace.complete
    ([('invoke', 0), ('other', 0)], False)
    """
    tracer = _Tracer()
    of_lines: list[tuple[LineKind, int | None]] = []
    truncated = False
    for line in lines:
        parsed = _read(line)
        truncated = truncated or parsed.kind == "truncated"
        of_lines.append((parsed.kind, None if truncated else tracer.take(parsed)))
    frames, misfits = tracer.frames, tracer.misfits
    failed = any(frame.outcome == "failed" for frame in frames)
    complete = not truncated and misfits == 0 and all(frame.outcome != "open" for frame in frames)
    return Trace(frames, of_lines, truncated, misfits, failed, complete)


def _read(line: str) -> _Line:
    """Reads a line of the runtime's grammar.

    `Program <id> invoke [<depth>]`, `Program log: <text>`, `Program data: <base64> …`, `Program return: <id> <base64>`,
    `Program <id> consumed <n> of <m> compute units`, `Program <id> success`, `Program <id> failed: <reason>`.
    """
    if line.startswith(LOG):
        return _Line("log")
    if line.startswith(DATA):
        return _Line("data")
    if line.startswith(_RETURN):
        return _Line("return")
    if line == _TRUNCATED:
        return _Line("truncated")
    return _of_program(line) or _Line("other")


def _of_program(line: str) -> _Line | None:
    start, _, named = line.partition(" ")
    text, space, rest = named.partition(" ")
    if start != "Program" or not space:
        return None
    parsed = _of_rest(rest)
    key = None if parsed is None else base58.decode(text)
    return None if parsed is None or key is None else parsed._replace(program=key)


def _of_rest(rest: str) -> _Line | None:
    if rest == "success":
        return _Line("success")
    if rest.startswith("failed: "):
        return _Line("failed", reason=rest.removeprefix("failed: "))
    if rest.startswith("invoke [") and rest.endswith("]"):
        depth = digits(rest[len("invoke [") : -1])
        return _Line("invoke", depth=depth) if depth is not None and 1 <= depth <= _MAX_DEPTH else None
    start, end = "consumed ", " compute units"
    if rest.startswith("invoke [") or not rest.startswith(start) or not rest[len(start) :].endswith(end):
        return None
    used, of, limit = rest[len(start) : -len(end)].partition(" of ")
    units = digits(used), digits(limit)
    if not of or units[0] is None or units[1] is None:
        return None
    return _Line("consumed", units=(units[0], units[1]))
