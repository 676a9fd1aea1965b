"""The Solana feed: one node's PubSub and HTTP side. Subscribes accounts, seeds them, keeps them subscribed.

Requests and replies are frames, so the engine maps subscription ids to accounts by itself. There is no replay after a
reconnect: every account is subscribed anew, and seeded by getMultipleAccounts after its subscription was acknowledged,
with `minContextSlot` at the newest slot seen, so that no change can fall between the two.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from typing import TYPE_CHECKING, Literal

import msgspec
from solders.pubkey import Pubkey

from cambist.engine.twins import twin
from cambist.model.text import sanitise
from feeds.base import FeedStatus, Note, Sink, no_note
from feeds.http import Check, HttpChannel, HttpLimits, Unreachable
from feeds.loop_time import loop_s
from feeds.node_messages import MESSAGE, PLAIN, SLOT_OF, Fault, check_rpc, is_plain
from feeds.socket import SocketLimits, WebSocketSource
from feeds.transactions import Transactions
from feeds.transport import NativeSource

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from cambist.model.events import Channel
    from cambist.model.market import PoolRef
    from cambist.model.opportunity import Need
    from feeds.dial import Dial
    from feeds.transport import Wires
    from feeds.watchdog import Breach

CLOCK = "SysvarC1ock11111111111111111111111111111111"
WHIRLPOOL = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
SEEDS: dict[str, Callable[[bytes, int], list[bytes]]] = {
    "oracle": lambda pool, _: [b"oracle", pool],
    "tick_array": lambda pool, start: [b"tick_array", pool, str(start).encode("ascii")],
    "bin_array": lambda pair, index: [b"bin_array", pair, index.to_bytes(8, "little", signed=True)],
    "bitmap": lambda pair, _: [b"bitmap", pair],
    "clmm_tick_array": lambda pool, start: [b"tick_array", pool, start.to_bytes(4, "big", signed=True)],
    "clmm_bitmap": lambda pool, _: [b"pool_tick_array_bitmap_extension", pool],
}
"""Seeds of the accounts that a pool's program derives from it, by the kind of need."""
MAX_KEYS = 100
"""Of one getMultipleAccounts call."""
MAX_ACCOUNTS = 20_000
SUBSCRIBE_TRIES = 5
GATHER_S = 0.02
"""Seeds wait this long for company: 60 pools acknowledge in one burst and fit a few calls."""
RESEED_S = 0.4
"""A slot: asking for the same account again sooner can't show anything new."""
SLOT = "slot"
TRANSACTION = "transaction"
"""Kind of a need."""


class SolanaConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node and what to watch on it."""

    name: str
    pubsub: str
    rpc: str
    logs: tuple[str, ...] = ()
    """Keys to subscribe logs of, one subscription each."""
    slot_silence_s: float = 5.0
    ack_s: float = 5.0
    send_interval_s: float = 0.0
    transactions_per_s: float = 2.0
    """Of those that took gaps so many are asked for, to know who paid; 0 for none."""
    socket: SocketLimits = SocketLimits(max_size=16 << 20)
    http: HttpLimits = HttpLimits()


State = Literal["wanted", "sent", "acked", "quarantined"]


class _Watched:
    """One account's subscription on the current connection."""

    __slots__ = ("seeded_at", "state", "tries")

    def __init__(self) -> None:
        self.state: State = "wanted"
        self.tries = 0
        self.seeded_at = float("-inf")


class SolanaFeed:
    """A `Feed` on one node."""

    def __init__(
        self,
        config: SolanaConfig,
        ws: Channel,
        http: Channel,
        sink: Sink,
        *,
        pools: Iterable[PoolRef] = (),
        accounts: Iterable[str] = (),
        note: Note = no_note,
        rng: random.Random | None = None,
        wires: Wires | None = None,
        dial: Dial | None = None,
    ) -> None:
        """Watches `pools`, the clock account and `accounts` from the start, all else on need.

        With `wires` PubSub comes natively, with `dial` over that. Raises `EndpointError`, `ValueError` for an address
        that is none.
        """
        self.name = config.name
        self.newest_slot = 0
        """Newest slot told on this or an earlier connection."""
        self._config, self._ws, self._http, self._note = config, ws, http, note
        limits = msgspec.structs.replace(config.socket, send_interval_s=config.send_interval_s)
        make: Callable[..., WebSocketSource] = WebSocketSource
        if wires is not None:
            make = functools.partial(NativeSource, wires=wires, plain=PLAIN, vouches=False)
        elif dial is not None:
            make = functools.partial(WebSocketSource, dial=dial)
        self._socket = make(config.pubsub, ws.id, sink, self, name=config.name, limits=limits, rng=rng, note=note)
        self._rpc = HttpChannel(config.rpc, sink, name=config.name, limits=config.http, note=note, dial=dial)
        self._transactions = Transactions(
            self._call, lambda text: note("warn", config.name, text), config.transactions_per_s
        )
        self._programs = {pool.address: pool.program for pool in pools}
        self._addresses = twin("PdaCache")()
        self._watched: dict[str, _Watched] = {}
        self._requests: dict[int, str] = {}
        self._next_id = 1
        self._to_seed: dict[str, None] = {}
        self._in_flight: set[str] = set()
        self._postponed: set[str] = set()
        self._seeds = asyncio.Event()
        self._resubscribe: deque[tuple[float, str]] = deque()
        for key in (CLOCK, *self._programs, *accounts):
            self._watched[str(Pubkey.from_string(key))] = _Watched()

    def channels(self) -> tuple[Channel, ...]:
        """Returns its PubSub and its HTTP channel."""
        return self._ws, self._http

    def status(self) -> tuple[FeedStatus, ...]:
        """Returns how both sides are."""
        return self._socket.status(), self._rpc.status(self._http.id)

    def watched(self) -> dict[str, State]:
        """Returns every account asked for and where its subscription stands."""
        return {key: entry.state for key, entry in self._watched.items()}

    def retry(self) -> None:
        """Connects now, and gives quarantined accounts another five tries."""
        for key, entry in self._watched.items():
            if entry.state == "quarantined":
                entry.state, entry.tries = "wanted", 0
                self._subscribe(key)
        self._socket.retry()

    def need(self, need: Need) -> None:
        """Subscribes and seeds what the engine asks for; seeds again what is subscribed already."""
        if need.kind == TRANSACTION and need.channel in (self._ws.id, self._http.id):
            self._transactions.want(need.key)
            return
        if (need.kind != "account" and need.kind not in SEEDS) or need.channel not in (0, self._ws.id, self._http.id):
            return
        try:
            key = self._address(need)
        except ValueError as error:
            self._note("warn", self.name, f"{need.kind} of {sanitise(need.key)} can't be fetched: {error}")
            return
        entry = self._watched.get(key)
        if entry is None:
            if len(self._watched) >= MAX_ACCOUNTS:
                self._note("warn", self.name, f"{MAX_ACCOUNTS} accounts are watched, {key} is not")
                return
            entry = self._watched[key] = _Watched()
            self._subscribe(key)
        elif entry.state == "acked" and key not in self._postponed:
            wait_s = entry.seeded_at + RESEED_S - loop_s()
            if wait_s <= 0:
                self._seed(key)
            else:
                self._postponed.add(key)
                asyncio.get_running_loop().call_later(wait_s, self._seed, key)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._socket.run(), name=f"{self.name} pubsub")
                tasks.create_task(self._seeding(), name=f"{self.name} seeds")
                tasks.create_task(self._resubscribing(), name=f"{self.name} resubscriptions")
                tasks.create_task(self._transactions.run(), name=f"{self.name} transactions")
        finally:
            await self._rpc.close()

    # The socket's handler

    def opened(self) -> None:
        """Subscribes everything on a new connection; ids of the old one mean nothing any more."""
        self._requests.clear()
        self._resubscribe.clear()
        self._to_seed.clear()
        self._request("slotSubscribe", None, SLOT)
        self._socket.watch.sent(
            SLOT, self._config.ack_s, first_data_s=self._config.slot_silence_s, silence_s=self._config.slot_silence_s
        )
        for key in self._config.logs:
            self._request("logsSubscribe", [{"mentions": [key]}, {"commitment": "processed"}], f"logs {key}")
        for key, entry in self._watched.items():
            if entry.state != "quarantined":
                entry.state = "wanted"
                self._subscribe(key)

    def received(self, body: bytes) -> None:
        """Looks at answers to subscriptions and at slots; account data is the engine's."""
        if is_plain(body):
            return
        try:
            message = MESSAGE.decode(body)
            if message.method == "slotNotification" and message.params is not None:
                self.newest_slot = max(self.newest_slot, SLOT_OF.decode(message.params.result).slot)
                self._socket.watch.data(SLOT)
                return
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return  # the engine counts it as malformed
        if message.id is not None and not message.method:
            self._answered(message.id, message.error)

    def closed(self, reason: str) -> None:
        """Marks every subscription as gone."""
        for entry in self._watched.values():
            if entry.state != "quarantined":
                entry.state = "wanted"

    def overdue(self, breach: Breach) -> bool:
        """A connection that tells no slots, or leaves a subscription unanswered, is not worth keeping."""
        if breach.what == "ack" and breach.key in self._watched:
            self._refused(breach.key, str(breach), again=False)
        return True

    # Subscriptions

    def _subscribe(self, key: str) -> None:
        if not self._socket.live:
            return
        entry = self._watched[key]
        entry.state = "sent"
        self._request("accountSubscribe", [key, {"encoding": "base64", "commitment": "processed"}], key)
        self._socket.watch.sent(key, self._config.ack_s + len(self._requests) * self._config.send_interval_s)

    def _request(self, method: str, params: object, key: str) -> None:
        number, self._next_id = self._next_id, self._next_id + 1
        self._requests[number] = key
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self._socket.send(msgspec.json.encode(message if params is None else message | {"params": params}))

    def _answered(self, number: int, fault: Fault | None) -> None:
        key = self._requests.pop(number, None)
        if key is None:
            return
        self._socket.watch.acked(key)
        if not self._requests:
            self._socket.settle()
        entry = self._watched.get(key)
        if fault is not None:
            why = f"{fault.code} {sanitise(fault.message, 60)}"
            if entry is not None:
                self._refused(key, why, again=True)
            else:
                self._note("warn", self.name, f"{key} can't be subscribed: {why}")
        elif entry is not None:
            entry.state, entry.tries = "acked", 0
            self._seed(key)

    def _refused(self, key: str, why: str, *, again: bool) -> None:
        """Counts a failed subscription: five tries, each after a longer wait, then the account is left alone."""
        entry = self._watched[key]
        entry.tries += 1
        if entry.tries >= SUBSCRIBE_TRIES:
            entry.state = "quarantined"
            self._note("error", self.name, f"{key} given up after {entry.tries} tries: {why}")
        else:
            entry.state = "wanted"
            if again:
                self._resubscribe.append((loop_s() + 0.25 * 2.0**entry.tries, key))

    async def _resubscribing(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            now = loop_s()
            for _ in range(len(self._resubscribe)):
                due, key = self._resubscribe.popleft()
                if due > now:
                    self._resubscribe.append((due, key))
                elif self._watched[key].state == "wanted":
                    self._subscribe(key)

    def _address(self, need: Need) -> str:
        """Returns the account a need means. Raises `ValueError`."""
        key = Pubkey.from_string(need.key)
        if need.kind == "account":
            return str(key)
        program = Pubkey.from_string(self._programs.get(need.key, WHIRLPOOL))
        seeds = SEEDS[need.kind](bytes(key), need.index)
        return str(Pubkey(self._addresses.find(seeds, bytes(program))[0]))

    # Seeds

    def _seed(self, key: str) -> None:
        self._postponed.discard(key)
        self._to_seed[key] = None
        self._seeds.set()

    async def _seeding(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._seeds.wait()
                await asyncio.sleep(GATHER_S)
                self._seeds.clear()
                due = [key for key in self._to_seed if key not in self._in_flight]
                for at in range(0, len(due), MAX_KEYS):
                    keys = due[at : at + MAX_KEYS]
                    for key in keys:
                        del self._to_seed[key]
                    self._in_flight.update(keys)
                    tasks.create_task(self._fetch(keys))

    async def _fetch(self, keys: list[str]) -> None:
        options: dict[str, object] = {"encoding": "base64", "commitment": "processed"}
        if self.newest_slot:
            options["minContextSlot"] = self.newest_slot
        try:
            await self._call("getMultipleAccounts", [keys, options])
        except Unreachable as error:
            self._note("warn", self.name, f"{len(keys)} accounts not seeded: {error}")
            await asyncio.sleep(1.0)
            self._to_seed.update(dict.fromkeys(keys))
        else:
            now = loop_s()
            for key in keys:
                self._watched[key].seeded_at = now
        finally:
            self._in_flight.difference_update(keys)
            if self._to_seed:
                self._seeds.set()

    async def _call(self, method: str, params: list[object], check: Check = check_rpc) -> bytes:
        number, self._next_id = self._next_id, self._next_id + 1
        payload = msgspec.json.encode({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return await self._rpc.post(self._http.id, payload, check)
