import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from cambist.simulator.market import Market
from cambist.simulator.node import Node
from tests.simulator.wire import USER, Http


@dataclass
class Running:
    """A node on loopback sockets whose slots close when the test says so."""

    node: Node
    http: Http

    @property
    def market(self) -> Market:
        return self.node.market

    @property
    def endpoints(self) -> dict:
        return self.node.describe()

    def step(self) -> None:
        """Moves the market by 50 ms and tells the clients if that closed a slot."""
        self.node.step()

    async def slots(self, count: int = 1) -> None:
        wanted = self.market.chain.slot + count
        while self.market.chain.slot < wanted:
            self.step()
        await asyncio.sleep(0)

    async def rpc(self, method: str, *params: object) -> object:
        answer = await self.http.call(self.endpoints["rpc"], method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    async def refused(self, method: str, *params: object) -> dict:
        return (await self.http.call(self.endpoints["rpc"], method, list(params)))["error"]


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    node = Node(Market(11, funded=(bytes(USER.pubkey()),)), max_unsent=64 * 1024)
    await node.start()
    async with contextlib.aclosing(Http()) as http:
        yield Running(node, http)
    await node.close()
