//! For users of the engine: no screen and no order uses what is in here.

pub mod balance_scanner;
pub mod merkle;
pub mod quote_codec;
pub mod quotes;
pub mod scan;
pub mod signal_scorer;
pub mod spread;
pub mod streams;
