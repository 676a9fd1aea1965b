"""The Engine protocol: what the kernel asks of `engine_rs` and of its pure-Python twin, and the types that cross.

Bytes go in, bytes and small frozen records come out, so both engines can be compared byte by byte. What is decoded
thirty times a second by the hundred is kept from the garbage collector (`gc=False`); it holds no cycles.

One file, for it is the one page on which both engines have to agree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from cambist.config.settings import Bidding, Gates, Search
from cambist.model.events import Channel
from cambist.model.market import Equivalence, Identity, Instrument, PoolRef, Token, Transfer, VenueFee
from cambist.model.opportunity import End, Opportunity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.picture import Picture
    from cambist.model.ledger import TokenValue


class EngineSetup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All the static facts an engine is made from. Part of the session's first record."""

    channels: tuple[Channel, ...] = ()
    tokens: tuple[Token, ...] = ()
    identities: tuple[Identity, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    venue_fees: tuple[VenueFee, ...] = ()
    equivalences: tuple[Equivalence, ...] = ()
    pools: tuple[PoolRef, ...] = ()
    quote_mint: str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
    """What prices on screen are in."""
    sol_mint: str = "So11111111111111111111111111111111111111112"
    """What chain costs are paid in."""
    search: Search = Search()
    gates: Gates = Gates()
    bidding: Bidding = Bidding()
    moments: bool = False
    """Whether frames are judged at moments; sessions without are judged after each one."""
    transfers: tuple[Transfer, ...] = ()
    """Ways to move tokens back after a trade by legs; without any, `rebalancing_ppm` of the gates stands for all."""


class Ingested(NamedTuple):
    """What one call did."""

    offset: int
    """Where it stopped in the block."""
    records: int
    decisions: bytes
    """Canonical encoding of each `Opportunity` decided, one JSON object a line, in record order."""
    go: int
    """How many of the last frame's decisions are go; > 0 means it stopped after that frame."""
    needs: bytes
    """`Need`s, one JSON object a line; usually empty."""
    ends: bytes = b""
    """`GapEnd`s, one JSON object a line, in the order in which the gaps ended; usually empty."""
    watched_ns: int | None = None
    """Time of the last frame if it is one that `watch` asks for, which it stopped after."""
    receipts: bytes = b""
    """`Receipt`s of transactions that took gaps, one JSON object a line, as nodes answered; usually empty."""


class RouteQuote(NamedTuple):
    """What a route pays right now."""

    amount_out: int
    """0 if it can't be quoted."""
    reason: str
    """Empty, or why not: `torn`, `stale`, `depeg`, `liquidity`, `unknown_edge`, …"""


class StateQuote(NamedTuple):
    """What a route pays at the state as it is, and of which slot that is."""

    newest_slot: int
    """The newest one that was announced, 0 before any."""
    slot: int
    """The newest one in which a pool of the route changed, 0 if none is known."""
    amount_out: int
    """0 if it can't be quoted."""
    reason: str
    """As in `RouteQuote`."""


class SlotStanding(StrEnum):
    """What is known of a slot."""

    UNKNOWN = "unknown"
    """No node that told of it has told of a later one."""
    STANDS = "stands"
    """The newest slot descends from it."""
    FALLEN = "fallen"
    """It fell out of the chain, or never was."""
    FINAL = "final"
    """It is in the chain for good: the root has come to it."""


class Keyframe(Protocol):
    """An engine's state as it was when it was taken."""

    def encode(self) -> bytes:
        """Returns the snapshot that the engine would have given then. Any thread may ask."""
        ...


class Engine(Protocol):
    """A market state that turns frames into decisions. Deterministic: same setup, state and records, same bytes out."""

    name: str
    """`native` or `reference`."""

    def ingest(self, block: bytes, offset: int, until_ns: int) -> Ingested:
        """Takes FRAME records from `offset` on.

        Stops before a record that is no frame, before a record with `recv_ns >= until_ns`, after a frame with a go
        decision or one that is watched for, or at the end of the block. A frame it can't read is counted, never raised.
        Raises `BlockError` if the block itself is damaged.
        """
        ...

    def control(self, block: bytes, offset: int) -> Ingested:
        """Takes exactly one record that is neither FRAME nor STATE.

        Of a COMMAND or FILL, which are the kernel's, nothing is read: what moved before it is judged.
        """
        ...

    def quote_route(self, route: list[str], amount_in: int, now_ns: int) -> RouteQuote:
        """Quotes edges (`name` as in `Opportunity.route`) one after the other at the state as it is."""
        ...

    def quote_state(self, route: list[str], amount_in: int, now_ns: int) -> StateQuote:
        """Quotes a route as `quote_route` does, and says of which slot the state of its pools is."""
        ...

    def watch(self, edges: Sequence[str]) -> None:
        """Lets `ingest` stop after each frame that changes a pool behind one of these edges, or begins a slot.

        What was watched before is not any more. Whoever is told of such a frame quotes before the next: until then each
        one counts as changed. Not part of a snapshot: who restores one tells it anew.
        """
        ...

    def slot_standing(self, slot: int) -> SlotStanding:
        """Returns whether a slot is in the chain, by the node that says most for it.

        A node that has told of neither that slot nor an earlier one since it was connected to is not asked.
        """
        ...

    def judging_ns(self) -> int:
        """Returns how long it took to judge the last moment, in nanoseconds: a measurement, and part of no state."""
        ...

    def filled(self, route: list[str], amount_in: int, now_ns: int) -> None:
        """Takes over that an order of ours was filled on a route, with `amount_in` into its first edge.

        What each edge pays, at the state as it is, goes into the next. Until somebody else has taken the same, or the
        state is told anew, all of that is quoted and searched as it is after the fill; what `present` and pictures show
        of pools and prices is what was observed. What the fill moved is judged at the next moment.
        """
        ...

    def stock(self, venue: str, mint: str, atoms: int, *, moved: bool) -> None:
        """Takes over what we hold of a token at an exchange: cycles are sized within it.

        Of an exchange that nothing was told of any amount may be sold. Where no size at all is within it, a cycle is
        sized without: what lacks is then refused by name. With `moved` what sells the token there is judged again at
        the next moment. Not part of a snapshot: who restores one tells it anew.
        """
        ...

    def sent(self, key: str) -> None:
        """Takes over that an order of ours goes for cycle `key`: what became of its gap is learned from the order."""
        ...

    def learn(self, key: str, *, landed: bool, took_ns: int | None) -> None:
        """Counts how an order on cycle `key` ended, and how long it took until it landed, `None` if that says nothing.

        The chance to land is (wins+1)/(tries+2) over orders of the same settlement and hop count, and over gaps that
        were worth one and got none: those count as landed that lived on, from when they were worth it, for longer than
        the median of what our last orders took. What is bid follows from orders alone.
        """
        ...

    def inject_price(self, mint: str, price: float, now_ns: int) -> None:
        """Feeds an outside price of a token, in the quote token, to bars and indicators."""
        ...

    def gauges(self, wanted: Sequence[tuple[str, str]], now_ns: int) -> list[float | None]:
        """Returns what each gauge shows at the state as it is, `None` where that is unknown.

        A gauge is (name, mint): `price`, `rsi`, `ema`, `band_low` or `band_high` of a token, by the deepest of its
        venues that can be believed now; or `congestion`, whatever the mint.
        """
        ...

    def token_values(
        self, mints: Sequence[str], venues: Sequence[str], max_age_ns: int, now_ns: int
    ) -> list[TokenValue | None]:
        """Returns what a whole one of each token is worth in whole quote tokens now, `None` where that is unknown.

        That is the mid of the deepest of its venues that can be believed, of equals the first by name; only of `venues`
        unless that is empty, and none that was known to be current longer ago than `max_age_ns`.
        """
        ...

    def unrecorded(self, pools: Sequence[str]) -> list[str]:
        """Returns those of the pools, by address, whose quote rests on a published formula alone.

        That is, whose account as last seen asks for a form of the quote that was never recorded from the program, as
        some fees of DAMM v2. A pool that is not known is one of them. Venues that were never recorded at all are listed
        in `cambist.model.venues`.
        """
        ...

    def present(self, now_ns: int) -> bytes:
        """Returns JSON of an `EngineView`."""
        ...

    def inspect(self, key: str, now_ns: int) -> bytes:
        """Returns JSON of a `CycleInspection`, or `null` if the cycle neither stands nor ended lately."""
        ...

    def inspect_price(self, token: str, now_ns: int) -> bytes:
        """Returns JSON of a `PriceInspection`, or `null` if the token has no price.

        `token` is a mint, or the source (`venue:symbol`) of what no identity ties to one.
        """
        ...

    def inspect_book(self, source: str, depth: int, now_ns: int) -> bytes:
        """Returns JSON of a `BookInspection` with at most `depth` levels a side, or `null` if there is no such book.

        `source` is `venue:symbol`; its state is the one that `present` says.
        """
        ...

    def snapshot(self) -> bytes:
        """Returns all state, engine-neutral and canonical: equal states give equal bytes in both engines."""
        ...

    def ask_picture(self) -> None:
        """Asks for a picture newer than the latest one, from any thread, and waits for nothing.

        It is made at the next moment that is 50 ms or more after the latest one's, by the time of the records.
        """
        ...

    def picture(self) -> Picture | None:
        """Returns the latest picture, `None` before any was made since the engine was made or restored.

        Any thread may ask, and waits for nothing.
        """
        ...

    def keyframe(self) -> Keyframe:
        """Returns a copy of all state, from which another thread makes the snapshot: that takes longer than to copy it.

        The reference engine makes it at once: another thread would hold the interpreter for as long.
        """
        ...

    def restore(self, state: bytes) -> None:
        """Takes over a snapshot of either engine. Raises `ValueError` if it isn't one of a known version."""
        ...


class PriceView(msgspec.Struct, frozen=True, gc=False):
    """One token on one venue, as the engine knows it. Prices in `unit` per whole token; never compare two units."""

    mint: str
    symbol: str
    venue: str
    source: str
    """Pool address or `venue:symbol`."""
    channel: int
    bid: float | None
    ask: float | None
    current_ns: int | None
    """Last time it was known to be current."""
    changed_ns: int | None
    usable: bool
    state: str
    """`live`, `torn`, `stale`, or the book's state."""
    first_price: float | None = None
    hour_ago: float | None = None
    hour_span_ns: int = 0
    closes: tuple[float, ...] = ()
    rsi: float | None = None
    ema: float | None = None
    band_low: float | None = None
    band_high: float | None = None
    synthetic: str = ""
    depth: float = 0.0
    """Quote tokens near the price; 0 for a book."""
    reference: bool = False
    """Whether this is the token's reference venue: the deepest that can be believed now, of equals first by name."""
    quote: str = ""
    """Symbol of what the source trades the token against; empty if it was not said."""
    unit: str = ""
    """Mint of what prices are in: the quote token, or what a book is quoted in; empty where no identity says which."""


class BarView(msgspec.Struct, frozen=True, gc=False):
    """A 5 s bar of the mid and the indicators after it, `None` where they have seen too few bars."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    ema: float | None
    """EMA 20."""
    kama: float | None
    """KAMA 10/2/30."""
    band_low: float | None
    """Bollinger 20/2."""
    band_high: float | None


class PriceInspection(msgspec.Struct, frozen=True):
    """A token's price opened up: the bars of its reference venue.

    Where no venue can be believed now, those of the deepest; `state` then says why not.
    """

    mint: str
    symbol: str
    venue: str
    source: str
    state: str
    synthetic: str
    depth: float
    current_ns: int | None
    changed_ns: int | None
    bars: tuple[BarView, ...]
    """The last 60 closed ones at most, oldest first; a silence longer than 20 bars leaves a hole."""
    provisional: BarView | None
    """The bar that still takes prices, with the indicators as though it closed now."""
    rsi: float | None
    """RSI 14 with the provisional bar."""


class BookInspection(msgspec.Struct, frozen=True):
    """One exchange book opened up. Prices are integers of `price_decimals`, quantities × 10⁸."""

    source: str
    """`venue:symbol`."""
    state: str
    """`live`, and only then it may be traded on; else `no_book`, `reseeding`, `crossed`, `suspect` or `stale`."""
    last_update_id: int
    best_bid: tuple[int, int] | None
    """(price, quantity); of a ticker where that is newer than the levels."""
    best_ask: tuple[int, int] | None
    bids: tuple[tuple[int, int], ...]
    """Levels as of the last update, best first."""
    asks: tuple[tuple[int, int], ...]
    as_of_ns: int
    """When its last change was true at the venue."""
    silent_ns: int | None
    """From when on it is STALE if nothing more is said of it."""
    seeds: int
    """Snapshots that it was made from."""
    gaps: int
    tick: int | None
    """Of prices, as the venue's list says; `None` if it is unknown, 0 if the venue switched it off."""
    step: int | None
    """Of quantities; an order is of whole steps."""
    min_notional: int | None
    """The least that an order must be worth, in the quote."""
    price_decimals: int = 8
    """Of its integer prices: 8, or as many more as the tick of its venue's list needs."""


class RaceView(msgspec.Struct, frozen=True, gc=False):
    """How one Solana socket does beside the others of the same chain, since the session began."""

    first: int
    """Updates it brought before any other."""
    duplicates: int
    """Updates somebody had brought before."""
    share_ppm: int | None
    """Of all updates those it brought first."""
    ahead_ns: int | None
    """How long copies of others took after it, on average; `None` before any came."""
    behind_ns: int | None
    """How long its own copies took after others, on average; `None` before any came."""


class ChannelView(msgspec.Struct, frozen=True, gc=False):
    """Counters of one channel."""

    channel: int
    frames: int
    malformed: int
    gaps: int
    last_ns: int
    lag_ns: int | None
    offset_ns: int | None
    """Running minimum of receive − venue time, subtracted from lag."""
    slot: int | None
    state: str
    last_error: str = ""
    """Sanitised."""
    race: RaceView | None = None
    """`None` where no other socket tells the same chain."""
    slots_behind: int | None = None
    """By how many slots a Solana socket trails the newest one of any."""
    quarantine: str = ""
    """Why nothing that this node tells of accounts counts before it connects anew. Sanitised."""


class FeeSample(msgspec.Struct, frozen=True, gc=False):
    """Prioritisation fees of one slot, micro-lamports per CU."""

    slot: int
    recv_ns: int
    minimum: int | None = None
    p25: int | None = None
    p50: int | None = None
    p75: int | None = None
    p90: int | None = None
    p99: int | None = None


class Counters(msgspec.Struct, frozen=True):
    """Running totals since the engine was made or restored."""

    frames: int = 0
    malformed: int = 0
    gaps: int = 0
    cycles: int = 0
    """Proposed by a search."""
    opportunities: int = 0
    """Exactly sized."""
    go: int = 0
    refused: dict[str, int] = {}
    """By reason, sorted by name."""
    expanded_edges: int = 0
    budget_cuts: int = 0
    torn: int = 0
    """Updates that left a pool torn."""
    crowded_out: int = 0
    """Cycles that were dropped, as more stand that earn more."""
    moments: int = 0
    """How often was judged."""
    stopped: dict[str, int] = {}
    """Opportunities that each gate stopped, by reason, sorted by name; one that stays refused for the same reason at
    the same size counts once."""
    unchanged: int = 0
    """Decisions that said again what the one before said; with `go` and all of `stopped` these are all decisions."""

    @property
    def decided(self) -> int:
        """How often was decided on a cycle."""
        return self.go + sum(self.stopped.values()) + self.unchanged


class FeeInput(msgspec.Struct, frozen=True, gc=False):
    """One figure that fees rest on."""

    name: str
    """`bid`, `account`, `estimate`, `tip`, `fullness` or `landing`."""
    source: str
    """Where it comes from: a percentile or `minimum`, an account, a provider's method, `tip_floor`, `logs`."""
    value: int | None
    """Micro-lamports per CU; a tip in lamports; fullness and landing in ppm."""
    recv_ns: int | None
    """When it was last heard."""


class EquivalenceView(msgspec.Struct, frozen=True, gc=False):
    """Two tokens taken for one another, and what their pair's book says of it now."""

    a: str
    b: str
    pair: str
    state: str
    """`in_band`, `out_of_band`, `stale`, `crossed` or `unknown`; its edges exist in band only."""
    detail: str
    """Why it does not hold, in words; empty while it does."""
    bid: float | None
    ask: float | None
    """Of the pair's book, as last known."""
    deviation_ppm: int | None
    """Of the mid from 1, rounded away from it."""
    widened_ppm: int | None
    """What the dearer direction keeps on top of the cost because of the touch, rounded up."""
    cost_ppm: int
    band_ppm: int
    age_ns: int | None


class EngineView(msgspec.Struct, frozen=True):
    """What screens can show of an engine."""

    slot: int | None
    slot_ns: int | None
    prices: tuple[PriceView, ...]
    cycles: tuple[Opportunity, ...]
    """Standing cycles, best first, each as last decided."""
    channels: tuple[ChannelView, ...]
    fees: tuple[FeeSample, ...]
    fee_source: str
    congestion: int | None
    """0–100, observed."""
    bid_micro_lamports: int | None
    trade_lamports: tuple[int | None, int | None, int | None]
    """(base fee, priority fee, tip) of a 3-hop trade now."""
    sol_price: float | None
    counters: Counters
    bid_percentile: int = 0
    """Percentile that is bid now."""
    fullness_ppm: int | None = None
    """Of the fullest account watched, observed, of what a block may spend on it."""
    fee_inputs: tuple[FeeInput, ...] = ()
    equivalences: tuple[EquivalenceView, ...] = ()
    """In the order of the setup."""


class HopView(msgspec.Struct, frozen=True):
    """One hop of an inspected cycle."""

    edge: str
    venue: str
    pool: str
    mint_in: str
    mint_out: str
    amount_in: int
    amount_out: int
    fee_bps: float
    impact_bps: float
    age_ns: int


class MoveView(msgspec.Struct, frozen=True, gc=False):
    """What a trade brings to one place and the next trade takes at another."""

    origin: str
    """`solana` or an exchange, as `target`."""
    target: str
    mint: str
    amount: int
    fee: int | None
    """What moving it costs in atoms of it; `None` where no transfer is set up, or none of so little."""
    cost: int | None
    """The same in atoms of the cycle's base token."""


class CycleEnd(msgspec.Struct, frozen=True):
    """How a cycle ended."""

    at_ns: int
    slot: int | None
    """The newest one then, `None` before any was announced."""
    how: End


class CycleHistory(msgspec.Struct, frozen=True):
    """What became of a cycle since it was found."""

    base: str
    """Mint of what it is sized in, or empty."""
    found_ns: int | None
    """`None` where an older snapshot did not say it, as its slot."""
    found_slot: int | None
    """The newest slot then, `None` before any was announced."""
    best_net: int | None
    """The most that it would have left at one moment, in atoms of its base token; `None` if it was never sized
    or a cost of it never known."""
    best_ns: int | None
    """The first moment at which it would have left that."""
    ended: CycleEnd | None
    """`None` while it stands."""


class CycleInspection(msgspec.Struct, frozen=True):
    """A cycle opened up; of one that ended, or is not sized now, only its history."""

    opportunity: Opportunity | None
    """The last decision; `None` while others through its pools earn so much more that it is not sized, and once it has
    ended."""
    hops: tuple[HopView, ...]
    curve: tuple[tuple[int, int], ...]
    """(amount in, net) over ~64 sizes up to twice the best."""
    cap: int | None
    history: CycleHistory
    moves: tuple[MoveView, ...] = ()
    """What it leaves to be moved, in the order of its hops: nothing of it is moved by itself."""
