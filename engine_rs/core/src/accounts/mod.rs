//! Layouts of the accounts that make up a pool: bytes to fields, wrong size or discriminator is an error.
//!
//! Integers are little-endian. Sizes and offsets are from byte 0, the 8-byte discriminator included. Accounts with a
//! discriminator may grow: trailing bytes are no error. Who owns an account is the caller's check.

mod dlmm;
mod meteora;
mod orca;
pub mod program;
mod pump;
mod raydium;
mod raydium_clmm;
mod reader;
mod saber;
mod token;

pub use dlmm::{
    BINS_PER_ARRAY, BITMAP_ARRAYS, Bin, BinArray, BinArrayBitmapExtension, EXTENSION_ARRAYS,
    LbPair, MAX_ARRAY_INDEX, MAX_BIN_ID, StaticParameters, VariableParameters,
};
pub use meteora::{DammV2BaseFee, DammV2DynamicFee, DammV2Pool, DammV2Steps};
pub use orca::{
    AdaptiveFeeConstants, AdaptiveFeeVariables, Oracle, TICKS_PER_ARRAY, TickArray, Whirlpool,
};
pub use pump::{PumpConfig, PumpFeeConfig, PumpFees, PumpPool};
pub use raydium::{AmmV4, CpmmConfig, CpmmPool};
pub use raydium_clmm::{
    CLMM_BITMAP_ARRAYS, CLMM_EXTENSION_ROWS, CLMM_TICKS_PER_ARRAY, ClmmBitmapExtension, ClmmConfig,
    ClmmDynamicFee, ClmmOrders, ClmmPool, ClmmTick, ClmmTickArray,
};
pub use reader::LayoutError;
pub(crate) use reader::Reader;
pub use saber::StableSwap;
pub use token::{Clock, Mint, TokenAccount, TransferFee, TransferFeeConfig};
pub(crate) use token::{base, extensions};
