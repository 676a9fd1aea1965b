"""What the hub's drain sleeps on, and what wakes it."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Wake:
    """Wakes one task, from its own loop or any other thread. Until it begins anew, calls but the first cost a look."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._called = False

    def bind(self) -> None:
        """From now on wakes what runs in this loop; calls before that are lost."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def __call__(self) -> None:
        """Wakes it, or keeps it from falling asleep."""
        if self._loop is None or self._called:
            return
        self._called = True
        if threading.get_ident() == self._thread:
            self._event.set()  # the other way goes twice around the loop
            return
        with contextlib.suppress(RuntimeError):  # it may have been closed meanwhile
            self._loop.call_soon_threadsafe(self._event.set)

    def anew(self) -> None:
        """What is told from now on counts; the caller looks for all that was told before."""
        self._called = False
        self._event.clear()

    async def wait(self, most_s: float) -> None:
        """Returns once it was told of something, at the latest after `most_s`."""
        late = asyncio.get_running_loop().call_later(most_s, self._event.set)
        try:
            await self._event.wait()
        finally:
            late.cancel()
