//! Fixed-point base-2 logarithms, the same integers in both engines.
//!
//! The algorithm, to the bit: a mantissa of 64 bits picks one of 256 reciprocals by its next 8 bits; what is left is
//! 1 + z with |z| < 2⁻⁸, and four terms of the series give its logarithm. Sums are kept in 2⁻⁵⁶ units, shifted at the
//! end. The result is within 2⁻³⁹ (2 units) of the true value.

/// Units of one: a ratio of 2 has this logarithm.
pub const ONE: i64 = 1 << 40;

const WORK_BITS: u32 = 56;
/// floor(2^62 / ln 2)
const LOG2_E: i64 = 6_653_256_548_922_161_245;
const THIRD: i64 = (1 << 62) / 3;
static TABLE: [(u64, i64); 256] = table();

const fn table() -> [(u64, i64); 256] {
    let mut entries = [(0, 0); 256];
    let mut index = 0;
    while index < 256 {
        let reciprocal: u64 = (1 << 25) / (2 * index as u64 + 513);
        entries[index] = (reciprocal, (1 << WORK_BITS) - log2_bits(reciprocal as u128));
        index += 1;
    }
    entries
}

/// Returns floor(log2(value / 2^15) · 2^56) by squaring, for 2^15 ≤ value ≤ 2^16.
const fn log2_bits(value: u128) -> i64 {
    let (mut mantissa, mut result) = if value >> 16 == 0 {
        (value << 48, 0)
    } else {
        (value << 47, 1)
    };
    let mut bits = 0;
    while bits < WORK_BITS {
        let square = mantissa * mantissa;
        let bit = square >> 127;
        mantissa = square >> (63 + bit);
        result = (result << 1) | bit as i64;
        bits += 1;
    }
    result
}

/// Returns ⌊a · b / 2^shift⌋; the operands' widths say that the product can't overflow, so that no check is compiled.
#[inline]
fn mul_shift(a: i64, b: i64, shift: u32) -> i64 {
    (i128::from(a).wrapping_mul(i128::from(b)) >> shift) as i64
}

#[inline]
fn log2_work(value: u128) -> i64 {
    let exponent = value.ilog2();
    let mantissa = if exponent <= 63 {
        (value as u64) << (63 - exponent)
    } else {
        (value >> (exponent - 63)) as u64
    };
    let (reciprocal, log) = TABLE[(mantissa >> 55 & 0xff) as usize];
    // 2^79 wraps away: the product is within 2^72 of it.
    let z = (u128::from(mantissa)
        .wrapping_mul(reciprocal.into())
        .wrapping_sub(1 << 79) as i128
        >> 16) as i64;
    // ln(1+z) = z − z·z·(1/2 − z·(1/3 − z/4)), every product floored, z in 2⁻⁶³ and the bracket in 2⁻⁶² units.
    let inner = (1 << 61) - mul_shift(z, THIRD - (z >> 3), 63);
    let natural = z - mul_shift(mul_shift(z, z, 63), inner, 62);
    (i64::from(exponent) << WORK_BITS) + log + mul_shift(natural, LOG2_E, 69)
}

/// Returns log2(num / den) in 2⁻⁴⁰ units, or `None` if either is 0.
pub fn log2_ratio(num: u128, den: u128) -> Option<i64> {
    if num == 0 || den == 0 {
        return None;
    }
    Some((log2_work(num) - log2_work(den)) >> (WORK_BITS - 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_two_is_its_exponent_at_every_width() {
        for exponent in 0..128_u32 {
            let value = 1_u128 << exponent;
            let whole = i64::from(exponent) << 40;
            assert_eq!(log2_ratio(value, 1), Some(whole));
            assert_eq!(log2_ratio(1, value), Some(-whole));
            let more = log2_ratio(value | value >> 1, value).expect("both are there");
            let expected = if exponent == 0 { 0 } else { 643_173_071_356 };
            assert!(
                (more - expected).abs() <= 1,
                "log2(3/2) at {exponent}: {more}"
            );
        }
        assert_eq!([log2_ratio(0, 1), log2_ratio(1, 0)], [None, None]);
    }
}
