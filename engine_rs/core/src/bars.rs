//! Trades and mids to OHLCV bars.
