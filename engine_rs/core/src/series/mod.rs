//! Series of prices and what is made of them: bars, indicators, trends, equity.

pub mod adaptive_trend;
pub mod bars;
pub mod equity;
pub mod indicator_table;
pub mod kama;
pub mod moving_averages;
pub mod signal_persistence;
pub mod table;
pub mod technical;
