//! Meteora DAMM v2: one range of prices, fees by time, by amount and by volatility.

mod events;
pub mod fee;
pub mod layout;
pub mod limiter;
pub mod maths;
pub mod owned;
pub mod pool;
pub mod program;
pub mod swap;

pub use program::Damm2;
