//! Concentrated liquidity: fees, limit orders, ticks, and swaps from tick to tick.

pub mod fee;
pub mod orders;
pub mod step;
pub mod swap;
pub mod ticks;
