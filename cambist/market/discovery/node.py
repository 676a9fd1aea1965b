"""A node that is asked for accounts outside of a session: paced, bounded, and with words for what it refuses."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cambist.model.events import Direction
from cambist.model.text import endpoint_label, sanitise
from feeds.http import HttpChannel, HttpLimits, Refusal, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

OWNED, MULTIPLE = "getProgramAccounts", "getMultipleAccounts"
MAX_KEYS = 100
"""Of one getMultipleAccounts call."""
MAX_REPLY = 32 << 20
WINDOW_S = 10.0
"""Public nodes count calls by ten seconds."""
EXCLUDED, METHOD_NOT_FOUND = -32010, -32601
_TRANSIENT = frozenset({-32004, -32005, -32014, -32016, -32603})
_REFUSING = frozenset({401, 403, 404, 405, 410, 501})
INSTEAD = "name the pools in [watch] pools or pool_list instead, or ask another node with [watch] node"


class DiscoveryError(ValueError):
    """A search that came to nothing; the message says what to do."""


class Excluded(DiscoveryError):
    """The node answers the method, but not for this program."""


class Account(NamedTuple):
    """An account, or a slice of it."""

    owner: str
    data: bytes
    space: int
    """Bytes of the whole account."""


class Keyed(NamedTuple):
    """An account with its address."""

    key: str
    account: Account


class Pace:
    """Lets through so many calls a minute, a sixth of them in any ten seconds."""

    def __init__(
        self,
        calls_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._most = max(1, calls_per_minute // 6)
        self._window_s = WINDOW_S if calls_per_minute >= 6 else 60.0 / calls_per_minute
        self._clock, self._sleep = clock, sleep
        self._calls: deque[float] = deque(maxlen=self._most)

    async def wait(self) -> None:
        """Returns when the next call may go out."""
        if len(self._calls) == self._most:
            wait_s = self._calls[0] + self._window_s - self._clock()
            if wait_s > 0:
                await self._sleep(wait_s)
        self._calls.append(self._clock())


class _Refused(Refusal):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}", 200, 0.0 if code in _TRANSIENT else None)
        self.code = code


class _Fault(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Reply(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Fault | None = None


class _Account(msgspec.Struct):
    data: tuple[str, str]
    owner: str
    space: int | None = None


class _Keyed(msgspec.Struct):
    pubkey: str
    account: _Account


class _Context(msgspec.Struct):
    slot: int = 0


class _Many(msgspec.Struct):
    value: list[_Account | None]
    context: _Context = msgspec.field(default_factory=_Context)


class _Owned(msgspec.Struct):
    value: list[_Keyed]
    context: _Context = msgspec.field(default_factory=_Context)


_REPLY = msgspec.json.Decoder(_Reply)
_MANY = msgspec.json.Decoder(_Many)
_OWNED = msgspec.json.Decoder(_Owned | list[_Keyed])


class _Count:
    """A sink that only counts."""

    def __init__(self) -> None:
        self.requests = self.read = 0

    def frame(self, channel: int, conn: int, generation: int, direction: int, body: bytes) -> None:
        """Counts a request, or what came for one."""
        del channel, conn, generation
        if direction == Direction.OUT:
            self.requests += 1
        else:
            self.read += len(body)

    def connected(self, channel: int, conn: int, generation: int, label: str) -> None:
        """Does nothing: HTTP has no connection to note."""

    def disconnected(self, channel: int, conn: int, generation: int, reason: str) -> None:
        """Does nothing."""

    def gap(self, channel: int, count: int, reason: str) -> None:
        """Does nothing: nothing is dropped."""


class Node:
    """Reads accounts of one node over HTTP. Everything that fails is a `DiscoveryError` without a URL's secrets."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        calls_per_minute: int,
        max_bytes: int,
        limits: HttpLimits | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Raises `EndpointError` if the URL won't do."""
        self.name, self.label = name, endpoint_label(url)
        self.slot = 0
        """Newest slot that an answer was of."""
        self._count = _Count()
        limits = limits or HttpLimits(timeout_s=30.0)
        self._http = HttpChannel(
            url, self._count, name=name, limits=msgspec.structs.replace(limits, max_size=min(MAX_REPLY, max_bytes))
        )
        self._pace = pace or Pace(calls_per_minute)
        self._max_bytes = max_bytes
        self._id = 0

    @property
    def calls(self) -> int:
        """Returns how many requests went out, repeated ones too."""
        return self._count.requests

    @property
    def bytes_read(self) -> int:
        """Returns how much was read."""
        return self._count.read

    @property
    def bytes_left(self) -> int:
        """Returns how much may still be read."""
        return self._max_bytes - self._count.read

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()

    async def owned(self, program: str, filters: Sequence[dict[str, object]], window: tuple[int, int]) -> list[Keyed]:
        """Returns the slices of a program's accounts that pass the filters. Raises `DiscoveryError`."""
        options = _options(window) | {"filters": list(filters), "withContext": True}
        reply = await self._call(OWNED, [program, options])
        try:
            found = _OWNED.decode(reply)
            rows = found if isinstance(found, list) else found.value
            if not isinstance(found, list):
                self.slot = max(self.slot, found.context.slot)
            return [Keyed(row.pubkey, _account(row.account)) for row in rows]
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise self._unreadable(OWNED, error) from error

    async def accounts(self, keys: Sequence[str], window: tuple[int, int]) -> dict[str, Account | None]:
        """Returns slices of accounts by address, `None` for one that is not there. Raises `DiscoveryError`."""
        found: dict[str, Account | None] = {}
        keys = list(dict.fromkeys(keys))
        for at in range(0, len(keys), MAX_KEYS):
            part = keys[at : at + MAX_KEYS]
            reply = await self._call(MULTIPLE, [part, _options(window)])
            try:
                many = _MANY.decode(reply)
                rows = [None if row is None else _account(row) for row in many.value]
                found.update(zip(part, rows, strict=True))
            except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                raise self._unreadable(MULTIPLE, error) from error
            self.slot = max(self.slot, many.context.slot)
        return found

    async def _call(self, method: str, params: list[object]) -> msgspec.Raw:
        if self.bytes_left < 0:
            much = f"{self.name}: more than {self._max_bytes >> 20} MB were read"
            message = f"{much}; ask for fewer tokens or venues, or raise [watch] max_megabytes"
            raise DiscoveryError(message)
        await self._pace.wait()
        self._id += 1
        payload = msgspec.json.encode({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        try:
            return _REPLY.decode(await self._http.post(0, payload, _check)).result
        except Unreachable as error:
            raise self._refusal(method, error) from error

    def _refusal(self, method: str, error: Unreachable) -> DiscoveryError:
        who, refused = f"{self.name} ({self.label})", error.__cause__
        code = refused.code if isinstance(refused, _Refused) else 0
        if method == OWNED and code == EXCLUDED:
            return Excluded(f"{who} does not index this program ({error})")
        if method == OWNED and (code or error.status in _REFUSING):
            return DiscoveryError(f"{who} refuses getProgramAccounts ({error}): {INSTEAD}")
        if error.status == 429:
            return DiscoveryError(f"{who} is asked too often (HTTP 429): lower [watch] calls_per_minute")
        if error.status == 200 and not code and "over" in str(error):
            return DiscoveryError(f"{who}: {method} gave {error}: ask for fewer tokens, or raise [watch] max_megabytes")
        return DiscoveryError(f"{who}: {method} failed: {error}")

    def _unreadable(self, method: str, error: Exception) -> DiscoveryError:
        return DiscoveryError(
            f"{self.name} ({self.label}): {method} gave what can't be read: {sanitise(str(error), 60)}"
        )


def _options(window: tuple[int, int]) -> dict[str, object]:
    piece = {"offset": window[0], "length": window[1] - window[0]}
    return {"encoding": "base64", "commitment": "confirmed", "dataSlice": piece}


def _account(row: _Account) -> Account:
    text, encoding = row.data
    if encoding != "base64":
        message = f"encoding {encoding[:20]}"
        raise ValueError(message)
    data = base64.b64decode(text, validate=True)
    return Account(row.owner, data, len(data) if row.space is None else row.space)


def _check(body: bytes) -> None:
    try:
        fault = _REPLY.decode(body).error
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        what = f"no JSON-RPC ({sanitise(str(error), 60)})"
        raise Refusal(what, 200, None) from error
    if fault is not None:
        raise _Refused(fault.code, sanitise(fault.message, 60))
