"""What comes without sockets is what sockets carry: the same messages in the same order, the same replies."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from cambist.simulator.market import Market
from cambist.simulator.node import Node
from cambist.simulator.sockets import encode_text
from tests.simulator.wire import Http, connect

if TYPE_CHECKING:
    from cambist.simulator.direct import Direct

CLOCK = "SysvarC1ock11111111111111111111111111111111"
HEADERS = {"Content-Type": "application/json"}
STEPS = 8 * 12


def asked(node: Node) -> list[bytes]:
    """Returns subscriptions of all kinds that a feed has."""
    pools = node.describe()["pools"]
    calls = [("slotSubscribe", None), ("logsSubscribe", ["all", {"commitment": "processed"}])]
    options = {"encoding": "base64", "commitment": "processed"}
    calls += [("accountSubscribe", [key, options]) for key in (CLOCK, *(pool["address"] for pool in pools))]
    return [
        json.dumps(
            {"jsonrpc": "2.0", "id": at, "method": method} | ({} if params is None else {"params": params})
        ).encode()
        for at, (method, params) in enumerate(calls, 1)
    ]


def reads(node: Node) -> list[tuple[str, str, bytes | None]]:
    """Returns requests over HTTP, good ones and bad ones."""
    facts = node.describe()
    keys = [pool["address"] for pool in facts["pools"][:60]]
    call = {"jsonrpc": "2.0", "id": 1, "method": "getMultipleAccounts", "params": [keys, {"encoding": "base64"}]}
    fees = {"jsonrpc": "2.0", "id": 2, "method": "getRecentPrioritizationFees", "params": [[], {"percentile": 5000}]}
    symbol = facts["symbols"][0]
    return [
        ("POST", facts["rpc"], json.dumps(call).encode()),
        ("POST", facts["rpc"], json.dumps(fees).encode()),
        ("POST", facts["rpc"], b"{"),
        ("GET", f"{facts['exchange_rest']}/api/v3/depth?symbol={symbol}&limit=20", None),
        ("GET", f"{facts['exchange_rest']}/api/v3/depth?symbol=NONE", None),
        ("GET", f"{facts['exchange_rest']}/no/such/path", None),
    ]


async def until_quiet(take) -> list[bytes]:
    """Returns what comes until nothing has come for a while."""
    found = []
    with contextlib.suppress(TimeoutError):
        while True:
            message = await asyncio.wait_for(take(), 0.3)
            found.append(message.encode() if isinstance(message, str) else message)
    return found


async def test_messages_and_replies_are_those_of_the_sockets() -> None:
    near, far = Node(Market(11)), Node(Market(11))
    direct, http = near.direct(), Http()
    await far.start()
    try:
        await compared(near, far, direct, http)
    finally:
        await far.close()


async def compared(near: Node, far: Node, direct: Direct, http: Http) -> None:
    pipes = [await direct.socket(near.describe()[name]) for name in ("pubsub",)]
    streams = [f"{symbol.lower()}@depth@100ms" for symbol in near.describe()["symbols"][:3]]
    pipes.append(await direct.socket(near.describe()["exchange_ws"] + "/ws"))
    subscribe = json.dumps({"method": "SUBSCRIBE", "params": streams, "id": 1}).encode()
    async with (
        connect(far.describe()["pubsub"]) as chain,
        connect(far.describe()["exchange_ws"] + "/ws") as exchange,
        contextlib.aclosing(http),
    ):
        for message in asked(near):
            await pipes[0].send(message, text=True)
            await chain.send(message.decode())
        await pipes[1].send(subscribe, text=True)
        await exchange.send(subscribe.decode())
        await asyncio.sleep(0.3)
        for _ in range(STEPS):
            near.step()
            far.step()
            await asyncio.sleep(0)
        pairs = zip(pipes, (chain, exchange), strict=True)
        for pipe, socket in pairs:
            here = await until_quiet(lambda pipe=pipe: pipe.recv(decode=False))
            there = await until_quiet(socket.recv)
            assert len(here) > 60
            assert here == there
        for (method, url, body), (_, other, _) in zip(reads(near), reads(far), strict=True):
            async with direct.asking().request(method, url, data=body, headers=HEADERS) as reply:
                answer = b"".join([part async for part in reply.content.iter_chunked(1_000)])
            head = f"{method} {other.split(urlsplit(other).netloc, 1)[1] or '/'} HTTP/1.1\r\nHost: x\r\n"
            if body is not None:
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            status, _, expected = await http.raw(other, head.encode() + b"\r\n" + (body or b""))
            assert (reply.status, answer) == (status, expected), url


async def test_nobody_listens_elsewhere() -> None:
    node = Node(Market(11))
    direct = node.direct()
    with pytest.raises(ConnectionRefusedError, match="nobody listens"):
        await direct.socket("ws://127.0.0.1:999/ws")
    with pytest.raises(ConnectionRefusedError):
        await direct.socket(node.describe()["exchange_ws"] + "/no/such/path")


async def test_an_end_is_told_after_what_was_sent_before_it() -> None:
    node = Node(Market(11))
    pipe = await node.direct().socket(node.describe()["pubsub"])
    await pipe.send(b'{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}', text=True)
    (client,) = node.pubsub.sockets.clients
    client.send_encoded(encode_text(b"x" * 200) + encode_text(b"y" * 70_000) + encode_text(b"z"))
    client.close(1012, "restart")
    client.send(b"never")
    got = [await pipe.recv(decode=False) for _ in range(4)]
    assert got[0] == b'{"jsonrpc":"2.0","result":0,"id":1}'
    assert got[1:] == [b"x" * 200, b"y" * 70_000, b"z"]
    with pytest.raises(ConnectionClosed) as closed:
        await pipe.recv(decode=False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert not node.pubsub.sockets.clients
    with pytest.raises(ConnectionClosed):
        await pipe.send(b"{}", text=True)


async def test_who_is_gone_is_told_nothing() -> None:
    node = Node(Market(11))
    pipe = await node.direct().socket(node.describe()["pubsub"])
    await pipe.send(b'{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}', text=True)
    pipe.transport.abort()
    assert not node.pubsub.sockets.clients
    for _ in range(8):
        node.step()
    with pytest.raises(ConnectionClosed):
        await pipe.recv(decode=False)
