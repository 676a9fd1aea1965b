"""Frames that are too big, cut small, late, or too many."""

from __future__ import annotations

import asyncio
import base64
import time
import zlib
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cambist.engine import build_info
from cambist.fault_table.far import FarRig, far_rig
from cambist.fault_table.rig import VENUES, Rig, rigs
from cambist.fault_table.rows_net import p99, recover
from cambist.fault_table.table import Outcome, Row, Scale, Tally, resident_bytes, row
from cambist.fault_table.watch import WS, Watch, until
from cambist.simulator.chaos.toxics import Toxics
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.sockets import frame_head

if TYPE_CHECKING:
    from cambist.simulator.exchanges.session import Session, Topic

MIB = 1 << 20
HUGE = 64 * MIB
LEVELS = 100_000
PULSE_S = 0.002
COMPRESSED = 0x40
"""The bit of a frame that says it is compressed, which nobody agreed on."""


class Pulse:
    """The longest pause of the event loop, and the most memory that the process had."""

    def __init__(self) -> None:
        self.worst_s = 0.0
        self._before = resident_bytes()
        self._most = self._before
        self._task = asyncio.create_task(self._beat())
        _forget_peak()

    async def stop(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def grown_bytes(self) -> int:
        """By how much memory grew at most."""
        return max(self._most, _peak_bytes()) - self._before

    async def _beat(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(PULSE_S)
            self.worst_s = max(self.worst_s, time.monotonic() - began - PULSE_S)
            self._most = max(self._most, resident_bytes())


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak_bytes() -> int:
    """Returns the most memory since `_forget_peak`; 0 where the system doesn't tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


@row(15, "64 MiB frame, 1000:1 compressed frame, 10⁵ levels", "refused; memory ≤ 2 × cap; loop pauses ≤ 50 ms")
async def giants(this: Row, scale: Scale) -> Outcome:
    """Sends each from a process of its own, and watches memory and event loop here."""
    tally, shares, told = Tally(), list[float](), list[str]()
    for name in VENUES[:2] if scale.short else VENUES:
        async with far_rig(name, seed=scale.seed) as rig:
            cap = rig.venue.socket.max_size
            symbol = rig.symbols[0]
            packed = _compressed(4 * cap)
            cases: list[tuple[str, dict[str, Any]]] = [
                ("huge", {"fault": {"kind": Kind.OVERSIZE, "value": HUGE, "symbol": symbol}}),
                ("packed", {"raw": base64.b64encode(packed).decode()}),
                ("deep", {"fault": {"kind": Kind.DEEP_SNAPSHOT, "value": LEVELS, "symbol": symbol, "count": 3}}),
            ]
            for what, command in cases:
                grown, pause_s = await _giant(rig, what, command, tally)
                shares.append(grown / cap)
                told.append(f"{name} {what} {grown / MIB:.0f} MiB {pause_s * 1e3:.0f} ms")
                tally.expect(grown <= 2 * cap, f"{name}, {what}: memory grew by {grown / MIB:.0f} MiB")
                tally.expect(pause_s <= 0.05, f"{name}, {what}: the loop stood for {pause_s * 1e3:.0f} ms")
    found = f"engine in the feed's own loop here, {build_info().profile} build: "
    return tally.outcome(this, found + ", ".join(told))


async def _giant(rig: FarRig, what: str, command: dict[str, Any], tally: Tally) -> tuple[int, float]:
    """Returns by how much memory grew, and the longest pause of the loop."""
    ends = len(rig.sink.reasons)
    pulse, begun_s = Pulse(), time.monotonic()
    await rig.ask(**command)
    await until(lambda: what == "deep" or len(rig.sink.reasons) > ends, 10.0)
    await asyncio.sleep(0.5)
    await rig.live(20.0)
    tally.recoveries_ms.append((time.monotonic() - begun_s) * 1e3)
    await pulse.stop()
    said = rig.sink.reasons[ends:]
    wanted = {"huge": "a message over", "packed": "closed with code 1002"}.get(what, "")
    if wanted:
        tally.expect(any(wanted in reason for reason in said), f"{rig.name}, {what}: it said {said}")
    tally.trials += 1
    tally.frames += 1
    return pulse.grown_bytes, pulse.worst_s


def _compressed(size: int) -> bytes:
    """Returns a frame of `size` spaces, compressed a thousand to one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = packer.compress(b" " * size) + packer.flush(zlib.Z_SYNC_FLUSH)
    return frame_head(0x81 | COMPRESSED, len(payload)) + payload


@row(16, "1-byte TCP slices, fragmented frames", "the same books")
async def slices(this: Row, scale: Scale) -> Outcome:
    """Cuts everything small, from the handshake on, and holds each book against the venue's."""
    tally = Tally()
    for toxics in (Toxics(slice_bytes=1), Toxics(fragment_bytes=7)):
        async with rigs(*VENUES, seed=scale.seed, rate=0.5) as made:
            watches = [Watch(rig) for rig in made]
            for watch in watches:
                watch.rig.proxy.toxics = toxics
            at_s = time.monotonic()
            for watch in watches:
                watch.rig.proxy.reset()
            await asyncio.gather(*(recover(watch, at_s, tally) for watch in watches))
            await asyncio.sleep(scale.of(8, 1))
            await asyncio.gather(*(watch.close(tally) for watch in watches))
    return tally.outcome(this, "every book after every record is one that the venue had")


@row(17, "latency 50 to 2000 ms ± jitter, 1 Mbit/s", "what the engine takes for a book's age is wrong by ≤ 10 ms")
async def latencies(this: Row, scale: Scale) -> Outcome:
    """Delays frames and holds the age that the engine gives a book against when the venue sent it."""
    tally, errors = Tally(), {name: list[float]() for name in VENUES}
    delays_ms = (50, 500) if scale.short else (50, 200, 500, 1000, 2000)
    steps = [Toxics(way="down", latency_ms=ms, jitter_ms=ms * 0.2) for ms in delays_ms]
    steps.append(Toxics(way="down", bytes_per_s=125_000))
    async with rigs(*VENUES, seed=scale.seed, rate=2.0, real_time=True) as made:
        clocks = [_Ages(rig, errors[rig.name]) for rig in made]
        await asyncio.sleep(1.0)  # the engine finds the least delay
        for toxics in steps:
            for rig in made:
                rig.proxy.toxics = toxics
            await asyncio.sleep(toxics.latency_ms / 1e3 + scale.of(2, 1))
        for rig in made:
            tally.frames += rig.sent
            tally.trials += len(steps)
        tally.expect(all(clock.seen for clock in clocks), "no frame was looked at")
    worst = {name: p99(found) for name, found in errors.items()}
    told = ", ".join(f"{name} {error:.1f}" for name, error in worst.items())
    found = f"99 % of errors below, in ms: {told}"
    return tally.outcome(this, found, met=max(worst.values()) <= 10.0)


class _Ages:
    """When each frame was sent, and when the engine thinks that what it shows was true."""

    def __init__(self, rig: Rig, errors_ms: list[float]) -> None:
        self.seen = 0
        self._rig, self._errors = rig, errors_ms
        self._sent: dict[int, deque[int]] = {}
        self._as_of = 0
        send: Any = rig.exchange._send
        self._skip = rig.sent - rig.sink.frames[WS]
        self._sent_ns: deque[int] = deque()

        def noted(session: Session, topic: Topic, frame: bytes, *, binary: bool = False) -> None:
            self._sent_ns.append(rig.sink.now_ns())
            send(session, topic, frame, binary=binary)

        rig.exchange._send = noted  # type: ignore[method-assign]
        self._frames = rig.sink.frames[WS]
        rig.sink.after = self._after

    def _after(self, channel: int) -> None:
        sink = self._rig.sink
        if channel != WS or sink.frames[WS] == self._frames:
            return
        self._frames += 1
        if self._skip > 0:
            self._skip -= 1
            return
        sent_ns = self._sent_ns.popleft()
        as_of = max((book.as_of_ns for book in sink.books(0).values()), default=0)
        if as_of > self._as_of:
            self._as_of = as_of
            self.seen += 1
            self._errors.append(abs(as_of - sent_ns) / 1e6)


@row(18, "burst, as fast as frames go, for 10 s", "memory ≤ +64 MiB; lag < 100 ms within 1 s; drops counted exactly")
async def bursts(this: Row, scale: Scale) -> Outcome:
    """Lets a venue in a process of its own send all it can, and counts on both sides."""
    tally, told, seconds = Tally(), list[str](), scale.of(10, 2)
    for name in ("bybit",) if scale.short else ("bybit", "okx"):
        async with far_rig(name, seed=scale.seed) as rig:
            told.append(await _burst(rig, seconds, tally))
    return tally.outcome(this, "; ".join(told))


async def _burst(rig: FarRig, seconds: int, tally: Tally) -> str:
    """Returns what came of a burst."""
    pulse, before, begun_s = Pulse(), rig.sink.frames[WS], time.monotonic()
    await rig.ask(burst=rig.symbols[0], seconds=seconds)
    ended_s = time.monotonic()
    rate = (rig.sink.frames[WS] - before) / (ended_s - begun_s)
    lag_ms = float("inf")
    while time.monotonic() < ended_s + 5.0 and lag_ms >= 100.0:
        await asyncio.sleep(0.02)
        lag_ms = (rig.sink.said()[0] or 0) / 1e6
    calm_s = time.monotonic() - ended_s
    await pulse.stop()
    sent = await rig.ask(count=True)
    came = rig.sink.heard[WS, rig.feed._socket.generation]
    number = max(sent, key=int)
    await rig.live(20.0)
    missing = sent[number] - rig.sink.heard[WS, rig.feed._socket.generation] - rig.sink.dropped
    tally.trials += 1
    tally.frames += sent[number]
    tally.lost += max(0, missing)
    tally.recoveries_ms.append(calm_s * 1e3)
    grown = pulse.grown_bytes / MIB
    tally.expect(grown <= 64.0, f"{rig.name}: memory grew by {grown:.0f} MiB")
    tally.expect(calm_s <= 1.0, f"{rig.name}: lag {lag_ms:.0f} ms, {calm_s:.1f} s after the burst")
    tally.expect(came > 0 and len(rig.sink.reasons) == 0, f"{rig.name}: the connection ended, {rig.sink.reasons}")
    dropped = f"{rig.sink.dropped:,} dropped and said so"
    return f"{rig.name}: {rate:,.0f} frames a second taken, {dropped}, {grown:.0f} MiB, calm after {calm_s:.2f} s"
