//! Accounts of Raydium AMM v4 and CPMM.

use super::reader::{LayoutError, Reader};
use crate::base58::Pubkey;

const CPMM_POOL: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const CPMM_CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];

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

/// `PoolState` of Raydium CPMM. Pairs are (token 0, token 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpmmPool {
    pub amm_config: Pubkey,
    pub vaults: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    pub programs: [Pubkey; 2],
    /// Bit 2 (value 4): swap is off.
    pub status: u8,
    pub decimals: [u8; 2],
    pub protocol_fees: [u64; 2],
    pub fund_fees: [u64; 2],
    pub open_time: u64,
    /// 0: on the input; 1: on token 0 only; 2: on token 1 only.
    pub creator_fee_on: u8,
    pub enable_creator_fee: bool,
    pub creator_fees: [u64; 2],
}

impl CpmmPool {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("cpmm_pool", data, CPMM_POOL, 637)?;
        Ok(Self {
            amm_config: read.key(8),
            vaults: [read.key(72), read.key(104)],
            mints: [read.key(168), read.key(200)],
            programs: [read.key(232), read.key(264)],
            status: read.u8(329),
            decimals: [read.u8(331), read.u8(332)],
            protocol_fees: [read.u64(341), read.u64(349)],
            fund_fees: [read.u64(357), read.u64(365)],
            open_time: read.u64(373),
            creator_fee_on: read.u8(389),
            enable_creator_fee: read.u8(390) != 0,
            creator_fees: [read.u64(397), read.u64(405)],
        })
    }
}

/// `AmmConfig` of Raydium CPMM. Rates are ppm; protocol and fund rates are shares of the trade fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpmmConfig {
    pub index: u16,
    pub trade_fee_rate: u64,
    pub protocol_fee_rate: u64,
    pub fund_fee_rate: u64,
    pub creator_fee_rate: u64,
}

impl CpmmConfig {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("cpmm_config", data, CPMM_CONFIG, 236)?;
        Ok(Self {
            index: read.u16(10),
            trade_fee_rate: read.u64(12),
            protocol_fee_rate: read.u64(20),
            fund_fee_rate: read.u64(28),
            creator_fee_rate: read.u64(108),
        })
    }
}
