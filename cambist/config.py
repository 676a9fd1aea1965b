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

from cambist.model.market import Identity, PoolRef, Token, VenueFee

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
"""Whole tokens; in atoms of nine decimals it still fits 64 bits."""
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
    observe_pools: Annotated[int, msgspec.Meta(ge=0, le=128)] = 0
    """Of how many pools the logs are read, to see how full their accounts are."""


class BinanceEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Binance spot market data."""

    ws: str = "wss://data-stream.binance.vision"
    rest: str = "https://data-api.binance.vision"
    symbols: tuple[str, ...] = ()


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


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an operator can set."""

    market: Market = Market()
    solana: tuple[SolanaEndpoint, ...] = ()
    binance: BinanceEndpoint | None = None
    tokens: tuple[Token, ...] = ()
    identities: tuple[Identity, ...] = ()
    pools: tuple[PoolRef, ...] = ()
    venue_fees: tuple[VenueFee, ...] = (VenueFee("binance", 1_000),)
    rules: Rules = Rules()
    strategy: StrategyChoice = StrategyChoice()
    risk: Risk = Risk()
    paper: Paper = Paper()
    recording: Recording = Recording()
    engine: EngineChoice = EngineChoice()
    screen: Screen = Screen()

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
    if config.market.source == "network" and not config.solana and config.binance is None:
        problem = 'market.source is "network", but no [[solana]] or [binance] endpoint is given'
        raise ConfigError(path, _line_of(text, "market.source"), problem)
    names = [endpoint.name for endpoint in config.solana]
    for at, name in enumerate(names):
        if name in names[:at]:
            problem = f"`solana[{at}].name` is taken by another endpoint: screens and commands tell them apart by it"
            raise ConfigError(path, _line_of(text, f"solana[{at}].name"), problem)
    _check_keys(path, text, config)
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
    if config.binance is not None:
        urls += [("binance", config.binance.ws), ("binance", config.binance.rest)]
    for key, url in urls:
        if problem := _url_problem(url) or ("a base address takes no query" if key == "binance" and "?" in url else ""):
            raise ConfigError(path, _line_of(text, key), f"`{key}`: {problem}")
        if not re.match(r"(wss|https)://|(ws|http)://(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]", url + "/"):
            raise ConfigError(
                path, _line_of(text, key), f"`{key}`: plain ws and http are for loopback only, use wss or https"
            )


def _check_keys(path: Path, text: str, config: Config) -> None:
    keys = [
        (f"pools[{i}].{name}", getattr(p, name)) for i, p in enumerate(config.pools) for name in ("address", "program")
    ]
    keys += [(f"tokens[{i}].mint", token.mint) for i, token in enumerate(config.tokens)]
    for key, value in keys:
        if not BASE58_KEY.fullmatch(value):
            raise ConfigError(path, _line_of(text, key), f'`{key}` is "{value[:60]}", expected a base58 public key')


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

    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[{1,2}\s*([\w.\-\"]+)\s*\]{1,2}", line):
            table = header.group(1).replace('"', "").split(".")
            if line.strip().startswith("[[") and table == parts[: len(table)]:
                seen += 1
            if table == parts[: len(table)] and here(seen):
                fallback = fallback or number
        elif re.match(rf"\s*\"?{re.escape(parts[-1])}\"?\s*=", line) and table == wanted and here(seen):
            return number
    return fallback
