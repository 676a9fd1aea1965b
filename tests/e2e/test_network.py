"""Endpoints of the config, over loopback: another process's market, and servers that misbehave."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from cambist import compose
from cambist.config import Config, load
from cambist.model.commands import RetryFeed
from cambist.runtime.headless import replay_all
from cambist.runtime.hub import Hub
from cambist.runtime.live import LiveSource
from cambist.simulator.process import Handle, spawn
from cambist.view import FeedRow
from storage.catalogue import list_sessions
from storage.reader import SessionReader
from tests.feeds.servers import http_server, websocket_server

pytestmark = pytest.mark.timeout(500)
CANARY = "CANARYf00d"
NEVER = 1 << 62
SILENCE_S = 7
"""Longer than a pool stays current on a connection that tells no slots."""


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def market() -> Iterator[Handle]:
    with spawn(7) as handle:
        yield handle


def written(folder: Path, facts: dict[str, Any], second: str = "", **urls: str) -> Config:
    """Returns a config on endpoints, with everything but prices from a market's own description.

    `second` is the PubSub address of one more node.
    """
    at = {"pubsub": facts["pubsub"], "rpc": facts["rpc"], "ws": facts["exchange_ws"], "rest": facts["exchange_rest"]}
    at |= urls
    lines = [
        "[market]", 'source = "network"', "[engine]", "duel = false", "[recording]", f'folder = "{folder}"',
        "[[solana]]", 'name = "solana"', f'pubsub = "{at["pubsub"]}"', f'rpc = "{at["rpc"]}"',
        "[binance]", f'ws = "{at["ws"]}"', f'rest = "{at["rest"]}"', f"symbols = {json.dumps(facts['symbols'])}",
    ]  # fmt: skip
    if second:
        lines += ["[[solana]]", 'name = "slow"', f'pubsub = "{second}"', f'rpc = "{at["rpc"]}"', "observe_pools = 1"]
        lines = [line.replace('name = "solana"', 'name = "fast"\nobserve_pools = 1') for line in lines]
    base = {"SOL": 1, "USDC": 2}
    for token in facts["tokens"]:
        lines += ["[[tokens]]", f'mint = "{token["mint"]}"', f'symbol = "{token["symbol"]}"']
        lines += [f"decimals = {token['decimals']}", "verified = true", f"base = {base.get(token['symbol'], 0)}"]
    for entry in facts["identities"]:
        lines += ["[[identities]]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items())]
    for pool in facts["pools"]:
        lines += ["[[pools]]", f'address = "{pool["address"]}"', f'program = "{pool["program"]}"']
    path = folder / "network.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load(path)


def started(config: Config) -> Hub[LiveSource]:
    runtime = compose.live(config, duel=False)
    runtime.start()
    return runtime


def notes(live: Hub[LiveSource]) -> str:
    view = live.view
    return "\n".join([row.text for row in view.log.rows] + [f"{row.name}: {row.note}" for row in view.feeds.rows])


def replays(folder: Path, engine: str | None = None) -> dict[str, Any]:
    (row,) = list_sessions(folder)
    with SessionReader(Path(row.path)) as reader:
        return replay_all(reader, compose.replay_kernel(reader, engine)).report(row.name, 1.0)


def test_the_endpoints_of_a_config_make_a_market(market: Handle, tmp_path: Path) -> None:
    live = started(written(tmp_path, market.endpoints))
    try:
        until(lambda: live.view.cycles.rows)
        until(lambda: {row.venue for row in live.view.prices.rows} >= {"binance", "orca"})
        legged = [row for row in live.view.cycles.rows if row.settlement == "legged"]
        assert live.view.status.demo is False
        until(lambda: legged or any("binance" in row.venue and row.bid for row in live.view.prices.rows))
    finally:
        live.close()
    assert live.failure is None
    report = live.report()
    assert report["opportunities"] > 0
    assert replays(tmp_path)["digest"] == report["digest"]


def test_a_key_in_an_endpoint_reaches_no_record_log_screen_or_file(
    market: Handle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = market.endpoints
    config = written(
        tmp_path,
        facts,
        pubsub=f"{facts['pubsub']}/{CANARY}?api-key={CANARY}",
        rpc=f"{facts['rpc']}/{CANARY}?api-key={CANARY}",
        ws=f"{facts['exchange_ws']}/{CANARY}",
        rest=f"{facts['exchange_rest']}/{CANARY}",
    )
    (tmp_path / "network.toml").unlink()
    live = started(config)
    try:
        until(lambda: any(row.note for row in live.view.feeds.rows))
        time.sleep(3)
        shown = repr(live.view) + notes(live)
    finally:
        live.close()
    printed = json.dumps(live.report()) + "".join(capsys.readouterr())
    assert "127.0.0.1" in shown
    assert CANARY not in shown + printed
    (row,) = list_sessions(tmp_path)
    with SessionReader(Path(row.path)) as reader:
        raw = b"".join(chunk.block for chunk in reader.blocks())
        about = repr((reader.meta, reader.channels, reader.markers()))
    assert len(raw) > 1000
    assert CANARY.encode() not in raw
    assert CANARY not in about
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


class Front(NamedTuple):
    """One more node of a chain."""

    url: str
    server: asyncio.Server
    connections: list[asyncio.StreamWriter]

    def cut(self) -> None:
        """Breaks every connection."""
        for connection in self.connections:
            connection.transport.abort()


@asynccontextmanager
async def front(address: str, wait_s: float) -> AsyncIterator[Front]:
    """Yields a node of which all that it says comes `wait_s` later than from the one behind it."""
    upstream, connections = urlsplit(address), []
    loop = asyncio.get_running_loop()

    async def delayed(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def pass_on() -> None:
            while data := (due := await waiting.get())[1]:
                await asyncio.sleep(due[0] - loop.time())
                target.write(data)
            target.close()

        passing = asyncio.create_task(pass_on())
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                waiting.put_nowait((loop.time() + wait_s, data))
        waiting.put_nowait((0.0, b""))
        await passing

    async def asked(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        connections.append(target)
        back, forth = await asyncio.open_connection(upstream.hostname, upstream.port)
        delaying = asyncio.create_task(delayed(back, target))
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                forth.write(data)
        forth.close()
        await delaying

    async with await asyncio.start_server(asked, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        made = Front(f"ws://127.0.0.1:{port}{upstream.path}", server, connections)
        try:
            yield made
        finally:
            made.cut()


@pytest.mark.realtime
async def test_two_nodes_of_one_chain_race_and_either_may_go(market: Handle, tmp_path: Path) -> None:
    def rows() -> dict[str, FeedRow]:
        return {row.name: row for row in live.view.feeds.rows}

    def known() -> bool:
        return "slow" in rows() and None not in (rows()["fast"].ahead_ns, rows()["slow"].behind_ns)

    def current() -> float:
        pools = [row for row in live.view.prices.rows if row.venue != "binance"]
        return sum(not row.stale and (NEVER if row.age_ns is None else row.age_ns) < 3 * 10**9 for row in pools) / max(
            1, len(pools)
        )

    async def soon(condition: Callable[[], object]) -> None:
        await asyncio.to_thread(until, condition)

    at = market.endpoints["pubsub"]
    async with front(at, 0.0) as first, front(at, 0.08) as second:
        config = written(tmp_path, market.endpoints, second=second.url, pubsub=first.url)
        live = await asyncio.to_thread(started, config)
        try:
            await soon(lambda: live.view.cycles.rows and known())
            await asyncio.sleep(4)
            fast, slow = rows()["fast"], rows()["slow"]
            second.cut()
            await soon(lambda: len(second.connections) > 1)
            kept = rows()["slow"].behind_ns
            await soon(lambda: rows()["slow"].state == "live" and current() > 0.9)
            first.server.close()
            first.cut()
            await soon(lambda: rows()["fast"].state == "down")
            await asyncio.sleep(SILENCE_S)
            assert rows()["fast"].state == "down"
            await soon(lambda: current() > 0.9)
        finally:
            await asyncio.to_thread(live.close)
    assert fast.first_ppm is not None
    assert slow.first_ppm is not None
    assert abs(fast.first_ppm + slow.first_ppm - 1_000_000) <= 1
    assert fast.first_ppm > 900_000, "nearly all comes first from the fast one"
    assert 40_000_000 < (fast.ahead_ns or 0) < 2_000_000_000
    assert fast.ahead_ns == slow.behind_ns
    assert kept is not None
    assert live.failure is None
    report = live.report()
    assert report["opportunities"] > 0
    for engine in (None, "reference"):
        assert replays(tmp_path, engine)["digest"] == report["digest"]


async def test_an_endpoint_that_refuses_is_named_and_recovers(market: Handle, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def exchange(client: Any) -> None:
        async for message in client:
            await client.send(json.dumps({"result": None, "id": json.loads(message)["id"]}))
            ticker = {"u": 1, "s": "SOLUSDT", "b": "150.10", "B": "9", "a": "150.20", "A": "9"}
            await client.send(json.dumps({"stream": "solusdt@bookTicker", "data": ticker}))

    def quoted(exchange: bool) -> bool:
        return any((row.venue == "binance") == exchange and row.bid for row in live.view.prices.rows)

    live = await asyncio.to_thread(started, written(tmp_path, market.endpoints, ws=f"ws://127.0.0.1:{port}"))
    try:
        await asyncio.to_thread(until, lambda: any("refused" in row.note for row in live.view.feeds.rows))
        await asyncio.to_thread(until, lambda: quoted(False))
        async with websocket_server(exchange, port):
            live.submit(RetryFeed("binance"))
            await asyncio.to_thread(until, lambda: quoted(True))
    finally:
        await asyncio.to_thread(live.close)
    assert live.failure is None
    assert replays(tmp_path)["digest"] == live.report()["digest"]


async def test_servers_that_misbehave_are_named_and_stop_nothing(market: Handle, tmp_path: Path) -> None:
    pool = market.endpoints["pools"][0]["address"]
    sent = 0

    def account(data: str, owner: str, slot: int, subscription: int) -> str:
        value = {"lamports": 1, "owner": owner, "data": [data, "base64"], "executable": False, "rentEpoch": 0}
        result = {"context": {"slot": slot}, "value": value}
        params = {"result": result, "subscription": subscription}
        return json.dumps({"jsonrpc": "2.0", "method": "accountNotification", "params": params})

    async def hostile(socket: Any) -> None:
        nonlocal sent
        ids: list[int] = []
        async for message in socket:
            asked = json.loads(message)
            ids.append(asked["id"])
            await socket.send(json.dumps({"jsonrpc": "2.0", "result": asked["id"], "id": asked["id"]}))
            if asked["method"] == "accountSubscribe" and pool in message:
                program = market.endpoints["pools"][0]["program"]
                for text in (
                    "{", "[]", "null", '{"method":"accountNotification"}', '{"jsonrpc":"2.0","method":7}',
                    "\x00\x1b[31m",
                    account("AAAA", program, 10, asked["id"]),
                    account("A" * 1004, "11111111111111111111111111111111", 9, asked["id"]),
                    account("!!", program, 8, asked["id"]), account("AAAA", program, 2**63, 999_999),
                    '{"a":' * 50_000,
                ):  # fmt: skip
                    await socket.send(text)
                    sent += 1
                await socket.send(b"\xff\xfe")
                await asyncio.sleep(0.5)
                await socket.send("x" * (20 << 20))

    answers = iter([429, 500, 200, 403])

    async def rpc(request: web.Request) -> web.Response:
        status = next(answers, 500)
        return web.Response(status=status, text="<html>busy</html>", headers={"Retry-After": "1"})

    async with websocket_server(hostile) as pubsub, http_server(rpc) as node:
        config = written(tmp_path, market.endpoints, pubsub=pubsub, rpc=node)
        live = await asyncio.to_thread(started, config)
        try:
            await asyncio.to_thread(until, lambda: "a message over" in notes(live))
            await asyncio.to_thread(until, lambda: "HTTP 500" in notes(live))
            await asyncio.to_thread(until, lambda: any(r.venue == "binance" and r.bid for r in live.view.prices.rows))
            assert live.alive
            assert live.view.status.recording
            assert "\x1b" not in repr(notes(live))
        finally:
            await asyncio.to_thread(live.close)
    assert sent >= 11
    assert live.failure is None
    report = live.report()
    assert report["go"] == 0
    assert replays(tmp_path)["digest"] == report["digest"]
