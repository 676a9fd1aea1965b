//! Raydium CLMM: concentrated liquidity with dynamic fees, fees on either token, and limit orders on ticks.

mod fee;
mod orders;
mod step;
mod swap;
mod ticks;

pub use fee::ClmmFeeRate;
pub use swap::{Ask, ClmmFill, NO_LIMIT, swap};
pub use ticks::{ClmmStop, ClmmTicks, array_start, initialised_arrays};
