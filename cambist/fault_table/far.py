"""An exchange in a process of its own: what is measured of memory and time is then the feed's and the engine's alone.

    python -m cambist.fault_table.far okx 7 1.0

It prints its addresses, then answers each line of standard input, `{"fault": {…}}`, `{"raw": "base64"}`,
`{"burst": "SOL-USDT", "seconds": 10}` or `{"count": true}`, with a line.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.child import command, environment
from cambist.fault_table.rig import Rig
from cambist.simulator.exchanges.faults import Fault
from cambist.simulator.exchanges.street import Street

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_COMMAND = 1 << 28
"""Bytes; a command may hold a frame of 64 MiB."""
MAX_UNSENT = 64 << 20
"""What a client may owe its exchange: several of the largest messages."""
BLOCK = 500
"""Changes that are told in one go of a burst."""


class FarRig(Rig):
    """A rig whose exchange is a child process. It has no proxy, and no truth to compare books with."""

    async def open(self, **_: Any) -> int:
        """Starts the exchange and the feed."""
        self._child = await asyncio.create_subprocess_exec(
            *command("cambist.fault_table.far", self.name, str(self._seed), str(self._rate)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment(),
        )  # fmt: skip
        addresses = await self._answer()
        self._make(addresses["ws"], addresses["rest"])
        self._tasks = [asyncio.create_task(work) for work in (self.feed.run(), self._ticks())]
        return 0

    async def close(self) -> None:
        """Ends both."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._child.stdin is not None:
            self._child.stdin.close()
        await self._child.wait()

    async def ask(self, **command: Any) -> Any:
        """Gives the exchange a command and returns its answer."""
        if self._child.stdin is None:
            raise RuntimeError
        self._child.stdin.write(msgspec.json.encode(command) + b"\n")
        await self._child.stdin.drain()
        return await self._answer()

    async def _answer(self) -> Any:
        if self._child.stdout is None:
            raise RuntimeError
        return msgspec.json.decode(await self._child.stdout.readline())


@asynccontextmanager
async def far_rig(name: str, **how: Any) -> AsyncIterator[FarRig]:
    """Gives a rig that is live."""
    rig = FarRig(name, **how)
    try:
        await rig.open()
        await rig.live(20.0)
        yield rig
    finally:
        await rig.close()


async def _serve(venue: str, seed: int, rate: float) -> None:
    street = Street(seed, (venue,), rate=rate, max_unsent=MAX_UNSENT, clock_ms=lambda: time.time_ns() // 1_000_000)
    await street.start()
    print(msgspec.json.encode(street.endpoints[venue]).decode(), flush=True)
    market = asyncio.create_task(street.run())
    reader = asyncio.StreamReader(limit=MAX_COMMAND)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await _obey(street, venue, msgspec.json.decode(line))
        print(msgspec.json.encode(answer).decode(), flush=True)
    market.cancel()
    await street.close()


async def _obey(street: Street, venue: str, command: dict[str, Any]) -> Any:
    """Returns the answer to a command: the frames sent on each connection."""
    exchange = street.exchanges[venue]
    if "fault" in command:
        exchange.inject(msgspec.convert(command["fault"], Fault))
    if "raw" in command:
        for session in exchange.sessions.values():
            session.client.send_encoded(base64.b64decode(command["raw"]))
    if "burst" in command:
        end = time.monotonic() + command["seconds"]
        while time.monotonic() < end:
            await exchange.burst(command["burst"], BLOCK)
    return {str(number): count for number, count in exchange.sent_on.items()}


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
