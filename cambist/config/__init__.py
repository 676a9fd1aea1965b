"""Everything an operator can set: `load` reads it, `Config` holds it."""

from cambist.config.schema import (
    EXCHANGES,
    FURTHER,
    Config,
    ConfigError,
    EngineChoice,
    ExchangeEndpoint,
    Market,
    OkxEndpoint,
    Paper,
    Recording,
    Risk,
    SolanaEndpoint,
    default_path,
    load,
)

__all__ = [
    "EXCHANGES",
    "FURTHER",
    "Config",
    "ConfigError",
    "EngineChoice",
    "ExchangeEndpoint",
    "Market",
    "OkxEndpoint",
    "Paper",
    "Recording",
    "Risk",
    "SolanaEndpoint",
    "default_path",
    "load",
]
