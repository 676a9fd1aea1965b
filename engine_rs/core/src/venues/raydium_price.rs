//! Raydium's prices: tick ↔ √price in Q64.64. The table and the highest price differ from Whirlpool's.

use crate::venues::quote_error::QuoteError;
use crate::venues::sqrt_price::tick_by_log;

pub const MIN_TICK: i32 = -443_636;
pub const MAX_TICK: i32 = 443_636;
pub const MIN_SQRT_PRICE: u128 = 4_295_048_016;
pub const MAX_SQRT_PRICE: u128 = 79_226_673_521_066_979_257_578_248_091;

/// √1.0001^(−2^i) in Q64.64, i = 0…18.
const FACTORS: [u64; 19] = [
    0xfffc_b933_bd6f_b800,
    0xfff9_7272_373d_4000,
    0xfff2_e50f_5f65_7000,
    0xffe5_caca_7e10_f000,
    0xffcb_9843_d60f_7000,
    0xff97_3b41_fa98_e800,
    0xff2e_a164_66c9_b000,
    0xfe5d_ee04_6a9a_3800,
    0xfcbe_86c7_900b_b000,
    0xf987_a725_3ac6_5800,
    0xf339_2b08_22bb_6000,
    0xe715_9475_a2ca_f000,
    0xd097_f3bd_fd2f_2000,
    0xa9f7_4646_2d9f_8000,
    0x70d8_69a1_56f3_1c00,
    0x31be_135f_97ed_3200,
    0x09aa_508b_5b85_a500,
    0x005d_6af8_dedc_582c,
    0x0000_2216_e584_f5fa,
];
const INVERSE_STEPS: u32 = 16;

/// Returns √price at `tick`.
///
/// # Errors
/// `PriceLimit` beyond `MIN_TICK`…`MAX_TICK`.
pub fn sqrt_price_from_tick(tick: i32) -> Result<u128, QuoteError> {
    if !(MIN_TICK..=MAX_TICK).contains(&tick) {
        return Err(QuoteError::PriceLimit);
    }
    let mut bits = tick.unsigned_abs();
    let mut ratio: u128 = 1 << 64;
    while bits != 0 {
        ratio = ratio.wrapping_mul(FACTORS[bits.trailing_zeros() as usize].into()) >> 64;
        bits &= bits - 1;
    }
    Ok(if tick > 0 { u128::MAX / ratio } else { ratio })
}

/// Returns the greatest tick whose √price is ≤ `sqrt_price`, which is in `MIN_SQRT_PRICE`…`MAX_SQRT_PRICE`.
pub fn tick_from_sqrt_price(sqrt_price: u128) -> i32 {
    tick_by_log(sqrt_price, INVERSE_STEPS, sqrt_price_from_tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_prices() {
        let known = [
            (0, 1 << 64),
            (1, 18_447_666_387_855_957_090),
            (-1, 18_445_821_805_675_395_072),
            (100, 18_539_204_128_674_375_874),
            (-100, 18_354_745_142_194_513_203),
            (50_000, 224_699_260_981_858_280_811),
            (-50_000, 1_514_390_236_238_525_528),
            (-18_835, 7_193_551_259_697_563_591),
            (MIN_TICK, MIN_SQRT_PRICE),
            (MAX_TICK, MAX_SQRT_PRICE),
        ];
        for (tick, price) in known {
            assert_eq!(sqrt_price_from_tick(tick), Ok(price), "tick {tick}");
            assert_eq!(tick_from_sqrt_price(price), tick);
        }
        assert_eq!(
            sqrt_price_from_tick(MAX_TICK + 1),
            Err(QuoteError::PriceLimit)
        );
    }

    #[test]
    fn every_price_is_in_its_tick() {
        for tick in (MIN_TICK..MAX_TICK).step_by(37) {
            let price = sqrt_price_from_tick(tick).expect("in range");
            let next = sqrt_price_from_tick(tick + 1).expect("in range");
            assert!(price < next);
            assert_eq!(tick_from_sqrt_price(price), tick);
            assert_eq!(tick_from_sqrt_price(next - 1), tick);
        }
    }
}
