"""The status bar."""

from __future__ import annotations

import msgspec


class Status(msgspec.Struct, frozen=True):
    """The status bar."""

    version: int = 0
    mode: str = "PAPER"
    """`PAPER`, `LIVE` or `REPLAY`."""
    demo: bool = False
    easy: bool = False
    """The embedded market's rivals leave more than real ones do: what is earned there flatters."""
    market: str = ""
    """`seed 7`, or the session's name in replay."""
    recording: bool = False
    recorded_bytes: int = 0
    recorded_since_ns: int = 0
    retention_bytes: int = 0
    recorded_seq: int = 0
    """Newest record that is on disk; 0 before any, and in a replay."""
    recording_note: str = ""
    """Why nothing is being recorded, if so."""
    state: str = "RUNNING"
    """`RUNNING`, `REDUCING`, `HALTED`."""
    halt_reason: str = ""
    events_per_s: float | None = None
    slot: int | None = None
    queue: int = 0
    engine: str = "native"
    """`native` or `reference`."""
    engine_note: str = ""
    """Why the reference engine is in use, if it is not by choice."""
    loading: str = ""
    """The engine that is loaded beside the one in use; empty if there is none."""
    loading_percent: int = 0
    """How much of what it has to step it has stepped."""
    now_ns: int = 0
    """Session time: wall time live, recorded time in replay."""
    wall_ns: int = 0
    signer: str = ""
    """Address that signs in LIVE."""
    background: str = ""
    """In a replay opened beside a live runtime: the live one's mode, e.g. `PAPER RUNNING`."""
