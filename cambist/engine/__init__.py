"""The engine, made by name: native (Rust) where it is built, else the pure-Python reference.

Also a library: graphs, cycles, signals, races, series and the chain's own formats can be had from here by name; they
load when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.engine.twins import TWINS, twin

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine, EngineSetup

_LIBRARY = {
    "cambist.engine.library": (
        "Cycle", "CycleFinder", "HopGraph", "MultiverseScanner", "PoolEdge", "Scan", "Signal", "SignalConfig",
        "SignalReason", "SignalScorer", "TokenSignal", "Verdict", "WssAggregator", "find_cycles",
    ),
    "cambist.engine.rules": ("Rule", "compile_rule"),
    "cambist.engine.series": (
        "calculate_bollinger", "calculate_ema", "calculate_equity_rust", "calculate_kama_rust", "calculate_rsi",
        "indicator_table", "process_signal_persistence_rust", "Series",
    ),
    "cambist.engine.trend": ("TrendConfig", "TrendLines", "adaptive_trend"),
    "cambist.engine.quote_history": (
        "QuoteBlock", "QuoteCodec", "decode_quote_block", "decode_quotes", "encode_quotes", "quote_blocks",
        "quotes_between",
    ),
    "cambist.engine.costs": ("Scored", "TradeFees", "estimate_trades", "score_candidates"),
    "cambist.engine.reference.library.spread": (
        "Spread", "SpreadConfig", "SpreadState", "VenueQuote", "detect_spread", "estimate_fees",
    ),
}  # fmt: skip
_HOME = {name: module for module, names in _LIBRARY.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in TWINS:
        return twin(name)
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, *TWINS])


class BuildInfo(NamedTuple):
    """What engine this installation has."""

    native: bool
    profile: str
    """`release` or `debug`; empty without the native engine."""
    why: str
    """Why there is no native engine, if so."""


def build_info() -> BuildInfo:
    """Returns whether the native engine can be used, how it was built, or why it is absent."""
    try:
        from cambist.engine import extension
    except ImportError as error:
        return BuildInfo(False, "", str(error))
    return BuildInfo(True, extension.BUILD_PROFILE, "")


def unavailable(name: str) -> str:
    """Returns why an engine can't be made here; empty if it can."""
    return build_info().why if name == "native" else ""


def chosen(*, rust: bool) -> tuple[str, str]:
    """Returns the engine to use, and why it is the reference if `rust` was asked for."""
    build = build_info()
    if not rust:
        return "reference", ""
    return ("native", "") if build.native else ("reference", f"the Rust engine is not built: {build.why}")


def make_engine(name: str, setup: EngineSetup) -> Engine:
    """Returns a new engine: `native`, `reference`, or `auto` for the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """
    if name == "auto":
        name = "native" if build_info().native else "reference"
    if name == "native":
        from cambist.engine.extension import NativeEngine

        return NativeEngine(setup)
    if name == "reference":
        from cambist.engine.reference.engine import ReferenceEngine

        return ReferenceEngine(setup)
    message = f"engine was {name!r}, expected 'native', 'reference' or 'auto'"
    raise ValueError(message)
