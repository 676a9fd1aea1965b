//! Whirlpool's prices: tick ↔ √price in Q64.64, and the amounts and prices between two of them.
//!
//! Raydium's tick table differs in the low bits: these constants are Whirlpool's only.

use super::quote_error::QuoteError;
use super::wide::Wide;

pub const MIN_TICK: i32 = -443_636;
pub const MAX_TICK: i32 = 443_636;
pub const MIN_SQRT_PRICE: u128 = 4_295_048_016;
pub const MAX_SQRT_PRICE: u128 = 79_226_673_515_401_279_992_447_579_055;

/// √1.0001^(−2^i) in Q64.64, i = 0…18.
const NEGATIVE: [u64; 19] = [
    18_445_821_805_675_392_311,
    18_444_899_583_751_176_498,
    18_443_055_278_223_354_162,
    18_439_367_220_385_604_838,
    18_431_993_317_065_449_817,
    18_417_254_355_718_160_513,
    18_387_811_781_193_591_352,
    18_329_067_761_203_520_168,
    18_212_142_134_806_087_854,
    17_980_523_815_641_551_639,
    17_526_086_738_831_147_013,
    16_651_378_430_235_024_244,
    15_030_750_278_693_429_944,
    12_247_334_978_882_834_399,
    8_131_365_268_884_726_200,
    3_584_323_654_723_342_297,
    696_457_651_847_595_233,
    26_294_789_957_452_057,
    37_481_735_321_082,
];
/// √1.0001^(2^i) in Q32.96, i = 0…18.
const POSITIVE: [u128; 19] = [
    79_232_123_823_359_799_118_286_999_567,
    79_236_085_330_515_764_027_303_304_731,
    79_244_008_939_048_815_603_706_035_061,
    79_259_858_533_276_714_757_314_932_305,
    79_291_567_232_598_584_799_939_703_904,
    79_355_022_692_464_371_645_785_046_466,
    79_482_085_999_252_804_386_437_311_141,
    79_736_823_300_114_093_921_829_183_326,
    80_248_749_790_819_932_309_965_073_892,
    81_282_483_887_344_747_381_513_967_011,
    83_390_072_131_320_151_908_154_831_281,
    87_770_609_709_833_776_024_991_924_138,
    97_234_110_755_111_693_312_479_820_773,
    119_332_217_159_966_728_226_237_229_890,
    179_736_315_981_702_064_433_883_588_727,
    407_748_233_172_238_350_107_850_275_304,
    2_098_478_828_474_011_932_436_660_412_517,
    55_581_415_166_113_811_149_459_800_483_533,
    38_992_368_544_603_139_932_233_054_999_993_551,
];
const INVERSE_STEPS: u32 = 14;
const LOG_B_2_X32: i128 = 59_543_866_431_248;
const LOW_MARGIN: i128 = 184_467_440_737_095_516;
const HIGH_MARGIN: i128 = 15_793_534_762_490_258_745;

/// Returns √price at `tick`.
///
/// # Errors
/// `PriceLimit` beyond `MIN_TICK`…`MAX_TICK`.
pub fn sqrt_price_from_tick(tick: i32) -> Result<u128, QuoteError> {
    if !(MIN_TICK..=MAX_TICK).contains(&tick) {
        return Err(QuoteError::PriceLimit);
    }
    let mut bits = tick.unsigned_abs();
    if tick < 0 {
        let mut ratio = u128::from(NEGATIVE[bits.trailing_zeros() as usize]);
        bits &= bits - 1;
        while bits != 0 {
            ratio = ratio.wrapping_mul(NEGATIVE[bits.trailing_zeros() as usize].into()) >> 64;
            bits &= bits - 1;
        }
        return Ok(ratio);
    }
    let mut ratio: u128 = 1 << 96;
    while bits != 0 {
        ratio = mul_shift_96(ratio, POSITIVE[bits.trailing_zeros() as usize]);
        bits &= bits - 1;
    }
    Ok(ratio >> 32)
}

/// Returns ⌊a · b / 2^96⌋ where it is below 2^128.
fn mul_shift_96(a: u128, b: u128) -> u128 {
    let Wide { high, low } = Wide::product(a, b);
    (high << 32) | (low >> 96)
}

/// Returns the greatest tick whose √price is ≤ `sqrt_price`, which is in `MIN_SQRT_PRICE`…`MAX_SQRT_PRICE`.
pub fn tick_from_sqrt_price(sqrt_price: u128) -> i32 {
    tick_by_log(sqrt_price, INVERSE_STEPS, sqrt_price_from_tick)
}

/// Returns the greatest tick whose `price_at` is ≤ `sqrt_price`, by `steps` binary digits of its logarithm.
#[inline]
pub(super) fn tick_by_log(
    sqrt_price: u128,
    steps: u32,
    price_at: impl Fn(i32) -> Result<u128, QuoteError>,
) -> i32 {
    let msb = i128::from(sqrt_price.max(1).ilog2());
    let mut ratio = if msb >= 63 {
        sqrt_price >> (msb - 63)
    } else {
        sqrt_price << (63 - msb)
    };
    let (mut fraction, mut bit) = (0u128, 1u128 << 63);
    for _ in 0..steps {
        // Below 2^64 at each turn.
        ratio = ratio.wrapping_mul(ratio);
        let more = ratio >> 127;
        ratio >>= 63 + more;
        fraction += bit * more;
        bit >>= 1;
    }
    let log_base = (((msb - 64) << 32) + (fraction >> 32) as i128) * LOG_B_2_X32;
    let low = ((log_base - LOW_MARGIN) >> 64) as i32;
    let high = ((log_base + HIGH_MARGIN) >> 64) as i32;
    if low != high && price_at(high).is_ok_and(|price| price <= sqrt_price) {
        high
    } else {
        low
    }
}

/// The atoms of one token between two prices, before the division: cheap to compare with an amount.
#[derive(Debug, Clone, Copy)]
pub struct Delta(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    A { num: Wide, den: Wide },
    B { product: Option<u128> },
}

impl Delta {
    /// Returns the delta of token A.
    ///
    /// # Errors
    /// `Overflow` if the program's 256-bit product overflows.
    #[inline]
    pub fn a(sqrt_0: u128, sqrt_1: u128, liquidity: u128) -> Result<Self, QuoteError> {
        let num = Wide::product(liquidity, sqrt_0.abs_diff(sqrt_1))
            .shifted()
            .ok_or(QuoteError::Overflow)?;
        let den = Wide::product(sqrt_0, sqrt_1);
        if den == Wide::ZERO || den.high >> 64 != 0 {
            return Err(QuoteError::Overflow);
        }
        Ok(Self(Kind::A { num, den }))
    }

    /// Returns the delta of token B.
    #[inline]
    pub fn b(sqrt_0: u128, sqrt_1: u128, liquidity: u128) -> Self {
        Self(Kind::B {
            product: liquidity.checked_mul(sqrt_0.abs_diff(sqrt_1)),
        })
    }

    /// Returns the atoms, rounded up or down; `None` if they exceed a u64.
    #[inline]
    pub fn atoms(self, up: bool) -> Option<u64> {
        match self.0 {
            Kind::A { num, den } => {
                let (quotient, rest) = num.digit(den)?;
                quotient.checked_add(u64::from(up && rest != Wide::ZERO))
            }
            Kind::B { product } => {
                let product = product?;
                ((product >> 64) as u64).checked_add(u64::from(up && product as u64 != 0))
            }
        }
    }

    /// Returns whether `atoms(up)` is at most `amount`, without dividing.
    #[inline]
    pub fn is_at_most(self, amount: u64, up: bool) -> bool {
        match self.0 {
            Kind::A { num, den } => {
                let limit = if up {
                    den.times(amount)
                } else {
                    den.times(amount).and_then(|all| all.checked_add(den))
                };
                // A limit beyond 2^256 is above every numerator.
                limit.is_none_or(|limit| if up { num <= limit } else { num < limit })
            }
            Kind::B { .. } => self.atoms(up).is_some_and(|atoms| atoms <= amount),
        }
    }
}

/// Returns the price after `amount` of the fixed token moves.
///
/// # Errors
/// `Overflow` if it leaves the price range, or there is no liquidity to move it.
pub fn next_sqrt_price(
    sqrt_price: u128,
    liquidity: u128,
    amount: u64,
    exact_in: bool,
    a_to_b: bool,
) -> Result<u128, QuoteError> {
    if exact_in == a_to_b {
        next_from_a(sqrt_price, liquidity, amount, exact_in)
    } else {
        next_from_b(sqrt_price, liquidity, amount, exact_in)
    }
}

fn next_from_a(
    sqrt_price: u128,
    liquidity: u128,
    amount: u64,
    exact_in: bool,
) -> Result<u128, QuoteError> {
    if amount == 0 {
        return Ok(sqrt_price);
    }
    let num = Wide::product(liquidity, sqrt_price)
        .shifted()
        .ok_or(QuoteError::Overflow)?;
    let price = moved_by_a(num, sqrt_price, liquidity, amount, exact_in)?;
    if (MIN_SQRT_PRICE..=MAX_SQRT_PRICE).contains(&price) {
        Ok(price)
    } else {
        Err(QuoteError::Overflow)
    }
}

/// Returns the price after `amount` of token A moves; `num` is liquidity · √price · 2^64.
///
/// # Errors
/// `Overflow` without the liquidity for it.
#[inline]
pub(super) fn moved_by_a(
    num: Wide,
    sqrt_price: u128,
    liquidity: u128,
    amount: u64,
    exact_in: bool,
) -> Result<u128, QuoteError> {
    let base = Wide {
        high: liquidity >> 64,
        low: liquidity << 64,
    };
    let moved = Wide::product(sqrt_price, amount.into());
    let den = if exact_in {
        base.checked_add(moved)
    } else {
        base.checked_sub(moved)
    };
    let den = den
        .filter(|den| *den != Wide::ZERO)
        .ok_or(QuoteError::Overflow)?;
    let (floor, rest) = num.two_digits(den).ok_or(QuoteError::Overflow)?;
    floor.checked_add(rest.into()).ok_or(QuoteError::Overflow)
}

/// Returns the price after `amount` of token B moves.
///
/// # Errors
/// `Overflow`
#[inline]
pub(super) fn next_from_b(
    sqrt_price: u128,
    liquidity: u128,
    amount: u64,
    exact_in: bool,
) -> Result<u128, QuoteError> {
    if liquidity == 0 {
        return Err(QuoteError::Overflow);
    }
    let moved = u128::from(amount) << 64;
    let price = if exact_in {
        sqrt_price.checked_add(moved / liquidity)
    } else {
        sqrt_price.checked_sub(moved.div_ceil(liquidity))
    };
    price.ok_or(QuoteError::Overflow)
}
