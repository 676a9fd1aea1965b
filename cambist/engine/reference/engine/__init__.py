"""The engine: frames in, the market kept, decisions on cycles out.

Each frame is one atomic update: all its events are applied, then the edges of what changed are weighed, then cycles are
searched around them, then each one found is sized and decided on. Time is the frame's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from cambist.engine.protocol import Counters, EngineSetup, Ingested, RouteQuote
from cambist.engine.reference.decode import (
    Account,
    AccountMissing,
    AccountUndated,
    BookTicker,
    DecodeError,
    DepthDelta,
    DepthSnapshot,
    Error,
    Event,
    FeeSamples,
    Instruments,
    Slot,
    Subscribed,
    Trade,
    decode_binance,
    decode_solana,
)
from cambist.engine.reference.engine.channels import ChannelState
from cambist.engine.reference.engine.market import Market
from cambist.engine.reference.engine.prices import Prices
from cambist.engine.reference.engine.snapshot import dump, load
from cambist.engine.reference.engine.standing import Cycle, Moment, Standing
from cambist.engine.reference.engine.views import inspect, present
from cambist.engine.reference.fees import FeeModel
from cambist.engine.reference.multiverse import Params, search
from cambist.engine.reference.order_book import Delta, Outcome, Ticker
from cambist.model.events import HEADER, MAX_BODY, BlockError, Channel, Direction, RecordKind, unpack
from cambist.model.market import Instrument
from cambist.model.opportunity import Need, encode

if TYPE_CHECKING:
    from cambist.engine.reference.engine.books import BookEntry


@dataclass(slots=True)
class Tally:
    """Running totals."""

    frames: int = 0
    malformed: int = 0
    gaps: int = 0
    cycles: int = 0
    opportunities: int = 0
    go: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    expanded_edges: int = 0
    budget_cuts: int = 0
    torn: int = 0

    def take(self, counters: Counters) -> None:
        """Goes on from totals of a snapshot."""
        for name in counters.__struct_fields__:
            setattr(self, name, getattr(counters, name))
        self.refused = Counter(counters.refused)

    def view(self) -> Counters:
        """Returns the totals as shown."""
        return Counters(
            frames=self.frames,
            malformed=self.malformed,
            gaps=self.gaps,
            cycles=self.cycles,
            opportunities=self.opportunities,
            go=self.go,
            refused=dict(sorted(self.refused.items())),
            expanded_edges=self.expanded_edges,
            budget_cuts=self.budget_cuts,
            torn=self.torn,
        )


@dataclass(slots=True)
class Output:
    """What one call hands out."""

    decisions: list[bytes] = field(default_factory=list)
    go: int = 0
    """Of the last record."""


class ReferenceEngine:
    """The engine in plain Python."""

    name = "reference"

    def __init__(self, setup: EngineSetup) -> None:
        self.setup = setup
        self.fresh()

    def fresh(self) -> None:
        """Forgets everything but the setup."""
        setup = self.setup
        self.channels: dict[int, ChannelState] = {c.id: ChannelState(c) for c in setup.channels}
        self.market = Market(setup, self.channels)
        self.prices = Prices(setup, self.market)
        self.fees = FeeModel(setup.bidding.window_slots)
        self.standing = Standing(setup, self.market, self.prices, self.fees)
        self.counters = Tally()
        self.needs: list[Need] = []
        self._take_refused(None)

    # -- records

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        """Takes FRAME records from `offset` on; see `cambist.engine.protocol.Engine`."""
        out, records, size = Output(), 0, len(block)
        while offset < size:
            if size - offset < HEADER.size:
                return self._damaged(out, offset, records, f"{size - offset} bytes left, a header needs {HEADER.size}")
            seq, recv_ns, kind, direction, channel, conn, generation, length = HEADER.unpack_from(block, offset)
            if kind != RecordKind.FRAME or recv_ns >= until_ns:
                break
            start = offset + HEADER.size
            if length > MAX_BODY or start + length > size:
                return self._damaged(out, offset, records, f"body of {length} bytes, {size - start} bytes left")
            out.go = 0
            self._frame(
                Moment(seq, recv_ns, 0), channel, conn, generation, direction, bytes(block[start : start + length]), out
            )
            records += 1
            offset = start + length
            if out.go:
                break
        return self._done(offset, records, out)

    def _damaged(self, out: Output, offset: int, records: int, why: str) -> Ingested:
        """Stops before a damaged record; raises if that is the first one."""
        if records == 0:
            raise BlockError(offset, why)
        return self._done(offset, records, out)

    def control(self, block: bytes, offset: int) -> Ingested:
        """Takes one CHANNEL, CONNECTED, DISCONNECTED, GAP, TICK or CLOCK_STEP record."""
        record, after = unpack(block, offset)
        out, moment = Output(), Moment(record.seq, record.recv_ns, 0)
        channel = self.channels.get(record.channel)
        if record.kind == RecordKind.CHANNEL:
            self._declare(record.body)
        elif record.kind == RecordKind.CLOCK_STEP:
            for each in self.channels.values():
                each.offset_ns = None
        elif record.kind == RecordKind.TICK:
            self._tick(record.recv_ns)
        elif channel is not None and record.kind == RecordKind.CONNECTED:
            self._connected(channel, record.generation)
        elif channel is not None and record.kind == RecordKind.DISCONNECTED:
            self._disconnected(channel)
        elif channel is not None and record.kind == RecordKind.GAP:
            self._gap(channel)
        self._settle(moment, out)
        self._review(moment, sorted(self.standing.cycles), out)
        self._take_refused(channel)
        return self._done(after, 1, out)

    def _done(self, offset: int, records: int, out: Output) -> Ingested:
        needs = b"".join(encode(need) + b"\n" for need in self.needs)
        self.needs.clear()
        return Ingested(offset, records, b"".join(out.decisions), out.go, needs)

    def _declare(self, body: bytes) -> None:
        try:
            info = msgspec.json.decode(body, type=Channel)
        except msgspec.MsgspecError:
            self.counters.malformed += 1
            return
        if info.id in self.channels:
            self.channels[info.id].info = info
        else:
            self.channels[info.id] = ChannelState(info)

    def _connected(self, channel: ChannelState, generation: int) -> None:
        channel.state, channel.generation = "live", max(channel.generation, generation)
        self.market.registry.ask_again(channel.info.id)
        for entry in self.market.books.entries:
            if entry.channel == channel.info.id:
                entry.book.connect()

    def _disconnected(self, channel: ChannelState) -> None:
        channel.state = "down"
        channel.session.disconnect()
        if channel.socket:
            self.market.registry.doubt(channel.info.id)
        for at, entry in enumerate(self.market.books.entries):
            if entry.channel == channel.info.id:
                entry.book.disconnect()
                self.market.dirty_books.add(at)

    def _gap(self, channel: ChannelState) -> None:
        channel.gaps += 1
        self.counters.gaps += 1
        if channel.socket:
            self.market.registry.doubt(channel.info.id)
            self.market.registry.ask_again(channel.info.id)
        for at, entry in enumerate(self.market.books.entries):
            if entry.channel == channel.info.id:
                if entry.book.gap().need_seed:
                    self._seed(entry)
                self.market.dirty_books.add(at)

    def _tick(self, now_ns: int) -> None:
        """Time has passed: books that stay crossed are given up."""
        for at, entry in enumerate(self.market.books.entries):
            change = entry.book.tick(now_ns)
            if change.outcome is not Outcome.IGNORED:
                self.market.dirty_books.add(at)
                if change.need_seed:
                    self._seed(entry)

    # -- frames

    def _frame(
        self, moment: Moment, at: int, conn: int, generation: int, direction: int, body: bytes, out: Output
    ) -> None:
        self.counters.frames += 1
        channel = self.channels.get(at)
        if channel is None:
            self.counters.malformed += 1
            return
        channel.frames += 1
        channel.last_ns = moment.now_ns
        if not channel.solana and (direction == Direction.OUT or generation < channel.generation):
            return
        if generation > channel.generation:
            if channel.generation:
                self._disconnected(channel)
            self._connected(channel, generation)
        slot = self.market.slot
        try:
            if channel.solana:
                for event in decode_solana(channel.session, conn, generation, Direction(direction), body):
                    self._event(channel, event, moment)
            else:
                protocol, symbol = channel.info.protocol, channel.info.symbol
                self._event(channel, decode_binance(protocol, symbol, body), moment)
        except DecodeError as error:
            channel.malformed += 1
            self.counters.malformed += 1
            channel.error(str(error))
            return
        if direction == Direction.IN:
            channel.state = "live"
        self._settle(moment, out)
        if self.market.slot != slot:
            self._review(moment, sorted(self.standing.cycles), out)
        self._take_refused(channel)

    def _event(self, channel: ChannelState, event: Event, moment: Moment) -> None:
        registry, at = self.market.registry, channel.info.id
        match event:
            case BookTicker() | DepthDelta() | DepthSnapshot():
                self._book_event(channel, event, moment)
            case Account():
                registry.take(event.key, event.slot, event.owner, event.data, at, socket=channel.socket)
            case AccountMissing():
                registry.lose(event.key, event.slot)
            case AccountUndated():
                registry.see(event.key, event.owner, event.data)
            case Slot():
                self._slot(channel, event.slot, moment)
            case Subscribed() if event.key is not None and channel.socket:
                registry.carried(event.key, at)
            case FeeSamples():
                self.fees.add(event.samples, event.percentile, moment.now_ns)
                self.standing.reprice()
            case Trade():
                channel.lag(moment.now_ns, event.venue_ns)
            case Instruments():
                for listed in event.instruments:
                    self.market.books.declare(Instrument(channel.info.venue, listed.symbol, listed.base, listed.quote))
            case Error():
                channel.error(f"error {event.code}: {event.message}")
            case _:
                pass

    def _slot(self, channel: ChannelState, slot: int, moment: Moment) -> None:
        if not channel.announce(slot, moment.now_ns):
            return
        self.market.registry.announce(channel.info.id, slot)
        if self.market.slot is None or slot > self.market.slot:
            self.market.slot, self.market.slot_ns = slot, moment.now_ns

    def _book_event(
        self, channel: ChannelState, event: BookTicker | DepthDelta | DepthSnapshot, moment: Moment
    ) -> None:
        info, now_ns = channel.info, moment.now_ns
        kind = "perp" if info.protocol.startswith("binance.usdm.") else "spot"
        at = self.market.books.find(info.venue, event.symbol, kind)
        entry = self.market.books.entries[at]
        lag = channel.lag(now_ns, event.venue_ns)
        match event:
            case BookTicker():
                ticker = Ticker(event.update_id, event.bid, event.bid_qty, event.ask, event.ask_qty)
                change = entry.book.apply_ticker(ticker, now_ns)
            case DepthDelta():
                delta = Delta(event.first, event.last, event.prev, event.bids, event.asks)
                change = entry.book.apply_delta(delta, now_ns)
            case DepthSnapshot():
                change = entry.book.apply_snapshot(event.last, event.bids, event.asks, now_ns)
        if not isinstance(event, DepthSnapshot) or entry.channel is None:
            entry.channel = info.id
        if change.need_seed:
            self._seed(entry)
        if change.outcome is Outcome.GAP:
            channel.gaps += 1
            self.counters.gaps += 1
        if change.outcome is not Outcome.IGNORED:
            entry.as_of_ns = max(entry.as_of_ns, now_ns - lag)
        self.market.dirty_books.add(at)

    def _seed(self, entry: BookEntry) -> None:
        self.needs.append(Need("depth", entry.channel or 0, entry.symbol))

    def _take_refused(self, channel: ChannelState | None) -> None:
        """Counts what the registry and the books refused, and hands out what they need."""
        registry, books = self.market.registry, self.market.books
        self.counters.refused.update(registry.refused)
        self.counters.refused.update(books.refused)
        if channel is not None:
            for text in registry.errors:
                channel.error(text)
            for kind, key, index, carrier in registry.needs:
                self.needs.append(Need(kind, self._asks(channel, carrier), key, index))
            registry.needs.clear()
        registry.refused.clear()
        registry.errors.clear()
        books.refused.clear()

    def _asks(self, channel: ChannelState, carrier: int | None) -> int:
        """Returns the channel that should carry an account: its pool's, else a socket of the same feed."""
        if carrier is not None:
            return carrier
        sockets = [c.info.id for c in self.channels.values() if c.socket and c.info.feed == channel.info.feed]
        return channel.info.id if channel.socket or not sockets else min(sockets)

    # -- cycles

    def _settle(self, moment: Moment, out: Output) -> None:
        """Weighs what changed, searches around it and decides."""
        market = self.market
        if not market.registry.dirty and not market.registry.aged and not market.dirty_books:
            return
        books = sorted(market.dirty_books)
        touched, pools, torn = market.settle(moment.now_ns)
        self.counters.torn += torn
        for at in pools:
            self.prices.pool(at, moment.now_ns)
        for at in books:
            self.prices.book(at, moment.now_ns)
        if not touched:
            return
        moment.slot = market.slot or 0
        found = self._search()
        keys = {market.graph.cycle_key(edges) for edges, _ in found}
        waiting: list[str] = []
        for cycle in self.standing.through(set(touched)):
            if any(market.waits(edge) for edge in cycle.edges):
                waiting.append(cycle.key)
            elif cycle.key not in keys:
                del self.standing.cycles[cycle.key]
        for edges, weight in found:
            standing = self.standing.found(moment, edges, weight)
            if standing is not None:
                self.counters.opportunities += 1
                self._decide(standing, moment, out)
        self._review(moment, waiting, out)

    def _search(self) -> list[tuple[list[int], int]]:
        """Returns the cycles found around the edges that changed, as (canonical edges, weight), best first."""
        market, limits = self.market, self.setup.search
        promising = sorted(set(market.promising))
        market.promising.clear()
        if not promising:
            return []
        params = Params(limits.max_hops, limits.keep, limits.budget_edges, market.margin)
        found, work = search(market.graph, market.potentials, promising, params)
        self.counters.cycles += len(found)
        self.counters.expanded_edges += work.expanded
        self.counters.budget_cuts += work.cut
        return [(list(each.edges), each.weight) for each in found]

    def _review(self, moment: Moment, keys: list[str], out: Output) -> None:
        """Decides again on standing cycles, at the sizes they have."""
        moment.slot = self.market.slot or 0
        for key in keys:
            self._decide(self.standing.cycles[key], moment, out)

    def _decide(self, cycle: Cycle, moment: Moment, out: Output) -> None:
        opportunity, news = self.standing.decide(cycle, moment)
        if not news:
            return
        out.decisions.append(encode(opportunity) + b"\n")
        if opportunity.go:
            out.go += 1
            self.counters.go += 1
        else:
            self.counters.refused[opportunity.reason] += 1

    # -- questions

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Quotes edges one after the other at the state as it is."""
        edges: list[int] = []
        for name in route:
            edge = self.market.graph.find_edge(name)
            if edge is None:
                return RouteQuote(0, "unknown_edge")
            edges.append(edge)
        for edge in edges:
            problem = self.market.leg(edge, now_ns).problem
            if problem:
                return RouteQuote(0, problem)
        hops = self.standing.walk(edges, amount_in)
        if isinstance(hops, str):
            return RouteQuote(0, hops)
        return RouteQuote(hops[-1].amount_out if hops else amount_in, "")

    def learn(self, key: str, *, landed: bool) -> None:
        """Counts how an order on cycle `key` ended."""
        self.standing.learn(key, landed=landed)

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token, in the quote token."""
        self.prices.inject(mint, price, now_ns)

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""
        return encode(present(self, now_ns))

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null`."""
        return encode(inspect(self, key, now_ns))

    def snapshot(self) -> bytes:
        """Returns all state as canonical bytes."""
        return dump(self)

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot of either engine. Raises `ValueError` if it isn't one of a known version."""
        load(self, state)
