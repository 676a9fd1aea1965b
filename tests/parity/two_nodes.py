"""A chain told by two nodes: what one is late with, and who tells what."""

import json

from cambist.engine.reference.chain import base58
from cambist.model.events import Channel, RecordKind
from tests.parity.markets import POOLS, WS, Market, key, setup

B, B_HTTP = 7, 8


def two_sockets(**changes):
    more = (
        Channel(B, "node B", "solana", "solana.ws", "node B"),
        Channel(B_HTTP, "node B", "solana", "solana.http", "B"),
    )
    return setup(channels=(*setup().channels, *more), **changes)


class Pair:
    """A chain told by two nodes. What one is late with waits in `late` until it is told."""

    def __init__(self) -> None:
        self.market = Market()
        self.market.open()
        self.generation = {WS: 1, B: 1}
        self.numbers = {WS: dict(self.market.subscriptions), B: {}}
        self.late: list[tuple[int, dict]] = []
        self.signatures = 0
        self.connect(B)

    def send(self, channel: int, body: dict, *, out: bool = False) -> None:
        self.market.frame(channel, body, out=out, generation=self.generation[channel])

    def connect(self, channel: int) -> None:
        """Subscribes to everything on a new connection."""
        generation = self.generation[channel]
        self.market.record(RecordKind.CONNECTED, b'{"label":"x"}', channel=channel, generation=generation)
        for address in self.market.accounts:
            self.market.requests += 1
            number = self.market.requests
            ask = {"jsonrpc": "2.0", "id": number, "method": "accountSubscribe", "params": [base58.encode(address)]}
            self.send(channel, ask, out=True)
            self.numbers[channel][address] = 7_000 + number
            self.send(channel, {"jsonrpc": "2.0", "result": 7_000 + number, "id": number})

    def lose(self, channel: int) -> None:
        self.market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=channel)
        self.generation[channel] += 1

    def account(self, channel: int, address: bytes) -> dict:
        result = {"context": {"slot": self.market.slot}, "value": self.market._value(address)}
        params = {"result": result, "subscription": self.numbers[channel][address]}
        return {"jsonrpc": "2.0", "method": "accountNotification", "params": params}

    def report(self, channel: int, address: bytes) -> None:
        self.send(channel, self.account(channel, address))

    def swap(self, name: str, amount: int, *, a_to_b: bool, who: str) -> None:
        """Swaps; A, B or both in this order tell of it, a small letter not before `flush`."""
        for address in self.market.swap(name, amount, a_to_b=a_to_b):
            self.each(who, lambda channel, address=address: self.account(channel, address))

    def each(self, who: str, body) -> None:
        for letter in who:
            channel = WS if letter in "aA" else B
            if letter.isupper():
                self.send(channel, body(channel))
            else:
                self.late.append((channel, body(channel)))

    def slot(self, who: str) -> None:
        self.market.slot += 1
        self.market._clock()
        slot = {"parent": self.market.slot - 1, "root": self.market.slot - 32, "slot": self.market.slot}
        params = {"result": slot, "subscription": 1}
        self.each(who, lambda _: {"jsonrpc": "2.0", "method": "slotNotification", "params": params})

    def logs(self, name: str, units: int, who: str, signature: int | None = None) -> None:
        self.signatures += signature is None
        number = self.signatures if signature is None else signature
        program = base58.encode(POOLS[name])
        lines = [f"Program {program} invoke [1]", f"Program {program} consumed {units} of 200000 compute units"]
        lines.append(f"Program {program} success")
        value = {"signature": base58.encode_signature(number.to_bytes(64, "big")), "err": None, "logs": lines}
        for channel in (WS, B):
            self.market.requests += 1
            ask = {"jsonrpc": "2.0", "id": self.market.requests, "method": "logsSubscribe"}
            self.send(channel, ask | {"params": [{"mentions": [base58.encode(key(name))]}]}, out=True)
            self.send(channel, {"jsonrpc": "2.0", "result": 9_000 + len(name), "id": self.market.requests})
        result = {"context": {"slot": self.market.slot}, "value": value}
        params = {"result": result, "subscription": 9_000 + len(name)}
        self.each(who, lambda _: {"jsonrpc": "2.0", "method": "logsNotification", "params": params})

    def flush(self) -> None:
        for channel, body in self.late:
            self.send(channel, body)
        self.late.clear()


def usable(engine, pair: Pair) -> set[str]:
    view = json.loads(engine.present(pair.market.now_ns))
    return {row["source"] for row in view["prices"] if row["usable"] and row["venue"] != "binance"}
