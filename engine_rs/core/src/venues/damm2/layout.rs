//! The account of a Meteora DAMM v2 pool.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

const NAME: &str = "damm_v2_pool";
const POOL: [u8; 8] = [0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc];

/// What of the fee falls in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DammV2Steps {
    /// Each step takes `reduction` basis points of what is left; else `reduction` itself.
    pub exponential: bool,
    /// Most steps.
    pub periods: u16,
    pub reduction: u64,
}

/// The fee before volatility, in 10⁻⁹; it starts at the cliff. Spans are slots or seconds from the pool's activation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DammV2BaseFee {
    /// Modes 0 and 1: a step each `frequency`; 0: the fee stays at the cliff.
    ByTime {
        cliff: u64,
        steps: DammV2Steps,
        frequency: u64,
    },
    /// Mode 2, the rate limiter: of the token B paid in, each `reference` atoms pay `increment_bps` more than those
    /// before them, up to `max_fee_bps`. All 0 but the cliff: the fee stays there.
    ByAmount {
        cliff: u64,
        increment_bps: u16,
        max_fee_bps: u32,
        reference: u64,
        duration: u32,
    },
    /// Modes 3 and 4, by market cap: a step for each `step_bps` of √price above the first, all of them after `duration`.
    ByPrice {
        cliff: u64,
        steps: DammV2Steps,
        step_bps: u32,
        duration: u32,
    },
}

impl DammV2BaseFee {
    /// A fee that stays.
    pub fn flat(cliff: u64) -> Self {
        let steps = DammV2Steps {
            exponential: false,
            periods: 0,
            reduction: 0,
        };
        Self::ByTime {
            cliff,
            steps,
            frequency: 0,
        }
    }

    /// Returns whether the program itself was recorded at this kind of fee.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::ByTime { steps, frequency, .. } if !steps.exponential || *frequency == 0)
    }

    fn read(read: Reader<'_>) -> Result<Self, LayoutError> {
        let (cliff, mode, periods) = (read.u64(8), read.u8(16), read.u16(22));
        let (first, second, last) = (read.u32(24), read.u32(28), read.u64(32));
        let steps = |exponential| DammV2Steps {
            exponential,
            periods,
            reduction: last,
        };
        Ok(match mode {
            0 | 1 => Self::ByTime {
                cliff,
                steps: steps(mode == 1),
                frequency: read.u64(24),
            },
            2 => Self::ByAmount {
                cliff,
                increment_bps: periods,
                max_fee_bps: second,
                reference: last,
                duration: first,
            },
            3 | 4 => Self::ByPrice {
                cliff,
                steps: steps(mode == 4),
                step_bps: first,
                duration: second,
            },
            _ => return Err(LayoutError::field(NAME, "base_fee_mode", mode)),
        })
    }
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
    /// At the opening; a fee by price counts its steps from here.
    pub first_sqrt_price: u128,
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
        let base_fee = DammV2BaseFee::read(read)?;
        for (field, offset) in [
            ("activation_type", 480),
            ("pool_status", 481),
            ("collect_fee_mode", 484),
            ("fee_version", 486),
        ] {
            if read.u8(offset) > 1 {
                return Err(LayoutError::field(NAME, field, read.u8(offset)));
            }
        }
        Self::read(read, base_fee).check()
    }

    fn read(read: Reader<'_>, base_fee: DammV2BaseFee) -> Self {
        Self {
            base_fee,
            protocol_fee_percent: read.u8(48),
            dynamic_fee: (read.u8(56) != 0).then(|| DammV2DynamicFee::read(read)),
            first_sqrt_price: read.u128(152),
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
