"""The venues' clocks go on while their market doesn't."""

import asyncio
import time

import pytest

from cambist.simulator import node as node_module
from cambist.simulator.market import Market
from cambist.simulator.node import Node

pytestmark = pytest.mark.realtime


async def test_a_stall_that_the_market_skips_does_not_set_the_exchanges_back(monkeypatch):
    monkeypatch.setattr(node_module, "MAX_BEHIND_S", 0.2)
    node = Node(Market(7))
    begun_s, begun_ms = time.monotonic(), node.now_ms
    running = asyncio.create_task(node.run())
    await asyncio.sleep(0.3)
    before_ms, market_ms = node.now_ms, node.market.now_ms
    time.sleep(1.0)  # noqa: ASYNC251 - a machine that stalls
    await asyncio.sleep(0.3)
    running.cancel()
    late_s = time.monotonic() - begun_s - (node.now_ms - begun_ms) / 1e3
    assert abs(late_s) <= 0.2 + 0.15, "a step is 50 ms"
    assert node.now_ms - before_ms >= 1_000
    assert node.market.now_ms - market_ms < 1_000, "what would have happened meanwhile did not"
