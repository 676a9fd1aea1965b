"""A street of exchanges that steps when the test says so, and a client of one of them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import aiohttp
import websockets

from cambist.simulator.exchanges.street import Street

PATHS = {"binance": "/stream", "kraken": "/v2", "okx": "/ws/v5/public", "bybit": "/v5/public/spot", "coinbase": "/"}
UNIT = Decimal(10) ** 8


class Text(str):
    """A JSON number as it was written."""


class Client:
    """A plain WebSocket client. Numbers stay the text that was on the wire."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def raw(self, seconds: float = 5.0) -> str | bytes:
        return await asyncio.wait_for(self.connection.recv(), seconds)

    async def next(self) -> dict:
        return parse(await self.raw())

    async def until(self, wanted: Callable[[dict], bool]) -> dict:
        while True:
            message = await self.next()
            if wanted(message):
                return message

    async def all_raw(self) -> list[str | bytes]:
        """Returns what was sent so far: a pong keeps its place in the stream, so all else came before it.

        A server answers a ping before it has worked off what it was told, so it gets some turns of the loop first.
        """
        for _ in range(20):
            await asyncio.sleep(0)
        await asyncio.wait_for(await self.connection.ping(), 20)
        found: list[str | bytes] = []
        while True:
            try:
                async with asyncio.timeout(0.005):
                    found.append(await self.connection.recv())
            except TimeoutError:
                return found

    async def all(self) -> list[dict]:
        return [parse(text) for text in await self.all_raw()]


def parse(text: str | bytes) -> dict:
    return json.loads(text, parse_float=Text, parse_int=int)


class Rig:
    """One exchange and its clients."""

    def __init__(self, street: Street, venue: str) -> None:
        self.street, self.venue = street, venue
        self.exchange = street.exchanges[venue]
        self.real_s = 1_000.0
        """The clock of limits on clients, which the test moves."""
        self.exchange.seconds = lambda: self.real_s

    @property
    def rest(self) -> str:
        return self.street.endpoints[self.venue]["rest"]

    @property
    def ws(self) -> str:
        return self.street.endpoints[self.venue]["ws"] + PATHS[self.venue]

    async def steps(self, count: int) -> None:
        """Moves by so many times 50 ms and lets the sockets work."""
        for _ in range(count):
            self.street.step()
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        async with websockets.connect(self.ws, compression=None, max_size=None, max_queue=None) as connection:
            yield Client(connection)

    async def get(self, path: str) -> tuple[int, dict[str, str], object]:
        async with aiohttp.ClientSession() as http, http.get(self.rest + path) as answer:
            text = await answer.text()
            body = parse(text) if answer.content_type == "application/json" else text
            return answer.status, dict(answer.headers), body

    def truth(self, symbol: str, sequence: int | None = None, depth: int | None = None) -> tuple[list, list]:
        """Returns bids and asks of the true book as decimals."""
        found = self.exchange.truth(symbol, sequence)
        return tuple(
            [(Decimal(price) / UNIT, Decimal(size) / UNIT) for price, size in side][:depth]
            for side in (found.bids, found.asks)
        )


@contextlib.asynccontextmanager
async def running(venue: str, seed: int = 11, rate: float = 4.0) -> AsyncIterator[Rig]:
    street = Street(seed, (venue,), rate=rate)
    await street.start()
    try:
        yield Rig(street, venue)
    finally:
        await street.close()
