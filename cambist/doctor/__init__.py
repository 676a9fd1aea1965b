"""`cambist doctor`: what a run needs, checked one by one; all endpoints at the same time, each within its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cambist.doctor import machine
from cambist.doctor.probe import Check, Probe
from cambist.model.text import sanitise

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cambist.config import Config

__all__ = ["Check", "check"]

TIMEOUT_S = 10.0


def check(
    config: Config, timeout_s: float = TIMEOUT_S, progress: Callable[[int, int], None] = lambda *_: None
) -> list[Check]:
    """Returns every check. Nothing is changed; no endpoint takes longer than `timeout_s`.

    `progress` gets how many endpoints are done, of how many.
    """
    return [*machine.check(config), *asyncio.run(_endpoints(config, timeout_s, progress))]


async def _endpoints(config: Config, timeout_s: float, progress: Callable[[int, int], None]) -> list[Check]:
    from cambist.doctor import chain
    from cambist.doctor.exchange import Exchange
    from feeds import venues

    if config.market.source != "network":
        return []
    slots: dict[str, tuple[int, float]] = {}
    nodes = [chain.Node(node, slots) for node in config.solana]
    work: list[tuple[Probe, Coroutine[None, None, None]]] = []
    for node in nodes:
        work += [(node.pubsub, node.stream(node.pubsub, timeout_s)), (node.rpc, node.read(node.rpc, timeout_s))]
        if node.tip_floor is not None:
            work.append((node.tip_floor, node.tips(node.tip_floor, timeout_s)))
        if node.tip_stream is not None:
            work.append((node.tip_stream, node.streamed_tips(node.tip_stream, timeout_s)))
    missing: list[Check] = []
    for name, table in config.exchanges.items():
        try:
            exchange = Exchange(name, venues.find(name), table, config)
        except venues.VenueError as error:
            missing.append(Check(name=name, ok=False, found=sanitise(str(error), 200)))
            continue
        work.append((exchange.streams, exchange.stream(exchange.streams, timeout_s)))
        if exchange.reads is None:
            exchange.untimed()
        else:
            work.append((exchange.reads, exchange.read(exchange.reads, timeout_s)))
    done = 0

    async def one(probe: Probe, job: Coroutine[None, None, None]) -> None:
        nonlocal done
        await probe.run(job, timeout_s)
        done += 1
        progress(done, len(work))

    progress(0, len(work))
    await asyncio.gather(*(one(probe, job) for probe, job in work))
    chain.compare(nodes, slots)
    return [*(found for probe, _ in work for found in probe.checks), *missing]
