"""Rows of the hub: a screen that is blocked, clocks that move, a process that stands still.

Each runs a live runtime in a process of its own on exchanges, or on the embedded market, and reads what it recorded.
"""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose
from cambist.child import command, environment
from cambist.engine.protocol import EngineView
from cambist.fault_table.problems import Problem
from cambist.fault_table.table import Tally, row
from cambist.model.events import Record, RecordKind, pack, records
from cambist.simulator.exchanges.street import Street
from storage.catalogue import list_sessions
from storage.reader import SessionReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cambist.fault_table.table import Outcome, Row, Scale
    from cambist.kernel import Kernel

S = 1_000_000_000
BLOCK_S = 3.0
VENUES = ("binance", "kraken")
SETTLED_S = 10.0
_VIEW = msgspec.json.Decoder(EngineView)


class Child:
    """The process under test, and the lines it wrote."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process, self.folder = process, folder
        self.lines: list[dict[str, Any]] = []
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))
            self._more.set()

    def do(self, line: str) -> None:
        """Gives it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def wait_for(self, what: str, since: int, within_s: float, words: str = "") -> dict[str, Any]:
        """Returns the first line of a kind after so many others. Raises `TimeoutError`."""
        async with asyncio.timeout(within_s):
            while True:
                for line in self.lines[since:]:
                    if line["what"] == what and words in line.get("reason", ""):
                        return line
                self._more.clear()
                await self._more.wait()

    async def end(self) -> None:
        """Ends it; its session can be read then."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            with suppress(OSError):
                self.do("quit")
            try:
                await asyncio.wait_for(self.process.wait(), 20.0)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        await self._task

    def recorded(self) -> Iterator[Record]:
        """Yields the records of its session."""
        (stored,) = list_sessions(self.folder)
        with SessionReader(Path(stored.path)) as reader:
            for chunk in reader.blocks():
                yield from records(chunk.block)


@asynccontextmanager
async def child(*lines: str) -> AsyncIterator[Child]:
    """Runs a live runtime on a config."""
    with tempfile.TemporaryDirectory(prefix="cambist-") as name:
        folder = Path(name)
        config = folder / "cambist.toml"
        config.write_text("\n".join([*lines, "[recording]", f'folder = "{folder}"']), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *command("cambist.fault_table.hub_child", str(config)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=environment(),
        )  # fmt: skip
        made = Child(process, folder)
        try:
            await made.wait_for("ready", 0, 60.0)
            yield made
        finally:
            await made.end()


class _OnTime(Street):
    """Exchanges whose clock is this machine's, however late their market is stepped."""

    @property
    def now_ms(self) -> int:
        """Wall time in Unix milliseconds."""
        return round(time.time() * 1000)


@asynccontextmanager
async def street(seed: int) -> AsyncIterator[list[str]]:
    """Runs exchanges in real time; yields the config of a runtime that watches them."""
    made = _OnTime(seed, VENUES)
    await made.start()
    market = asyncio.create_task(made.run())
    try:
        lines = ["[market]", 'source = "network"']
        for name, exchange in made.exchanges.items():
            at, symbols = made.endpoints[name], json.dumps(sorted(exchange.books))
            lines += [f"[{name}]", f'ws = "{at["ws"]}"', f'rest = "{at["rest"]}"', f"symbols = {symbols}"]
        yield lines
    finally:
        market.cancel()
        with suppress(asyncio.CancelledError):
            await market
        await made.close()


@row(19, "the screen is blocked for 3 s", "feed p99 lag +0 ms; 0 frames dropped")
async def blocked_screen(this: Row, scale: Scale) -> Outcome:
    """Blocks the thread that reads Views, asleep and busy, and holds the lag of frames then against that of before."""
    tally, times = Tally(), scale.of(10, 1)
    spans: dict[str, list[tuple[float, float]]] = {"free": [], "sleep": [], "spin": []}
    async with street(scale.seed) as lines, child(*lines) as hub:
        offset_ns = time.time_ns() - time.monotonic_ns()
        await asyncio.sleep(3.0)
        for how in ("sleep", "spin") * times:
            free = time.monotonic()
            await asyncio.sleep(BLOCK_S)
            spans["free"].append((free, time.monotonic()))
            since = len(hub.lines)
            hub.do(f"{how} {BLOCK_S}")
            began = await hub.wait_for("blocked", since, 10.0)
            ended = await hub.wait_for("free", since, 10.0 + BLOCK_S)
            spans[how].append((began["at"], ended["at"]))
            tally.trials += 1
        await hub.end()
        late = {how: _lags(hub, found, offset_ns, tally) for how, found in spans.items()}
    p99 = {how: quantiles(found, n=100)[98] if len(found) > 1 else float("nan") for how, found in late.items()}
    tally.frames = sum(map(len, late.values()))
    tally.expect(all(len(found) > 20 for found in late.values()), Problem.TOO_FEW, "too few frames to tell")
    found = f"p99 lag {p99['free']:.1f} ms; screen asleep {p99['sleep']:.1f} ms, spinning {p99['spin']:.1f} ms"
    return tally.outcome(this, found, met=p99["sleep"] <= p99["free"] + 1.0)


def _lags(hub: Child, spans: list[tuple[float, float]], offset_ns: int, tally: Tally) -> list[float]:
    """Returns how late frames of Binance came within some spans: receive time less the venue's, in ms."""
    late = []
    bounds = [(round(a * S) + offset_ns, round(b * S) + offset_ns) for a, b in spans]
    for record in hub.recorded():
        if record.kind == RecordKind.GAP:
            tally.lost += json.loads(record.body)["count"]
        inside = any(a <= record.recv_ns < b for a, b in bounds)
        if inside and record.kind == RecordKind.FRAME and record.direction == 0 and b'"E":' in record.body:
            event_ms = json.loads(record.body).get("data", {}).get("E")
            if event_ms is not None:
                late.append(record.recv_ns / 1e6 - event_ms)
    return late


@row(27, "the wall clock steps by an hour either way, or drifts", "no timer off by > 50 ms; orders disarmed ≤ 1 s")
async def clock_steps(this: Row, scale: Scale) -> Outcome:
    """Moves the wall clock of the process and times how soon orders are disarmed, and that they are armed again."""
    tally, times = Tally(), scale.of(4, 1)
    disarmed: list[float] = []
    async with street(scale.seed) as lines, child(*lines) as hub:
        await asyncio.sleep(3.0)
        for at in range(times):
            hours = 1 if at % 2 == 0 else -1
            since = len(hub.lines)
            hub.do(f"step {hours * 3_600_000}")
            moved = await hub.wait_for("moved", since, 5.0)
            disarmed.append((await hub.wait_for("disarmed", since, 10.0))["at"] - moved["at"])
            await _expect(hub, tally, "disarmed", since, "off ", Problem.NOT_NOTICED, "the offset is not measured anew")
            since = len(hub.lines)
            hub.do(f"step {-hours * 3_600_000}")
            back = await hub.wait_for("moved", since, 5.0)
            if armed := await _expect(hub, tally, "armed", since, "", Problem.ARMED_LATE, "orders are not armed again"):
                tally.recoveries_ms.append((armed["at"] - back["at"]) * 1e3)
            tally.trials += 2
        since = len(hub.lines)
        hub.do("drift 100000")  # 100 ms a second: 500 ms off after 5 s
        moved = await hub.wait_for("moved", since, 5.0)
        if off := await _expect(hub, tally, "disarmed", since, "off ", Problem.NOT_NOTICED, "a drift is not noticed"):
            disarmed.append(max(0.0, off["at"] - moved["at"] - 5.0))
        tally.trials += 1
        await hub.end()
        worst_ms = _timers(hub, tally)
    found = (
        f"disarmed after {max(disarmed) * 1e3:.0f} ms at most; the longest tick after a step was {worst_ms:.0f} ms late"
    )
    return tally.outcome(this, found, met=max(disarmed) <= 1.0 and worst_ms <= 50.0)


async def _expect(
    hub: Child, tally: Tally, what: str, since: int, words: str, problem: Problem, complaint: str
) -> dict[str, Any] | None:
    try:
        return await hub.wait_for(what, since, SETTLED_S + 15.0, words)
    except TimeoutError:
        tally.expect(False, problem, complaint)
        return None


def _timers(hub: Child, tally: Tally) -> float:
    """Returns by how many ms the longest tick around a step was late; records must never run backwards."""
    last_ns, tick_ns, worst, near = 0, 0, 0.0, 0
    for record in hub.recorded():
        tally.frames += record.kind == RecordKind.FRAME
        tally.expect(record.recv_ns >= last_ns, Problem.OLD_FRAME, "a record is older than the one before it")
        last_ns = record.recv_ns
        if record.kind == RecordKind.CLOCK_STEP:
            near = 2
        if record.kind == RecordKind.TICK:
            if near and tick_ns:
                worst, near = max(worst, (record.recv_ns - tick_ns) / 1e6 - 250.0), near - 1
            tick_ns = record.recv_ns
    return worst


@row(28, "the process stands still (SIGSTOP)", "0 quotes outlive it, 0 frames of before are taken")
async def standstills(this: Row, scale: Scale) -> Outcome:
    """Stops the process, lets it go on, and looks whether a quote outlives that or a frame of before is taken."""
    tally = Tally()
    stops = (3.0,) if scale.short else (60.0, 3.0, 10.0, 5.0, 3.0)
    lines = ("engine.duel = false", "[market]", 'source = "demo"', f"seed = {scale.seed}")
    async with child(*lines) as hub:
        await asyncio.sleep(8.0)
        for seconds in stops:
            hub.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            hub.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(8.0)
            tally.trials += 1
        await hub.end()
        recorded = list(hub.recorded())
        seen = _judge(recorded, tally)
    tally.expect(seen == len(stops), Problem.NOT_NOTICED, f"{seen} of {len(stops)} stops were noticed")
    return tally.outcome(
        this, f"{tally.trials} stops of {min(stops):g} to {max(stops):g} s, {tally.frames} frames after"
    )


def _judge(recorded: list[Record], tally: Tally) -> int:
    """Steps a session record by record; returns how many stops have a GAP of every channel ahead of all that waited."""
    kernel, noticed, gaps = compose.fresh_kernel(), 0, 0
    newest: dict[str, int] = {}
    bounds: dict[str, int] = {}
    usable: set[str] = set()
    awaited: set[str] = set()
    looked_ns = resumed_ns = 0
    for at, record in enumerate(recorded):
        kernel.step(_packed(record))
        if record.kind == RecordKind.GAP and b"stopped for" in record.body:
            if not gaps:
                resumed_ns = next(r.recv_ns for r in recorded[at:] if r.recv_ns - recorded[at - 1].recv_ns > 2 * S)
                awaited, bounds = set(usable), dict(newest)
            gaps += 1
            if gaps == len(kernel.setup.engine.channels):
                noticed, gaps = noticed + 1, 0
                tally.expect(not _usable(kernel, record.recv_ns), Problem.QUOTED, "a quote outlived the stop")
        if record.kind == RecordKind.FRAME and record.direction == 0:
            tally.frames += noticed > 0
            for clock, value in _dated(record.body):
                old = value <= bounds.get(clock, -1)
                tally.expect(not old, Problem.OLD_FRAME, f"a frame of before the stop was taken: {clock} {value}")
                newest[clock] = max(value, newest.get(clock, 0))
        if record.recv_ns - looked_ns > S // 50:
            looked_ns = record.recv_ns
            usable = set(_usable(kernel, looked_ns))
            tally.recoveries_ms += [(looked_ns - resumed_ns) / 1e6] * len(awaited & usable)
            awaited -= usable
    return noticed


def _dated(body: bytes) -> list[tuple[str, int]]:
    """Returns what in a frame says of when it is: Binance's event time, a node's slot."""
    if b"depthUpdate" not in body and b"accountNotification" not in body and b"apiVersion" not in body:
        return []
    message = json.loads(body)
    if "stream" in message:
        return [("E", message["data"]["E"])]
    result = message.get("params", message).get("result")
    return [("slot", result["context"]["slot"])] if isinstance(result, dict) and "context" in result else []


def _usable(kernel: Kernel, now_ns: int) -> list[str]:
    return [price.source for price in _VIEW.decode(kernel.engine.present(now_ns)).prices if price.usable]


def _packed(record: Record) -> bytes:
    return pack(
        record.seq, record.recv_ns, record.kind, record.body, direction=record.direction, channel=record.channel,
        conn=record.conn, generation=record.generation,
    )  # fmt: skip
