//! Accounts of Raydium CLMM: the pool, its fee configuration, its tick arrays, the extension of its bitmap.
//!
//! What was padding in 2024 holds the fee mode, the dynamic fee and the limit orders since 2026, zero in older
//! accounts: one layout reads both.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};
use crate::venues::raydium_price::{
    MAX_SQRT_PRICE, MIN_SQRT_PRICE, sqrt_price_from_tick, tick_from_sqrt_price,
};

pub const CLMM_TICKS_PER_ARRAY: i32 = 60;
/// Arrays on each side of 0 that the pool's own bitmap covers: −512 to 511.
pub const CLMM_BITMAP_ARRAYS: i32 = 512;
/// Rows of 512 arrays beyond them, on each side, that the extension covers.
pub const CLMM_EXTENSION_ROWS: usize = 14;

const POOL: [u8; 8] = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const CONFIG: [u8; 8] = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];
const TICK_ARRAY: [u8; 8] = [0xc0, 0x9b, 0x55, 0xcd, 0x31, 0xf9, 0x81, 0x2a];
const EXTENSION: [u8; 8] = [0x3c, 0x96, 0x24, 0xdb, 0x61, 0x80, 0x8b, 0x99];
const TICK_SIZE: usize = 168;
const PPM: u64 = 1_000_000;
const SWAP_IS_OFF: u8 = 1 << 4;

/// `AmmConfig` of Raydium CLMM. Rates are ppm; protocol and fund rates are shares of the trade fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmConfig {
    pub index: u16,
    pub protocol_fee_rate: u32,
    pub trade_fee_rate: u32,
    pub tick_spacing: u16,
    pub fund_fee_rate: u32,
}

impl ClmmConfig {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, a fee of the whole, or shares above it.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("clmm_config", data, CONFIG, 117)?;
        let config = Self {
            index: read.u16(9),
            protocol_fee_rate: read.u32(43),
            trade_fee_rate: read.u32(47),
            tick_spacing: read.u16(51),
            fund_fee_rate: read.u32(53),
        };
        let refuse = |field, was: u32| Err(LayoutError::field("clmm_config", field, was));
        if u64::from(config.trade_fee_rate) >= PPM {
            return refuse("trade_fee_rate", config.trade_fee_rate);
        }
        if u64::from(config.protocol_fee_rate) + u64::from(config.fund_fee_rate) > PPM {
            return refuse("protocol_fee_rate", config.protocol_fee_rate);
        }
        Ok(config)
    }
}

/// How a pool's fee follows its volatility, and the volatility it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClmmDynamicFee {
    /// Seconds.
    pub filter_period: u16,
    /// Seconds.
    pub decay_period: u16,
    /// bps
    pub reduction_factor: u16,
    pub control: u32,
    pub max_volatility_accumulator: u32,
    /// Ticks of one spacing.
    pub index_reference: i32,
    pub volatility_reference: u32,
    pub volatility_accumulator: u32,
    /// Unix seconds.
    pub last_update_timestamp: u64,
}

impl ClmmDynamicFee {
    fn read(read: Reader<'_>) -> Option<Self> {
        if read.bytes::<80>(1096) == [0; 80] {
            return None;
        }
        Some(Self {
            filter_period: read.u16(1096),
            decay_period: read.u16(1098),
            reduction_factor: read.u16(1100),
            control: read.u32(1102),
            max_volatility_accumulator: read.u32(1106),
            index_reference: read.i32(1110),
            volatility_reference: read.u32(1114),
            volatility_accumulator: read.u32(1118),
            last_update_timestamp: read.u64(1122),
        })
    }
}

/// `PoolState` of Raydium CLMM. `sqrt_price` is √(token 1 atoms per token 0 atom) in Q64.64; pairs are (0, 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmPool {
    pub amm_config: Pubkey,
    pub mints: [Pubkey; 2],
    pub vaults: [Pubkey; 2],
    pub observation: Pubkey,
    pub decimals: [u8; 2],
    pub tick_spacing: u16,
    pub liquidity: u128,
    pub sqrt_price: u128,
    pub tick: i32,
    /// Q64.64 atoms per unit of liquidity, wrapping.
    pub fee_growths: [u128; 2],
    pub protocol_fees: [u64; 2],
    /// Bit 4 (value 16): swap is off.
    pub status: u8,
    /// 0: on the input; 1: on token 0 only; 2: on token 1 only.
    pub fee_on: u8,
    /// Bit `index + 512` says that the tick array has an initialised tick.
    pub bitmap: [u64; 16],
    pub fund_fees: [u64; 2],
    /// Unix seconds.
    pub open_time: u64,
    pub dynamic_fee: Option<ClmmDynamicFee>,
}

impl ClmmPool {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, no tick spacing, a price beyond the program's range or outside
    /// its tick, an unknown fee mode.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("clmm_pool", data, POOL, 1544)?;
        let pool = Self {
            amm_config: read.key(9),
            mints: [read.key(73), read.key(105)],
            vaults: [read.key(137), read.key(169)],
            observation: read.key(201),
            decimals: [read.u8(233), read.u8(234)],
            tick_spacing: read.u16(235),
            liquidity: read.u128(237),
            sqrt_price: read.u128(253),
            tick: read.i32(269),
            fee_growths: [read.u128(277), read.u128(293)],
            protocol_fees: [read.u64(309), read.u64(317)],
            status: read.u8(389),
            fee_on: read.u8(390),
            bitmap: std::array::from_fn(|word| read.u64(904 + 8 * word)),
            fund_fees: [read.u64(1064), read.u64(1072)],
            open_time: read.u64(1080),
            dynamic_fee: ClmmDynamicFee::read(read),
        };
        pool.check()
    }

    fn check(self) -> Result<Self, LayoutError> {
        if self.tick_spacing == 0 {
            return Err(LayoutError::field(
                "clmm_pool",
                "tick_spacing",
                self.tick_spacing,
            ));
        }
        if !(MIN_SQRT_PRICE..=MAX_SQRT_PRICE).contains(&self.sqrt_price) {
            return Err(LayoutError::field(
                "clmm_pool",
                "sqrt_price",
                self.sqrt_price,
            ));
        }
        // At the upper edge of a tick that it came down over, the price is in the tick below.
        let at = tick_from_sqrt_price(self.sqrt_price);
        let over = || self.tick == at - 1 && sqrt_price_from_tick(at) == Ok(self.sqrt_price);
        if self.tick != at && !over() {
            return Err(LayoutError::field("clmm_pool", "tick", self.tick));
        }
        if self.fee_on > 2 {
            return Err(LayoutError::field("clmm_pool", "fee_on", self.fee_on));
        }
        Ok(self)
    }

    /// Returns whether a swap in that direction pays its fee in the token that goes in.
    pub fn fee_on_input(&self, zero_for_one: bool) -> bool {
        self.fee_on == 0 || (self.fee_on == 1) == zero_for_one
    }

    /// Returns whether the pool swaps at `now` (unix s).
    pub fn is_open(&self, now: i64) -> bool {
        self.status & SWAP_IS_OFF == 0 && i128::from(now) > i128::from(self.open_time)
    }
}

/// The limit orders that rest on one tick, in atoms of the token they give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClmmOrders {
    /// Orders that no swap has touched.
    pub amount: u64,
    /// What is left of the orders that a swap has begun to fill.
    pub part_filled: u64,
    /// How often untouched orders were begun.
    pub phase: u64,
    /// Q64.64 share of the begun orders that is left.
    pub unfilled_ratio: u128,
}

impl ClmmOrders {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.amount == 0 && self.part_filled == 0
    }
}

/// An initialised tick: positions end here, or limit orders rest on it, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClmmTick {
    /// Liquidity to add on the way up.
    pub net: i128,
    pub gross: u128,
    pub orders: ClmmOrders,
}

impl ClmmTick {
    fn read(read: Reader<'_>, at: usize) -> Self {
        Self {
            net: read.i128(at + 4),
            gross: read.u128(at + 20),
            orders: ClmmOrders {
                amount: read.u64(at + 124),
                part_filled: read.u64(at + 132),
                phase: read.u64(at + 116),
                unfilled_ratio: read.u128(at + 140),
            },
        }
    }

    /// Returns whether the tick is of any use.
    pub fn is_initialised(&self) -> bool {
        self.gross != 0 || !self.orders.is_empty()
    }
}

/// 60 ticks from `start_tick_index` on, spaced by the pool's tick spacing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmTickArray {
    pub pool: Pubkey,
    pub start_tick_index: i32,
    /// (offset 0–59, tick) of the initialised ticks, ascending.
    pub ticks: Vec<(u8, ClmmTick)>,
}

impl ClmmTickArray {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("clmm_tick_array", data, TICK_ARRAY, 10_240)?;
        let ticks = (0..CLMM_TICKS_PER_ARRAY as u8)
            .map(|offset| {
                let at = 44 + TICK_SIZE * usize::from(offset);
                (offset, ClmmTick::read(read, at))
            })
            .filter(|(_, tick)| tick.is_initialised());
        Ok(Self {
            pool: read.key(8),
            start_tick_index: read.i32(40),
            ticks: ticks.collect(),
        })
    }
}

/// Which of the arrays beyond the pool's own bitmap have an initialised tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmBitmapExtension {
    pub pool: Pubkey,
    /// Bit b of row r is array 512 · (r + 1) + b.
    pub positive: [[u64; 8]; CLMM_EXTENSION_ROWS],
    /// Bit b of row r is array −512 · (r + 2) + b.
    pub negative: [[u64; 8]; CLMM_EXTENSION_ROWS],
}

impl ClmmBitmapExtension {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("clmm_bitmap_extension", data, EXTENSION, 1832)?;
        let rows = |at: usize| {
            std::array::from_fn(|row| {
                std::array::from_fn(|word| read.u64(at + 64 * row + 8 * word))
            })
        };
        Ok(Self {
            pool: read.key(8),
            positive: rows(40),
            negative: rows(936),
        })
    }
}
