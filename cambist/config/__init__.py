"""Everything an operator can set: `load` reads it, `Config` holds it."""

from cambist.config.errors import ConfigError
from cambist.config.load import load
from cambist.config.risk import Risk
from cambist.config.schema import (
    Config,
    EngineChoice,
    ExchangeEndpoint,
    Market,
    Paper,
    Recording,
    SolanaEndpoint,
    default_path,
)

__all__ = [
    "Config",
    "ConfigError",
    "EngineChoice",
    "ExchangeEndpoint",
    "Market",
    "Paper",
    "Recording",
    "Risk",
    "SolanaEndpoint",
    "default_path",
    "load",
]
