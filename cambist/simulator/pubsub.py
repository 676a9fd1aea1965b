"""PubSub of the node: subscriptions of accounts, programs, logs, slots, roots and signatures.

Once per tick of a slot each account that it changed is told once, as it is then, in a shuffled order that the seed
decides; then come logs and signatures. At the slot's end comes the notification of the next one. Confirmed and
finalized subscriptions hear later, and each account as it was at the slot's end. So does who asks a node that lags.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.simulator import jsonrpc
from cambist.simulator.draw import Draw
from cambist.simulator.encoding import (
    DELAY_SLOTS,
    View,
    account_json,
    commitment_of,
    key_bytes,
    key_text,
    kind,
    natural,
    options_of,
    signature_bytes,
    signature_text,
    view_of,
)
from cambist.simulator.faults import Faults
from cambist.simulator.filters import Filters, filters_of
from cambist.simulator.jsonrpc import RpcError, invalid
from cambist.simulator.sockets import MAX_UNSENT, Client, SocketServer, encode_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cambist.simulator.accounts import Account
    from cambist.simulator.chain import Block, Chain, Landed, Part

MAX_SUBSCRIPTIONS = 10_000
"""Per connection."""


class Subscription(NamedTuple):
    """One subscription of one client."""

    client: Client
    number: int
    kind: str
    commitment: int = 0
    key: bytes = b""
    """Account, program, mentioned key or signature; empty for all."""
    view: View = View()
    filters: Filters = Filters()


class PubSub:
    """The node's WebSocket side."""

    def __init__(self, chain: Chain, seed: int, max_unsent: int = MAX_UNSENT, faults: Faults | None = None) -> None:
        self._chain, self._faults = chain, faults or Faults()
        self._late: deque[tuple[Block, dict[bytes, Account]]] = deque()
        self._draw = Draw(seed, "pubsub order")
        self.sockets = SocketServer(self._opened, self._received, self._closed, max_unsent=max_unsent)
        self._owned: dict[Client, dict[int, Subscription]] = {}
        self._by_kind: dict[str, dict[int, Subscription]] = {name: {} for name in KINDS}
        self._by_account: dict[bytes, dict[int, Subscription]] = {}
        self._next = 0
        self._told = 0
        """The newest slot of which ticks were told."""
        self._kept: deque[tuple[Block, dict[bytes, Account]]] = deque(maxlen=max(DELAY_SLOTS) + 1)

    async def start(self, host: str, port: int) -> int:
        """Returns the port it listens on. Raises `OSError` if it is taken."""
        return await self.sockets.start(host, port)

    async def close(self) -> None:
        """Stops listening and closes all connections."""
        await self.sockets.close()

    @property
    def slow_clients(self) -> int:
        """Clients dropped for reading too slowly."""
        return self.sockets.slow

    def ticked(self, part: Part) -> None:
        """Tells what a tick did to the slot under way; a node that lags tells it when the slot is over."""
        if self._behind:
            self._told = min(self._told, part.slot - 1)
        if self._behind or self._faults.muted:
            return
        self._told = part.slot
        self._notify_part(part.slot, part.changed, part.landed, self._chain.accounts.get)
        self.sockets.flush()

    @property
    def _behind(self) -> bool:
        return bool(self._faults.lag_slots or self._late)

    def closed_slot(self, block: Block) -> None:
        """Tells of a closed slot, then of the next one's start; later if the node lags, not at all if it is muted."""
        if self._behind:
            self._late.append((block, {key: self._chain.accounts[key] for key in block.changed}))
            while len(self._late) > self._faults.lag_slots:
                older, accounts = self._late.popleft()
                self._notify(older, accounts.get)
            return
        self._notify(block, self._chain.accounts.get)

    def watches(self, key: bytes) -> bool:
        """Returns whether anybody is told of an account by itself."""
        return bool(self._by_account.get(key))

    def burst(self, slot: int, changes: Iterable[tuple[bytes, Account]]) -> int:
        """Tells each change of an account in one write, then of the next slot's start; returns how many it told.

        An account may have changed more than once: a node tells what each transaction made of it.
        """
        frames: dict[Client, list[bytes]] = {}
        for key, account in changes:
            for item in self._by_account.get(key, {}).values():
                value = b'{"context":{"slot":%d},"value":%s}' % (slot, account_json(account, item.view))
                frames.setdefault(item.client, []).append(encode_text(_notification(item, value)))
        for client, parts in frames.items():
            client.send_encoded(b"".join(parts))
        self._notify_slot(slot, slot)
        self.sockets.flush()
        return sum(map(len, frames.values()))

    def dropped_slot(self, slot: int, accounts: dict[bytes, Account]) -> None:
        """Tells accounts of a slot that comes to nothing, then the one after it, which goes on from its parent."""
        if self._faults.muted:
            return
        self._notify_accounts(slot, list(accounts), accounts.get, 0)
        self._notify_slot(slot, self._chain.stands)
        self.sockets.flush()

    def _notify(self, block: Block, find: Callable[[bytes], Account | None]) -> None:
        if self._faults.muted:
            return
        watched = {key: self._chain.accounts[key] for key in block.changed if self._wants_copy(key)}
        self._kept.append((block, watched))
        if self._told < block.slot:
            self._notify_part(block.slot, block.changed, block.landed, find)
        for commitment in (1, 2):
            if len(self._kept) > DELAY_SLOTS[commitment]:
                older, accounts = self._kept[-1 - DELAY_SLOTS[commitment]]
                self._notify_accounts(older.slot, sorted(older.changed), accounts.get, commitment)
                self._notify_logs(older.slot, older.landed, commitment)
                self._notify_signatures(older.slot, older.landed, commitment)
        self._notify_slot(block.slot, block.slot)
        self.sockets.flush()

    def _notify_part(
        self, slot: int, changed: Iterable[bytes], landed: list[Landed], find: Callable[[bytes], Account | None]
    ) -> None:
        """Tells processed subscriptions."""
        keys = list(changed)
        self._draw.shuffle(keys)
        self._notify_accounts(slot, keys, find, 0)
        self._notify_logs(slot, landed, 0)
        self._notify_signatures(slot, landed, 0)

    def _wants_copy(self, key: bytes) -> bool:
        if any(subscription.commitment for subscription in self._by_account.get(key, {}).values()):
            return True
        return any(subscription.commitment for subscription in self._by_kind["program"].values())

    def _notify_accounts(
        self, slot: int, keys: list[bytes], find: Callable[[bytes], Account | None], commitment: int
    ) -> None:
        programs = [item for item in self._by_kind["program"].values() if item.commitment == commitment]
        head = b'{"jsonrpc":"2.0","method":"accountNotification","params":{"result":{"context":{"slot":%d},"value":' % (
            slot + self._faults.slots_off
        )
        for key in keys:
            subscriptions = self._by_account.get(key)
            if not subscriptions and not programs:
                continue
            account = find(key)
            if account is None:
                continue
            account = self._faults.as_reported(key, account)
            made: dict[View, bytes] = {}
            for item in (subscriptions or {}).values():
                if item.commitment == commitment:
                    value = made.get(item.view) or made.setdefault(item.view, account_json(account, item.view))
                    item.client.send(b'%s%s},"subscription":%d}}' % (head, value, item.number))
            for item in programs:
                if account.owner == item.key and item.filters.match(account):
                    value = b'{"pubkey":"%s","account":%s}' % (key_text(key).encode(), account_json(account, item.view))
                    self._send(item, slot, value)

    def _notify_logs(self, slot: int, block: list[Landed], commitment: int) -> None:
        subscriptions = [item for item in self._by_kind["logs"].values() if item.commitment == commitment]
        if not subscriptions:
            return
        for landed in block:
            value = jsonrpc.encode(
                {"signature": signature_text(landed.signature), "err": landed.err, "logs": landed.logs}
            )
            for item in subscriptions:
                if not item.key or item.key in landed.mentions:
                    self._send(item, slot, value)

    def _notify_signatures(self, slot: int, block: list[Landed], commitment: int) -> None:
        waiting = self._by_kind["signature"]
        if not waiting:
            return
        ended = {landed.signature: landed.err for landed in block}
        for item in [item for item in waiting.values() if item.commitment == commitment and item.key in ended]:
            self._send(item, slot, b'{"err":%s}' % jsonrpc.encode(ended[item.key]))
            self._forget(item)

    def _notify_slot(self, slot: int, parent: int) -> None:
        """Tells that the slot after this one has begun, on top of `parent`."""
        root = max(0, slot + 1 - DELAY_SLOTS[2])
        for item in self._by_kind["slot"].values():
            result = b'{"parent":%d,"root":%d,"slot":%d}' % (parent, root, slot + 1)
            item.client.send(_notification(item, result))
        for item in self._by_kind["root"].values():
            item.client.send(_notification(item, b"%d" % root))

    def _send(self, item: Subscription, slot: int, value: bytes) -> None:
        item.client.send(_notification(item, b'{"context":{"slot":%d},"value":%s}' % (slot, value)))

    # Requests

    def _opened(self, client: Client) -> None:
        self._owned[client] = {}

    def _closed(self, client: Client) -> None:
        for item in list(self._owned.get(client, {}).values()):
            self._forget(item)
        self._owned.pop(client, None)

    def _received(self, client: Client, message: bytes) -> None:
        text = jsonrpc.answer(message, lambda method, params: self._call(client, method, params))
        if text:
            client.send(text)
        self._notify_landed(client)

    def _call(self, client: Client, method: str, params: list[Any]) -> object:
        name = method.removesuffix("Unsubscribe")
        if name != method and name in KINDS:
            return self._unsubscribe(client, name, params)
        name = method.removesuffix("Subscribe")
        if name == method or name not in KINDS:
            raise RpcError(jsonrpc.METHOD_NOT_FOUND, "Method not found")
        if len(self._owned[client]) >= MAX_SUBSCRIPTIONS:
            raise RpcError(-32603, "Internal Error: Subscription refused. Node subscription limit reached")
        number = self._next
        item = KINDS[name](Subscription(client, number, name), params)
        self._next += 1
        self._owned[client][number] = item
        self._by_kind[name][number] = item
        if name == "account":
            self._by_account.setdefault(item.key, {})[number] = item
        return number

    def _unsubscribe(self, client: Client, name: str, params: list[Any]) -> bool:
        number = params[0] if params else None
        if not natural(number):
            msg = f"Invalid params: invalid type: {kind(number)}, expected u64."
            raise invalid(msg)
        item = self._owned[client].get(number)  # type: ignore[arg-type]
        if item is None or item.kind != name:
            msg = "Invalid subscription id."
            raise invalid(msg)
        self._forget(item)
        return True

    def _forget(self, item: Subscription) -> None:
        self._owned.get(item.client, {}).pop(item.number, None)
        self._by_kind[item.kind].pop(item.number, None)
        if item.kind == "account" and (subscriptions := self._by_account.get(item.key)) is not None:
            subscriptions.pop(item.number, None)
            if not subscriptions:
                del self._by_account[item.key]

    def _notify_landed(self, client: Client) -> None:
        """Answers signature subscriptions whose transaction had landed before they came."""
        for item in [item for item in self._owned[client].values() if item.kind == "signature"]:
            landed = self._chain.statuses.get(item.key)
            if landed is not None and self._chain.slot - landed.slot >= DELAY_SLOTS[item.commitment]:
                self._send(item, landed.slot, b'{"err":%s}' % jsonrpc.encode(landed.err))
                self._forget(item)


def _notification(item: Subscription, result: bytes) -> bytes:
    body = b'{"jsonrpc":"2.0","method":"%sNotification","params":{"result":%s,"subscription":%d}}'
    return body % (item.kind.encode(), result, item.number)


def _account(item: Subscription, params: list[Any]) -> Subscription:
    options = options_of(params, 1)
    view = view_of(options, default="base58" if "encoding" not in options else "base64")
    return item._replace(key=key_bytes(first(params)), commitment=commitment_of(options), view=view)


def _program(item: Subscription, params: list[Any]) -> Subscription:
    options = options_of(params, 1)
    filters = filters_of(options.get("filters"))
    return item._replace(
        key=key_bytes(first(params)), commitment=commitment_of(options), view=view_of(options), filters=filters
    )


def _logs(item: Subscription, params: list[Any]) -> Subscription:
    which, commitment = first(params), commitment_of(options_of(params, 1))
    if which in ("all", "allWithVotes"):
        return item._replace(commitment=commitment)
    mentions = which.get("mentions") if isinstance(which, dict) else None
    if not isinstance(mentions, list):
        msg = "Invalid params: expected `all`, `allWithVotes` or {mentions: [key]}."
        raise invalid(msg)
    if len(mentions) != 1:
        msg = "Invalid Request: Only 1 address supported"
        raise invalid(msg)
    return item._replace(key=key_bytes(mentions[0]), commitment=commitment)


def _signature(item: Subscription, params: list[Any]) -> Subscription:
    return item._replace(key=signature_bytes(first(params)), commitment=commitment_of(options_of(params, 1)))


def _bare(item: Subscription, params: list[Any]) -> Subscription:
    if params:
        msg = "Invalid parameters: No parameters were expected"
        raise invalid(msg)
    return item


KINDS: dict[str, Callable[[Subscription, list[Any]], Subscription]] = {
    "account": _account,
    "program": _program,
    "logs": _logs,
    "signature": _signature,
    "slot": _bare,
    "root": _bare,
}


def first(params: list[Any]) -> Any:
    """Returns the first parameter. Raises `RpcError` if there is none."""
    if not params:
        msg = "`params` should have at least 1 argument(s)"
        raise invalid(msg)
    return params[0]
