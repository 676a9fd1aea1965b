//! The account of a Saber stable swap.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

/// `SwapInfo` of Saber. 395 bytes, no discriminator. Pairs are (token A, token B), fees (numerator, denominator).
///
/// Withdrawal fees are left out: no swap reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StableSwap {
    pub is_paused: bool,
    pub nonce: u8,
    pub initial_amp: u64,
    /// Of A; reached at `ramp_stop`.
    pub target_amp: u64,
    /// Unix seconds.
    pub ramp_start: i64,
    /// Unix seconds; 0 where there was no ramp.
    pub ramp_stop: i64,
    pub vaults: [Pubkey; 2],
    pub pool_mint: Pubkey,
    pub mints: [Pubkey; 2],
    pub admin_vaults: [Pubkey; 2],
    /// Share of the trade fee that leaves the pool.
    pub admin_fee: (u64, u64),
    /// Share of what the curve pays.
    pub trade_fee: (u64, u64),
}

impl StableSwap {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size, a flag that is none, or no initialised pool.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::exact("stable_swap", data, 395)?;
        let (initialized, paused) = (read.u8(0), read.u8(1));
        if initialized != 1 {
            return Err(LayoutError::field(
                "stable_swap",
                "is_initialized",
                initialized,
            ));
        }
        if paused > 1 {
            return Err(LayoutError::field("stable_swap", "is_paused", paused));
        }
        Ok(Self {
            is_paused: paused == 1,
            nonce: read.u8(2),
            initial_amp: read.u64(3),
            target_amp: read.u64(11),
            ramp_start: read.i64(19),
            ramp_stop: read.i64(27),
            vaults: [read.key(107), read.key(139)],
            pool_mint: read.key(171),
            mints: [read.key(203), read.key(235)],
            admin_vaults: [read.key(267), read.key(299)],
            admin_fee: (read.u64(331), read.u64(339)),
            trade_fee: (read.u64(363), read.u64(371)),
        })
    }
}
