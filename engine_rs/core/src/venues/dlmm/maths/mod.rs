//! Constant prices in bins, a fee that follows volatility, swaps from bin to bin.

pub mod bins;
pub mod fee;
pub mod fill;
pub mod price;
pub mod swap;
