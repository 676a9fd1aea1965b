//! Accounts of Raydium CPMM.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

const CPMM_POOL: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];

const CPMM_CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];

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
