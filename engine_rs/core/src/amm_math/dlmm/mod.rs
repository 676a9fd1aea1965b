//! Meteora DLMM: constant prices in bins, a fee that follows volatility, swaps from bin to bin.

mod bins;
mod fee;
mod fill;
mod price;
mod swap;

pub use bins::{Bins, array_index, liquid_arrays, near_arrays};
pub use fee::{FEE_PRECISION, MAX_FEE_RATE, fee_rate};
pub use fill::BinFill;
pub use price::bin_price;
pub use swap::{Ask, BinStep, DlmmFill, NextBin, next_bin, swap};
