"""The dashboard measured without a terminal: what painting costs, how soon a key shows, how soon a price is there."""

from __future__ import annotations

import asyncio
import statistics
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist import compose

if TYPE_CHECKING:
    from cambist.config import Config

SIZE = (120, 40)
SECONDS = 10.0
KEYS = 60
BUSY_RATE = 6.0
"""Noise traders' rate at which the embedded market gives about 2,000 events a second."""


def measure(config: Config) -> dict[str, Any]:
    """Runs the dashboard at 120×40 on the embedded market and returns what was seen."""
    busy = msgspec.structs.replace(config, market=msgspec.structs.replace(config.market, rate=BUSY_RATE))
    began = time.monotonic()
    runtime = compose.live(busy, duel=False)
    runtime.start()
    try:
        return asyncio.run(_watch(runtime, busy, began))
    finally:
        runtime.close()


async def _watch(runtime: Any, config: Config, began: float) -> dict[str, Any]:
    from tui.app import CambistApp

    app = CambistApp(runtime, **compose.look(config))
    async with app.run_test(size=SIZE) as pilot:
        await _first_price(runtime)
        await pilot.pause()
        first_price = time.monotonic() - began
        await asyncio.sleep(2.0)
        versions, events = _Versions(runtime), runtime.frames
        thread, wall = time.thread_time(), time.monotonic()
        while time.monotonic() - wall < SECONDS:
            await asyncio.sleep(1 / 120)
            versions.look()
        seconds = time.monotonic() - wall
        share = (time.thread_time() - thread) / seconds
        per_s = (runtime.frames - events) / seconds
        delays = [await _press(app, pilot, key) for key in ("1", "2") * (KEYS // 2)]
    delays.sort()
    return {
        "paint_share": share,
        "updates_per_s": versions.seen / seconds,
        "key_p99_ms": delays[min(len(delays) - 1, len(delays) * 99 // 100)] * 1000,
        "key_p50_ms": statistics.median(delays) * 1000,
        "keys": len(delays),
        "first_price_s": first_price,
        "note": f"{per_s:,.0f} frames/s in, main thread {threading.current_thread().name}, {sys.version.split()[0]}",
    }


async def _first_price(runtime: Any) -> None:
    for _ in range(3000):
        if any(row.bid for row in runtime.view.prices.rows):
            return
        await asyncio.sleep(0.01)


class _Versions:
    """Counts the Views that were published."""

    def __init__(self, runtime: Any) -> None:
        self._runtime, self._last, self.seen = runtime, None, 0

    def look(self) -> None:
        view = self._runtime.view
        if view is not self._last:
            self._last, self.seen = view, self.seen + 1


async def _press(app: Any, pilot: Any, key: str) -> float:
    """Presses a panel's key; returns seconds until the screen was drawn with the other panel in focus."""
    drawn = asyncio.Event()
    app.screen.call_after_refresh(lambda: None)
    begun = time.perf_counter()
    await pilot.press(key)
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return time.perf_counter() - begun
