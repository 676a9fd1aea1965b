//! Accounts of Meteora DLMM: the pair, its bin arrays, the extension of its bitmap.

use crate::chain::base58::Pubkey;
use crate::chain::reader::{LayoutError, Reader};

pub const BINS_PER_ARRAY: usize = 70;
/// The lowest is its negative.
pub const MAX_BIN_ID: i32 = 443_636;
/// Arrays on each side of 0 that the pair's own bitmap covers: −512 to 511.
pub const BITMAP_ARRAYS: i32 = 512;
/// Arrays beyond them, on each side, that the extension covers.
pub const EXTENSION_ARRAYS: i32 = 12 * 512;
pub const MAX_ARRAY_INDEX: i32 = BITMAP_ARRAYS + EXTENSION_ARRAYS - 1;

const LB_PAIR: [u8; 8] = [0x21, 0x0b, 0x31, 0x62, 0xb5, 0x65, 0xb1, 0x0d];
const BIN_ARRAY: [u8; 8] = [0x5c, 0x8e, 0x5c, 0xdc, 0x05, 0x94, 0x46, 0xb5];
const EXTENSION: [u8; 8] = [0x50, 0x6f, 0x7c, 0x71, 0x37, 0xed, 0x12, 0x05];
const BIN_SIZE: usize = 144;
const BASIS_POINTS: u16 = 10_000;

/// What a pair's creator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaticParameters {
    pub base_factor: u16,
    /// Seconds.
    pub filter_period: u16,
    /// Seconds.
    pub decay_period: u16,
    /// bps
    pub reduction_factor: u16,
    pub variable_fee_control: u32,
    pub max_volatility_accumulator: u32,
    pub min_bin_id: i32,
    pub max_bin_id: i32,
    /// bps of the fee.
    pub protocol_share: u16,
    pub base_fee_power_factor: u8,
    /// 0 undetermined, 1 liquidity mining, 2 limit orders.
    pub function_type: u8,
    /// 0 on the input, 1 on token Y.
    pub collect_fee_mode: u8,
}

/// The volatility a pair has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableParameters {
    pub volatility_accumulator: u32,
    pub volatility_reference: u32,
    pub index_reference: i32,
    /// Unix seconds.
    pub last_update_timestamp: i64,
}

/// A liquidity-book pair. The price of a bin is atoms of Y per atom of X.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LbPair {
    pub parameters: StaticParameters,
    pub volatility: VariableParameters,
    pub pair_type: u8,
    pub active_id: i32,
    /// bps from one bin to the next.
    pub bin_step: u16,
    /// 0 enabled.
    pub status: u8,
    /// 0 a slot, 1 a time.
    pub activation_type: u8,
    pub mint_x: Pubkey,
    pub mint_y: Pubkey,
    pub reserve_x: Pubkey,
    pub reserve_y: Pubkey,
    pub protocol_fee_x: u64,
    pub protocol_fee_y: u64,
    pub reward_mints: [Pubkey; 2],
    pub oracle: Pubkey,
    /// Bit `index + 512` says that the bin array has liquidity.
    pub bitmap: [u64; 16],
    /// A slot, or unix seconds.
    pub activation_point: u64,
}

impl LbPair {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, a bin step of 0, an active bin out of range, a share above one.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("lb_pair", data, LB_PAIR, 904)?;
        let pair = Self {
            parameters: StaticParameters::read(read),
            volatility: VariableParameters {
                volatility_accumulator: read.u32(40),
                volatility_reference: read.u32(44),
                index_reference: read.i32(48),
                last_update_timestamp: read.i64(56),
            },
            pair_type: read.u8(75),
            active_id: read.i32(76),
            bin_step: read.u16(80),
            status: read.u8(82),
            activation_type: read.u8(86),
            mint_x: read.key(88),
            mint_y: read.key(120),
            reserve_x: read.key(152),
            reserve_y: read.key(184),
            protocol_fee_x: read.u64(216),
            protocol_fee_y: read.u64(224),
            reward_mints: [read.key(264), read.key(264 + 144)],
            oracle: read.key(552),
            bitmap: words(read, 584),
            activation_point: read.u64(816),
        };
        pair.check()
    }

    fn check(self) -> Result<Self, LayoutError> {
        if self.bin_step == 0 {
            return Err(LayoutError::field("lb_pair", "bin_step", self.bin_step));
        }
        if !(-MAX_BIN_ID..=MAX_BIN_ID).contains(&self.active_id) {
            return Err(LayoutError::field("lb_pair", "active_id", self.active_id));
        }
        let share = self.parameters.protocol_share;
        if share > BASIS_POINTS {
            return Err(LayoutError::field("lb_pair", "protocol_share", share));
        }
        Ok(self)
    }

    /// Returns whether a swap in that direction pays its fee in the token that goes in.
    pub fn fee_on_input(&self, x_to_y: bool) -> bool {
        !(x_to_y && self.parameters.collect_fee_mode == 1)
    }

    /// Returns whether swaps fill limit orders: of such pairs, and of undetermined ones without a reward.
    pub fn takes_limit_orders(&self) -> bool {
        match self.parameters.function_type {
            0 => self.reward_mints == [[0; 32]; 2],
            kind => kind == 2,
        }
    }
}

impl StaticParameters {
    fn read(read: Reader<'_>) -> Self {
        Self {
            base_factor: read.u16(8),
            filter_period: read.u16(10),
            decay_period: read.u16(12),
            reduction_factor: read.u16(14),
            variable_fee_control: read.u32(16),
            max_volatility_accumulator: read.u32(20),
            min_bin_id: read.i32(24),
            max_bin_id: read.i32(28),
            protocol_share: read.u16(32),
            base_fee_power_factor: read.u8(34),
            function_type: read.u8(35),
            collect_fee_mode: read.u8(36),
        }
    }
}

/// One price, with what makers hold at it and the limit orders of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bin {
    pub amount_x: u64,
    pub amount_y: u64,
    /// Q64.64 atoms of Y per atom of X; 0 if nobody was ever here.
    pub price: u128,
    /// Orders that no swap has touched, in the token they give.
    pub open_order_amount: u64,
    /// What is left of the orders that a swap has begun to fill.
    pub processed_order_remaining: u64,
    /// Whether the orders give X.
    pub is_ask: bool,
}

impl Bin {
    fn read(read: Reader<'_>, at: usize) -> Self {
        Self {
            amount_x: read.u64(at),
            amount_y: read.u64(at + 8),
            price: read.u128(at + 16),
            open_order_amount: read.u64(at + 112),
            processed_order_remaining: read.u64(at + 128),
            is_ask: read.u8(at + 140) != 0,
        }
    }
}

/// 70 bins from bin `70 · index` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinArray {
    pub index: i32,
    pub lb_pair: Pubkey,
    pub bins: Box<[Bin; BINS_PER_ARRAY]>,
}

impl BinArray {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator, or an index that no bitmap covers.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("bin_array", data, BIN_ARRAY, 10_136)?;
        let was = read.i64(8);
        let index = i32::try_from(was)
            .ok()
            .filter(|index| (-MAX_ARRAY_INDEX - 1..=MAX_ARRAY_INDEX).contains(index))
            .ok_or_else(|| LayoutError::field("bin_array", "index", was))?;
        let mut bins = Box::new([Bin::default(); BINS_PER_ARRAY]);
        for (offset, bin) in bins.iter_mut().enumerate() {
            *bin = Bin::read(read, 56 + BIN_SIZE * offset);
        }
        Ok(Self {
            index,
            lb_pair: read.key(24),
            bins,
        })
    }
}

/// Which of the arrays beyond the pair's own bitmap have liquidity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinArrayBitmapExtension {
    pub lb_pair: Pubkey,
    /// Bit `index − 512`.
    pub positive: [u64; 96],
    /// Bit `−513 − index`.
    pub negative: [u64; 96],
}

impl BinArrayBitmapExtension {
    /// Returns the fields.
    ///
    /// # Errors
    /// `LayoutError` for a wrong size or discriminator.
    pub fn decode(data: &[u8]) -> Result<Self, LayoutError> {
        let read = Reader::tagged("bin_array_bitmap_extension", data, EXTENSION, 1576)?;
        Ok(Self {
            lb_pair: read.key(8),
            positive: words(read, 40),
            negative: words(read, 808),
        })
    }
}

fn words<const N: usize>(read: Reader<'_>, at: usize) -> [u64; N] {
    std::array::from_fn(|word| read.u64(at + 8 * word))
}
