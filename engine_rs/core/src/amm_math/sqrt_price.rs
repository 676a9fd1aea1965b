//! Whirlpool's prices: tick ↔ √price in Q64.64, and the amounts and prices between two of them.
//!
//! Raydium's tick table differs in the low bits: these constants are Whirlpool's only.

use super::QuoteError;
use ruint::aliases::U256;

pub const MIN_TICK: i32 = -443_636;
pub const MAX_TICK: i32 = 443_636;
pub const MIN_SQRT_PRICE: u128 = 4_295_048_016;
pub const MAX_SQRT_PRICE: u128 = 79_226_673_515_401_279_992_447_579_055;

/// √1.0001^(−2^i) in Q64.64, i = 0…18.
const NEGATIVE: [u128; 19] = [
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
        let mut ratio: u128 = 1 << 64;
        while bits != 0 {
            ratio = (ratio * NEGATIVE[bits.trailing_zeros() as usize]) >> 64;
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
    let (high, low) = wide_mul(a, b);
    (high << 32) | (low >> 96)
}

/// Returns the (high, low) halves of a 128×128-bit product.
pub(super) fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const MASK: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & MASK, b >> 64, b & MASK);
    let low = a0 * b0;
    // Each sum is at most (2^64−1)² + 2·(2^64−1) = 2^128 − 1.
    let middle = a1 * b0 + (low >> 64);
    let other = a0 * b1 + (middle & MASK);
    (
        a1 * b1 + (middle >> 64) + (other >> 64),
        (other << 64) | (low & MASK),
    )
}

fn u256_of(high: u128, low: u128) -> U256 {
    U256::from_limbs([
        low as u64,
        (low >> 64) as u64,
        high as u64,
        (high >> 64) as u64,
    ])
}

/// Returns the greatest tick whose √price is ≤ `sqrt_price`, which is in `MIN_SQRT_PRICE`…`MAX_SQRT_PRICE`.
pub fn tick_from_sqrt_price(sqrt_price: u128) -> i32 {
    let msb = i128::from(sqrt_price.max(1).ilog2());
    let mut ratio = if msb >= 63 {
        sqrt_price >> (msb - 63)
    } else {
        sqrt_price << (63 - msb)
    };
    let (mut fraction, mut bit) = (0u128, 1u128 << 63);
    for _ in 0..INVERSE_STEPS {
        ratio *= ratio;
        let more = ratio >> 127;
        ratio >>= 63 + more;
        fraction += bit * more;
        bit >>= 1;
    }
    let log_base = (((msb - 64) << 32) + (fraction >> 32) as i128) * LOG_B_2_X32;
    let low = ((log_base - LOW_MARGIN) >> 64) as i32;
    let high = ((log_base + HIGH_MARGIN) >> 64) as i32;
    if low != high && sqrt_price_from_tick(high).is_ok_and(|price| price <= sqrt_price) {
        high
    } else {
        low
    }
}

/// Returns the atoms of token A between two prices; `None` if they exceed a u64.
///
/// # Errors
/// `Overflow` if the program's 256-bit product overflows.
pub fn delta_a(
    sqrt_0: u128,
    sqrt_1: u128,
    liquidity: u128,
    up: bool,
) -> Result<Option<u64>, QuoteError> {
    let (low, high) = if sqrt_0 < sqrt_1 {
        (sqrt_0, sqrt_1)
    } else {
        (sqrt_1, sqrt_0)
    };
    let (over, product) = wide_mul(liquidity, high - low);
    if over >> 64 != 0 {
        return Err(QuoteError::Overflow);
    }
    let num = u256_of((over << 64) | (product >> 64), product << 64);
    let (den_high, den_low) = wide_mul(low, high);
    let (quotient, rest) = num.div_rem(u256_of(den_high, den_low));
    let Ok(amount) = u64::try_from(quotient) else {
        return Ok(None);
    };
    Ok(amount.checked_add(u64::from(up && !rest.is_zero())))
}

/// Returns the atoms of token B between two prices; `None` if they exceed a u64.
pub fn delta_b(sqrt_0: u128, sqrt_1: u128, liquidity: u128, up: bool) -> Option<u64> {
    let product = liquidity.checked_mul(sqrt_0.abs_diff(sqrt_1))?;
    ((product >> 64) as u64).checked_add(u64::from(up && product as u64 != 0))
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
    let (over, product) = wide_mul(liquidity, sqrt_price);
    if over >> 64 != 0 {
        return Err(QuoteError::Overflow);
    }
    let num = u256_of((over << 64) | (product >> 64), product << 64);
    let (moved_high, moved_low) = wide_mul(sqrt_price, amount.into());
    let (base, moved) = (
        u256_of(liquidity >> 64, liquidity << 64),
        u256_of(moved_high, moved_low),
    );
    let den = if exact_in {
        base.checked_add(moved)
    } else {
        base.checked_sub(moved)
    };
    let den = den
        .filter(|den| !den.is_zero())
        .ok_or(QuoteError::Overflow)?;
    let (quotient, rest) = num.div_rem(den);
    let floor = u128::try_from(quotient).map_err(|_| QuoteError::Overflow)?;
    let price = floor
        .checked_add(u128::from(!rest.is_zero()))
        .ok_or(QuoteError::Overflow)?;
    if (MIN_SQRT_PRICE..=MAX_SQRT_PRICE).contains(&price) {
        Ok(price)
    } else {
        Err(QuoteError::Overflow)
    }
}

fn next_from_b(
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
