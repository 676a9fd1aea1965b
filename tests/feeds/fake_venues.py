"""Loopback exchanges in their own wire formats, with the faults that a feed must live with."""

import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from websockets.exceptions import ConnectionClosed

from cambist.model.events import Channel
from feeds import venues
from feeds.exchange import ExchangeChannels, ExchangeConfig, ExchangeFeed
from feeds.http import HttpLimits
from feeds.socket import SocketLimits
from feeds.venue import Deadlines
from tests.feeds.servers import RememberingSink, http_server, running, websocket_server


class FakeVenue:
    """What all have in common. A stream is (channel, symbol) in the venue's own words."""

    book = "book"
    path = ""

    def __init__(self, *symbols):
        self.symbols = list(symbols)
        self.every = 0.02
        self.muted = set()
        """Streams without data; `*` mutes all."""
        self.unacked = set()
        self.deaf = False
        """Acknowledges nothing at all."""
        self.unknown = set()
        """Symbols that it refuses."""
        self.renamed = set()
        """Channels that are acknowledged, but have no data."""
        self.beats = True
        self.sockets = {}
        """Socket → streams subscribed on it."""
        self.sent = []
        """(time, op, streams) of each request."""
        self.connected = []
        self.texts = []
        self.gets = []
        self.faults = []
        """Answered to reads first: HTTP status and headers."""
        self.ahead_ms = 0
        self.sequence = 100

    # Streams

    async def streams(self, socket):
        assert socket.request.path == self.path, socket.request.path
        self.connected.append(time.monotonic())
        self.sockets[socket] = {}
        speaking = asyncio.create_task(self._speak(socket))
        try:
            async for text in socket:
                self.texts.append(text)
                for answer in self.answer(socket, text):
                    await socket.send(json.dumps(answer) if not isinstance(answer, str) else answer)
        finally:
            self.sockets.pop(socket, None)
            speaking.cancel()

    def took(self, socket, op, streams):
        """Notes a request; returns the streams that are acknowledged and those that are refused."""
        self.sent.append((time.monotonic(), op, list(streams)))
        good = [stream for stream in streams if stream[1] not in self.unknown]
        bad = [stream for stream in streams if stream[1] in self.unknown]
        for stream in good:
            if op == "subscribe":
                self.sockets[socket][stream] = "new"
            else:
                self.sockets[socket].pop(stream, None)
        if self.deaf:
            return [], []
        return [stream for stream in good if stream not in self.unacked], bad

    async def _speak(self, socket):
        with suppress(ConnectionClosed):
            await self.greet(socket)
            while True:
                await asyncio.sleep(self.every)
                for stream, state in list(self.sockets.get(socket, {}).items()):
                    muted = {stream, stream[0], "*"} & self.muted or stream[0] in self.renamed or self.deaf
                    if not muted and stream not in self.unacked:
                        self.sequence += 1
                        self.sockets[socket][stream] = "old"
                        await socket.send(json.dumps(self.data(*stream, first=state == "new")))
                if self.beats and self.sockets.get(socket):
                    await self.beat(socket)

    async def greet(self, socket):
        """Says what the venue says first."""

    async def beat(self, socket):
        """Sends a heartbeat, where the venue has one."""

    async def push(self, message):
        """Sends a message on every connection."""
        for socket in list(self.sockets):
            await socket.send(json.dumps(message))

    def subscribed(self, stream):
        return [at for at, op, streams in self.sent if op == "subscribe" and stream in streams]

    # Reads

    async def rest(self, request):
        if (found := self.time(request.path)) is not None:
            return web.json_response(found)
        self.gets.append((time.monotonic(), request.path, dict(request.query)))
        if self.faults:
            status, headers = self.faults.pop(0)
            return web.Response(status=status, headers=headers, text="<html>no</html>")
        return self.read(request)

    def now_ms(self):
        return round(time.time() * 1000) + self.ahead_ms


class FakeKraken(FakeVenue):
    path = "/v2"
    own = ("SOL/USD", "XBT/USD")

    async def greet(self, socket):
        row = {"version": "2.0.9", "system": "online", "api_version": "v2", "connection_id": 1}
        await socket.send(json.dumps({"channel": "status", "type": "update", "data": [row]}))

    async def beat(self, socket):
        await socket.send('{"channel":"heartbeat"}')

    def answer(self, socket, text):
        request = json.loads(text)
        if request["method"] == "ping":
            return [{"method": "pong", "req_id": request["req_id"]}]
        params = request["params"]
        asked = [(params["channel"], symbol) for symbol in params["symbol"]]
        good, bad = self.took(socket, request["method"], asked)
        head = {"method": request["method"], "req_id": request["req_id"]}
        return [
            *({**head, "success": True, "result": {"channel": c, "symbol": s}} for c, s in good),
            *({**head, "success": False, "error": f"Currency pair not supported {s}"} for _, s in bad),
        ]

    def data(self, channel, symbol, first):
        row = {"symbol": symbol, "bids": [{"price": 1.0, "qty": 2.5}], "asks": [], "checksum": self.sequence}
        return {"channel": channel, "type": "snapshot" if first else "update", "data": [row]}

    def time(self, path):
        return {"error": [], "result": {"unixtime": self.now_ms() // 1000}} if path == "/0/public/Time" else None

    def read(self, request):
        assert request.path == "/0/public/AssetPairs"
        pairs = {s: {"wsname": s.replace("BTC", "XBT").replace("DOGE", "XDG")} for s in self.symbols}
        return web.json_response({"error": [], "result": pairs})


class FakeOkx(FakeVenue):
    book = "books"
    path = "/ws/v5/public"

    def answer(self, socket, text):
        if text == "ping":
            return ["pong"] if self.beats else []
        request = json.loads(text)
        asked = [(arg["channel"], arg["instId"]) for arg in request["args"]]
        good, bad = self.took(socket, request["op"], asked)
        return [
            *({"id": request["id"], "event": request["op"], "arg": {"channel": c, "instId": s}} for c, s in good),
            *(
                {"event": "error", "code": "60018", "msg": f"Wrong URL or channel:{c},instId:{s} doesn't exist."}
                for c, s in bad
            ),
        ]

    def data(self, channel, symbol, first):
        row = {"asks": [], "bids": [["1.0", "2", "0", "1"]], "ts": "1", "prevSeqId": -1, "seqId": self.sequence}
        arg = {"channel": channel, "instId": symbol}
        return {"arg": arg, "action": "snapshot" if first else "update", "data": [row]}

    def time(self, path):
        return {"code": "0", "data": [{"ts": str(self.now_ms())}]} if path == "/api/v5/public/time" else None

    def read(self, request):
        if request.path == "/api/v5/market/books":
            return web.json_response({"code": "0", "msg": "", "data": [{"asks": [], "bids": [], "seqId": 7}]})
        return web.json_response({"code": "0", "msg": "", "data": [{"instId": s} for s in self.symbols]})


class FakeBybit(FakeVenue):
    book = "orderbook.50"
    path = "/v5/public/spot"

    def answer(self, socket, text):
        request = json.loads(text)
        if request["op"] == "ping":
            return [{"success": True, "ret_msg": "pong", "conn_id": "x", "op": "ping"}] if self.beats else []
        assert len(request["args"]) <= 10
        asked = [tuple(topic.rsplit(".", 1)) for topic in request["args"]]
        reply = {"success": True, "ret_msg": "", "conn_id": "x", "req_id": request["req_id"], "op": request["op"]}
        if any(symbol in self.unknown for _, symbol in asked):
            self.sent.append((time.monotonic(), request["op"], asked))
            return [reply | {"success": False, "ret_msg": "Invalid topic :[?]"}]
        self.took(socket, request["op"], asked)
        return [] if self.deaf or self.unacked & set(asked) else [reply]

    def data(self, channel, symbol, first):
        row = {"s": symbol, "b": [["1.0", "2"]], "a": [], "u": self.sequence, "seq": self.sequence}
        return {"topic": f"{channel}.{symbol}", "type": "snapshot" if first else "delta", "ts": 1, "data": row}

    def time(self, path):
        found = {"retCode": 0, "result": {"timeNano": str(self.now_ms() * 1_000_000)}}
        return found if path == "/v5/market/time" else None

    def read(self, request):
        return web.json_response({"retCode": 0, "result": {"list": [{"symbol": s} for s in self.symbols]}})


class FakeCoinbase(FakeVenue):
    book = "level2"
    path = "/"

    async def beat(self, socket):
        await socket.send(json.dumps(self._frame("heartbeats", [{"heartbeat_counter": self.sequence}])))

    def _frame(self, channel, events):
        return {"channel": channel, "timestamp": "t", "sequence_num": self.sequence, "events": events}

    def answer(self, socket, text):
        request = json.loads(text)
        asked = [(request["channel"], product) for product in request.get("product_ids", ["-"])]
        good, bad = self.took(socket, request["type"], asked)
        if bad:
            return [
                {"type": "error", "message": "failed to subscribe", "reason": f"{bad[0][1]} is not a valid product"}
            ]
        standing = {}
        for channel, product in self.sockets[socket]:
            if (channel, product) not in self.unacked:
                standing.setdefault(channel, []).append(product)
        return [self._frame("subscriptions", [{"subscriptions": standing}])] if good else []

    def data(self, channel, symbol, first):
        if channel == "heartbeats":
            return self._frame("heartbeats", [{"heartbeat_counter": self.sequence}])
        kind = "snapshot" if first else "update"
        return self._frame("l2_data", [{"type": kind, "product_id": symbol, "updates": []}])

    def time(self, path):
        return {"epochMillis": str(self.now_ms())} if path == "/api/v3/brokerage/time" else None

    def read(self, request):
        return web.json_response({"products": [{"product_id": s} for s in self.symbols]})


FAKES = {"kraken": FakeKraken, "okx": FakeOkx, "bybit": FakeBybit, "coinbase": FakeCoinbase}
SYMBOLS = {
    "kraken": ("SOL/USD", "BTC/USD"),
    "okx": ("SOL-USDT", "BTC-USDT"),
    "bybit": ("SOLUSDT", "BTCUSDT"),
    "coinbase": ("SOL-USD", "BTC-USD"),
}
QUICK = Deadlines(ack_s=0.4, first_data_s=0.4, alive_s=5.0, silence_s=5.0, symbol_s=5.0, unpaced_s=5.0)
WS, INFO = 1, 2


def key_of(name, symbol):
    """Returns the key of a symbol's book."""
    return next(one.key for one in venues.find(name).subscriptions([symbol], ("book",)) if one.stream == "book")


def channels_of(name, symbols, *, rest=False):
    protocol = venues.find(name).protocol
    depth = {s: Channel(10 + n, name, name, f"{protocol}.depth", "x", s) for n, s in enumerate(symbols)}
    return ExchangeChannels(
        Channel(WS, name, name, f"{protocol}.ws", "x"),
        Channel(INFO, name, name, f"{protocol}.info", "x"),
        depth if rest else {},
    )


@asynccontextmanager
async def watching(name, fake, *, symbols=None, port=0, **changes):
    """Runs a feed on a fake venue; yields it and its sink."""
    sink, symbols = RememberingSink(), symbols or tuple(fake.symbols)
    async with websocket_server(fake.streams, port) as ws, http_server(fake.rest) as rest:
        settings = {
            "ws": ws,
            "rest": rest,
            "symbols": symbols,
            "streams": ("book",),
            "deadlines": QUICK,
            "retry_s": (0.1, 0.2, 0.3),
            "seed_backoff_s": (0.0, 0.2, 0.4),
            "socket": SocketLimits(ping_interval_s=None, backoff_base_s=0.02, backoff_cap_s=0.1, overlap_s=2.0),
            "http": HttpLimits(wait_initial_s=0.01, wait_max_s=0.05),
        }
        config = ExchangeConfig(**(settings | changes))
        rest_seeds = config.seed == "rest"
        feed = ExchangeFeed(
            venues.find(name), config, channels_of(name, symbols, rest=rest_seeds), sink, note=sink.note
        )
        async with running(feed):
            yield feed, sink
