"""RSI, EMA, SMA, Bollinger bands, MACD, ATR, VWAP: streaming and batch, equal.

Decisions and rules may read these, so only + − × ÷ √ are used, in the order written: the twin gives the same bits.
A value that is no number in range is ignored and counted; the indicator then stays as it was. Where several values come
together (a bar, a trade), one unusable value makes all of them unusable. There is no result, `None`, until there were
enough usable values; no values give no results.
"""

from __future__ import annotations

from cambist.engine.reference.series.technical.base import (
    MAX_VALUE,
    Bands,
    Bollinger,
    BollingerParts,
    Ema,
    EmaParts,
    Rsi,
    RsiParts,
    bollinger,
    ema,
    from_bits,
    is_usable,
    rsi,
    rsi_of_oldest,
    to_bits,
)
from cambist.engine.reference.series.technical.macd import Macd, MacdLines, Sma, macd, sma
from cambist.engine.reference.series.technical.range import Atr, Vwap, atr, vwap

__all__ = [
    "MAX_VALUE",
    "Atr",
    "Bands",
    "Bollinger",
    "BollingerParts",
    "Ema",
    "EmaParts",
    "Macd",
    "MacdLines",
    "Rsi",
    "RsiParts",
    "Sma",
    "Vwap",
    "atr",
    "bollinger",
    "ema",
    "from_bits",
    "is_usable",
    "macd",
    "rsi",
    "rsi_of_oldest",
    "sma",
    "to_bits",
    "vwap",
]
