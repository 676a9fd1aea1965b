"""Connections that end: cut, closed as announced, or left without a word."""

from __future__ import annotations

import asyncio
import time
from statistics import quantiles
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.fault_table.problems import Problem
from cambist.fault_table.rig import VENUES, rigs
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.fault_table.watch import Watch
from cambist.simulator.exchanges.faults import Fault, Kind
from feeds import venues

if TYPE_CHECKING:
    from cambist.fault_table.rig import Rig
    from feeds.exchange_config import ExchangeConfig

LIFE_S = 5.2
"""How long a connection lives before it is cut: a little more than what the feed asks for to connect at once."""
RATE = 40.0
"""How much busier the market is than usual, for more frames."""
NOTICED = ("binance", "okx")
"""Venues that announce that they close connections, early enough."""
CODES = (1001, 1012, 1013)
PATIENCE_S = 40.0


def p99(values: list[float]) -> float:
    """Returns what one value in a hundred is above; infinity if there are none."""
    if len(values) < 2:
        return values[0] if values else float("inf")
    return quantiles(values, n=100, method="inclusive")[98]


async def recover(watch: Watch, since_s: float, tally: Tally, within_s: float = PATIENCE_S) -> float:
    """Waits until all books are LIVE again, counts how long that took, and returns when it was."""
    rig = watch.rig
    await watch.until(lambda: watch.first(since_s, lambda live: len(live) == len(rig.symbols)) is not None, within_s)
    took_s = watch.first(since_s, lambda live: len(live) == len(rig.symbols))
    tally.trials += 1
    if took_s is None:
        tally.expect(False, Problem.NOT_LIVE_AGAIN, f"{rig.name}: not LIVE again within {within_s:g} s")
        tally.recoveries_ms.append(within_s * 1e3)
        return time.monotonic()
    tally.recoveries_ms.append(took_s * 1e3)
    return since_s + took_s


@row(1, "connection reset, again and again", "p99 of recovery ≤ 1.5 s; no book LIVE 100 ms after a reset; 0 lost")
async def resets(this: Row, scale: Scale) -> Outcome:
    """Resets each venue's connection every few seconds while the market moves."""
    tally, unseen_s = Tally(), list[float]()
    life_s = 0.4 if scale.short else LIFE_S
    async with rigs(*VENUES, seed=scale.seed, rate=RATE) as made:
        watches = [Watch(rig) for rig in made]
        await asyncio.gather(*(_cut(watch, scale.of(110, 1), life_s, tally, unseen_s) for watch in watches))
        await asyncio.gather(*(watch.close(tally) for watch in watches))
    found = f"books LIVE for {max(unseen_s) * 1e3:.1f} ms after a reset at most; reset {life_s:g} s after each recovery"
    return tally.outcome(this, found, met=p99(tally.recoveries_ms) <= 1_500.0 and max(unseen_s) <= 0.1)


async def _cut(watch: Watch, times: int, life_s: float, tally: Tally, unseen_s: list[float]) -> None:
    for _ in range(times):
        await asyncio.sleep(life_s)
        at_s = time.monotonic()
        watch.rig.proxy.reset()
        await recover(watch, at_s, tally)
        seen_s = watch.first(at_s, lambda live: not live)
        unseen_s.append(PATIENCE_S if seen_s is None else seen_s)


@row(2, "announced closes, planned replacements", "100 rollovers, 0 intervals without a LIVE book")
async def rollovers(this: Row, scale: Scale) -> Outcome:
    """Replaces connections as planned and as announced, then closes them unannounced with each code of a restart."""
    tally, closes = Tally(), Tally()
    async with rigs(*VENUES, seed=scale.seed, rate=2.0, change=_brisk) as made:
        watches = [Watch(rig) for rig in made]
        await asyncio.gather(*(_roll(watch, scale.of(20, 2), tally) for watch in watches))
        dark = sum(watch.dark(symbol) for watch in watches for symbol in watch.rig.symbols)
        codes = CODES[:1] if scale.short else CODES
        await asyncio.gather(*(_closed(watch, codes, closes) for watch in watches))
        await asyncio.gather(*(watch.close(tally) for watch in watches))
    tally.recoveries_ms += closes.recoveries_ms
    tally.problems += closes.problems
    found = (
        f"{tally.trials} rollovers, {dark} intervals without a LIVE book; "
        f"{closes.trials} closes that nothing announced leave none until a new seed (the times here)"
    )
    return tally.outcome(this, found, met=dark == 0)


def _brisk(config: ExchangeConfig) -> ExchangeConfig:
    """Lets young replacements be replaced at once: a hundred are to fit into a minute."""
    return replace(config, socket=replace(venues.find(config.name).socket, backoff_base_s=0.01, backoff_cap_s=0.05))


async def _roll(watch: Watch, times: int, tally: Tally) -> None:
    """Replaces a connection some times, every second time because the venue says so, where it does."""
    rig = watch.rig
    for at in range(times):
        before = rig.feed._socket.generation
        if at % 2 and rig.name in NOTICED:
            rig.exchange.inject(Fault(kind=Kind.SHUTDOWN, at_s=rig.exchange.now_s, value=3))
        else:
            rig.feed._socket.roll("its time is up")
        replaced = await watch.until(lambda: _replaced(rig, before), PATIENCE_S)  # noqa: B023 - it is called here
        tally.expect(replaced, Problem.NOT_REPLACED, f"{rig.name}: not replaced within {PATIENCE_S:g} s")
        tally.trials += 1


def _replaced(rig: Rig, before: int) -> bool:
    """Returns whether a newer connection is the only one."""
    return rig.feed._socket.generation > before and len(rig.feed._open) == 1


async def _closed(watch: Watch, codes: tuple[int, ...], tally: Tally) -> None:
    for code in codes:
        at_s = time.monotonic()
        watch.rig.exchange.close_all(code)
        await recover(watch, at_s, tally)


@row(3, "half-open: the peer vanishes", "seen within 5 s, LIVE again within 7 s")
async def vanishings(this: Row, scale: Scale) -> Outcome:
    """Freezes the connections that are open, both ways; new ones are as ever."""
    tally, seen_s = Tally(), dict.fromkeys(VENUES, 0.0)
    async with rigs(*VENUES, seed=scale.seed, rate=2.0) as made:
        watches = [Watch(rig) for rig in made]
        await asyncio.gather(*(_freeze(watch, scale.of(4, 1), tally, seen_s) for watch in watches))
        await asyncio.gather(*(watch.close(tally) for watch in watches))
    found = "seen after at most " + ", ".join(f"{name} {most:.1f} s" for name, most in seen_s.items())
    met = max(seen_s.values()) <= 5.0 and max(tally.recoveries_ms) <= 7_000.0
    return tally.outcome(this, f"{found}; recovery is counted from the moment it vanished", met=met)


async def _freeze(watch: Watch, times: int, tally: Tally, seen_s: dict[str, float]) -> None:
    for _ in range(times):
        await asyncio.sleep(0.5)
        at_s = time.monotonic()
        watch.rig.proxy.freeze()
        await recover(watch, at_s, tally)
        took_s = watch.first(at_s, lambda live: not live)
        seen_s[watch.rig.name] = max(seen_s[watch.rig.name], PATIENCE_S if took_s is None else took_s)
