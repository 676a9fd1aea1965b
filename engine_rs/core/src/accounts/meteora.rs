//! The account of a Meteora DAMM v2 pool.

use super::reader::{LayoutError, Reader};
use crate::base58::Pubkey;

const NAME: &str = "damm_v2_pool";
const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];

/// The fee before volatility, in 10⁻⁹, falling by period from the pool's activation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DammV2BaseFee {
    pub cliff: u64,
    /// 0: by `reduction` each period; 1: by `reduction` basis points of itself each period.
    pub mode: u8,
    pub periods: u16,
    /// Length of a period in slots or seconds; 0: the fee stays at the cliff.
    pub frequency: u64,
    pub reduction: u64,
}

/// The fee for volatility. Periods are seconds, `reduction_factor` basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DammV2DynamicFee {
    pub max_volatility_accumulator: u32,
    pub variable_fee_control: u32,
    pub bin_step: u16,
    pub filter_period: u16,
    pub decay_period: u16,
    pub reduction_factor: u16,
    pub last_update: u64,
    pub bin_step_q64: u128,
    pub sqrt_price_reference: u128,
    pub volatility_accumulator: u128,
    pub volatility_reference: u128,
}

/// `Pool` of DAMM v2. Pairs are (token A, token B); `sqrt_price` is √(B atoms per A atom) in Q64.64.
///
/// `liquidity` is scaled by 2^64 more than Whirlpool's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DammV2Pool {
    pub base_fee: DammV2BaseFee,
    /// Of the fee.
    pub protocol_fee_percent: u8,
    pub dynamic_fee: Option<DammV2DynamicFee>,
    pub mints: [Pubkey; 2],
    pub vaults: [Pubkey; 2],
    pub liquidity: u128,
    pub protocol_fees: [u64; 2],
    pub min_sqrt_price: u128,
    pub max_sqrt_price: u128,
    pub sqrt_price: u128,
    /// A slot or Unix seconds.
    pub activation_point: u64,
    pub activation_by_time: bool,
    pub is_disabled: bool,
    /// 0: on the output; 1: on token B only.
    pub collect_fee_mode: u8,
    /// 0: the fee is capped at half; 1: at 99 %.
    pub fee_version: u8,
    /// What the pool may pay out of its vaults; absent where the layout doesn't keep it.
    pub token_amounts: Option<[u64; 2]>,
}

impl DammV2Pool {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, a price beyond the pool's range, or a way of charging fees that
    /// is not known here.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged(NAME, data, POOL, 1112)?;
        for (field, offset) in [
            ("base_fee_mode", 16),
            ("activation_type", 480),
            ("pool_status", 481),
            ("collect_fee_mode", 484),
            ("fee_version", 486),
        ] {
            if read.u8(offset) > 1 {
                return Err(LayoutError::field(NAME, field, read.u8(offset)));
            }
        }
        Self::read(read).check()
    }

    fn read(read: Reader<'_>) -> Self {
        Self {
            base_fee: DammV2BaseFee {
                cliff: read.u64(8),
                mode: read.u8(16),
                periods: read.u16(22),
                frequency: read.u64(24),
                reduction: read.u64(32),
            },
            protocol_fee_percent: read.u8(48),
            dynamic_fee: (read.u8(56) != 0).then(|| DammV2DynamicFee::read(read)),
            mints: [read.key(168), read.key(200)],
            vaults: [read.key(232), read.key(264)],
            liquidity: read.u128(360),
            protocol_fees: [read.u64(392), read.u64(400)],
            min_sqrt_price: read.u128(424),
            max_sqrt_price: read.u128(440),
            sqrt_price: read.u128(456),
            activation_point: read.u64(472),
            activation_by_time: read.u8(480) == 1,
            is_disabled: read.u8(481) == 1,
            collect_fee_mode: read.u8(484),
            fee_version: read.u8(486),
            token_amounts: (read.u8(696) != 0).then(|| [read.u64(680), read.u64(688)]),
        }
    }

    fn check(self) -> Result<Self, LayoutError> {
        let range = self.min_sqrt_price..=self.max_sqrt_price;
        if self.min_sqrt_price == 0 || !range.contains(&self.sqrt_price) {
            return Err(LayoutError::field(NAME, "sqrt_price", self.sqrt_price));
        }
        Ok(self)
    }
}

impl DammV2DynamicFee {
    fn read(read: Reader<'_>) -> Self {
        Self {
            max_volatility_accumulator: read.u32(64),
            variable_fee_control: read.u32(68),
            bin_step: read.u16(72),
            filter_period: read.u16(74),
            decay_period: read.u16(76),
            reduction_factor: read.u16(78),
            last_update: read.u64(80),
            bin_step_q64: read.u128(88),
            sqrt_price_reference: read.u128(104),
            volatility_accumulator: read.u128(120),
            volatility_reference: read.u128(136),
        }
    }
}
