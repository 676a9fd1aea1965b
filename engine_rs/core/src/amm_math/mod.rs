//! Swap maths, exact to the atom: constant product as each venue rounds it, stable swap, and concentrated liquidity.

pub mod adaptive_fee;
mod bitmap;
pub mod damm_v2;
pub mod damm_v2_fee;
mod damm_v2_limiter;
pub mod dlmm;
pub mod pump;
mod quote_error;
pub mod raydium_clmm;
pub mod raydium_cpmm;
pub mod raydium_price;
pub mod raydium_v4;
pub mod sqrt_price;
pub mod stable_swap;
pub mod whirlpool;
mod wide;

pub(crate) use quote_error::to_u64;
pub use quote_error::{QuoteError, RoundingRule};
