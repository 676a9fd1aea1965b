"""The embedded market as its node tells it: blocks of frames, as the recorder has them."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from cambist.config.settings import Gates
from cambist.engine import make_engine
from cambist.engine.protocol import EngineSetup
from cambist.engine.reference.chain import base58, program
from cambist.model.events import HEADER, Channel, Direction, RecordKind, pack
from cambist.model.market import PoolRef, Token
from cambist.simulator.addresses import pda
from cambist.simulator.encoding import View, account_json
from cambist.simulator.market import Market
from feeds.solana import SEEDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cambist.engine.protocol import Engine

WS, HTTP = 1, 2
STEP_NS = 1_000
BASES = {"SOL": (1, 20 * 10**9), "USDC": (2, 4_000 * 10**6)}
"""Base tokens: rank, and atoms that one trade may put in."""


class Node:
    """Tells accounts of the market to whoever takes its frames."""

    def __init__(self, least_fee_ppm: int = 0) -> None:
        self.market = Market(7)
        self.chain = self.market.chain
        pools = self.chain.pools.items()
        self.pools = {key: pool for key, pool in pools if pool.spec.fee_ppm >= least_fee_ppm}
        """What it tells of."""
        self._now_ns = self.market.now_ms * 10**6
        self._frames: list[bytes] = []
        self._subscriptions: dict[bytes, int] = {}
        self._seq, self._requests = count(1), count(1)

    @property
    def watched(self) -> set[bytes]:
        """Returns the accounts that are subscribed to."""
        return set(self._subscriptions)

    def setup(self) -> EngineSetup:
        """Returns an engine's setup for all pools."""
        tokens = self.market.world.tokens
        text = base58.encode
        return EngineSetup(
            channels=(
                Channel(WS, "solana", "solana", "solana.ws", "node", demo=True),
                Channel(HTTP, "solana", "solana", "solana.http", "node", demo=True),
            ),
            tokens=tuple(
                Token(text(token.mint), symbol, token.decimals, True, BASES.get(symbol, (0, 0))[0])
                for symbol, token in tokens.items()
            ),
            pools=tuple(PoolRef(text(key), text(self.chain.accounts[key].owner)) for key in self.pools),
            gates=Gates(caps={text(tokens[symbol].mint): cap for symbol, (_, cap) in BASES.items()}),
        )

    def open(self, engine: Engine) -> None:
        """Brings an engine to the live market: every account that it asks for is subscribed to and told."""
        self._record(RecordKind.CONNECTED, b'{"label":"node"}', channel=WS, generation=1)
        self.slot()
        self._answer(list(self.pools))
        self._http("getRecentPrioritizationFees", [[]], [{"slot": self.chain.slot, "prioritizationFee": 2_000}])
        while block := self.take():
            needs = [json.loads(line) for line in fed(engine, block).splitlines()]
            keys = {self._address(need) for need in needs if need["kind"] in {"account", *SEEDS}}
            self._answer(sorted(keys))

    def notify(self, keys: Iterable[bytes]) -> bytes:
        """Returns a block that tells accounts as they are."""
        for key in keys:
            value = account_json(self.chain.accounts[key], View("base64"))
            head = b'{"jsonrpc":"2.0","method":"accountNotification","params":{"result":{"context":{"slot":%d},"value":'
            tail = b'%s},"subscription":%d}}' % (value, self._subscriptions[key])
            self._frame(WS, head % self.chain.slot + tail)
        return self.take()

    def slot(self) -> None:
        """Announces the slot after the newest closed one, and its clock if that is watched."""
        head = b'{"jsonrpc":"2.0","method":"slotNotification","params":{"result":{"parent":%d,"root":%d,"slot":%d}'
        closed = self.chain.slot
        self._frame(WS, head % (closed, closed - 31, closed + 1) + b',"subscription":0}}')

    def take(self) -> bytes:
        """Returns the frames since the last call."""
        block = b"".join(self._frames)
        self._frames.clear()
        return block

    def _answer(self, keys: list[bytes]) -> None:
        """Subscribes to accounts and answers with what they hold."""
        for key in keys:
            if key not in self._subscriptions:
                number = next(self._requests)
                ask = {"jsonrpc": "2.0", "id": number, "method": "accountSubscribe", "params": [base58.encode(key)]}
                self._frame(WS, _json(ask), sent=True)
                self._subscriptions[key] = number
                self._frame(WS, _json({"jsonrpc": "2.0", "result": number, "id": number}))
        for at in range(0, len(keys), 100):
            part = keys[at : at + 100]
            found = [self.chain.accounts.get(key) for key in part]
            value = [None if each is None else json.loads(account_json(each, View("base64"))) for each in found]
            result = {"context": {"slot": self.chain.slot}, "value": value}
            self._http("getMultipleAccounts", [[base58.encode(key) for key in part], {"encoding": "base64"}], result)

    def _address(self, need: dict[str, Any]) -> bytes:
        key = base58.decode(need["key"])
        assert key is not None
        if need["kind"] == "account":
            return key
        return pda(self.chain.accounts[key].owner, *SEEDS[need["kind"]](key, need["index"]))

    def _http(self, method: str, params: list[Any], result: object) -> None:
        number = next(self._requests)
        self._frame(HTTP, _json({"jsonrpc": "2.0", "id": number, "method": method, "params": params}), sent=True)
        self._frame(HTTP, _json({"jsonrpc": "2.0", "result": result, "id": number}))

    def _frame(self, channel: int, body: bytes, *, sent: bool = False) -> None:
        direction = Direction.OUT if sent else Direction.IN
        self._record(RecordKind.FRAME, body, direction=direction, channel=channel, conn=1, generation=1)

    def _record(self, kind: int, body: bytes, **header: int) -> None:
        self._now_ns = max(self._now_ns + STEP_NS, self.market.now_ms * 10**6)
        self._frames.append(pack(next(self._seq), self._now_ns, kind, body, **header))


def opened(backend: str, least_fee_ppm: int = 0) -> tuple[Node, Engine]:
    """Returns a node that tells of the pools with at least such a fee, and an engine that watches them, live."""
    node = Node(least_fee_ppm)
    engine = make_engine(backend, node.setup())
    node.open(engine)
    return node, engine


def fed(engine: Engine, block: bytes) -> bytes:
    """Feeds all records of a block. Returns what the engine needs."""
    needs, offset = [], 0
    while offset < len(block):
        kind = HEADER.unpack_from(block, offset)[2]
        done = engine.ingest(block, offset, 1 << 62) if kind == RecordKind.FRAME else engine.control(block, offset)
        needs.append(done.needs)
        offset = done.offset
    return b"".join(needs)


def is_clock(key: bytes) -> bool:
    """Returns whether an account is the chain's clock."""
    return key == program.CLOCK


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
