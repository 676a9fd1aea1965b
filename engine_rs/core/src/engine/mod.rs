//! The engine: ingest frames, keep the market, decide on cycles.
