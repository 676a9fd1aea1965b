"""The configuration: one TOML file, typed; every error names the file, the line and what was expected."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
import platformdirs

from cambist.config import watch as config_watch
from cambist.config.watch import Valuation, Watch
from cambist.model.equivalences import problems
from cambist.model.market import FIAT, Equivalence, Identity, PoolRef, Token, VenueFee, is_multiple

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
"""Whole tokens; in atoms of nine decimals it still fits 64 bits."""
EXCHANGES = ("binance", "kraken", "okx", "bybit", "coinbase")
"""Exchanges that have a table of their own."""
FURTHER = ("binance-usdm",)
"""Exchanges that come with cambist and are named in `[venues]`."""
PLUGINS = "cambist.feed"
"""Entry point group of further exchanges."""
BASE58_KEY = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")


class ConfigError(ValueError):
    """An unusable configuration: file, line, and what to do."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where prices come from."""

    source: str = "demo"
    """`demo` (the embedded market) or `network` (the endpoints below)."""
    seed: int = 7
    rate: Annotated[float, msgspec.Meta(ge=0.0, le=1_000.0)] = 1.0
    """Demo only: how busy its noise traders are."""
    exchanges: tuple[Literal["binance", "kraken", "okx", "bybit", "coinbase"], ...] = ("binance",)
    """Demo only: the exchanges that the embedded market serves; Binance is always among them."""
    transport: Literal["websockets", "native"] = "websockets"
    """Demo only: what reads its streams. Endpoints of the network choose for themselves."""


class SolanaEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node: its PubSub and its HTTP address."""

    name: str
    pubsub: str
    rpc: str
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
    transport: Literal["websockets", "native"] = "websockets"
    """What reads its PubSub side: Python, or a thread of the Rust extension."""


Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=86_400.0)]


class ExchangeEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Market data of one exchange. What is left out is the venue's own."""

    enabled: bool = True
    ws: str = ""
    """Base address of its streams."""
    rest: str = ""
    """Base address of its reads."""
    symbols: tuple[str, ...] = ()
    """In the venue's form, such as `BTC/USD` or `BTCUSDT`; the most important first."""
    streams: tuple[Literal["book", "ticker", "trade"], ...] = ()
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


class OkxEndpoint(ExchangeEndpoint, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Market data of OKX."""

    seed: Literal["rest", "stream"] = "stream"
    """Where the first picture of a book comes from."""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to look for cycles and what one must earn. See `cambist.engine.protocol` for the units."""

    max_hops: Annotated[int, msgspec.Meta(ge=2, le=5)] = 4
    keep: Count = 6
    budget_edges: Count = 20_000
    margin_ppm: Ppm = 300
    min_net_ppm: int = 500
    min_seen_slots: Count = 2
    max_gap_slots: Count = 0
    max_book_age_ms: Count = 2_000
    max_slot_lag: Count = 2
    max_slot_silence_ms: Count = 5_000
    max_unconfirmed_ppm: Count = 20_000
    min_landing_ppm: Ppm = 100_000
    max_fee_ppm_of_gross: Ppm = 500_000
    rebalancing_ppm: Ppm | None = None
    bid_percentile: Annotated[int, msgspec.Meta(ge=0, le=100)] = 75
    bid_floor_micro_lamports: Count = 1_000
    tip_ppm_of_gross: Ppm = 50_000
    min_tip_lamports: Count = 1_000


class StrategyChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which go opportunities are taken."""

    rule: str = ""
    """What must hold of one, such as `net_bps > 8 and rsi(SOL) < 70`; empty takes each."""


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of RiskGate. Maps go from a base token's symbol to whole tokens; a token without both is never traded."""

    cap: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 20.0, "USDC": 4_000.0})
    daily_loss: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 0.5, "USDC": 100.0})
    max_open_orders: Count = 4
    max_orders_per_minute: Count = 60


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paper wallet and how paper orders land."""

    wallet: dict[str, Amount] = msgspec.field(default_factory=lambda: {"SOL": 100.0, "USDC": 20_000.0})
    latency_ms: Count = 450
    jitter_ms: Count = 350
    failure_ppm: Ppm = 50_000
    slippage_ppm: Ppm = 30


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where sessions go and how long they stay."""

    enabled: bool = True
    folder: str = ""
    """Empty: the user's data folder."""
    max_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**50)] = 5 * 1024**3
    max_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 14


class EngineChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which engine decides."""

    use_rust_backend: bool = True
    duel: bool = True
    """Time both engines side by side in a child process while the dashboard runs."""


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it looks."""

    theme: str = "verdigris"
    motion: str = "full"
    ascii: bool = False
    read_only: bool = False


FIRST_TIER = (
    VenueFee("binance", 1_000),
    VenueFee("bybit", 1_000),
    VenueFee("coinbase", 12_000),
    VenueFee("kraken", 4_000),
    VenueFee("okx", 1_500),
)
"""What a taker without volume paid in 2026, where regions differ the most; accounts have their own."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an operator can set."""

    market: Market = Market()
    solana: tuple[SolanaEndpoint, ...] = ()
    binance: ExchangeEndpoint | None = None
    kraken: ExchangeEndpoint | None = None
    okx: OkxEndpoint | None = None
    bybit: ExchangeEndpoint | None = None
    coinbase: ExchangeEndpoint | None = None
    venues: dict[str, ExchangeEndpoint] = {}
    """Further exchanges by name: `binance-usdm`, and those of installed packages."""
    tokens: tuple[Token, ...] = ()
    identities: tuple[Identity, ...] = ()
    pools: tuple[PoolRef, ...] = ()
    watch: Watch = Watch()
    valuation: Valuation = Valuation()
    venue_fees: tuple[VenueFee, ...] = FIRST_TIER
    equivalences: tuple[Equivalence, ...] = ()
    rules: Rules = Rules()
    strategy: StrategyChoice = StrategyChoice()
    risk: Risk = Risk()
    paper: Paper = Paper()
    recording: Recording = Recording()
    engine: EngineChoice = EngineChoice()
    screen: Screen = Screen()

    @property
    def exchanges(self) -> dict[str, ExchangeEndpoint]:
        """The exchanges that are enabled, by name, always in the same order."""
        tables = {name: getattr(self, name) for name in EXCHANGES} | self.venues
        return {name: table for name, table in tables.items() if table is not None and table.enabled}

    @property
    def session_folder(self) -> Path:
        """Where sessions and journals are kept."""
        return Path(self.recording.folder or platformdirs.user_data_dir("cambist")).expanduser()


def default_path() -> Path:
    """Returns where the configuration is looked for when no `--config` is given."""
    return Path(platformdirs.user_config_dir("cambist")) / "cambist.toml"


def load(path: Path | None) -> Config:
    """Returns the configuration in `path`, or the defaults if `path` is `None` and the default file does not exist.

    Raises `ConfigError` for a missing file, broken TOML, an unknown key or a wrong type.
    """
    if path is None:
        path = default_path()
        if not path.exists():
            return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(path, None, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, None, f"is not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(found.group(1)) if found else None
        raise ConfigError(path, line, f"is not TOML: {error}") from error
    return _typed(path, text, data)


def _typed(path: Path, text: str, data: dict[str, Any]) -> Config:
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`").lstrip(".").replace("[...]", "")
        unknown = re.search(r"unknown field `(\w+)`", what)
        key = f"{where}.{unknown.group(1)}".lstrip(".") if unknown else where
        message = f"`{key or 'the file'}`: {what[0].lower()}{what[1:]}{_found(data, where)}"
        if unknown:
            message = f"`{key}` is not a setting{_nearest(unknown.group(1), where)}"
        raise ConfigError(path, _line_of(text, key), message) from error
    config = msgspec.structs.replace(config, watch=config.watch.anchored(path.parent))
    _check(path, text, config)
    return config


def _found(data: Any, where: str) -> str:
    """Returns the number that stands at a place in the data; any other value is not repeated, it may be a secret."""
    for part in re.findall(r"[\w-]+", where):
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return f", was {data}" if isinstance(data, int | float) and not isinstance(data, bool) else ""


def _check(path: Path, text: str, config: Config) -> None:
    choices = {
        "market.source": (config.market.source, ("demo", "network")),
        "screen.motion": (config.screen.motion, ("full", "reduced", "off")),
        "screen.theme": (config.screen.theme, ("verdigris", "ledger", "harbour")),
    }
    for key, (value, allowed) in choices.items():
        if value not in allowed:
            near = difflib.get_close_matches(value, allowed, 1, 0)
            raise ConfigError(
                path,
                _line_of(text, key),
                f'`{key}` is "{value}", expected one of {", ".join(allowed)}'
                + (f'; nearest is "{near[0]}"' if near else ""),
            )
    if config.market.source == "network" and not config.solana and not config.exchanges:
        tables = ", ".join(f"[{name}]" for name in EXCHANGES)
        problem = f'market.source is "network", but no [[solana]] or {tables} endpoint is given'
        raise ConfigError(path, _line_of(text, "market.source"), problem)
    names = [endpoint.name for endpoint in config.solana]
    for at, name in enumerate(names):
        if name in names[:at]:
            problem = f"`solana[{at}].name` is taken by another endpoint: screens and commands tell them apart by it"
            raise ConfigError(path, _line_of(text, f"solana[{at}].name"), problem)
    _check_keys(path, text, config)
    for wrong in config_watch.problems(config.watch, config.valuation, config.tokens, names):
        raise ConfigError(path, _line_of(text, wrong.key), f"`{wrong.key}`: {wrong.text}")
    _check_identities(path, text, config)
    for at in range(len(config.equivalences)):
        for name, problem in problems(at, config.equivalences, config.tokens, config.identities):
            key = f"equivalences[{at}].{name}"
            raise ConfigError(path, _line_of(text, key), f"`{key}`{problem}")
    for key, amounts in (
        ("risk.cap", config.risk.cap),
        ("risk.daily_loss", config.risk.daily_loss),
        ("paper.wallet", config.paper.wallet),
    ):
        if not all(map(math.isfinite, amounts.values())):
            raise ConfigError(path, _line_of(text, key), f"`{key}` holds what is no number")
    if not math.isfinite(config.market.rate):
        raise ConfigError(path, _line_of(text, "market.rate"), "`market.rate` is no number")
    urls = [(f"solana[{i}]", u) for i, e in enumerate(config.solana) for u in (e.pubsub, e.rpc)]
    urls += [
        (f"solana[{i}].{key}", url)
        for i, e in enumerate(config.solana)
        for key, url in (("tip_floor", e.tip_floor), ("tip_stream", e.tip_stream))
        if url
    ]
    for key, table in _tables(config).items():
        _check_exchange(path, text, key, table)
        urls += [(f"{key}.{part}", url) for part, url in (("ws", table.ws), ("rest", table.rest)) if url]
    for key, url in urls:
        base = not key.startswith("solana")
        if problem := _url_problem(url) or ("a base address takes no query" if base and "?" in url else ""):
            raise ConfigError(path, _line_of(text, key), f"`{key}`: {problem}")
        if not re.match(r"(wss|https)://|(ws|http)://(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]", url + "/"):
            raise ConfigError(
                path, _line_of(text, key), f"`{key}`: plain ws and http are for loopback only, use wss or https"
            )


def _tables(config: Config) -> dict[str, ExchangeEndpoint]:
    """Returns every table of an exchange by its key, those that are not enabled too."""
    own = {name: getattr(config, name) for name in EXCHANGES}
    found = {name: table for name, table in own.items() if table is not None}
    return found | {f"venues.{name}": table for name, table in config.venues.items()}


def _check_exchange(path: Path, text: str, key: str, table: ExchangeEndpoint) -> None:
    name = key.removeprefix("venues.")
    if name != key:
        from importlib.metadata import entry_points  # loads the email package; few configs need it

        known = (*FURTHER, *(point.name for point in entry_points(group=PLUGINS) if point.name not in EXCHANGES))
        if name in EXCHANGES:
            raise ConfigError(path, _line_of(text, key), f"`{key}` has a table of its own: [{name}]")
        if name not in known:
            near = difflib.get_close_matches(name, (*known, *EXCHANGES), 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
            raise ConfigError(path, _line_of(text, key), f"`{key}` is no exchange; {hint}")
    seen: set[str] = set()
    for symbol in table.symbols:
        if not symbol or symbol in seen:
            what = "is empty" if not symbol else f'"{symbol[:30]}" stands there twice'
            raise ConfigError(path, _line_of(text, f"{key}.symbols"), f"`{key}.symbols`: {what}")
        seen.add(symbol)


def _check_keys(path: Path, text: str, config: Config) -> None:
    keys = [
        (f"pools[{i}].{name}", getattr(p, name)) for i, p in enumerate(config.pools) for name in ("address", "program")
    ]
    for key, value in keys:
        if not BASE58_KEY.fullmatch(value):
            raise ConfigError(path, _line_of(text, key), f'`{key}` is "{value[:60]}", expected a base58 public key')
    mints = [(f"tokens[{i}].mint", token.mint) for i, token in enumerate(config.tokens)]
    mints += [(f"identities[{i}].mint", each.mint) for i, each in enumerate(config.identities)]
    for key, value in mints:
        if not BASE58_KEY.fullmatch(value) and not FIAT.fullmatch(value):
            problem = f'`{key}` is "{value[:60]}", expected a base58 public key, or `fiat:USD` and the like'
            raise ConfigError(path, _line_of(text, key), problem)


def _check_identities(path: Path, text: str, config: Config) -> None:
    for at, each in enumerate(config.identities):
        key = f"identities[{at}].asset"
        if is_multiple(each.asset):
            problem = f'`{key}` is "{each.asset[:60]}", many tokens at once: it is never taken for the token itself'
            raise ConfigError(path, _line_of(text, key), problem)


def _url_problem(url: str) -> str:
    """Returns what is wrong with an endpoint, without a word of it: it may hold a key."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "no URL; a host, or a port from 1 to 65535, can't be read"
    if not parts.hostname or port == 0:
        return "no URL; expected scheme, host and path"
    if parts.username or parts.password or parts.fragment:
        return "a user, a password or a fragment has no place in an endpoint"
    return ""


def _nearest(name: str, where: str) -> str:
    shape: Any = Config
    for part in re.sub(r"\[[^]]*\]", "", where).split("."):
        if part:
            fields = {f.name: f.type for f in msgspec.structs.fields(shape)}
            shape = fields.get(part, Config)
            args = getattr(shape, "__args__", ())
            shape = next((a for a in (shape, *args) if isinstance(a, type) and issubclass(a, msgspec.Struct)), Config)
    names = [f.name for f in msgspec.structs.fields(shape)]
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; known here: {', '.join(names)}"


def _line_of(text: str, key: str) -> int | None:
    """Returns the line that sets a dotted key, or that opens its table; a good guess is enough to find it."""
    parts = [re.sub(r"\[[^]]*\]", "", p) for p in key.split(".") if p]
    if not parts:
        return None
    index = re.search(r"\[(\d+)\]", key)
    wanted, seen = parts[:-1], -1
    table: list[str] = []
    fallback: int | None = None

    def here(entry: int) -> bool:
        return index is None or entry == int(index.group(1))

    def sought() -> bool:
        # The names in [venues] are the operator's: an error's path leaves them out.
        return table == wanted or (wanted == ["venues"] and table[:1] == wanted)

    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[{1,2}\s*([\w.\-\"]+)\s*\]{1,2}", line):
            table = header.group(1).replace('"', "").split(".")
            if line.strip().startswith("[[") and table == parts[: len(table)]:
                seen += 1
            if table == parts[: len(table)] and here(seen):
                fallback = fallback or number
        elif re.match(rf"\s*\"?{re.escape(parts[-1])}\"?\s*=", line) and sought() and here(seen):
            return number
    return fallback
