//! The account of a Raydium AMM v4 pool.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

/// `AmmInfo` of Raydium AMM v4, the fields a quote reads. 752 bytes, no discriminator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmmV4 {
    pub status: u64,
    pub coin_decimals: u64,
    pub pc_decimals: u64,
    pub swap_fee_numerator: u64,
    pub swap_fee_denominator: u64,
    pub need_take_pnl_coin: u64,
    pub need_take_pnl_pc: u64,
    pub pool_open_time: u64,
    pub coin_vault: Pubkey,
    pub pc_vault: Pubkey,
    pub coin_mint: Pubkey,
    pub pc_mint: Pubkey,
}

impl AmmV4 {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` if the size is not 752.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::exact("amm_v4", data, 752)?;
        Ok(Self {
            status: read.u64(0),
            coin_decimals: read.u64(32),
            pc_decimals: read.u64(40),
            swap_fee_numerator: read.u64(176),
            swap_fee_denominator: read.u64(184),
            need_take_pnl_coin: read.u64(192),
            need_take_pnl_pc: read.u64(200),
            pool_open_time: read.u64(224),
            coin_vault: read.key(336),
            pc_vault: read.key(368),
            coin_mint: read.key(400),
            pc_mint: read.key(432),
        })
    }
}
