"""A node of the embedded market on loopback that remembers what it was asked."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cambist.market.discovery.node import Node
from cambist.simulator.encoding import key_bytes
from cambist.simulator.jsonrpc import RpcError
from cambist.simulator.market import Market
from cambist.simulator.node import Node as Simulated


@dataclass
class Chain:
    """The embedded market's node and its facts."""

    simulated: Simulated
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    refuse: dict[str, RpcError] = field(default_factory=dict)
    """Method, or program → the error it is answered with."""

    def __post_init__(self) -> None:
        self.facts = self.simulated.describe()
        self.mint = {token["symbol"]: token["mint"] for token in self.facts["tokens"]}
        answer = self.simulated.rpc.call

        def call(method: str, params: list[Any]) -> object:
            self.asked.append((method, params))
            for key in (method, params[0] if params and isinstance(params[0], str) else ""):
                if key in self.refuse:
                    raise self.refuse[key]
            return answer(method, params)

        self.simulated.rpc.call = call  # type: ignore[method-assign]

    @property
    def accounts(self) -> dict[bytes, Any]:
        return self.simulated.market.chain.accounts

    def account(self, address: str) -> Any:
        return self.accounts[key_bytes(address)]

    def pools(self, *symbols: str, venues: tuple[str, ...] = ()) -> set[str]:
        """The market's own word on its pools of any two of these tokens."""
        return {
            pool["address"]
            for pool in self.facts["pools"]
            if {pool["token_a"], pool["token_b"]} <= set(symbols) and (not venues or pool["venue"] in venues)
        }

    def node(self, **options: Any) -> Node:
        return Node("a", self.facts["rpc"], **({"calls_per_minute": 6_000, "max_bytes": 64 << 20} | options))


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(11)


@pytest.fixture
def accounts(market: Market) -> Iterator[dict[bytes, Any]]:
    """The market's accounts, put back as they were at the end."""
    before = dict(market.chain.accounts)
    yield market.chain.accounts
    market.chain.accounts.clear()
    market.chain.accounts.update(before)


@pytest.fixture
async def chain(market: Market, accounts: dict[bytes, Any]) -> AsyncIterator[Chain]:
    simulated = Simulated(market)
    await simulated.start()
    yield Chain(simulated)
    await simulated.close()
