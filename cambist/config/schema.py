"""The configuration's tables, typed: each key with its default and its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from cambist.config.numbers import Amount, Count, Ppm
from cambist.config.risk import Risk
from cambist.config.settings import Bidding, GateSettings, Search
from cambist.config.strategies import StrategyTable
from cambist.config.transfers import TransferTable
from cambist.config.watch import Valuation, Watch
from cambist.model.exchanges import EXCHANGES
from cambist.model.market import Equivalence, Identity, PoolRef, Token, VenueFee
from cambist.model.rivals import Level


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where prices come from."""

    source: str = "demo"
    """`demo` (the embedded market) or `network` (the endpoints below)."""
    seed: int = 7
    """Demo only: one seed, the same market."""
    rate: Annotated[float, msgspec.Meta(ge=0.0, le=1_000.0)] = 1.0
    """Demo only: how busy its noise traders are."""
    level: Level = "honest"
    """Demo only: `honest` rivals, `hard` ones, or `easy` ones that leave more than real ones do, which screens say."""
    rivals: dict[str, float] = {}
    """Demo only: single figures of that level, such as `reaction_p50_ms`, by name."""
    exchanges: tuple[str, ...] = ()
    """Demo only: the exchanges that the embedded market serves besides the one its traders look at."""
    transport: Literal["websockets", "native"] = "websockets"
    """Demo only: what reads its streams. Endpoints of the network choose for themselves."""


class SolanaEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node: its PubSub and its HTTP address."""

    name: str
    """What screens and commands call it."""
    pubsub: str
    """Address of its WebSocket side."""
    rpc: str
    """Address of its HTTP side."""
    fee_percentiles: bool = False
    """True if getRecentPrioritizationFees takes the `percentile` parameter."""
    fee_estimates: tuple[Literal["getPriorityFeeEstimate", "qn_estimatePriorityFees"], ...] = ()
    """Estimates of fees that this provider answers."""
    tip_floor: str = ""
    """Address that tells the tips that landed, e.g. `https://bundles.jito.wtf/api/v1/bundles/tip_floor`."""
    tip_stream: str = ""
    """Address that streams them, e.g. `wss://bundles.jito.wtf/api/v1/bundles/tip_stream`."""
    observe_pools: Annotated[int, msgspec.Meta(ge=0, le=128)] = 0
    """Of how many pools the logs are read, to see how full their accounts are."""
    transactions_per_s: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 2.0
    """Of transactions that took gaps so many a second are asked for, to know who paid and how much; 0 for none."""
    transport: Literal["websockets", "native"] = "websockets"
    """What reads its PubSub side: Python, or a thread of the Rust extension."""


Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=86_400.0)]


class ExchangeEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Market data of one exchange. What is left out is the venue's own."""

    enabled: bool = True
    """Whether it is watched."""
    ws: str = ""
    """Base address of its streams."""
    rest: str = ""
    """Base address of its reads."""
    symbols: tuple[str, ...] = ()
    """In the venue's form, such as `BTC/USD` or `BTCUSDT`; the most important first."""
    streams: tuple[Literal["book", "ticker", "trade"], ...] = ()
    """What is subscribed to; none means all that the venue has."""
    seed: Literal["", "rest", "stream"] = ""
    """Where the first picture of a book comes from, where the venue leaves a choice."""
    transport: Literal["websockets", "native"] = "websockets"
    """What reads its streams: Python, or a thread of the Rust extension."""
    ack_s: Seconds | None = None
    """A subscription must be acknowledged within this."""
    first_data_s: Seconds | None = None
    """It must have data so long after that."""
    alive_s: Seconds | None = None
    """A connection without any frame for this long is dead."""
    silence_s: Seconds | None = None
    """So is one without data of any symbol for this long."""
    symbol_s: Seconds | None = None
    """A symbol that is silent for this long, and ten times its usual pause, is subscribed anew."""
    lifetime_s: Seconds | None = None
    """A connection is replaced, as planned, at this age or up to a twentieth earlier."""
    rest_weight: Seconds | None = None
    """What reads may cost in the venue's own window."""
    max_message_bytes: Annotated[int, msgspec.Meta(ge=1 << 16, le=16 << 20)] | None = None
    """A longer message ends the connection."""


class StrategyChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which go opportunities are taken."""

    rule: str = ""
    """What must hold of one, such as `net_bps > 8 and rsi(SOL) < 70`; empty takes each."""


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paper wallet and how paper orders land."""

    wallet: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 100.0, "USDC": 20_000.0})
    """What the paper wallet holds at the start, in whole tokens by symbol."""
    inventory: dict[str, dict[str, Amount]] = {}
    """What paper has at exchanges at the start: exchange, then symbol, in whole tokens; legged trades take from it."""
    latency_ms: Count = 80
    """A transaction reaches the leader after this at the earliest."""
    jitter_ms: Count = 120
    """It may take so much longer."""
    late_ppm: Ppm = 230_000
    """Chance that it misses the slot that is open then, and each one after it; on a chain without congestion."""
    late_full_ppm: Ppm = 600_000
    """The same on a full chain, and where nothing is known of how full it is."""
    sender: Literal["node", "bundle"] = "node"
    """What sends it: in a `bundle` one that would revert does not land and costs nothing."""
    exchange_latency_ms: Count = 80
    """An order reaches an exchange after this at the earliest."""
    exchange_jitter_ms: Count = 70
    """It may take so much longer."""
    venue_latency_ms: dict[str, Count] = {}
    """The same as `exchange_latency_ms` of single exchanges, by name."""
    failure_ppm: Ppm = 50_000
    """Share of orders that fail though they would pay."""
    slippage_ppm: Ppm = 30
    """Share of the output that is lost on the way."""


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where sessions go and how long they stay."""

    enabled: bool = True
    """Whether sessions are recorded."""
    folder: str = ""
    """Empty: the user's data folder."""
    max_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**50)] = 5 * 1024**3
    """Oldest sessions go first beyond this; bookmarked and imported ones never."""
    max_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 14
    """Older sessions go; bookmarked and imported ones never."""


class EngineChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which engine decides."""

    use_rust_backend: bool = True
    """Whether the Rust engine decides, where it is built; else its twin in Python."""
    duel: bool = True
    """Time both engines side by side in a child process while the dashboard runs."""


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it looks."""

    theme: str = "verdigris"
    """`verdigris`, `ledger` or `harbour`."""
    motion: str = "full"
    """`full`, `reduced` or `off`."""
    ascii: bool = False
    """Draws with ASCII alone."""
    read_only: bool = False
    """Takes no act that changes anything."""


FIRST_TIER = tuple(VenueFee(e.name, e.taker_ppm) for e in sorted(EXCHANGES, key=lambda e: e.name) if e.taker_ppm)
"""What a taker without volume paid; accounts have their own."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an operator can set."""

    market: Market = Market()
    solana: tuple[SolanaEndpoint, ...] = ()
    venues: dict[str, ExchangeEndpoint] = {}
    """Exchanges by name: those that come with cambist, and those of installed packages."""
    tokens: tuple[Token, ...] = ()
    identities: tuple[Identity, ...] = ()
    pools: tuple[PoolRef, ...] = ()
    watch: Watch = Watch()
    valuation: Valuation = Valuation()
    venue_fees: tuple[VenueFee, ...] = FIRST_TIER
    equivalences: tuple[Equivalence, ...] = ()
    transfers: tuple[TransferTable, ...] = ()
    search: Search = Search()
    gates: GateSettings = GateSettings()
    bidding: Bidding = Bidding()
    strategy: StrategyChoice = StrategyChoice()
    strategies: tuple[StrategyTable, ...] = ()
    risk: Risk = Risk()
    paper: Paper = Paper()
    recording: Recording = Recording()
    engine: EngineChoice = EngineChoice()
    screen: Screen = Screen()

    @property
    def exchanges(self) -> dict[str, ExchangeEndpoint]:
        """The exchanges that are enabled, by name, always in the same order."""
        own = [exchange.name for exchange in EXCHANGES if exchange.name in self.venues]
        names = (*own, *(name for name in self.venues if name not in own))
        return {name: self.venues[name] for name in names if self.venues[name].enabled}

    @property
    def session_folder(self) -> Path:
        """Where sessions and journals are kept."""
        return Path(self.recording.folder or platformdirs.user_data_dir("cambist")).expanduser()


def default_path() -> Path:
    """Returns where the configuration is looked for when no `--config` is given."""
    return Path(platformdirs.user_config_dir("cambist")) / "cambist.toml"
