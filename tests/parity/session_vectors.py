"""Whole sessions of an engine: what it is fed, what it is asked, and digests of what it says; both engines assert them.

`python -m tests.parity.session_vectors` writes the file anew from the reference engine. Do it only when a change of
behaviour is meant.
"""

from __future__ import annotations

import json
import random
import struct
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from backports import zstd

from cambist.engine import make_engine
from cambist.engine.reference.chain import base58
from cambist.model.events import RecordKind
from cambist.model.market import Transfer
from tests.parity.dollars import EDGE, US, Dollars, dollar_setup
from tests.parity.dollars import VENUE as US_VENUE
from tests.parity.markets import BONK, EXCHANGE, HTTP, PERP, POOLS, SOL, USDC, WS, Market, key, run, setup
from tests.parity.moments import at_random, marked
from tests.parity.test_demo_market import VENUES, Wire, demo_setup
from tests.snapshots import all_state, made_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cambist.engine.protocol import EngineSetup

FILE = Path(__file__).with_name("sessions.json.zst")
GAUGES = ("price", "rsi", "ema", "kama", "band_low", "band_high", "congestion", "none")
ACTS = 120
SLOTS = 12
LATER_NS = 10**8


def digest(answer: bytes) -> str:
    """Returns the start of its hash: enough to tell two answers apart."""
    return sha256(answer).hexdigest()[:16]


class Session:
    """An engine, and a list of [call, arguments, answer] so far."""

    def __init__(self, chosen: EngineSetup) -> None:
        self.engine = make_engine("reference", chosen)
        self.setup = msgspec.to_builtins(chosen)
        self.calls: list[list[Any]] = []

    def feed(self, block: bytes) -> list[dict[str, Any]]:
        """Feeds a block; returns what the engine needs."""
        decisions, needs = run(self.engine, block)
        self.calls.append(["feed", [b64encode(block).decode()], [digest(decisions), digest(needs)]])
        return [json.loads(line) for line in needs.splitlines()]

    def ask(self, call: str, *args: object) -> bytes:
        """Asks for a text and returns it."""
        answer: bytes = getattr(self.engine, call)(*args)
        self.calls.append([call, list(args), digest(answer)])
        return answer

    def look(self, now_ns: int) -> None:
        """Asks for all that can be asked for."""
        view = json.loads(self.ask("present", now_ns))
        for cycle in view["cycles"][:3]:
            self.ask("inspect", cycle["key"], now_ns)
            quote = self.engine.quote_route(cycle["route"], 10**9, now_ns)
            self.calls.append(["quote_route", [cycle["route"], 10**9, now_ns], list(msgspec.to_builtins(quote))])
        for token in (SOL, BONK, "none"):
            self.ask("inspect_price", token, now_ns)
        wanted = [(name, mint) for name in GAUGES for mint in (SOL, USDC, BONK, "")]
        found = self.engine.gauges(wanted, now_ns)
        bits = [None if each is None else struct.pack(">d", each).hex() for each in found]
        self.calls.append(["gauges", [wanted, now_ns], bits])
        self.ask("snapshot")

    def send(self, cycle: str) -> None:
        """Tells that an order goes for a cycle."""
        self.engine.sent(cycle)
        self.calls.append(["sent", [cycle], None])

    def learn(self, cycle: str, *, landed: bool, took_ns: int | None) -> None:
        """Tells how an order ended."""
        self.engine.learn(cycle, landed=landed, took_ns=took_ns)
        self.calls.append(["learn", [cycle, landed, took_ns], None])

    def inject(self, mint: str, price: float, now_ns: int) -> None:
        """Tells an outside price."""
        self.engine.inject_price(mint, price, now_ns)
        self.calls.append(["inject_price", [mint, price, now_ns], None])


def act(market: Market, rng: random.Random) -> None:
    """Adds the frames of one thing that happens."""
    name, cents = rng.choice(list(POOLS)), rng.randint(14_500, 15_500)
    bid, ask = f"{cents / 100:.2f}", f"{cents / 100 + 0.2:.2f}"
    match rng.randrange(16):
        case 0 | 1 | 2 | 3:
            market.trade(name, 10 ** rng.randint(8, 12), a_to_b=rng.random() < 0.5)
        case 4:
            market.notify(market.swap(name, 10**10, a_to_b=True)[0])
        case 5 | 6:
            market.next_slot()
        case 7:
            market.ticker(bid, ask)
        case 8:
            market.depth([(bid, rng.choice(["0", "3.5", "400"]))], [(ask, "7")])
        case 9:
            market.depth_seed([(bid, "40")], [(ask, "40")])
        case 10:
            market.account_fees(name, [rng.randint(0, 10**6) for _ in range(9)], rng.choice([None, 5_000]))
        case 11:
            market.tips(rng.choice(["1e-05", "0.0", "2E-3", "-1"]))
            levels = {"low": 2.0, "medium": 10_082.0, "high": 1e5, "veryHigh": 1e6}
            market.ask("getPriorityFeeEstimate", [{}], {"priorityFeeLevels": levels})
        case 12:
            market.logs(name, rng.randint(0, 10**6), market.slot)
        case 13:
            market.record(RecordKind.TICK, step_ns=rng.randint(1, 10**9))
            market.frame(rng.choice([WS, HTTP, EXCHANGE, PERP, 99]), rng.randbytes(9))
        case 14:
            market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=rng.choice([WS, EXCHANGE]))
            market.seed(list(market.accounts))
        case _:
            owner, data = market.accounts[key(name)]
            market.accounts[key(name)] = (key("impostor"), data)
            market.notify(key(name))
            market.accounts[key(name)] = (owner, data)
            market.notify(key(name))


def taken(market: Market, marks: Iterator[bool] | None) -> bytes:
    """Returns the frames of a market, marked."""
    block = market.take()
    return block if marks is None else marked(block, marks)


def tiny(marks: Iterator[bool] | None = None) -> Session:
    """Returns a session of the tiny market: an exchange and five pools, with everything that goes wrong.

    With `marks` it has moments: the frames for which they are true.
    """
    session, market, rng = Session(setup(moments=marks is not None)), Market(), random.Random(11)
    market.open()
    session.feed(taken(market, marks))
    session.inject(BONK, 0.015625, market.now_ns)
    for number in range(ACTS):
        act(market, rng)
        session.feed(taken(market, marks))
        if number % 12 == 0:
            session.look(market.now_ns + rng.choice([0, LATER_NS]))
            session.learn("p:0|q:0", landed=rng.random() < 0.5, took_ns=rng.choice([None, 0, LATER_NS]))
    market.record(RecordKind.DISCONNECTED, b'{"reason":"gone"}', channel=WS)
    market.record(RecordKind.CONNECTED, b'{"label":"again"}', channel=WS, generation=2)
    market.record(RecordKind.CLOCK_STEP, b'{"step_ns":1000}')
    session.feed(taken(market, marks))
    session.look(market.now_ns)
    return session


def demo() -> Session:
    """Returns a session of the embedded market: two pools of each kind."""
    wire = Wire()
    whole, kept = demo_setup(wire.demo), dict.fromkeys(VENUES, 0)
    pools = []
    for pool in whole.pools:
        venue = wire.pools[pool.address].spec.venue
        kept[venue] += 1
        if kept[venue] <= 2:
            pools.append(pool)
    session = Session(msgspec.structs.replace(whole, pools=tuple(pools)))
    wire.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
    wire.next_slot()
    wire.answer([{"kind": "account", "key": pool.address} for pool in pools])
    wire.fees([2_000, 3_000, 4_000])
    for number in range(SLOTS):
        while block := wire.take():
            wire.answer(session.feed(block))
        session.look(wire.now_ns)
        wire.close_slot(late=number % 4 == 3)
    assert all(base58.decode(pool.address) in wire.subscriptions for pool in pools)
    return session


def peg(market: Dollars, rng: random.Random) -> None:
    """Adds the frames of one thing that happens around a peg."""
    pips = rng.randint(9_985, 10_015)
    bid, ask = f"{pips / 10_000:.4f}", f"{(pips + rng.choice([1, 2, 40, -1])) / 10_000:.4f}"
    match rng.randrange(10):
        case 0 | 1 | 2:
            market.us_ticker("USDCUSD", bid, ask, rng.choice(["3", "900", "90000"]))
        case 3:
            market.us_depth("USDCUSD", "0.9999", "1.0001")
        case 4:
            market.us_depth("SOLUSD", f"14{rng.randint(0, 9)}.00", "149.50", "500")
        case 5:
            market.record(RecordKind.TICK, step_ns=rng.randint(1, 2 * 10**9))
        case 6:
            market.record(RecordKind.GAP, b'{"count":1,"reason":"queue"}', channel=US)
        case _:
            act(market, rng)


def dollars(*transfers: Transfer) -> Session:
    """Returns a session of the tiny market beside an exchange that trades in dollars, whose peg comes and goes."""
    session, market, rng = Session(dollar_setup(transfers=transfers)), Dollars(), random.Random(5)
    market.open()
    session.feed(market.take())
    session.look(market.now_ns)
    for number in range(ACTS):
        peg(market, rng)
        session.feed(market.take())
        for side in ("0", "1"):
            route = [f"{EDGE}:{side}"]
            quote = session.engine.quote_route(route, 10**7, market.now_ns)
            session.calls.append(["quote_route", [route, 10**7, market.now_ns], list(msgspec.to_builtins(quote))])
        if number % 6 == 0:
            session.look(market.now_ns + rng.choice([0, LATER_NS]))
    return session


def ways() -> Iterator[Transfer]:
    """Yields ways between the chain and both exchanges, some of them with a least amount; none for what is left out."""
    flats = {SOL: (10**6, 0, 0), USDC: (3 * 10**5, 40, 10**7)}
    for venue in ("binance", US_VENUE):
        for mint, (flat, ppm, least) in flats.items():
            yield Transfer(venue, "solana", mint, "net", flat, ppm, 4, least)
            if (venue, mint) != (US_VENUE, USDC):
                yield Transfer("solana", venue, mint, "net", 5_000, 0, None, 0)


def sessions() -> list[dict[str, Any]]:
    """Returns the setup and the calls of each session; of the first also its last state as older versions told it."""
    found: list[dict[str, Any]] = []
    for each in (tiny(), tiny(at_random(5, 0.2)), demo(), dollars(), dollars(*ways())):
        older = "" if found else made_json(all_state(each.engine)).decode()
        found.append({"setup": each.setup, "calls": each.calls, "older": older})
    return found


if __name__ == "__main__":
    FILE.write_bytes(zstd.compress(json.dumps(sessions()).encode(), level=19))
