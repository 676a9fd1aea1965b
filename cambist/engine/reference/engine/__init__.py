"""The engine: frames in, the market kept, decisions on cycles out.

Each frame is one atomic update: all its events are applied. At a moment the edges of what changed are weighed, then
cycles are searched around them, then each one found is sized and decided on. Time is the record's own.

`ingest` takes frames and `control` the other records, `apply` applies their events, `moments` says when to judge,
`moved` is what there is to judge then, `detect` searches and decides, `needs` asks the feeds for what is missing,
`landing` follows orders into their block and `fills` takes over what they moved, `ends` says what became of gaps and
`closer` who took one, `picture` is for readers on other threads. `market` is what all of them work on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.protocol import EngineSetup, Ingested, RouteQuote, SlotStanding, StateQuote
from cambist.engine.reference.engine import control, ingest, landing
from cambist.engine.reference.engine.book_view import inspect_book
from cambist.engine.reference.engine.channels import ChannelState
from cambist.engine.reference.engine.fills import filled, stock
from cambist.engine.reference.engine.gauges import gauge, token_value
from cambist.engine.reference.engine.judging import Judge
from cambist.engine.reference.engine.market import Market
from cambist.engine.reference.engine.market.legs import leg
from cambist.engine.reference.engine.moved import Moved, weigh_changed
from cambist.engine.reference.engine.needs import take_refused
from cambist.engine.reference.engine.picture import Picture, Pictures
from cambist.engine.reference.engine.prices import Prices
from cambist.engine.reference.engine.race import Race
from cambist.engine.reference.engine.route import walk
from cambist.engine.reference.engine.snapshot import Keyframe, dump, load
from cambist.engine.reference.engine.standing import Standing
from cambist.engine.reference.engine.views import Tally, inspect, inspect_price, present
from cambist.engine.reference.fees import FeeModel
from cambist.engine.reference.fees.sources import Sources
from cambist.model.opportunity import Need, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.exchanges.event import Receipt
    from cambist.model.ledger import TokenValue


class ReferenceEngine:
    """The engine in plain Python."""

    name = "reference"

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup
        self.pictures = Pictures()
        self.fresh()

    def fresh(self) -> None:
        """Forgets everything but the setup."""
        setup = self.setup
        self.channels: dict[int, ChannelState] = {c.id: ChannelState(c) for c in setup.channels}
        self.market = Market(setup, self.channels)
        self.prices = Prices(setup, self.market)
        self.fees = FeeModel(setup.bidding.window_slots)
        self.sources = Sources()
        self.standing = Standing(setup, self.market)
        self.judge = Judge(setup, self.market, self.prices)
        self.reprice()
        self.counters = Tally()
        self.moved = Moved()
        self.needs: list[Need] = []
        self.race = Race()
        self.pictures.latest = None
        self.judged_ns = 0
        self.receipts: list[Receipt] = []
        self.watched: set[int] = set()
        """Pools that an order on its way goes through."""
        self.race.count_sockets(self.channels)
        take_refused(self, None)

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        """Takes FRAME records from `offset` on; see `cambist.engine.protocol.Engine`."""
        return ingest.ingest(self, block, offset, until_ns)

    def control(self, block: bytes, offset: int) -> Ingested:
        """Takes one record that is no frame."""
        return control.control(self, block, offset)

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Quotes edges one after the other at the state as it is."""
        weigh_changed(self, now_ns)
        edges: list[int] = []
        for name in route:
            edge = self.market.graph.find_edge(name)
            if edge is None:
                return RouteQuote(0, "unknown_edge")
            edges.append(edge)
        for edge in edges:
            problem = leg(self.market, edge, now_ns).problem
            if problem:
                return RouteQuote(0, problem)
        hops = walk(self.market, edges, amount_in)
        if isinstance(hops, str):
            return RouteQuote(0, hops)
        return RouteQuote(hops[-1].amount_out if hops else amount_in, "")

    def quote_state(self, route: list[str], amount_in: int, now_ns: int) -> StateQuote:
        """Quotes a route, and says of which slot the state is; see `cambist.engine.protocol.Engine`."""
        return landing.quote_state(self, route, amount_in, now_ns)

    def watch(self, edges: Sequence[str]) -> None:
        """Lets `ingest` stop after frames that change what is behind these edges."""
        landing.watch(self, edges)

    def slot_standing(self, slot: int) -> SlotStanding:
        """Returns whether a slot is in the chain; see `cambist.engine.protocol.Engine`."""
        return landing.slot_standing(self, slot)

    def judging_ns(self) -> int:
        """Returns how long it took to judge the last moment; see `cambist.engine.protocol.Engine`."""
        return self.judged_ns

    def filled(self, route: list[str], amount_in: int, now_ns: int) -> None:
        """Takes over that an order of ours was filled on a route; see `cambist.engine.protocol.Engine`."""
        filled(self, route, amount_in, now_ns)

    def stock(self, venue: str, mint: str, atoms: int, *, moved: bool) -> None:
        """Takes over what we hold of a token at an exchange; see `cambist.engine.protocol.Engine`."""
        stock(self, venue, mint, atoms, moved=moved)

    def sent(self, key: str) -> None:
        """Takes over that an order of ours goes for cycle `key`; see `cambist.engine.protocol.Engine`."""
        cycle = self.standing.cycles.get(key)
        if cycle is not None:
            self.standing.ends.sent(cycle)

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        """Counts how an order on cycle `key` ended; see `cambist.engine.protocol.Engine`."""
        self.judge.learn(key, landed=landed, took_ns=took_ns)
        self.sources.learn(self.sources.percent(self.setup.bidding), landed=landed)
        self.reprice()

    def reprice(self) -> None:
        """Takes over what the sources say now."""
        self.judge.reprice(self.fees, self.sources)

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token, in the quote token."""
        self.prices.inject(mint, price, now_ns)

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what each gauge (name, mint) shows, `None` where that is unknown."""
        return [gauge(self, name, mint, now_ns) for name, mint in wanted]

    def token_values(
        self, mints: Sequence[str], venues: Sequence[str], max_age_ns: int, now_ns: int
    ) -> list[TokenValue | None]:
        """Returns what a whole one of each token is worth now, `None` where that is unknown."""
        return [token_value(self, mint, venues, max_age_ns, now_ns) for mint in mints]

    def unrecorded(self, pools: Sequence[str]) -> list[str]:
        """Returns those of the pools whose account asks for a quote that was never recorded from the program."""
        return [pool for pool in pools if not self.market.registry.is_recorded(pool)]

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""
        return encode(present(self, now_ns))

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""
        return encode(inspect(self, key, now_ns))

    def inspect_price(self, token: str, now_ns: int) -> bytes:
        """Returns JSON of a `PriceInspection`, or `null`."""
        return encode(inspect_price(self, token, now_ns))

    def inspect_book(self, source: str, depth: int, now_ns: int) -> bytes:
        """Returns JSON of a `BookInspection`, or `null`."""
        return encode(inspect_book(self, source, depth, now_ns))

    def ask_picture(self) -> None:
        """Asks for a picture newer than the latest one."""
        self.pictures.wanted = True

    def picture(self) -> Picture | None:
        """Returns the latest picture, `None` before any was made."""
        return self.pictures.latest

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""
        return dump(self)

    def keyframe(self) -> Keyframe:
        """Returns the state as it is; see `cambist.engine.protocol.Engine`."""
        return Keyframe(dump(self))

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot of either engine. Raises `ValueError` if it isn't one of a known version."""
        load(self, state)
