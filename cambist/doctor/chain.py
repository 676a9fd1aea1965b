"""The endpoints of a Solana node and of what tells tips."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from cambist.doctor.exchange import NoSink
from cambist.doctor.probe import Failed, Probe
from cambist.engine.reference.chain.tips import decode_tip_floor
from cambist.engine.reference.exchanges import DecodeError
from cambist.model.text import sanitise
from feeds.conversation import SocketLimits
from feeds.http import HttpChannel, HttpLimits, Unreachable
from feeds.node_messages import check_rpc
from feeds.socket import open_connection

if TYPE_CHECKING:
    from cambist.config import SolanaEndpoint

MAX_BEHIND = 5
"""Slots that a node may be behind the newest of all."""
SLOTS = b'{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}'


class Node:
    """Checks one node. What slot it is at is compared with the others'."""

    def __init__(self, node: SolanaEndpoint, slots: dict[str, tuple[int, float]]) -> None:
        """`slots` is shared by all nodes: newest slot by endpoint, and when it was heard."""
        self.node, self._slots = node, slots
        key = f"[[solana]] {node.name}"
        self.pubsub = Probe(f"{node.name} pubsub", node.pubsub, f"{key} pubsub")
        self.rpc = Probe(f"{node.name} rpc", node.rpc, f"{key} rpc")
        self.tip_floor = Probe(f"{node.name} tips", node.tip_floor, f"{key} tip_floor") if node.tip_floor else None
        self.tip_stream = (
            Probe(f"{node.name} tip stream", node.tip_stream, f"{key} tip_stream") if node.tip_stream else None
        )

    async def stream(self, probe: Probe, timeout_s: float) -> None:
        """Subscribes the slots and waits for the first."""
        await probe.reached()
        with probe.step("open") as found:
            socket = await open_connection(probe.url, _limits(timeout_s))
            found.text = "a WebSocket"
        try:
            with probe.step("subscribe") as found:
                await socket.send(SLOTS, text=True)
                while (message := _json(await socket.recv(decode=False))).get("id") != 1:
                    pass
                if "result" not in message:
                    probe.fail(Failed(f"slotSubscribe is refused: {sanitise(str(message.get('error')), 80)}"))
                found.text = "slots are subscribed"
            with probe.step("first data") as found:
                while (message := _json(await socket.recv(decode=False))).get("method") != "slotNotification":
                    pass
                slot = int(message["params"]["result"]["slot"])
                self._slots[probe.name] = slot, time.monotonic()
                found.text = f"slot {slot:,}"
        except (LookupError, TypeError) as error:
            probe.fail(Failed(f"no answer of a Solana node ({sanitise(str(error), 40)})"))
        finally:
            socket.transport.abort()

    async def read(self, probe: Probe, timeout_s: float) -> None:
        """Asks for version, slot and fees."""
        await probe.reached()
        http = HttpChannel(probe.url, NoSink(), name=self.node.name, limits=_http(timeout_s))
        try:
            with probe.step("version") as found:
                version = await _call(http, "getVersion")
                found.text = f"Solana {sanitise(str(version.get('solana-core')), 24)}"
            with probe.step("slot") as found:
                slot = await _call(http, "getSlot", [{"commitment": "processed"}])
                self._slots[probe.name] = int(slot), time.monotonic()
                found.text = f"slot {int(slot):,}"
            await self._fees(probe, http)
        except (LookupError, TypeError, AttributeError) as error:
            probe.fail(Failed(f"no answer of a Solana node ({sanitise(str(error), 40)})"))
        finally:
            await http.close()

    async def _fees(self, probe: Probe, http: HttpChannel) -> None:
        with probe.step("fees") as found:
            rows = await _call(http, "getRecentPrioritizationFees", [[]])
            found.text = f"smallest fees of {len(rows)} slots"
        with probe.step("fee percentiles") as found:
            try:
                await _call(http, "getRecentPrioritizationFees", [[], {"percentile": 5000}])
                found.text = "the node takes a percentile"
            except Unreachable as error:
                found.ok = not self.node.fee_percentiles
                found.text = f"the node takes no percentile ({error}), so {_percentile_of(rows)}"
                if not found.ok:
                    found.text += f": remove fee_percentiles from [[solana]] {self.node.name}"
        for method in self.node.fee_estimates:
            with probe.step("fee estimate") as found:
                params: object = [{"accountKeys": [], "options": {"includeAllPriorityFeeLevels": True}}]
                if method == "qn_estimatePriorityFees":
                    params = {"last_n_blocks": 100, "api_version": 2}
                await _call(http, method, params)
                found.text = f"{method} answers"

    async def tips(self, probe: Probe, timeout_s: float) -> None:
        """Reads the tip floor."""
        await probe.reached()
        http = HttpChannel(probe.url, NoSink(), name=self.node.name, limits=_http(timeout_s))
        try:
            with probe.step("first data") as found:
                body, _, _ = await http.peek("")
                found.text = _tips(body, probe)
        finally:
            await http.close()

    async def streamed_tips(self, probe: Probe, timeout_s: float) -> None:
        """Waits for the first tips of the stream."""
        await probe.reached()
        with probe.step("open") as found:
            socket = await open_connection(probe.url, _limits(timeout_s))
            found.text = "a WebSocket"
        try:
            with probe.step("first data") as found:
                found.text = _tips(await socket.recv(decode=False), probe)
        finally:
            socket.transport.abort()


def compare(nodes: list[Node], slots: dict[str, tuple[int, float]], slot_s: float = 0.4) -> None:
    """Adds how far each endpoint is behind the newest of all, told at one time."""
    if not slots:
        return
    now = max(at for _, at in slots.values())
    reached = {name: slot + (now - at) / slot_s for name, (slot, at) in slots.items()}
    best = max(reached.values())
    for probe in (probe for node in nodes for probe in (node.pubsub, node.rpc)):
        if probe.name in reached:
            behind = max(0, round(best - reached[probe.name]))
            ok = behind <= MAX_BEHIND
            found = f"{behind} slots behind the newest of all" + ("" if ok else ": use another node")
            probe.add("lag", found, ok=ok)


async def _call(http: HttpChannel, method: str, params: object = None) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [] if params is None else params}
    body = await http.post(0, msgspec.json.encode(request), check_rpc)
    return _json(body)["result"]


def _json(body: bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        what = "an answer that is no JSON"
        raise Unreachable(what, 200) from error
    return message if isinstance(message, dict) else {}


def _tips(body: bytes, probe: Probe) -> str:
    try:
        event = decode_tip_floor(body)
    except DecodeError as error:
        probe.fail(Failed(f"no tips: {sanitise(str(error), 60)}; check {probe.key}"))
    levels = getattr(event, "levels", ())
    return f"tips that landed, at {len(levels)} percentiles"


def _limits(timeout_s: float) -> SocketLimits:
    return SocketLimits(open_timeout_s=timeout_s, ping_interval_s=None)


def _http(timeout_s: float) -> HttpLimits:
    return HttpLimits(attempts=1, timeout_s=max(0.1, timeout_s))


def _percentile_of(rows: Any) -> str:
    """Returns what a percentile is of a node that gives only the smallest fee of each slot."""
    if len({str(row.get("prioritizationFee")) for row in rows if isinstance(row, dict)}) <= 1:
        return "there is one figure only for all of them: the smallest fee is the same in each slot"
    return "a percentile is one of slots, by their smallest fees"
