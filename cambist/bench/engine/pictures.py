"""A picture for readers on other threads, made at a moment before which every pool has moved.

Each pool of Raydium v4 has a token of its own against one that all have, so that there is no cycle to search for, and
both of its vaults are told anew before each picture. The row is the whole moment, of which the picture is the most.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from cambist.bench.engine.case import EngineRow, Spent, most_ns, native
from cambist.bench.engine.node import Node, fed
from cambist.bench.goal import judged
from cambist.engine import make_engine
from cambist.engine.reference.chain import program
from cambist.engine.reference.engine.picture import EVERY_NS
from cambist.engine.reference.venues import owned
from cambist.model.events import RecordKind, pack
from cambist.simulator.accounts import Account
from cambist.simulator.token_layout import encode_mint, encode_token_account
from cambist.simulator.venues.ray4.layout import encode_amm_v4

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.bench.engine.case import Plan
    from cambist.engine.protocol import Engine

POOLS = 1_000
LIMIT_NS = 0.5e6
PICTURES = 5
"""In each round."""
NOW = 1 << 60
DECIMALS = 6


def rows(plan: Plan) -> Iterator[EngineRow]:
    """Yields the row of this file: the least of some pictures."""
    node = Pools()
    python = _opened("reference", node)
    python_ns = float(min(_pictured(python, NOW + turn * EVERY_NS).passed for turn in range(PICTURES)))
    rust_ns, rounds = None, dict[str, tuple[float, ...]]()
    if native() is not None:
        rust, each = _opened("native", node), []
        for turn in range(plan.rounds * PICTURES):
            fed(rust, node.moved(turn))
            each.append(_pictured(rust, NOW + turn * EVERY_NS))
        rust_ns = float(min(spent.passed for spent in each))
        rounds["rust"] = tuple(min(spent.worked for spent in each[at :: plan.rounds]) for at in range(plan.rounds))
    ratio = python_ns / rust_ns if rust_ns else None
    name, size = f"picture, {POOLS:,} pools moved", "Raydium v4, no book"
    yield judged(EngineRow(name, size, python_ns, rust_ns, ratio, rounds=rounds), [most_ns(LIMIT_NS)])


def _pictured(engine: Engine, now_ns: int) -> Spent:
    """Returns what a moment takes at which a picture is made."""
    engine.ask_picture()
    record = pack(1 << 40, now_ns, RecordKind.TICK, b"")
    before, begun = time.process_time_ns(), time.perf_counter_ns()
    engine.control(record, 0)
    passed = time.perf_counter_ns() - begun
    return Spent(passed, time.process_time_ns() - before)


class Pools(Node):
    """A node that tells of as many pools as wanted, and of no other."""

    def __init__(self) -> None:
        super().__init__()
        self.vaults: list[tuple[bytes, bytes]] = []
        common = _key("common")
        self._mint(common)
        # Of pools that no trader knows only the keys are read.
        self.pools = {self._pool(at, common): None for at in range(POOLS)}  # type: ignore[misc]

    def moved(self, turn: int) -> bytes:
        """Returns a block that tells every vault with another amount, in a slot of its own."""
        self.chain.slot += 1
        for at, (coin, pc) in enumerate(self.vaults):
            self._vault(coin, _key(f"mint {at}"), 10**12 + turn)
            self._vault(pc, _key("common"), 10**12 - turn)
        block = self.notify(vault for pair in self.vaults for vault in pair)
        self.slot()
        return block + self.take()

    def _pool(self, at: int, common: bytes) -> bytes:
        mint, coin, pc, pool = (_key(f"{what} {at}") for what in ("mint", "coin", "pc", "pool"))
        self._mint(mint)
        self._vault(coin, mint, 10**12)
        self._vault(pc, common, 10**12)
        self.vaults.append((coin, pc))
        data = encode_amm_v4(
            coin_vault=coin,
            pc_vault=pc,
            coin_mint=mint,
            pc_mint=common,
            coin_decimals=DECIMALS,
            pc_decimals=DECIMALS,
        )
        self.chain.accounts[pool] = Account(owned.RAYDIUM_V4, data)
        return pool

    def _mint(self, key: bytes) -> None:
        self.chain.accounts[key] = Account(program.TOKEN, encode_mint(decimals=DECIMALS, supply=10**15))

    def _vault(self, key: bytes, mint: bytes, amount: int) -> None:
        data = encode_token_account(mint=mint, owner=_key("authority"), amount=amount)
        self.chain.accounts[key] = Account(program.TOKEN, data)


def _key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _opened(name: str, node: Node) -> Engine:
    engine = make_engine(name, node.setup())
    node.open(engine)
    return engine
