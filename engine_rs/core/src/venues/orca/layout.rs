//! Accounts of Orca Whirlpool: the pool, its tick arrays in both encodings, its oracle.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::sqrt_price::{MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK};

pub const TICKS_PER_ARRAY: i32 = 88;

const WHIRLPOOL: [u8; 8] = [0x3f, 0x95, 0xd1, 0x0c, 0xe1, 0x80, 0x63, 0x09];
const FIXED_ARRAY: [u8; 8] = [0x45, 0x61, 0xbd, 0xbe, 0x6e, 0x07, 0x42, 0xbb];
const DYNAMIC_ARRAY: [u8; 8] = [0x11, 0xd8, 0xf6, 0x8e, 0xe1, 0xc7, 0xda, 0x38];
const ORACLE: [u8; 8] = [0x8b, 0xc2, 0x83, 0xb3, 0x8c, 0xb3, 0xe5, 0xf4];
const FIXED_TICK: usize = 113;
const DYNAMIC_TICK: usize = 112;

/// A Whirlpool. `sqrt_price` is √(token B atoms per token A atom) in Q64.64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whirlpool {
    pub tick_spacing: u16,
    /// Differs from `tick_spacing` iff the pool has adaptive fees.
    pub fee_tier_index: u16,
    /// ppm of the input.
    pub fee_rate: u16,
    /// bps of the fee.
    pub protocol_fee_rate: u16,
    pub liquidity: u128,
    pub sqrt_price: u128,
    pub tick: i32,
    pub protocol_owed_a: u64,
    pub protocol_owed_b: u64,
    pub mint_a: Pubkey,
    pub vault_a: Pubkey,
    /// Q64.64 atoms per unit of liquidity, wrapping.
    pub fee_growth_a: u128,
    pub mint_b: Pubkey,
    pub vault_b: Pubkey,
    pub fee_growth_b: u128,
}

impl Whirlpool {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, no tick spacing, or a price beyond the program's range.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("whirlpool", data, WHIRLPOOL, 653)?;
        let pool = Self {
            tick_spacing: read.u16(41),
            fee_tier_index: read.u16(43),
            fee_rate: read.u16(45),
            protocol_fee_rate: read.u16(47),
            liquidity: read.u128(49),
            sqrt_price: read.u128(65),
            tick: read.i32(81),
            protocol_owed_a: read.u64(85),
            protocol_owed_b: read.u64(93),
            mint_a: read.key(101),
            vault_a: read.key(133),
            fee_growth_a: read.u128(165),
            mint_b: read.key(181),
            vault_b: read.key(213),
            fee_growth_b: read.u128(245),
        };
        pool.check()
    }

    fn check(self) -> Result<Self, LayoutError> {
        if self.tick_spacing == 0 {
            return Err(LayoutError::field(
                "whirlpool",
                "tick_spacing",
                self.tick_spacing,
            ));
        }
        if !(MIN_SQRT_PRICE..=MAX_SQRT_PRICE).contains(&self.sqrt_price) {
            return Err(LayoutError::field(
                "whirlpool",
                "sqrt_price",
                self.sqrt_price,
            ));
        }
        if !(MIN_TICK - 1..=MAX_TICK).contains(&self.tick) {
            return Err(LayoutError::field("whirlpool", "tick", self.tick));
        }
        Ok(self)
    }

    /// Returns whether the pool has an oracle account that quotes need.
    pub fn has_adaptive_fee(&self) -> bool {
        self.fee_tier_index != self.tick_spacing
    }
}

/// 88 ticks from `start_tick_index` on, spaced by the pool's tick spacing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickArray {
    pub whirlpool: Pubkey,
    pub start_tick_index: i32,
    /// (offset 0–87, liquidity net) of the initialised ticks, ascending.
    pub ticks: Vec<(u8, i128)>,
}

impl TickArray {
    /// Returns the fields of a fixed or a dynamic array.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size, discriminator or tick tag.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        if data.starts_with(&DYNAMIC_ARRAY) {
            return Self::decode_dynamic(data);
        }
        let read = Reader::tagged("tick_array", data, FIXED_ARRAY, 9988)?;
        let mut ticks = Vec::new();
        for offset in 0..TICKS_PER_ARRAY as u8 {
            let at = 12 + FIXED_TICK * usize::from(offset);
            match read.u8(at) {
                0 => {}
                1 => ticks.push((offset, read.i128(at + 1))),
                was => return Err(LayoutError::field("tick_array", "initialized", was)),
            }
        }
        Ok(Self {
            whirlpool: read.key(9956),
            start_tick_index: read.i32(8),
            ticks,
        })
    }

    fn decode_dynamic(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("dynamic_tick_array", data, DYNAMIC_ARRAY, 148)?;
        let (mut ticks, mut at) = (Vec::new(), 60);
        for offset in 0..TICKS_PER_ARRAY as u8 {
            match read.data().get(at) {
                Some(0) => at += 1,
                Some(1) if at + 1 + DYNAMIC_TICK <= data.len() => {
                    ticks.push((offset, read.i128(at + 1)));
                    at += 1 + DYNAMIC_TICK;
                }
                _ => {
                    return Err(LayoutError::DynamicTick {
                        offset: offset.into(),
                        size: data.len(),
                    });
                }
            }
        }
        Ok(Self {
            whirlpool: read.key(12),
            start_tick_index: read.i32(8),
            ticks,
        })
    }
}

/// How a pool's fee follows its volatility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdaptiveFeeConstants {
    /// Seconds.
    pub filter_period: u16,
    /// Seconds.
    pub decay_period: u16,
    /// bps
    pub reduction_factor: u16,
    pub control_factor: u32,
    pub max_volatility_accumulator: u32,
    pub tick_group_size: u16,
    pub major_swap_threshold_ticks: u16,
}

/// The volatility a pool has seen. Times are unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdaptiveFeeVariables {
    pub last_reference_update: u64,
    pub last_major_swap: u64,
    pub volatility_reference: u32,
    pub tick_group_index_reference: i32,
    pub volatility_accumulator: u32,
}

/// The oracle account of a Whirlpool with adaptive fees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oracle {
    pub whirlpool: Pubkey,
    pub trade_enable_timestamp: u64,
    pub constants: AdaptiveFeeConstants,
    pub variables: AdaptiveFeeVariables,
}

impl Oracle {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, or a tick group size of 0.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("oracle", data, ORACLE, 254)?;
        let constants = AdaptiveFeeConstants {
            filter_period: read.u16(48),
            decay_period: read.u16(50),
            reduction_factor: read.u16(52),
            control_factor: read.u32(54),
            max_volatility_accumulator: read.u32(58),
            tick_group_size: read.u16(62),
            major_swap_threshold_ticks: read.u16(64),
        };
        if constants.tick_group_size == 0 {
            return Err(LayoutError::field("oracle", "tick_group_size", 0));
        }
        let variables = AdaptiveFeeVariables {
            last_reference_update: read.u64(82),
            last_major_swap: read.u64(90),
            volatility_reference: read.u32(98),
            tick_group_index_reference: read.i32(102),
            volatility_accumulator: read.u32(106),
        };
        Ok(Self {
            whirlpool: read.key(8),
            trade_enable_timestamp: read.u64(40),
            constants,
            variables,
        })
    }
}
