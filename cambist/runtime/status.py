"""What the View says of the runtime itself: status bar, the duel's panel, and what stands before LIVE."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from cambist.view import DuelSection, Gate, PanelState, Status

if TYPE_CHECKING:
    from cambist.kernel import Kernel
    from cambist.runtime.parts import Duel, Parts
    from cambist.runtime.recorder import Recorder


def rule_fault(kernel: Kernel, text: str) -> str:
    """Returns what keeps `text` from being a rule here, in a line with the column; empty if nothing does."""
    try:
        kernel.check_rule(text)
    except ValueError as error:
        return str(error).splitlines()[0]
    return ""


def live_gates(kernel: Kernel, *, recording: bool) -> tuple[Gate, ...]:
    """Returns what stands between PAPER and LIVE; what is needed names the config key or the key to press."""
    limits, demo = kernel.setup.limits.daily_loss, kernel.setup.demo
    halted = kernel.risk.state.halted or kernel.risk.state.disarmed
    return (
        Gate("network executor", "this build has none", "one that signs and sends", passed=False),
        Gate("signing key", "this build can't hold one", "a key file", passed=False),
        Gate("market", "demo" if demo else "network", 'market.source = "network"', passed=not demo),
        Gate("loss limit", "set" if limits else "none", "risk.daily_loss", passed=bool(limits)),
        Gate("recording", "on" if recording else "off", "recording.enabled = true, or press R", passed=recording),
        Gate("not halted", halted or "running", "press K", passed=not halted),
    )


class Rate:
    """Frames a second, measured over at least one second."""

    def __init__(self) -> None:
        self._at, self._frames = 0.0, 0
        self._per_s: float | None = None

    def of(self, frames: int) -> float | None:
        """Returns the rate for a running count; `None` until a second has passed."""
        now = time.monotonic()
        seconds = now - self._at
        if seconds >= 1.0:
            self._per_s = (frames - self._frames) / seconds if self._at else None
            self._at, self._frames = now, frames
        return self._per_s


def status_bar(
    old: Status,
    kernel: Kernel,
    recorder: Recorder | None,
    parts: Parts,
    *,
    now_ns: int,
    queue: int,
    events_per_s: float | None,
    loading: tuple[str, int],
) -> Status:
    """Returns the status bar; `old` holds what the publisher knows (the slot)."""
    return msgspec.structs.replace(
        old,
        mode="PAPER",
        demo=kernel.setup.demo,
        easy=kernel.setup.easy,
        market=parts.market,
        recording=recorder is not None and recorder.recording,
        recorded_bytes=recorder.bytes_written if recorder else 0,
        recorded_seq=recorder.written_seq if recorder else 0,
        recorded_since_ns=recorder.began_ns if recorder else 0,
        retention_bytes=parts.retention_bytes,
        recording_note=recorder.note if recorder else "recording is off in the config",
        state=kernel.risk.mode,
        halt_reason=kernel.risk.state.halted or kernel.risk.state.disarmed,
        events_per_s=events_per_s,
        queue=queue,
        engine=kernel.engine.name,
        engine_note=parts.engine_note,
        loading=loading[0],
        loading_percent=loading[1],
        now_ns=now_ns - now_ns % 100_000_000,
        wall_ns=now_ns - now_ns % 1_000_000_000,
    )


def duel_section(duel: Duel | None, parts: Parts) -> DuelSection:
    """Returns panel 4: the duel's rows, or why there are none."""
    if duel is None:
        cause = parts.engine_note or "The duel is off in the config."
        return DuelSection(state=PanelState("empty", cause), profile=parts.profile)
    rows = duel.rows()
    state = PanelState() if rows else PanelState("loading", "Waiting for the first timings.")
    mismatches = sum(row.mismatches for row in rows) if rows else None
    return DuelSection(0, state, rows, parts.profile, mismatches)
