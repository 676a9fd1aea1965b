//! Raydium CLMM: concentrated liquidity with dynamic fees, fees on either token, and limit orders on ticks.

mod events;
pub mod layout;
pub mod maths;
pub mod owned;
pub mod pool;
pub mod program;
pub mod swap;

pub use program::Clmm;
