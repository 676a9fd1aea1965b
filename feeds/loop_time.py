"""The clock of every deadline of a feed: the event loop's own, as of the timers that end them."""

from __future__ import annotations

import asyncio
import time


def loop_s() -> float:
    """Returns the running loop's time in seconds; the monotonic clock's, which it is, where none runs yet."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()
