"""Transactions whose payers the engine wants to know: asked for one by one, so many a second, until each is there."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

import msgspec

from feeds.http import Check, Unreachable
from feeds.loop_time import loop_s
from feeds.node_messages import MESSAGE, check_rpc

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 64
"""Transactions that wait to be asked for; of more the newest are left out."""
MOST_ASKED = 1_024
"""Signatures that are remembered, so that each is asked for once."""
TRIES = 5
AGAIN_S = 1.0
"""A node tells a transaction once its slot is confirmed, which takes about a second."""
UNTOLD = frozenset({-32_011, -32_601})
"""JSON-RPC codes of a node that tells no transactions: it keeps none, or knows no such method."""


class Call(Protocol):
    """Asks a node for something over HTTP."""

    async def __call__(self, method: str, params: list[object], check: Check) -> bytes:
        """Returns the reply. Raises `Unreachable`."""
        ...


class Transactions:
    """What is asked of one node."""

    def __init__(self, call: Call, note: Callable[[str], None], per_s: float) -> None:
        """`per_s` 0 asks for none."""
        self._call, self._note, self._per_s = call, note, per_s
        self._waiting: deque[tuple[float, int, str]] = deque()
        """When it is to be asked for at the earliest, how often it was, and its signature."""
        self._asked: dict[str, None] = {}
        self._wake = asyncio.Event()
        self.left_out = 0
        """Transactions that were not asked for, because too many waited."""
        self.untold = per_s == 0
        """Whether this node is asked for no transactions any more."""

    def want(self, signature: str) -> None:
        """Asks for a transaction, if it was not asked for lately."""
        if self.untold or signature in self._asked:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.left_out += 1
            return
        self._asked[signature] = None
        if len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        self._waiting.append((loop_s(), 0, signature))
        self._wake.set()

    async def run(self) -> None:
        """Asks until cancelled, or until the node says that it tells none."""
        while not self.untold:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            due_s, tries, signature = self._waiting.popleft()
            await asyncio.sleep(max(1.0 / self._per_s, due_s - loop_s()))
            if not await self._fetch(signature) and tries + 1 < TRIES:
                self._waiting.append((loop_s() + AGAIN_S, tries + 1, signature))
        self._waiting.clear()

    async def _fetch(self, signature: str) -> bool:
        """Returns whether there is no need to ask again."""
        options = {"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        try:
            reply = await self._call("getTransaction", [signature, options], self._check)
        except Unreachable as error:
            if self.untold:
                self._note(f"who takes gaps is not told here: {error}")
            return True
        return MESSAGE.decode(reply).result != msgspec.Raw(b"null")

    def _check(self, body: bytes) -> None:
        try:
            fault = MESSAGE.decode(body).error
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            fault = None
        if fault is not None and fault.code in UNTOLD:
            self.untold = True
        check_rpc(body)
