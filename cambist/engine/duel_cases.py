"""What the duel times: the public call of each module in both engines, on inputs taken from a captured moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cambist.engine import make_engine
from cambist.engine.reference.engine.snapshot import container
from cambist.engine.reference.library import modules as reference
from cambist.engine.reference.search.pool_graph import NO_WEIGHT, PoolGraph
from cambist.model.events import HEADER, Record, RecordKind, pack, unpack
from cambist.model.venues import VENUE_OF_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cambist.engine.protocol import Engine, EngineSetup
    from cambist.engine.reference.engine.snapshot.parts import AccountPart, PoolPart, State

RECORDS = 48
"""After so many records the next moment ends a block; the reference engine needs about a millisecond for each."""
AMOUNTS = tuple(10**6 << step for step in range(16))
KEYS = 64
MOVED = 4
"""Pools that are moved and searched around."""
MOVE = 1 << 30
"""A move of a tenth of a percent, in 2⁻⁴⁰ of log2."""
PERIOD = 14
_SYMBOL = re.compile(rb'"s":"[^"]*"')


@dataclass(slots=True, frozen=True)
class Case:
    """One call in both engines. Times are divided by `units`."""

    module: str
    native: Callable[[], Any]
    reference: Callable[[], Any]
    units: int = 1


@dataclass
class Captured:
    """A piece of a session: the engine's state at a moment and what came next."""

    setup: EngineSetup
    snapshot: bytes
    block: bytes

    @cached_property
    def state(self) -> State:
        """The snapshot, read."""
        return container.read(self.snapshot)

    @cached_property
    def records(self) -> list[Record]:
        """The first records of the block, up to a moment and before another STATE; half a record is left out."""
        found: list[Record] = []
        offset = end = 0
        while end < RECORDS and offset + HEADER.size <= len(self.block):
            _, _, kind, *_, size = HEADER.unpack_from(self.block, offset)
            if offset + HEADER.size + size > len(self.block) or kind == RecordKind.STATE:
                break
            record, offset = unpack(self.block, offset)
            found.append(record)
            if kind != RecordKind.FRAME or record.moment or not self.setup.moments:
                end = len(found)
        return found[:end]

    @property
    def frames(self) -> list[Record]:
        """The frames among the records."""
        return [record for record in self.records if record.kind == RecordKind.FRAME]

    @cached_property
    def accounts(self) -> dict[str, AccountPart]:
        """Accounts by key."""
        return {account.key: account for account in self.state.accounts}

    def data(self, key: str) -> bytes:
        """Returns an account's bytes."""
        return self.accounts[key].data

    def protocol(self, record: Record) -> tuple[str, str]:
        """Returns (protocol, symbol) of a record's channel."""
        info = next((c.info for c in self.state.channels if c.info.id == record.channel), None)
        return ("", "") if info is None else (info.protocol, info.symbol)


def cases(captured: Captured) -> Iterator[Case]:
    """Yields the calls of one captured moment, module by module."""
    yield from _decode(captured)
    yield from _amm_math(captured)
    yield from _graph(captured)
    yield from _sizing(captured)
    yield from _order_book(captured)
    yield from _technical(captured)
    yield from _base58(captured)
    yield from _ingest(captured)


def _pair(module: str, name: str, *args: Any, units: int = 1) -> Case:
    from cambist.engine import _native

    return Case(module, partial(getattr(_native, name), *args), partial(getattr(reference, name), *args), units)


def _decode(captured: Captured) -> Iterator[Case]:
    for record in captured.frames[:8]:
        protocol, symbol = captured.protocol(record)
        if protocol.startswith("binance.") and not record.direction:
            yield _pair("decode", "decode_binance", protocol, symbol, record.body)
        elif protocol == "solana.ws":
            frames = [*_subscriptions(captured, record), (record.conn, record.generation, False, record.body)]
            yield _pair("decode", "decode_solana", frames, units=len(frames))


def _subscriptions(captured: Captured, record: Record) -> list[tuple[int, int, bool, bytes]]:
    """Returns the request and answer that tell the decoder which account a notification is about."""
    channel = next(c for c in captured.state.channels if c.info.id == record.channel)
    for subscription, key in channel.session.subscriptions:
        if record.body.endswith(f'"subscription":{subscription}}}}}'.encode()) and key:
            ask = {"jsonrpc": "2.0", "id": 1, "method": "accountSubscribe", "params": [key]}
            answer = {"jsonrpc": "2.0", "result": subscription, "id": 1}
            at = record.conn, record.generation
            return [(*at, True, msgspec.json.encode(ask)), (*at, False, msgspec.json.encode(answer))]
    return []


def _amm_math(captured: Captured) -> Iterator[Case]:
    if captured.state.time is None:
        return
    done: set[str] = set()
    for pool in captured.state.pools:
        if pool.state != "live" or captured.accounts[pool.name].owner in done:
            continue
        done.add(captured.accounts[pool.name].owner)
        accounts = _accounts(captured, pool)
        if accounts is not None:
            venue, raw = accounts
            args = (venue, raw, True, AMOUNTS, captured.state.time)
            yield _pair("amm_math", "quote", *args, units=len(AMOUNTS))


def _accounts(captured: Captured, pool: PoolPart) -> tuple[str, list[bytes]] | None:
    """Returns (venue, raw accounts) as `quote` takes them."""
    data, mints = captured.data(pool.name), [captured.data(mint) for mint in pool.mints]
    vaults = [captured.data(vault) for vault in pool.vaults]
    oracle = captured.data(pool.oracle) if pool.oracle else b""
    bitmap = captured.data(pool.bitmap) if pool.bitmap else b""
    config = captured.data(pool.config) if pool.config else b""
    arrays = [captured.data(key) for _, key in pool.arrays]
    address = reference.base58_decode(pool.name) or b""
    by_venue: dict[str, list[bytes]] = {
        "ray4": [data, *vaults],
        "saber": [data, *vaults],
        "cpmm": [data, config, *vaults, *mints],
        "orca": [data, oracle, *mints, *arrays],
        "damm2": [data, *mints],
        "dlmm": [address, data, bitmap, *mints, *arrays],
        "clmm": [address, data, config, bitmap, *mints, *arrays],
        "pump": [data, config, captured.data(pool.schedule) if pool.schedule else b"", *vaults, *mints],
    }
    venue = VENUE_OF_PROGRAM.get(captured.accounts[pool.name].owner, "")
    return (venue, by_venue[venue]) if venue in by_venue else None


def _graph(captured: Captured) -> Iterator[Case]:
    """Each engine keeps the graph, gets the same moves, and is asked for what they bring about."""
    edges = captured.state.edges
    weights = [NO_WEIGHT if edge.weight is None else edge.weight for edge in edges]
    moving = [at // 2 for at in range(0, len(edges), 2) if NO_WEIGHT not in weights[at : at + 2]][:MOVED]
    if not moving:
        return
    rust, python = kept = _graphs([edge.tail for edge in edges], [edge.head for edge in edges], weights)
    known = np.array(weights, np.int64)
    yield Case("cycle_finder", partial(rust.negative_cycle, known), partial(python.negative_cycle, weights))
    limits = captured.setup.search
    margin = reference.log2_ratio(1_000_000 + limits.margin_ppm, 1_000_000) or 0
    around = (limits.max_hops, limits.keep, limits.budget_edges, margin)
    for pool in moving:
        sell, buy = weights[2 * pool : 2 * pool + 2]
        for change in (MOVE, 0):
            yield _both("graph", kept, "move", pool, sell - change, buy + change)
            yield _both("multiverse", kept, "search", pool, *around)


def _graphs(tails: list[int], heads: list[int], weights: list[int]) -> tuple[Any, PoolGraph]:
    from cambist.engine import _native

    rust = _native.PoolGraph(np.array(tails, np.uint32), np.array(heads, np.uint32))
    rust.load(np.array(weights, np.int64))
    python = PoolGraph(tails, heads)
    python.load(weights)
    return rust, python


def _both(module: str, kept: tuple[Any, Any], name: str, *args: Any) -> Case:
    native, reference = (partial(getattr(each, name), *args) for each in kept)
    return Case(module, native, reference)


def _sizing(captured: Captured) -> Iterator[Case]:
    hops = [
        (amount, out, 25, 10_000)
        for pool in captured.state.pools
        if pool.state == "live" and len(pool.vaults) == 2
        for amount, out in [tuple(_amount(captured.data(vault)) for vault in pool.vaults)]
    ]
    for at in range(min(4, len(hops))):
        first, second = hops[at], hops[(at + 1) % len(hops)]
        back = (second[1], second[0] * 102 // 100, second[2], second[3])
        yield _pair("sizing", "best_input", [first, (first[1], first[0], 25, 10_000), second, back], 10**12, 10**6)


def _amount(vault: bytes) -> int:
    return int.from_bytes(vault[64:72], "little")


def _order_book(captured: Captured) -> Iterator[Case]:
    frames: list[tuple[str, bytes]] = []
    first = b""
    for record in captured.frames:
        protocol = captured.protocol(record)[0]
        named = _SYMBOL.search(record.body)
        if record.direction or protocol not in ("binance.spot.ws", "binance.usdm.ws") or named is None:
            continue
        first = first or named[0]
        if named[0] == first:
            frames.append((protocol, record.body))
    if frames:
        yield _pair("order_book", "replay_book", frames, "", units=len(frames))


def _technical(captured: Captured) -> Iterator[Case]:
    from cambist.engine.reference.series.technical import from_bits

    for row in captured.state.rows[:6]:
        closes = [from_bits(bits) for _, bits in row.series.closes]
        if closes:
            values = closes * (60 // len(closes) + 1)
            yield _pair("technical", "rsi", values, PERIOD)
            yield _pair("technical", "ema", values, PERIOD)
            yield _pair("technical", "bollinger", values, PERIOD, 2.0)


def _base58(captured: Captured) -> Iterator[Case]:
    for account in captured.state.accounts[:KEYS:4]:
        yield _pair("base58", "base58_decode", account.key)
        yield _pair("base58", "base58_encode", reference.base58_decode(account.key) or bytes(32))


def _ingest(captured: Captured) -> Iterator[Case]:
    if not captured.frames:
        return
    block = _block(captured.records)
    calls = []
    for name in ("native", "reference"):
        engine = make_engine(name, captured.setup)
        engine.restore(captured.snapshot)
        calls.append(partial(_run, engine, block))
    yield Case("ingest", calls[0], calls[1], len(captured.records))


def _block(records: list[Record]) -> bytes:
    return b"".join(
        pack(
            *(r.seq, r.recv_ns, r.kind, r.body),
            direction=r.direction,
            channel=r.channel,
            conn=r.conn,
            generation=r.generation,
            moment=r.moment,
        )
        for r in records
    )


def _run(engine: Engine, block: bytes) -> list[bytes]:
    """Returns the decisions of a block."""
    decisions, offset = [], 0
    while offset < len(block):
        is_frame = HEADER.unpack_from(block, offset)[2] == RecordKind.FRAME
        done = engine.ingest(block, offset, 1 << 62) if is_frame else engine.control(block, offset)
        decisions.append(done.decisions)
        offset = done.offset
    return decisions
