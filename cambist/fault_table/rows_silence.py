"""Subscriptions that don't do what was asked: silent, never answered, refused, or with sums that are wrong."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cambist.fault_table.problems import Problem
from cambist.fault_table.rig import VENUES, Rig, rigs
from cambist.fault_table.rows_net import recover
from cambist.fault_table.table import Outcome, Row, Scale, Tally, row
from cambist.fault_table.watch import Watch
from cambist.simulator.exchanges.faults import Fault, Kind
from feeds import venues

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.simulator.exchanges.session import Topic
    from feeds.exchange_config import ExchangeConfig

MINUTE_S = 60.0
LATE_S = 0.5
"""By how much a book may be STALE later than its threshold."""
PACED_NS = 10_000_000_000
"""A book whose pace is known is silent within this here, and any other one not."""
DEADLINES_SHORT = {"ack_s": 0.4, "first_data_s": 1.0}
EARLY_S = 0.03
"""By how much two subscriptions may come closer at the venue than they left the feed."""


class Asked:
    """What a venue was asked to send, and when."""

    def __init__(self, rig: Rig) -> None:
        self.log: list[tuple[float, Topic]] = []
        self.heals = ""
        """The symbol at whose next subscription all faults end."""
        grant = rig.exchange.verdicts

        def noted(topics: list[Topic]) -> list[Kind | None]:
            self.log += [(time.monotonic(), topic) for topic in topics]
            if self.heals and any(topic.symbol == self.heals for topic in topics):  # heartbeats have no symbol
                rig.exchange.faults.clear()
            return grant(topics)

        rig.exchange.verdicts = noted  # type: ignore[method-assign]

    def times(self, symbol: str) -> list[float]:
        """Returns when that channel of a symbol was asked for that was asked for most often."""
        times: dict[Topic, list[float]] = {}
        for at_s, topic in self.log:
            if topic.symbol == symbol:
                times.setdefault(topic, []).append(at_s)
        return max(times.values(), key=len, default=[])

    def most_a_minute(self) -> int:
        """Returns how often one channel of one symbol was asked for at most in a minute."""
        most = 0
        for topic in {topic for _, topic in self.log}:
            times = [at_s for at_s, one in self.log if one == topic]
            most = max(most, *(sum(at <= one < at + MINUTE_S for one in times) for at in times))
        return most


@row(
    4, "one symbol falls silent, the others speak", "STALE ≤ 0.5 s after its threshold; others untouched; resubscribed"
)
async def mutes(this: Row, scale: Scale) -> Outcome:
    """Mutes the busiest symbol of each venue until the feed has subscribed it anew."""
    tally, late_s = Tally(), list[float]()
    async with rigs(*VENUES, seed=scale.seed, rate=4.0) as made:
        watches = [Watch(rig) for rig in made]
        await asyncio.gather(*(_mute(watch, scale.of(3, 1), tally, late_s) for watch in watches))
        await asyncio.gather(*(watch.close(tally) for watch in watches))
    found = f"STALE {min(late_s, default=0):.2f} to {max(late_s, default=0):.2f} s after the threshold of at least 5 s"
    return tally.outcome(this, found, met=bool(late_s) and max(late_s) <= LATE_S)


async def _mute(watch: Watch, times: int, tally: Tally, late_s: list[float]) -> None:
    rig, symbol = watch.rig, watch.rig.symbols[0]
    offset_ns = rig.sink.now_ns() - time.monotonic_ns()
    asked = Asked(rig)
    for _ in range(times):
        # On a crowded machine it takes a while until a book's pace is known; before that it may be silent for 30 s.
        paced = await watch.until(lambda: rig.sink.books(0)[symbol].due_ns < rig.sink.now_ns() + PACED_NS, 30.0)
        tally.expect(paced, Problem.TOO_FEW, f"{rig.name}: too few messages to know a pace")
        others = sum(watch.dark(other) for other in rig.symbols[1:])
        before = len(asked.times(symbol))
        rig.exchange.inject(Fault(kind=Kind.MUTE, symbol=symbol, count=0))
        asked.heals, begun_s = "", time.monotonic()
        stale = await watch.until(lambda: watch.first(begun_s, _without(symbol)) is not None, 40.0)  # noqa: B023
        at_s = watch.first(begun_s, _without(symbol)) or 0.0
        if stale:
            late_s.append(begun_s + at_s - (rig.sink.books(0)[symbol].due_ns - offset_ns) / 1e9)
        tally.expect(stale, Problem.STAYED_LIVE, f"{rig.name}: a silent book is LIVE after 40 s")
        asked.heals = symbol if len(asked.times(symbol)) == before else ""
        again = await watch.until(lambda: len(asked.times(symbol)) > before, 20.0)  # noqa: B023
        tally.expect(again, Problem.NOT_SUBSCRIBED_ANEW, f"{rig.name}: not subscribed anew")
        rig.exchange.faults.clear()
        if watch.all_live:
            tally.trials += 1
        else:
            await recover(watch, time.monotonic(), tally)
        touched = sum(watch.dark(other) for other in rig.symbols[1:]) - others
        tally.expect(touched == 0, Problem.OTHERS_TOUCHED, f"{rig.name}: others were not LIVE {touched} times")


def _without(symbol: str) -> Callable[[frozenset[str]], bool]:
    return lambda live: symbol not in live


@row(6, "subscriptions never answered, refused, granted in part", "≤ 10 attempts a minute; alarm ≤ 30 s")
async def refusals(this: Row, scale: Scale) -> Outcome:
    """Leaves subscriptions without answer or data for more than a minute and counts what the venue is asked."""
    tally, attempts, alarms_s = Tally(), list[int](), list[float]()
    kinds = (
        Fault(kind=Kind.ACK_NEVER, symbol="", count=0),
        Fault(kind=Kind.ACK_ERROR, symbol="", count=0),
        Fault(kind=Kind.ACK_PARTIAL, count=0),
    )
    change = _hurried if scale.short else _as_it_is
    seconds = scale.of(61, 3)
    tries = [_refuse(name, fault, seconds, change, scale.seed, tally) for name in VENUES for fault in kinds]
    for most, alarm_s in await asyncio.gather(*tries):
        attempts.append(most)
        alarms_s.append(alarm_s)
    found = f"at most {max(attempts)} attempts of a channel in {seconds} s, alarm after {max(alarms_s):.1f} s"
    if scale.short:
        found += f"; deadlines cut to {DEADLINES_SHORT}"
    return tally.outcome(this, found, met=max(attempts) <= 10 and max(alarms_s) <= 30.0)


def _as_it_is(config: ExchangeConfig) -> ExchangeConfig:
    return config


def _hurried(config: ExchangeConfig) -> ExchangeConfig:
    """Shortens the deadlines, so that a trial takes seconds."""
    deadlines = replace(venues.find(config.name).deadlines, **DEADLINES_SHORT)
    return replace(config, deadlines=deadlines, retry_s=(0.3, 0.6, 1.2))


async def _refuse(
    name: str, fault: Fault, seconds: float, change: object, seed: int, tally: Tally
) -> tuple[int, float]:
    """Returns the most attempts of one channel in a minute, and after how long the first alarm came."""
    rig = Rig(name, seed=seed, faults=(fault,), change=change)  # type: ignore[arg-type]
    asked = Asked(rig)
    begun_s = time.monotonic()
    try:
        await rig.open()
        watch = Watch(rig)
        await asyncio.sleep(seconds)
        alarm_s = next((at_s - begun_s for at_s, level, _ in rig.notes if level == "error"), float("inf"))
        if alarm_s == float("inf") and fault.kind is Kind.ACK_PARTIAL and watch.all_live:
            alarm_s = 0.0  # the next attempt brought what was missing
        tally.expect(alarm_s < float("inf"), Problem.NO_ALARM, f"{name}, {fault.kind}: no alarm")
        tally.expect(bool(asked.log), Problem.NOT_ASKED, f"{name}, {fault.kind}: nothing was asked for")
        tally.expect(
            rig.exchange.faults.hits.get(fault.kind, 0) > 0,
            Problem.NEVER_STRUCK,
            f"{name}, {fault.kind}: the fault never struck",
        )
        most = asked.most_a_minute()
        rig.exchange.faults.clear()
        rig.feed.retry()
        if seconds < MINUTE_S:
            if watch.all_live:
                tally.trials += 1
            else:
                await recover(watch, time.monotonic(), tally)
            await watch.close(tally)
        else:
            tally.trials += 1
            tally.frames += rig.sent
        return most, alarm_s
    finally:
        await rig.close()


@row(7, "acknowledged, but no data comes", "alarm ≤ 10 s")
async def empty(this: Row, scale: Scale) -> Outcome:
    """Grants a subscription and sends nothing, or its data under a channel's new name."""
    tally, alarms_s = Tally(), list[float]()
    kinds = (Fault(kind=Kind.ACK_NO_DATA, symbol="", count=0), Fault(kind=Kind.RENAMED, symbol="", count=0))
    change = _hurried if scale.short else _as_it_is
    seconds = 2.0 if scale.short else 11.0
    tries = [_refuse(name, fault, seconds, change, scale.seed, tally) for name in VENUES for fault in kinds]
    alarms_s = [alarm_s for _, alarm_s in await asyncio.gather(*tries)]
    found = f"alarm {min(alarms_s):.2f} to {max(alarms_s):.2f} s after the connection began to open"
    if scale.short:
        found += f"; deadlines cut to {DEADLINES_SHORT}"
    return tally.outcome(this, found, met=max(alarms_s) <= 10.0)


@row(12, "checksums wrong once, and always", "no loop faster than the backoff; degraded with an error, then LIVE")
async def checksums(this: Row, scale: Scale) -> Outcome:
    """Sends sums that are wrong at Kraken, and at OKX, where they are retired: once, and on every fresh seed."""
    tally = Tally()
    async with rigs("kraken", "okx", seed=scale.seed, rate=4.0) as made:
        watches = [(Watch(rig), Asked(rig)) for rig in made]
        for _ in range(scale.of(3, 1)):
            await asyncio.gather(*(_wrong_once(watch, asked, tally) for watch, asked in watches))
        await asyncio.gather(*(watch.close(tally) for watch, _ in watches))
    async with rigs("kraken", "okx", seed=scale.seed, rate=4.0) as made:  # whose backoff and alarm nothing began yet
        watches = [(Watch(rig), Asked(rig)) for rig in made]
        found = await asyncio.gather(*(_wrong_always(watch, asked, tally) for watch, asked in watches))
        await asyncio.gather(*(watch.close(tally) for watch, _ in watches))
    return tally.outcome(this, "; ".join(found))


async def _wrong_once(watch: Watch, asked: Asked, tally: Tally) -> None:
    rig, symbol = watch.rig, watch.rig.symbols[0]
    before, begun_s = len(asked.times(symbol)), time.monotonic()
    rig.exchange.inject(Fault(kind=Kind.CHECKSUM, symbol=symbol))
    seen = await watch.until(lambda: watch.first(begun_s, _without(symbol)) is not None, 10.0)
    tally.expect(seen, Problem.SUM_UNSEEN, f"{rig.name}: a wrong sum was not seen")
    await recover(watch, begun_s + (watch.first(begun_s, _without(symbol)) or 0.0), tally)
    times = len(asked.times(symbol)) - before
    tally.expect(times == 1, Problem.TOO_MANY_TRIES, f"{rig.name}: one wrong sum, {times} subscriptions")


async def _wrong_always(watch: Watch, asked: Asked, tally: Tally) -> str:
    """Returns what came of sums that are wrong on every seed.

    Where ids tell of what is missing too, the sums are believed no more; a book that has nothing else stays unquoted.
    """
    rig, symbol = watch.rig, watch.rig.symbols[0]
    before = len(asked.times(symbol))
    rig.exchange.inject(Fault(kind=Kind.CHECKSUM, symbol=symbol, count=0))
    by_sum_alone = rig.name == "kraken"
    alarmed = await watch.until(
        lambda: bool(_alarm(rig)) if by_sum_alone else "no longer checked" in rig.sink.channel_figures()[1], 40.0
    )
    tally.expect(alarmed, Problem.NO_ALARM, f"{rig.name}: no word of sums that always fail")
    error = rig.sink.channel_figures()[1] or _alarm(rig)
    if by_sum_alone:
        tally.expect(
            symbol not in watch.turns[-1].live, Problem.QUOTED, f"{rig.name}: a book whose sums all fail is LIVE"
        )
        rig.exchange.faults.clear()
    if not watch.all_live:
        await recover(watch, time.monotonic(), tally)
    times = asked.times(symbol)[before:]
    waits = [later - one for one, later in itertools.pairwise(times)]
    tally.expect(
        len(waits) >= 2, Problem.TOO_FEW, f"{rig.name}: {len(times)} subscriptions are too few to tell of a backoff"
    )
    bounds = rig.feed._config.seed_backoff_s
    fast = [at for at, wait_s in enumerate(waits, 1) if wait_s < bounds[min(at, len(bounds) - 1)] - EARLY_S]
    tally.expect(
        not fast,
        Problem.BACKOFF_CUT,
        f"{rig.name}: subscribed anew sooner than the backoff, {[round(one, 2) for one in waits]}",
    )
    gone = ", ".join(f"{one:.1f}" for one in waits)
    return f"{rig.name}: subscribed anew after {gone} s, then {error!r}"


def _alarm(rig: Rig) -> str:
    """Returns what the feed said of seeds that don't last."""
    return next((text for _, level, text in rig.notes if level == "error"), "")
