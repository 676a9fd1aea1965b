"""Getting through at all: certificates, names, addresses, bans, and a storm of seeds."""

from __future__ import annotations

import asyncio
import os
import socket as sockets
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cambist.fault_table.problems import Problem
from cambist.fault_table.rig import VENUES, Rig, rigs
from cambist.fault_table.rows_net import recover
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.fault_table.watch import Watch, until
from cambist.model.opportunity import Need
from cambist.simulator.chaos.certificates import certificates
from cambist.simulator.chaos.toxics import Toxics
from cambist.simulator.exchanges.binance.listings import LISTINGS
from cambist.simulator.exchanges.faults import Fault, Kind
from feeds import venues
from feeds.bucket import BURST, STEADY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.simulator.http import Request, Response
    from feeds.exchange_config import ExchangeConfig

WORDS = {"expired": "expired", "wrong-host": "mismatch", "self-signed": "self-signed"}
"""What must be said of each certificate."""
DEAD, ALIVE = "127.0.0.2", "127.0.0.1"
MINUTE_S = 60.0
STORM = 200
"""Symbols that lose their books at once."""


@contextmanager
def trusting(authority: str) -> Iterator[None]:
    """Lets new connections trust a test authority and nobody else."""
    before = os.environ.get("SSL_CERT_FILE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "authority.pem"
        path.write_text(authority, encoding="ascii")
        os.environ["SSL_CERT_FILE"] = str(path)
        try:
            yield
        finally:
            if before is None:
                del os.environ["SSL_CERT_FILE"]
            else:
                os.environ["SSL_CERT_FILE"] = before


@row(20, "TLS: expired, another host's, self-signed, reset", "0 bytes of application data; said in clear words")
async def certificates_refused(this: Row, scale: Scale) -> Outcome:
    """Shows each venue's feed certificates that must be refused, and one that must not."""
    tally, made = Tally(), certificates()
    with trusting(made["good"].authority):
        async with rigs(*VENUES, seed=scale.seed, tls=made["good"].server_context(), ws="wss://127.0.0.1") as good:
            tally.frames += sum(rig.sent for rig in good)
        sent = sum(
            await asyncio.gather(*(_refused(name, kind, tally) for name in VENUES for kind in [*WORDS, "reset"]))
        )
    tally.expect(sent == 0, Problem.BYTES_LEAKED, f"{sent} bytes reached an exchange")
    return tally.outcome(this, f"{sent} bytes of application data; the good certificate lets every venue go LIVE")


async def _refused(name: str, kind: str, tally: Tally) -> int:
    """Returns the bytes that passed to the exchange."""
    context = None if kind == "reset" else certificates()[kind].server_context()
    rig = Rig(name, tls=context, ws="wss://127.0.0.1")
    try:
        await rig.open()
        if kind == "reset":
            rig.proxy.toxics = Toxics(tls_reset=True)
        await until(lambda: bool(rig.notes) and rig.proxy.counts.connections >= 3, 10.0)
        reason = " / ".join(rig.sink.reasons)
        tally.expect(
            WORDS.get(kind, "") in reason and bool(reason), Problem.WRONG_WORDS, f"{name}, {kind}: it said {reason!r}"
        )
        tally.expect(
            not rig.exchange.sessions and rig.exchange.sent.total() == 0,
            Problem.GOT_THROUGH,
            f"{name}, {kind}: got through",
        )
        tally.expect(rig.proxy.counts.connections > 0, Problem.NOT_ASKED, f"{name}, {kind}: never tried")
        tally.trials += 1
        return rig.proxy.counts.bytes_up
    finally:
        await rig.close()


@row(21, "the name is unknown, the first address is dead", "said in words; the other address within 3 s")
async def addresses(this: Row, scale: Scale) -> Outcome:
    """Asks for a name that nobody has, then for one whose first address doesn't answer."""
    tally = Tally()
    made = certificates("venue.test")["good"]
    with trusting(made.authority):
        reason = await _nowhere(scale.seed, tally)
        with _resolving("venue.test", (DEAD, ALIVE)):
            for _ in range(scale.of(3, 1)):
                await asyncio.gather(*(_second(name, made.server_context(), scale.seed, tally) for name in VENUES))
    met = max(tally.recoveries_ms) <= 3_000.0
    return tally.outcome(this, f"unknown name: {reason!r}; times are from the start to LIVE", met=met)


async def _nowhere(seed: int, tally: Tally) -> str:
    rig = Rig("okx", seed=seed, ws="wss://nowhere.invalid")
    try:
        await rig.open()
        await until(lambda: bool(rig.sink.reasons), 15.0)
        reason = rig.sink.reasons[0] if rig.sink.reasons else ""
        tally.expect(reason.startswith(("host name", "no answer")), Problem.WRONG_WORDS, f"an unknown name: {reason!r}")
        tally.trials += 1
        return reason
    finally:
        await rig.close()


async def _second(name: str, context: Any, seed: int, tally: Tally) -> None:
    rig = Rig(name, seed=seed, tls=context, ws="wss://venue.test")
    try:
        with ExitStack() as held:
            port = await rig.open(hold=lambda port: _fill(held, port))
            began = time.monotonic()
            await rig.live(10.0)
            tally.recoveries_ms.append((time.monotonic() - began) * 1e3)
            tally.trials += 1
            tally.frames += rig.sent
            tally.expect(
                port > 0 and rig.proxy.counts.connections == 1,
                Problem.TOO_MANY_TRIES,
                f"{name}: {rig.proxy.counts.connections} tries",
            )
    finally:
        await rig.close()


def _fill(held: ExitStack, port: int) -> None:
    """Makes a port of the dead address one that takes no more callers and says nothing."""
    dead = held.enter_context(closing(sockets.socket()))
    dead.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    dead.bind((DEAD, port))
    dead.listen(0)
    for _ in range(3):
        caller = held.enter_context(closing(sockets.socket()))
        caller.setblocking(False)
        caller.connect_ex((DEAD, port))


@contextmanager
def _resolving(host: str, found: tuple[str, ...]) -> Iterator[None]:
    """Answers for a name server: one host has these addresses."""
    loop: Any = asyncio.get_running_loop()
    asked = loop.getaddrinfo

    async def answer(name: str, port: int, **how: Any) -> Any:
        if name != host:
            return await asked(name, port, **how)
        return [(sockets.AF_INET, sockets.SOCK_STREAM, 6, "", (address, port)) for address in found]

    loop.getaddrinfo = answer
    try:
        yield
    finally:
        del loop.getaddrinfo


class Requests:
    """When a venue's HTTP server was asked for what, and for what weight."""

    def __init__(self, rig: Rig) -> None:
        self.log: list[tuple[float, str, str]] = []
        """When, path, symbol."""
        server: Any = rig.exchange.rest
        answer = server._handler

        def noted(request: Request) -> Response:
            self.log.append((time.monotonic(), request.path, request.query.get("symbol", "")))
            return answer(request)  # type: ignore[no-any-return]

        server._handler = noted

    def times(self, path: str) -> list[float]:
        """Returns when a path was asked for."""
        return [at_s for at_s, one, _ in self.log if one == path]


@row(22, "HTTP 429, 418, 403, 5xx, a page of HTML", "0 requests inside the ban; then LIVE")
async def bans(this: Row, scale: Scale) -> Outcome:
    """Lets Binance refuse snapshots and counts what is asked of it while it bans us."""
    tally, inside = Tally(), list[int]()
    ban_s = scale.of(4, 1)
    cases = [
        Fault(kind=Kind.HTTP_STATUS, value=status, retry_after_s=ban_s, channel=DEPTH) for status in (429, 418, 503)
    ]
    cases += [Fault(kind=Kind.HTTP_STATUS, value=status, channel=DEPTH) for status in (429, 403, 500)]
    cases.append(Fault(kind=Kind.HTML, channel=DEPTH))
    tries = [_ban(fault, float(ban_s), scale.seed, tally) for fault in cases]
    inside += await asyncio.gather(*tries)
    tally.expect(sum(inside) == 0, Problem.BAN_IGNORED, "a request came inside a ban")
    found = f"{sum(inside)} requests inside {len(cases)} bans and refusals; bans of {ban_s} s"
    return tally.outcome(this, found, met=sum(inside) == 0)


DEPTH = "/api/v3/depth"


async def _ban(fault: Fault, ban_s: float, seed: int, tally: Tally) -> int:
    """Returns the requests that came while the venue had asked for none."""

    def change(config: ExchangeConfig) -> ExchangeConfig:
        pauses = dict.fromkeys((429, 418, 403), ban_s)
        return replace(config, limits=replace(venues.find(config.name).limits, pauses_s=pauses))

    async with rigs("binance", seed=seed, change=change) as (rig,):
        watch, asked = Watch(rig), Requests(rig)
        rig.exchange.inject(fault)
        for symbol in rig.symbols:
            rig.proxy.reset()
            rig.feed.need(Need("depth", 1, symbol))
        begun_s = time.monotonic()
        await recover(watch, begun_s, tally)
        times = [at_s for at_s, path, _ in asked.log if path == DEPTH]
        tally.expect(len(times) > 1, Problem.NOT_ASKED, f"{fault.kind} {fault.value}: {len(times)} requests in all")
        hit = rig.exchange.faults.hits.get(fault.kind, 0)
        tally.expect(hit == 1, Problem.NEVER_STRUCK, f"{fault.kind} {fault.value}: struck {hit} times")
        await watch.close(tally)
        bans_us = fault.retry_after_s > 0 or fault.value in (429, 418, 403)
        if not bans_us:
            return 0
        first = times[0]
        return sum(first + IN_FLIGHT_S < at_s < first + ban_s - 0.05 for at_s, _, _ in asked.log)


IN_FLIGHT_S = 0.05
"""Requests that were sent before the refusal came are no answer to it."""


@row(23, f"{STORM} books are lost at once", "weight ≤ 80 % of the limit; all LIVE within the computed bound")
async def storm(this: Row, scale: Scale) -> Outcome:
    """Takes the snapshots of many books from one budget, whose window is cut short, most important first."""
    tally = Tally()
    window_s, count = float(scale.of(10, 4)), scale.of(STORM, 60)
    listings = tuple(LISTINGS[0]._replace(symbol=f"S{at:03}USDT", base=f"S{at:03}", moves=8.0) for at in range(count))

    def change(config: ExchangeConfig) -> ExchangeConfig:
        limits = replace(venues.find(config.name).limits, rest=(LIMIT, window_s), attempts=(1000, 1.0))
        return replace(config, limits=limits, seed_backoff_s=(0.0,), clock_every_s=3600.0)

    async with rigs("binance", live=False, seed=scale.seed, symbols=count, listings=listings, change=change) as (rig,):
        asked = Requests(rig)
        rig.exchange.seconds = lambda: time.monotonic() * MINUTE_S / window_s  # its minutes are as short
        result = await _stormed(rig, asked, window_s, tally)
    return tally.outcome(this, result[0], met=result[1])


LIMIT = 6_000.0
WEIGHT = 50.0


async def _stormed(rig: Rig, asked: Requests, window_s: float, tally: Tally) -> tuple[str, bool]:
    """Returns what was found, and whether weight and time kept their bounds."""
    bound_s = (len(rig.symbols) * WEIGHT - LIMIT * BURST) / (LIMIT * STEADY / window_s)
    for _ in range(2):
        begun_s = time.monotonic()
        end_s = begun_s + 3 * bound_s + 30.0
        while time.monotonic() < end_s:
            await asyncio.sleep(0.1)
            if rig.sink.live(rig.symbols):
                break
        tally.expect(
            rig.sink.live(rig.symbols),
            Problem.NOT_LIVE_AGAIN,
            f"{rig.name}: not all LIVE after {end_s - begun_s:.0f} s",
        )
        tally.recoveries_ms.append((time.monotonic() - begun_s) * 1e3)
        tally.trials += len(rig.symbols)
        rig.compare()
        if len(tally.recoveries_ms) == 1:
            await asyncio.sleep(window_s)  # the budget is whole again
            rig.proxy.reset()
            await until(lambda: not rig.sink.live(rig.symbols), 10.0)
    tally.frames += rig.sent
    tally.expect(rig.truth.wrong == 0, Problem.WRONG_BOOK, f"{rig.truth.wrong} wrong books LIVE")
    times = asked.times(DEPTH)
    most = max(sum(at <= one < at + window_s for one in times) for at in times) * WEIGHT / LIMIT
    took_s = max(tally.recoveries_ms) / 1e3
    found = (
        f"at most {most:.0%} of the limit's weight in a window, here {window_s:g} s for a minute; "
        f"all LIVE after {took_s:.1f} s, computed {bound_s:.1f} s"
    )
    return found, most <= 0.8 and took_s <= bound_s + 1.0
