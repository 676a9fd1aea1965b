"""Hand-written fakes that several rooms share."""

from __future__ import annotations

import json

import msgspec

from cambist.engine.protocol import EngineSetup, Ingested, RouteQuote, SlotStanding, StateQuote
from cambist.engine.reference.engine.snapshot import Keyframe
from cambist.model.events import HEADER, RecordKind, pack
from cambist.model.ledger import TokenValue
from cambist.model.market import Token
from cambist.model.opportunity import Cost, Lamports, Opportunity, encode

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
TOKENS = (Token(SOL, "SOL", 9, verified=True, base=1), Token(USDC, "USDC", 6, verified=True, base=2))
MS = 1_000_000


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self._now = 0

    def now_ns(self) -> int:
        return self._now

    def set(self, now_ns: int) -> None:
        self._now = now_ns


def opportunity(**changes: object) -> Opportunity:
    """A go on SOL→USDC→SOL with round numbers."""
    base = Opportunity(
        seq=1,
        recv_ns=0,
        slot=100,
        key="A:0|B:1",
        route=["A:0", "B:1"],
        tokens=[SOL, USDC, SOL],
        settlement="atomic",
        amount_in=1_000_000_000,
        amount_out=1_010_000_000,
        gross=10_000_000,
        cost=Cost(5_000_000, 0, 5_000, 20_000, 500_000, 0, 0),
        net=9_475_000,
        oldest_ns=100 * MS,
        seen_slots=2,
        landing_ppm=500_000,
        score=80,
        go=True,
        reason="go",
        lamports=Lamports(5_000, 20_000, 500_000, 0),
    )
    slot = changes.get("slot", base.slot)
    if "tokens" not in changes and isinstance(route := changes.get("route"), list):
        changes = {**changes, "tokens": [SOL, *[USDC] * (len(route) - 1), SOL]}
    return msgspec.structs.replace(base, **{"judged_slots": slot, **changes})


class ScriptedEngine:
    """Obeys the Engine protocol; each frame's JSON body lists what it decides: `{"go": [{…}]}`."""

    name = "native"

    def __init__(self, setup: EngineSetup | None = None) -> None:
        self.setup = setup or EngineSetup(tokens=TOKENS)
        self.frames = 0
        self.pays = 1_010_000_000
        self.went: list[str] = []
        self.took_ns: list[int | None] = []
        self.learned: list[tuple[str, bool]] = []
        self.moved: list[tuple[list[str], int, int]] = []
        self.stocks: dict[tuple[str, str], tuple[int, bool]] = {}
        self.watched: list[str] = []
        self.controls: list[int] = []
        self.at_controls: list[list[dict[str, object]]] = []
        """What is decided at the next records that are no frames."""
        self.shows: dict[str, float] = {}
        """Gauge → what it shows."""
        self.values: dict[str, float] = {SOL: 150.0, USDC: 1.0}
        """What a whole token is worth in whole quote tokens."""

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        decisions, records, go = b"", 0, 0
        while offset < len(block):
            seq, recv_ns, kind, _, _, _, _, size = HEADER.unpack_from(block, offset)
            if kind != RecordKind.FRAME or recv_ns >= until_ns:
                break
            body = json.loads(block[offset + HEADER.size : offset + HEADER.size + size])
            offset += HEADER.size + size
            records += 1
            self.frames += 1
            self.pays = body.get("pays", self.pays)
            said, taken = self._decide(seq, recv_ns, body.get("decide", []))
            decisions, go = decisions + said, go + taken
            if go:
                break
        return Ingested(offset, records, decisions, go, b"")

    def control(self, block: bytes, offset: int) -> Ingested:
        seq, recv_ns, kind, *_, size = HEADER.unpack_from(block, offset)
        self.controls.append(kind)
        decisions, go = self._decide(seq, recv_ns, self.at_controls.pop(0) if self.at_controls else [])
        return Ingested(offset + HEADER.size + size, 1, decisions, go, b"")

    def _decide(self, seq: int, recv_ns: int, wanted: list[dict[str, object]]) -> tuple[bytes, int]:
        made = [opportunity(**{"seq": seq, "recv_ns": recv_ns, **changes}) for changes in wanted]
        return b"".join(encode(each) + b"\n" for each in made), sum(each.go for each in made)

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        return RouteQuote(self.pays, "" if self.pays else "torn")

    def quote_state(self, route: list[str], amount_in: int, now_ns: int) -> StateQuote:
        """Knows of no slots: orders land at their time."""
        return StateQuote(0, 0, *self.quote_route(route, amount_in, now_ns))

    def watch(self, edges: list[str]) -> None:
        self.watched = edges

    def judging_ns(self) -> int:
        return 7

    def slot_standing(self, slot: int) -> SlotStanding:
        """Knows of no slots."""
        return SlotStanding.UNKNOWN

    def filled(self, route: list[str], amount_in: int, now_ns: int) -> None:
        self.moved.append((route, amount_in, now_ns))

    def stock(self, venue: str, mint: str, atoms: int, *, moved: bool) -> None:
        self.stocks[venue, mint] = atoms, moved

    def sent(self, key: str) -> None:
        self.went.append(key)

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        self.learned.append((key, landed))
        self.took_ns.append(took_ns)

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        self.learned.append((mint, price > 0))

    def gauges(self, wanted: list[tuple[str, str]], now_ns: int) -> list[float | None]:
        return [self.shows.get(name) for name, _ in wanted]

    def token_values(
        self, mints: list[str], venues: list[str], max_age_ns: int, now_ns: int
    ) -> list[TokenValue | None]:
        found = [self.values.get(mint) for mint in mints]
        return [None if price is None else TokenValue(price, "orca", 0) for price in found]

    def unrecorded(self, pools: list[str]) -> list[str]:
        return [pool for pool in pools if pool in self.shows]

    def present(self, now_ns: int) -> bytes:
        view = {
            "slot": 100, "slot_ns": now_ns, "prices": [], "cycles": [], "channels": [], "fees": [], "fee_source": "",
            "congestion": None, "bid_micro_lamports": None, "trade_lamports": [None, None, None], "sol_price": None,
            "counters": {"frames": self.frames},
        }  # fmt: skip
        return json.dumps(view).encode()

    def inspect(self, key: str, now_ns: int) -> bytes:
        return b"null"

    def inspect_price(self, token: str, now_ns: int) -> bytes:
        return b"null"

    def snapshot(self) -> bytes:
        return json.dumps({"frames": self.frames, "pays": self.pays}).encode()

    def keyframe(self) -> Keyframe:
        return Keyframe(self.snapshot())

    def restore(self, state: bytes) -> None:
        self.__dict__.update(json.loads(state))


def frame(seq: int, recv_ns: int, **body: object) -> bytes:
    """Returns a FRAME record for a ScriptedEngine."""
    return pack(seq, recv_ns, RecordKind.FRAME, json.dumps(body).encode())
