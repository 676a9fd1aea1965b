"""A loopback Solana node whose slots burst: what a busy market changed, sent in bursts over and over.

A process of its own, so that making the notifications costs the measured one nothing. The market's slots are made
ahead; a burst takes the next changes of watched accounts, as many as are wanted at once, closes a slot with them and
writes them in one go.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import cycle, islice
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING

import msgspec

from cambist import child
from cambist.simulator.market import Market
from cambist.simulator.node import Node
from cambist.simulator.process import Starting, end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.simulator.accounts import Account
    from cambist.simulator.process import Handle

Change = tuple[bytes, "Account"]


class Plan(msgspec.Struct, frozen=True):
    """How much is sent, and how often."""

    seed: int = 7
    rate: float = 40.0
    """How busy the market is whose changes are sent."""
    slots: int = 24
    """Slots of it that are made ahead: a tenth of a second each."""
    at_once: int = 500
    """Changes of one burst."""
    every_s: float = 0.08


def spawn(plan: Plan) -> Handle:
    """Returns a node that bursts, once it listens; `close` ends it. Raises `MarketError`."""
    command = child.command("cambist.bench.bursts", msgspec.json.encode(plan).decode())
    process = Popen(command, stdin=PIPE, stdout=PIPE, env=child.environment(), start_new_session=True)
    return Starting(process).handle()


def changes(market: Market, slots: int) -> list[Change]:
    """Returns what each account became in so many slots of a market, in order."""
    found: list[Change] = []
    for _ in range(slots):
        found += [(key, market.chain.accounts[key]) for key in market.slot().changed]
    return found


def watched(node: Node, queue: Iterator[Change], most: int, at_once: int) -> list[Change]:
    """Returns the next changes of accounts that a client watches; fewer than wanted if `most` hold no more."""
    ahead = islice(queue, most)
    return list(islice((change for change in ahead if node.pubsub.watches(change[0])), at_once))


async def burst(node: Node, queue: list[Change], plan: Plan) -> None:
    """Bursts until it is cancelled."""
    due, again = time.monotonic(), cycle(queue)
    while True:
        due = max(due + plan.every_s, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        node.burst(watched(node, again, len(queue), plan.at_once))


async def serve(plan: Plan) -> None:
    """Prints where it listens, and bursts until the process that started it is gone."""
    market = Market(plan.seed, rate=plan.rate, genesis_ms=time.time_ns() // 1_000_000)
    queue = changes(market, plan.slots)
    node = Node(market)
    await node.start()
    run = asyncio.ensure_future(burst(node, queue, plan))
    end_with_parent(asyncio.get_running_loop(), run)
    print(msgspec.json.encode(node.describe()).decode(), flush=True)
    try:
        await run
    except asyncio.CancelledError:
        pass
    finally:
        await node.close()


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Plan)))
