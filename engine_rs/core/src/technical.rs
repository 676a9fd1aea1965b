//! RSI, EMA, Bollinger bands: streaming and batch, equal.
