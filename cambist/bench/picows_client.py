"""The bench's frames as picows reads them, the fastest WebSocket client for Python: bytes alone, or typed by msgspec.

Typed, it gets the fields that the engine gets, of which the last of each symbol is kept.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.bench.engine.case import library

if TYPE_CHECKING:
    from collections.abc import Callable

RAW, TYPED = "picows raw", "picows + msgspec"
CREDIT = b"more"


class _Ticker(msgspec.Struct, gc=False):
    symbol: str
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float
    timestamp: str


class _Message(msgspec.Struct, gc=False):
    channel: str
    type: str
    data: tuple[_Ticker, ...]


def names() -> tuple[str, ...]:
    """Returns what can be measured: nothing where picows isn't installed."""
    return (RAW, TYPED) if library("picows") else ()


def per_s(name: str, port: int, frames: int, batch: int, ahead: int) -> float:
    """Returns frames a second: it asks for a batch whenever one has come, `ahead` of them at first."""
    return asyncio.run(_per_s(name, port, frames, batch, ahead))


async def _per_s(name: str, port: int, frames: int, batch: int, ahead: int) -> float:
    picows, done = library("picows"), asyncio.get_running_loop().create_future()
    asked = came = 0

    def ask(transport: Any) -> None:
        nonlocal asked
        if asked * batch < frames:
            asked += 1
            transport.send(picows.WSMsgType.TEXT, CREDIT)

    def took(transport: Any) -> None:
        nonlocal came
        came += batch
        ask(transport)
        if came == frames:
            done.set_result(time.perf_counter())

    listener = (_raw if name == RAW else _typed)(picows.WSListener, batch, took)
    transport, _ = await picows.ws_connect(listener, f"ws://127.0.0.1:{port}")
    began = time.perf_counter()
    for _ in range(ahead):
        ask(transport)
    ended: float = await asyncio.wait_for(done, 120.0)
    transport.disconnect()
    await transport.wait_disconnected()
    return frames / (ended - began)


def _raw(base: Any, batch: int, took: Callable[[Any], None]) -> Any:
    class Listener(base):  # type: ignore[misc]  # its base is picows's, if that is installed
        left = batch
        kept = b""

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            self.kept = frame.get_payload_as_bytes()
            self.left -= 1
            if not self.left:
                self.left = batch
                took(transport)

    return Listener


def _typed(base: Any, batch: int, took: Callable[[Any], None]) -> Any:
    decode, kept = msgspec.json.Decoder(_Message).decode, dict[str, _Ticker]()

    class Listener(base):  # type: ignore[misc]  # the same
        left = batch

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            for row in decode(frame.get_payload_as_memoryview()).data:
                kept[row.symbol] = row
            self.left -= 1
            if not self.left:
                self.left = batch
                took(transport)

    return Listener
