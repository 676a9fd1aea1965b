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
from cambist.fault_table.problems import Problem
from cambist.fault_table.rig import VENUES, Rig, rigs
from cambist.fault_table.rows_net import p99, recover
from cambist.fault_table.table import Outcome, Row, Scale, Tally, resident_bytes, row
from cambist.fault_table.watch import WS, Watch, until
from cambist.model.opportunity import Need
from cambist.simulator.chaos.toxics import Toxics
from cambist.simulator.exchanges.faults import Kind
from cambist.simulator.sockets import frame_head

if TYPE_CHECKING:
    from cambist.simulator.exchanges.session import Session, Topic

MIB = 1 << 20
HUGE = 64 * MIB
LEVELS = 100_000
DEEP_BYTES = 500_000
"""A message is as long with that many levels, or more."""
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
    tally, parts = Tally(), list[str]()
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
                parts.append(f"{name} {what} {grown / MIB:.0f} MiB {pause_s * 1e3:.0f} ms")
                fetched = what == "deep" and bool(rig.feed._channels.depth)
                most = 2 * (rig.feed._config.http.max_size if fetched else cap)
                tally.expect(
                    grown <= most, Problem.MEMORY_GREW, f"{name}, {what}: memory grew by {grown / MIB:.0f} MiB"
                )
                tally.expect(
                    pause_s <= 0.05, Problem.LOOP_STOOD, f"{name}, {what}: the loop stood for {pause_s * 1e3:.0f} ms"
                )
    found = f"engine in the feed's own loop here, {build_info().profile} build: "
    return tally.outcome(this, found + ", ".join(parts))


async def _giant(rig: FarRig, what: str, command: dict[str, Any], tally: Tally) -> tuple[int, float]:
    """Returns by how much memory grew, and the longest pause of the loop."""
    ends, biggest = len(rig.sink.reasons), _Biggest(rig)
    pulse, begun_s = Pulse(), time.monotonic()
    await rig.ask(**command)
    if what == "deep":
        rig.feed.need(Need("depth", WS, rig.symbols[0]))
    await until(lambda: len(rig.sink.reasons) > ends or (what == "deep" and biggest.size > DEEP_BYTES), 10.0)
    await asyncio.sleep(0.5)
    await rig.live(20.0)
    tally.recoveries_ms.append((time.monotonic() - begun_s) * 1e3)
    await pulse.stop()
    ended = rig.sink.reasons[ends:]
    wanted = "closed with code 1002" if what == "packed" else "a message over"
    taken = what == "deep" and biggest.size > DEEP_BYTES
    tally.expect(
        taken or any(wanted in reason for reason in ended),
        Problem.WRONG_WORDS,
        f"{rig.name}, {what}: it said {ended}",
    )
    tally.trials += 1
    tally.frames += 1
    return pulse.grown_bytes, pulse.worst_s


class _Biggest:
    """The size of the biggest frame that reached the engine."""

    def __init__(self, rig: FarRig) -> None:
        self.size = 0
        take = rig.sink.frame

        def noted(channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
            self.size = max(self.size, len(body))
            take(channel, conn, generation, direction, body)

        rig.sink.frame = noted  # type: ignore[method-assign]


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


@row(17, "latency 50 to 2000 ms ± jitter, 1 Mbit/s", "no book passes for > 10 ms younger than it is, nor older")
async def latencies(this: Row, scale: Scale) -> Outcome:
    """Delays frames and holds the age that the engine gives a book against when the venue sent it."""
    tally = Tally()
    delays_ms = (50, 500) if scale.short else (50, 200, 500, 1000, 2000)
    steps = [Toxics(way="down", latency_ms=ms, jitter_ms=ms * 0.2) for ms in delays_ms]
    steps.append(Toxics(way="down", bytes_per_s=125_000))
    async with rigs(*VENUES, seed=scale.seed, rate=2.0, real_time=True) as made:
        await asyncio.sleep(1.0)  # the engine finds the least delay
        clocks = {rig.name: _Ages(rig) for rig in made}
        for toxics in steps:
            for rig in made:
                rig.proxy.toxics = toxics
            await asyncio.sleep(toxics.latency_ms / 1e3 + scale.of(4, 1))
        for rig in made:
            tally.frames += rig.sent
            tally.trials += len(steps)
        tally.expect(all(clock.timed_ms for clock in clocks.values()), Problem.TOO_FEW, "no frame was looked at")
    younger = {name: p99([error for error in clock.errors_ms if error > 0] or [0.0]) for name, clock in clocks.items()}
    timed = {name: p99([abs(error) for error in clock.timed_ms]) for name, clock in clocks.items()}
    untimed = p99([-error for error in clocks["binance"].errors_ms])
    timings = ", ".join(f"{name} {error:.1f}" for name, error in timed.items())
    found = (
        f"99 % of errors below, in ms: {timings}; too young {max(younger.values()):.1f}; "
        f"Binance's bookTicker tells no time and passes for as old as the message before it, {untimed:.0f} ms at most"
    )
    return tally.outcome(this, found, met=max(*timed.values(), *younger.values()) <= 10.0)


class _Ages:
    """When each frame was sent, and when the engine thinks that what it shows was true."""

    def __init__(self, rig: Rig) -> None:
        self.errors_ms: list[float] = []
        """After each message of a book, by how much it passes for younger than the message is."""
        self.timed_ms: list[float] = []
        """The same of messages that tell a time."""
        self._rig = rig
        self._sent: deque[tuple[int, bytes]] = deque()
        self._skip = rig.sent - rig.sink.frames[WS]
        self._frames = rig.sink.frames[WS]
        send: Any = rig.exchange._send

        def noted(session: Session, topic: Topic, frame: bytes, *, binary: bool = False) -> None:
            self._sent.append((rig.sink.now_ns(), frame))
            send(session, topic, frame, binary=binary)

        rig.exchange._send = noted  # type: ignore[method-assign]
        self._before = self._ages()
        rig.sink.after = self._after

    def _ages(self) -> dict[str, tuple[int, int, tuple[int, int]]]:
        return {symbol: (book.as_of_ns, book.last, book.touch) for symbol, book in self._rig.sink.books(0).items()}

    def _after(self, channel: int) -> None:
        sink = self._rig.sink
        if channel != WS or sink.frames[WS] == self._frames:
            return
        self._frames += 1
        before, self._before = self._before, self._ages()
        if self._skip > 0:
            self._skip -= 1
            return
        sent_ns, frame = self._sent.popleft()
        changed = [symbol for symbol, found in self._before.items() if found != before.get(symbol)]
        for symbol in changed:
            error_ms = (self._before[symbol][0] - sent_ns) / 1e6
            self.errors_ms.append(error_ms)
            if b"bookTicker" not in frame:
                self.timed_ms.append(error_ms)


@row(18, "burst, as fast as frames go, for 10 s", "memory ≤ +64 MiB; lag < 100 ms within 1 s; drops counted exactly")
async def bursts(this: Row, scale: Scale) -> Outcome:
    """Lets a venue in a process of its own send all it can, and counts on both sides."""
    tally, parts, seconds = Tally(), list[str](), scale.of(10, 2)
    for name in ("bybit",) if scale.short else ("bybit", "okx"):
        async with far_rig(name, seed=scale.seed) as rig:
            parts.append(await _burst(rig, seconds, tally))
    return tally.outcome(this, "; ".join(parts))


async def _burst(rig: FarRig, seconds: int, tally: Tally) -> str:
    """Returns what came of a burst."""
    pulse, before, begun_s = Pulse(), rig.sink.frames[WS], time.monotonic()
    await rig.ask(burst=rig.symbols[0], seconds=seconds)
    ended_s = time.monotonic()
    rate = (rig.sink.frames[WS] - before) / (ended_s - begun_s)
    lag_ms = float("inf")
    while time.monotonic() < ended_s + 5.0 and lag_ms >= 100.0:
        await asyncio.sleep(0.02)
        lag_ms = (rig.sink.channel_figures()[0] or 0) / 1e6
    calm_s = time.monotonic() - ended_s
    await pulse.stop()
    sent = await rig.ask(count=True)
    came = rig.sink.received[WS, rig.feed._socket.generation]
    number = max(sent, key=int)
    await rig.live(20.0)
    missing = sent[number] - rig.sink.received[WS, rig.feed._socket.generation] - rig.sink.dropped
    tally.trials += 1
    tally.frames += sent[number]
    tally.lost += max(0, missing)
    tally.recoveries_ms.append(calm_s * 1e3)
    grown = pulse.grown_bytes / MIB
    tally.expect(grown <= 64.0, Problem.MEMORY_GREW, f"{rig.name}: memory grew by {grown:.0f} MiB")
    tally.expect(calm_s <= 1.0, Problem.LAGGED, f"{rig.name}: lag {lag_ms:.0f} ms, {calm_s:.1f} s after the burst")
    tally.expect(
        came > 0 and len(rig.sink.reasons) == 0,
        Problem.CONNECTION_ENDED,
        f"{rig.name}: the connection ended, {rig.sink.reasons}",
    )
    dropped = f"{rig.sink.dropped:,} dropped and said so"
    return f"{rig.name}: {rate:,.0f} frames a second taken, {dropped}, {grown:.0f} MiB, calm after {calm_s:.2f} s"
