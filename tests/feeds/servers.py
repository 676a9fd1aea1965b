"""Loopback servers in the venues' wire formats, and a sink that remembers."""

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web
from websockets.asyncio.server import serve

from cambist.model.events import Direction


class Seen(NamedTuple):
    what: str
    channel: int
    conn: int
    generation: int
    direction: int
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class RememberingSink:
    def __init__(self):
        self.seen: list[Seen] = []
        self.notes: list[tuple[str, str, str]] = []

    def frame(self, channel, conn, generation, direction, body):
        assert isinstance(body, bytes)
        self.seen.append(Seen("frame", channel, conn, generation, direction, body))

    def connected(self, channel, conn, generation, label):
        self.seen.append(Seen("connected", channel, conn, generation, 0, label.encode()))

    def disconnected(self, channel, conn, generation, reason):
        self.seen.append(Seen("disconnected", channel, conn, generation, 0, reason.encode()))

    def gap(self, channel, count, reason):
        self.seen.append(Seen("gap", channel, count, 0, 0, reason.encode()))

    def note(self, level, source, text):
        self.notes.append((level, source, text))

    def of(self, what):
        return [entry for entry in self.seen if entry.what == what]

    def incoming(self, channel=None):
        return [
            e for e in self.of("frame") if e.direction == Direction.IN and (channel is None or e.channel == channel)
        ]

    def outgoing(self, channel=None):
        return [
            e for e in self.of("frame") if e.direction == Direction.OUT and (channel is None or e.channel == channel)
        ]

    def reasons(self):
        return [entry.body.decode() for entry in self.of("disconnected")]


async def until(condition, seconds=15.0):
    """Waits for a condition; the test fails where it stands if it never comes true."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "waited in vain"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*sources):
    """Runs sources and ends them."""
    tasks = [asyncio.create_task(source.run()) for source in sources]
    try:
        yield tasks
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def websocket_server(handler, port=0, **options):
    """Yields the URL of a server that runs `handler(socket)` per connection; handlers end with it."""
    talks = {}

    async def talk(socket):
        talks[socket] = asyncio.ensure_future(handler(socket))
        await asyncio.wait([talks[socket]])

    async with serve(talk, "127.0.0.1", port, close_timeout=0.2, **options) as server:
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            for socket, task in talks.items():
                task.cancel()
                socket.transport.abort()
            await asyncio.gather(*talks.values(), return_exceptions=True)


@asynccontextmanager
async def http_server(handler):
    """Yields the URL of a server that answers every request by `handler(request)`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()


def account(data=b"\x01\x02", owner="11111111111111111111111111111111"):
    return {
        "lamports": 5,
        "owner": owner,
        "data": [base64.b64encode(data).decode(), "base64"],
        "executable": False,
        "rentEpoch": 2**64 - 1,
        "space": len(data),
    }


class FakeNode:
    """A node's PubSub and RPC. What it refuses, swallows or says is set from outside."""

    def __init__(self):
        self.slot = 1000
        self.slots_every = 0.05
        self.silent_slots = False
        self.refuse: dict[str, int] = {}
        """Account → how many subscriptions of it are still refused."""
        self.swallow: set[str] = set()
        self.sockets = set()
        self.subscribed: list[str] = []
        self.calls: list[tuple[str, list]] = []
        self.rpc_faults: list[tuple[int, str] | int] = []
        """Answered before anything else: an HTTP status, or a JSON-RPC (code, message)."""
        self.percentiles = False
        self.ids = 7
        self._of: dict[object, dict[str, int]] = {}

    async def pubsub(self, socket):
        self.sockets.add(socket)
        self._of[socket] = {}
        slots = None
        try:
            async for text in socket:
                request = json.loads(text)
                method, params = request["method"], request.get("params", [])
                if method == "slotSubscribe":
                    assert "params" not in request
                    await self._ack(socket, request["id"])
                    slots = asyncio.create_task(self._slots(socket, self.ids))
                elif method == "accountSubscribe":
                    key = params[0]
                    assert params[1] == {"encoding": "base64", "commitment": "processed"}
                    if self.refuse.get(key, 0) > 0:
                        self.refuse[key] -= 1
                        fault = {"code": -32602, "message": "Invalid params"}
                        await socket.send(json.dumps({"jsonrpc": "2.0", "error": fault, "id": request["id"]}))
                    elif key not in self.swallow:
                        self.subscribed.append(key)
                        await self._ack(socket, request["id"])
                        self._of[socket][key] = self.ids
                elif method == "logsSubscribe":
                    await self._ack(socket, request["id"])
        finally:
            self.sockets.discard(socket)
            if slots is not None:
                slots.cancel()

    async def push(self, key):
        for socket in list(self.sockets):
            result = {"context": {"slot": self.slot}, "value": account()}
            params = {"result": result, "subscription": self._of[socket][key]}
            await socket.send(json.dumps({"jsonrpc": "2.0", "method": "accountNotification", "params": params}))

    async def _ack(self, socket, number):
        self.ids += 1
        await socket.send(json.dumps({"jsonrpc": "2.0", "result": self.ids, "id": number}))

    async def _slots(self, socket, subscription):
        while True:
            if not self.silent_slots:
                self.slot += 1
                result = {"parent": self.slot - 1, "root": self.slot - 32, "slot": self.slot}
                params = {"result": result, "subscription": subscription}
                await socket.send(json.dumps({"jsonrpc": "2.0", "method": "slotNotification", "params": params}))
            await asyncio.sleep(self.slots_every)

    async def rpc(self, request):
        assert request.method == "POST"
        call = await request.json()
        self.calls.append((call["method"], call["params"]))
        if self.rpc_faults:
            fault = self.rpc_faults.pop(0)
            if isinstance(fault, int):
                return web.Response(status=fault, text="<html>no</html>", headers={"Retry-After": "0"})
            return self._error(call, *fault)
        if call["method"] == "getMultipleAccounts":
            keys = call["params"][0]
            assert len(keys) <= 100
            value = [None if key.startswith("9") else account() for key in keys]
            return self._reply(call, {"context": {"slot": self.slot, "apiVersion": "3.0.0"}, "value": value})
        if call["method"] == "getRecentPrioritizationFees":
            if len(call["params"]) > 1 and not self.percentiles:
                return self._error(call, -32602, "Invalid params: invalid length 2, expected an array of length 1")
            return self._reply(call, [{"slot": self.slot, "prioritizationFee": 10}])
        return self._error(call, -32601, "Method not found")

    def _reply(self, call, result):
        return web.json_response({"jsonrpc": "2.0", "result": result, "id": call["id"]})

    def _error(self, call, code, message):
        return web.json_response({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": call["id"]})


class FakeExchange:
    """Binance's combined streams and REST."""

    def __init__(self):
        self.every = 0.02
        self.silent: set[str] = set()
        self.update = 100
        self.sockets = set()
        self.requests: list[dict] = []
        self.gets: list[tuple[str, dict]] = []
        self.faults: list[tuple[int, dict[str, str]]] = []
        """Answered before anything else: HTTP status and headers."""
        self.refusal: dict | None = None
        self.ack = True
        self.ahead_ms = 0
        """How far its clock is ahead."""
        self.symbols = ["SOLUSDT", "SOLUSDC", "BTCUSDT"]

    async def streams(self, socket):
        assert socket.request.path == "/stream"
        self.sockets.add(socket)
        speaking = None
        try:
            async for text in socket:
                request = json.loads(text)
                self.requests.append(request)
                if self.refusal is not None:
                    await socket.send(json.dumps(self.refusal | {"id": request["id"]}))
                elif self.ack:
                    await socket.send(json.dumps({"result": None, "id": request["id"]}))
                    speaking = asyncio.create_task(self._speak(socket, request["params"]))
        finally:
            self.sockets.discard(socket)
            if speaking is not None:
                speaking.cancel()

    async def _speak(self, socket, names):
        while True:
            for name in names:
                if name in self.silent or "*" in self.silent:
                    continue
                self.update += 1
                symbol = name.split("@")[0].upper()
                data = {"u": self.update, "s": symbol, "b": "1.00", "B": "2", "a": "1.01", "A": "3"}
                if "@depth" in name:
                    data = {
                        "e": "depthUpdate",
                        "E": 1,
                        "s": symbol,
                        "U": self.update,
                        "u": self.update,
                        "b": [],
                        "a": [],
                    }
                await socket.send(json.dumps({"stream": name, "data": data}))
            await asyncio.sleep(self.every)

    async def rest(self, request):
        assert request.method == "GET"
        if request.path.endswith("/time"):
            return web.json_response({"serverTime": round(time.time() * 1000) + self.ahead_ms})
        self.gets.append((request.path, dict(request.query)))
        if self.faults:
            status, headers = self.faults.pop(0)
            return web.json_response(
                {"code": -1003, "msg": "Too much request weight used"}, status=status, headers=headers
            )
        if request.path in ("/api/v3/depth", "/fapi/v1/depth"):
            if request.query["symbol"] == "NOPE":
                return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
            return web.json_response({"lastUpdateId": self.update, "bids": [["1.00", "2"]], "asks": [["1.01", "3"]]})
        if request.path == "/api/v3/exchangeInfo":
            asked = json.loads(request.query.get("symbols", "[]"))
            if set(asked) - set(self.symbols):
                return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
            return web.json_response({"timezone": "UTC", "symbols": [{"symbol": name} for name in asked]})
        if request.path == "/api/v3/ticker/price":
            return web.json_response([{"symbol": name, "price": "1.0"} for name in self.symbols])
        return web.json_response({"code": -1000, "msg": "No such path"}, status=404)
