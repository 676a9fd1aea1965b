"""View: all that screens and HTTP may read, in versioned immutable sections, and the `Runtime` they read it from.

Values are raw (integers, floats, `None` for unknown); how they look is the screen's business. A section's `version`
grows exactly when something in it changed, so a panel compares one integer before it looks at a row. Rows are kept from
the garbage collector (`gc=False`): they hold no cycles, and thousands a second are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from cambist.model.commands import Command


class PanelState(msgspec.Struct, frozen=True):
    """Why a panel is not simply showing data. `kind`: `ready`, `loading`, `empty`, `stale`, `error`."""

    kind: str = "ready"
    cause: str = ""
    next_step: str = ""
    since_ns: int = 0
    """When the state began, in session time; 0 if it does not matter."""


class Status(msgspec.Struct, frozen=True):
    """The status bar."""

    version: int = 0
    mode: str = "PAPER"
    """`PAPER`, `LIVE` or `REPLAY`."""
    demo: bool = False
    market: str = ""
    """`seed 7`, or the session's name in replay."""
    recording: bool = False
    recorded_bytes: int = 0
    recorded_since_ns: int = 0
    retention_bytes: int = 0
    recording_note: str = ""
    """Why nothing is being recorded, if so."""
    state: str = "RUNNING"
    """`RUNNING`, `REDUCING`, `HALTED`."""
    halt_reason: str = ""
    events_per_s: float | None = None
    slot: int | None = None
    queue: int = 0
    engine: str = "native"
    """`native` or `reference`."""
    engine_note: str = ""
    """Why the reference engine is in use, if it is not by choice."""
    now_ns: int = 0
    """Session time: wall time live, recorded time in replay."""
    wall_ns: int = 0
    signer: str = ""
    """Address that signs in LIVE."""
    background: str = ""
    """In a replay opened beside a live runtime: the live one's mode, e.g. `PAPER RUNNING`."""


class Valued(msgspec.Struct, frozen=True):
    """How a sum over several tokens came about."""

    reason: str = ""
    """Why there is no sum; empty where there is one."""
    venue: str = ""
    """Where the oldest price in it comes from; empty where none was needed."""
    source: str = ""
    age_ns: int | None = None
    """How long ago that price was known to be current."""


class Headline(msgspec.Struct, frozen=True):
    """The first line of sight: the best cycle and what was really earned."""

    version: int = 0
    best: CycleRow | None = None
    realised: int | None = None
    """Realised net today in atoms of `unit`; `None` where a price for the sum is missing."""
    valued: Valued = Valued()
    unit: str = "SOL"
    decimals: int = 9
    fills: int = 0
    orders: int = 0
    missed: int = 0
    from_peak: int | None = None
    """Realised today minus its highest value today; ≤ 0."""
    loss_limit: int | None = None
    congestion: int | None = None
    """0–100."""
    since_ns: int = 0
    """When the session began."""
    per_minute: tuple[int, ...] = ()
    """Cycles proposed in each of the last minutes, oldest first."""
    go_last_minute: int | None = None
    score_p50_ns: int | None = None
    """Frame to scored opportunity inside the engine."""
    score_p99_ns: int | None = None


class PriceRow(msgspec.Struct, frozen=True, gc=False):
    """One token on one venue."""

    key: str
    token: str
    venue: str
    bid: float | None
    ask: float | None
    age_ns: int | None
    """Since the quote was last confirmed current: for a pool the newest slot on its connection."""
    changed_ns: int | None = None
    """Session time of the last change."""
    change_1h: float | None = None
    """Fraction, over the last hour or since the first price if younger."""
    change_span_ns: int = 0
    """What `change_1h` really spans."""
    spark: tuple[float, ...] = ()
    """Closes over the last 15 minutes, oldest first."""
    rsi: float | None = None
    ema: float | None = None
    band_low: float | None = None
    band_high: float | None = None
    best_bid: bool = False
    best_ask: bool = False
    stale: bool = False
    source: str = ""
    """Endpoint and channel the number came from."""
    synthetic: str = ""
    """`basis (synthetic)` for spot against perpetual; else empty."""
    venue_class: str = ""
    """Theme role of the venue: `ray4`, `cpmm`, `orca`, `dlmm`, `binance`, `other`."""
    depth: float = 0.0
    """Quote tokens near the price; 0 where that is not known."""
    reference: bool = False
    """Whether this is the token's reference venue: the deepest that can be believed now."""
    quote: str = ""
    """What the source trades the token against; empty if it was not said."""
    unit: str = ""
    """What bid and ask are in: the section's quote token, or `quote`. Two units are never compared."""
    peg: str = ""
    """Of an equivalence of `token` and `quote`: `in_band`, `out_of_band`, `stale`, `crossed` or `unknown`; bid and ask
    are then those of the pair's book. Empty for a price."""
    peg_words: str = ""
    """Its state in words: `in band`, `widened by 100 ppm`, …"""


class PricesSection(msgspec.Struct, frozen=True):
    """Panel 1."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[PriceRow, ...] = ()
    quote: str = "USDC"
    tokens: int = 0
    pools: int = 0


class Leg(msgspec.Struct, frozen=True, gc=False):
    """A step of a route as shown: the token sold, the venue, the pool."""

    token: str
    venue: str
    venue_class: str
    edge: str


class CycleRow(msgspec.Struct, frozen=True, gc=False):
    """One cycle of panel 2. Amounts in atoms of `unit`."""

    key: str
    legs: tuple[Leg, ...]
    unit: str
    decimals: int
    settlement: str
    size: int
    gross_bps: float
    pools_bps: float
    chain_bps: float | None
    net_bps: float | None
    net: int | None
    oldest_ns: int
    seen_slots: int
    landing_ppm: int | None
    score: int | None
    mark: str
    """`go`, `stale`, `blocked`, `skip`."""
    reason: str
    detail: str
    decision: str
    """At most 16 cells, in words of LOOK.md section 10."""
    miss: str = ""
    """How far from go it was, where a figure refused it: `0.000105 SOL`, `1 slots`, `1.7%`."""


class CyclesSection(msgspec.Struct, frozen=True):
    """Panel 2."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[CycleRow, ...] = ()
    min_bps: float = 0.0
    seen: int = 0
    """Cycles proposed since the session's start."""
    best_bps: float | None = None
    stopped: tuple[tuple[str, int], ...] = ()
    """(gate, how many opportunities it stopped since the start)."""
    rule: str = ""
    """What the operator's rule says a trade must be; empty without one."""


class FeeColumn(msgspec.Struct, frozen=True, gc=False):
    """Fee percentiles over one time bucket, micro-lamports per CU; `None` where the source gives none."""

    end_ns: int
    p25: int | None = None
    p50: int | None = None
    p75: int | None = None
    p90: int | None = None
    p99: int | None = None
    minimum: int | None = None


class FeeInputRow(msgspec.Struct, frozen=True, gc=False):
    """One figure that fees rest on, with where it comes from and how old it is."""

    name: str
    """`bid`, `account` (the dearest), `estimate`, `tip`, `fullness` (observed) or `landing`."""
    source: str
    value: int | None
    """Micro-lamports per CU; a tip in lamports; fullness and landing in ppm."""
    age_ns: int | None
    """`None` where it has no one time."""


class FeesSection(msgspec.Struct, frozen=True):
    """Panel 3."""

    version: int = 0
    state: PanelState = PanelState("loading")
    columns: tuple[FeeColumn, ...] = ()
    """15 s buckets, oldest first; screens merge them."""
    now: FeeColumn | None = None
    score: int | None = None
    trend: str = ""
    """`rising`, `falling`, `steady` or empty."""
    bid_percentile: str = "p75"
    hops: int = 3
    total: int | None = None
    """Lamports a trade of `hops` hops pays."""
    total_bps: float | None = None
    """`total` against `size`."""
    size: int | None = None
    """Lamports that `total_bps` relates to: the most one trade may put in."""
    tip: int | None = None
    priority: int | None = None
    base: int | None = None
    source: str = ""
    age_ns: int | None = None
    note: str = ""
    """Why percentiles are unknown, if they are."""
    inputs: tuple[FeeInputRow, ...] = ()


class DuelRow(msgspec.Struct, frozen=True):
    """One module in both engines, seconds as nanoseconds; `None` under 30 samples."""

    module: str
    rust_p50: float | None
    rust_p99: float | None
    python_p50: float | None
    python_p99: float | None
    ratio: float | None
    samples: int
    mismatches: int


class DuelSection(msgspec.Struct, frozen=True):
    """Panel 4."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[DuelRow, ...] = ()
    profile: str = ""
    mismatches: int | None = None


class TradeRow(msgspec.Struct, frozen=True, gc=False):
    """One order and how it ended. Amounts in atoms of `unit`."""

    id: int
    at_ns: int
    legs: tuple[Leg, ...]
    unit: str
    decimals: int
    hoped_bps: float | None
    got_bps: float | None
    net: int | None
    status: str
    """`open`, `filled`, `missed`, `unknown`."""
    reason: str = ""


class Wallet(msgspec.Struct, frozen=True):
    """A wallet as shown. `change` is realised net since the session's start."""

    name: str
    balance: int | None
    change: int | None
    unit: str = "SOL"
    decimals: int = 9
    valued: Valued = Valued()
    """How the change was added up."""


class TradesSection(msgspec.Struct, frozen=True):
    """Panel 5."""

    version: int = 0
    state: PanelState = PanelState("empty")
    paper: Wallet | None = None
    real: Wallet | None = None
    rows: tuple[TradeRow, ...] = ()
    """Newest first."""
    curve: tuple[float, ...] = ()
    """Realised net in whole units after each fill, oldest first: `equity` of the session's fills less what it began
    with, each a return on what was held before it, at decay 1 and cutout 0; added up in atoms."""


class FeedRow(msgspec.Struct, frozen=True, gc=False):
    """One feed or connection."""

    name: str
    state: str
    """`live`, `connecting`, `stale`, `down`, `idle`."""
    per_s: float | None
    lag_ns: int | None
    gaps: int
    drops: int
    endpoint: str = ""
    note: str = ""
    offset_ns: int | None = None
    """Clock offset subtracted from its lag."""
    clock_ns: int | None = None
    """The venue's clock less ours, measured by asking for its time; `None` if it was not asked, or did not answer."""
    clock_error_ns: int = 0
    """How far off that may be."""
    last_ns: int = 0
    """When its last frame came before it went down; 0 if none came, or it is not down."""
    attempt: int = 0
    """Which attempt in a row comes next, while it waits to connect again."""
    retry_at_ns: int | None = None
    wait_ns: int = 0
    """How long the wait before that attempt is in all."""
    raced: bool = False
    """Another endpoint tells the same chain."""
    first_ppm: int | None = None
    """Of what all of these told, how much this one told first."""
    ahead_ns: int | None = None
    """How long the others took after it, on average, where it was first."""
    behind_ns: int | None = None
    """How long it took after them, on average, where it was not."""
    slots_behind: int | None = None
    """By how many slots it trails the newest one of any node; `None` for what has no slots."""
    asked: bool = False
    """Its frames are answers to questions: it has no lag, and rests in between."""


class FeedsSection(msgspec.Struct, frozen=True):
    """Panel 6."""

    version: int = 0
    state: PanelState = PanelState("loading")
    rows: tuple[FeedRow, ...] = ()


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """One line of the log."""

    at_ns: int
    level: str
    """`info`, `warn`, `error`."""
    source: str
    text: str


class LogSection(msgspec.Struct, frozen=True):
    """Panel 7."""

    version: int = 0
    rows: tuple[LogRow, ...] = ()
    """Oldest first, bounded."""


class HopRow(msgspec.Struct, frozen=True, gc=False):
    """One hop of an inspected cycle."""

    venue: str
    venue_class: str
    pool: str
    token_in: str
    token_out: str
    decimals_in: int
    decimals_out: int
    amount_in: int
    amount_out: int
    fee_bps: float
    impact_bps: float
    age_ns: int


class Gate(msgspec.Struct, frozen=True):
    """One test that a cycle passed or failed: label, what it has, what it needs, already in words."""

    label: str
    has: str
    needed: str
    passed: bool


class CycleDetail(msgspec.Struct, frozen=True):
    """What `enter` on a cycle shows."""

    version: int
    row: CycleRow
    hops: tuple[HopRow, ...]
    costs: tuple[tuple[str, int | None], ...]
    """(label, atoms of the base token), gross first, net last; costs negative."""
    gates: tuple[Gate, ...]
    curve: tuple[tuple[int, int], ...]
    """(size, net) in atoms, ascending size."""
    binds: str
    """One sentence on what limits the size."""
    stopped: int | None = None
    """How many opportunities the gate that refused this one stopped since the start."""


class PriceBar(msgspec.Struct, frozen=True, gc=False):
    """A 5 s bar of the mid and the indicators after it, `None` where they have seen too few bars."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float
    ema: float | None
    kama: float | None
    band_low: float | None
    band_high: float | None


class PriceDetail(msgspec.Struct, frozen=True):
    """What `enter` on a price shows: the token's reference venue, and the token on every venue."""

    version: int
    key: str
    """Of the row that was asked for."""
    token: str
    quote: str
    venue: str
    """The reference venue, whose bars these are; where none can be believed now, the deepest."""
    venue_class: str
    source: str
    state: str
    """`live`, `injected`, or why its price is not believed now: `torn`, `stale`, …"""
    age_ns: int | None
    changed_ns: int | None
    """How long ago its price changed last."""
    bars: tuple[PriceBar, ...]
    """The last 60 closed ones at most, oldest first; a long silence leaves a hole."""
    provisional: PriceBar | None
    """The bar that is not closed, with the indicators as though it closed now."""
    rsi: float | None
    """With the provisional bar."""
    rows: tuple[PriceRow, ...]
    """The token on every venue, in the order of the table."""


class Marker(msgspec.Struct, frozen=True):
    """A point of the timeline. `kind`: `fill`, `loss`, `gap`, `halt`, `bookmark`, `cut`."""

    at_ns: int
    kind: str
    label: str = ""


class ReplayStatus(msgspec.Struct, frozen=True):
    """The transport of a replay."""

    version: int = 0
    session: str = ""
    playing: bool = True
    speed: float | None = 1.0
    """`None` is as fast as it goes."""
    position_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0
    record: int = 0
    records: int = 0
    digest: str = ""
    digest_match: bool | None = None
    """`None` until a stored digest was compared."""
    density: tuple[int, ...] = ()
    """Records per equal slice of the range."""
    markers: tuple[Marker, ...] = ()
    finished: bool = False


class SessionRow(msgspec.Struct, frozen=True):
    """One stored session, for `o` and `cambist sessions`."""

    name: str
    path: str
    started_ns: int
    seconds: float
    bytes: int
    records: int
    bookmarks: int
    imported: bool
    open: bool
    demo: bool
    complete: bool


class View(msgspec.Struct, frozen=True):
    """Everything shown, at one moment."""

    status: Status = Status()
    headline: Headline = Headline()
    prices: PricesSection = PricesSection()
    cycles: CyclesSection = CyclesSection()
    fees: FeesSection = FeesSection()
    duel: DuelSection = DuelSection()
    trades: TradesSection = TradesSection()
    feeds: FeedsSection = FeedsSection()
    log: LogSection = LogSection()
    detail: CycleDetail | None = None
    price_detail: PriceDetail | None = None
    replay: ReplayStatus | None = None


class Runtime(Protocol):
    """What a screen holds: it reads `view`, it submits commands, nothing else."""

    @property
    def view(self) -> View:
        """The latest View; reading it lets the hub publish the next one."""
        ...

    def submit(self, command: Command) -> None:
        """Puts an operator's act into the queue. Returns at once; what came of it shows in the View.

        One that has no meaning here is an error in the log.
        """
        ...

    def sessions(self) -> tuple[SessionRow, ...]:
        """Returns the stored sessions, newest first."""
        ...

    def check_rule(self, text: str) -> str:
        """Returns what keeps `text` from being a rule here, with the column; empty if nothing does."""
        ...

    def live_checks(self) -> tuple[Gate, ...]:
        """Returns what stands between PAPER and LIVE, each with its cause; empty `passed` ones included."""
        ...

    def open_session(self, name: str) -> Runtime:
        """Returns a second, replaying runtime on a stored session; this one goes on. Raises `OSError`, `ValueError`."""
        ...

    def close(self) -> None:
        """Ends it: sources, recorder, executors, in that order; returns when the session is readable on disk."""
        ...
