//! Whether 32 bytes are a point of ed25519: −x² + y² = 1 + d·x²·y² over 2²⁵⁵ − 19.
//!
//! A point exists iff x² = (y² − 1) / (d·y² + 1) has a root. The root itself is never needed, so the Jacobi symbol of
//! numerator × denominator decides: a binary GCD that counts sign flips, 28 halvings of leading and trailing bits at
//! a time, instead of a 254-squaring power.

use crate::chain::base58::Pubkey;

/// A field element as four little-endian words.
type Field = [u64; 4];

const P: Field = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, u64::MAX >> 1];
const D: Field = [
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
];
/// Halvings per batch: 31 exact low bits, of which the last three still decide a flip.
const BATCH: u32 = 28;
const LOW: u64 = (1 << 31) - 1;

/// Returns whether a key is the compressed y of a point of ed25519, the sign bit apart.
pub fn is_on_curve(key: &Pubkey) -> bool {
    let mut y = [0; 4];
    for (word, bytes) in y.iter_mut().zip(key.chunks_exact(8)) {
        *word = bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    y[3] &= u64::MAX >> 1;
    let square = reduce(multiply(&y, &y));
    let numerator = subtract_one(square);
    let denominator = add_one(reduce(multiply(&D, &square)));
    is_square(reduce(multiply(&numerator, &denominator)))
}

/// Returns a × b modulo 2²⁵⁵ − 19, below 2²⁵⁶.
fn multiply(a: &Field, b: &Field) -> Field {
    let mut wide = [0_u64; 8];
    for (at, &x) in a.iter().enumerate() {
        let mut carry = 0;
        for (to, &y) in b.iter().enumerate() {
            let sum = u128::from(x) * u128::from(y) + u128::from(wide[at + to]) + carry;
            wide[at + to] = sum as u64;
            carry = sum >> 64;
        }
        wide[at + 4] = carry as u64;
    }
    let mut low = [0; 4];
    let mut carry = 0;
    for at in 0..4 {
        let sum = u128::from(wide[at + 4]) * 38 + u128::from(wide[at]) + carry;
        low[at] = sum as u64;
        carry = sum >> 64;
    }
    let carry = add(&mut low, carry as u64 * 38);
    low[0] = low[0].wrapping_add(carry * 38);
    low
}

/// Adds a word in place; returns the carry out.
fn add(field: &mut Field, word: u64) -> u64 {
    let mut carry = word;
    for limb in field {
        let (sum, over) = limb.overflowing_add(carry);
        (*limb, carry) = (sum, u64::from(over));
    }
    carry
}

/// Returns the value below 2²⁵⁵ − 19 of a value below 2²⁵⁶.
fn reduce(mut field: Field) -> Field {
    let top = field[3] >> 63;
    field[3] &= u64::MAX >> 1;
    add(&mut field, top * 19);
    let mut less = field;
    add(&mut less, 19);
    if less[3] >> 63 == 1 {
        less[3] &= u64::MAX >> 1;
        return less;
    }
    field
}

fn add_one(mut field: Field) -> Field {
    add(&mut field, 1);
    reduce(field)
}

fn subtract_one(mut field: Field) -> Field {
    if field == [0; 4] {
        field = P;
    }
    for limb in &mut field {
        let (less, under) = limb.overflowing_sub(1);
        *limb = less;
        if !under {
            break;
        }
    }
    field
}

/// Returns whether a reduced value is 0 or a square: its Jacobi symbol over the prime isn't −1.
///
/// The symbol ignores the sign of its lower number, and reciprocity holds as long as not both are negative; a wrong
/// comparison of the leading bits can only make one of them so.
fn is_square(value: Field) -> bool {
    if value == [0; 4] {
        return true;
    }
    let (mut a, mut b, mut flips) = (value, P, 0);
    while (a[1] | a[2] | a[3] | b[1] | b[2] | b[3]) != 0 {
        let (lead_a, lead_b) = leading(&a, &b);
        let (to_a, to_b) = halve(lead_a, lead_b, &mut flips);
        let (next_a, negative) = combine(&a, &b, to_a);
        let (next_b, _) = combine(&a, &b, to_b);
        (a, b) = (next_a, next_b);
        if negative {
            flips ^= b[0] >> 1;
        }
    }
    let (mut a, mut b) = (a[0], b[0]);
    while a != 0 {
        let zeros = a.trailing_zeros();
        a >>= zeros;
        flips ^= u64::from(zeros) & (b.wrapping_add(2) >> 2);
        if a < b {
            flips ^= (a & b) >> 1;
            (a, b) = (b, a);
        }
        a -= b;
    }
    flips & 1 == 0
}

/// Returns for each number its 33 leading bits, aligned with the longer one's, above its 31 lowest.
fn leading(a: &Field, b: &Field) -> (u64, u64) {
    let mut top = 3;
    while a[top] | b[top] == 0 {
        top -= 1;
    }
    let shift = (a[top] | b[top]).leading_zeros();
    let lead = |field: &Field| {
        let below = if top > 0 { field[top - 1] } else { 0 };
        let high = field[top] << shift | (below >> 1) >> (63 - shift);
        high & !LOW | field[0] & LOW
    };
    (lead(a), lead(b))
}

/// Returns the factors, low half and high half of a word, by which 28 halvings make the next a and b × 2²⁸.
fn halve(mut a: u64, mut b: u64, flips: &mut u64) -> (u64, u64) {
    let (mut to_a, mut to_b) = (1_u64, 1_u64 << 32);
    let mut left = BATCH;
    loop {
        let zeros = (a | 1 << left).trailing_zeros();
        a >>= zeros;
        to_b <<= zeros;
        *flips ^= u64::from(zeros) & (b.wrapping_add(2) >> 2);
        left -= zeros;
        if left == 0 {
            return (to_a, to_b);
        }
        // Without a branch: half of these comparisons would be mispredicted.
        let less = u64::from(a < b).wrapping_neg();
        *flips ^= (a & b & less) >> 1;
        let (gap, turn) = (a.wrapping_sub(b), to_a.wrapping_sub(to_b));
        b = b.wrapping_add(gap & less);
        a = (gap ^ less).wrapping_sub(less);
        to_b = to_b.wrapping_add(turn & less);
        to_a = (turn ^ less).wrapping_sub(less);
    }
}

/// Returns |f·a + g·b| ÷ 2²⁸ and whether it was negative; f and g are the halves of `factors`.
fn combine(a: &Field, b: &Field, factors: u64) -> (Field, bool) {
    let f = i64::from(factors as u32 as i32);
    let g = factors.wrapping_sub(f as u64) as i64 >> 32;
    let mut words = [0_u64; 5];
    let mut carry = 0_i128;
    for at in 0..4 {
        carry += i128::from(a[at]) * i128::from(f) + i128::from(b[at]) * i128::from(g);
        words[at] = carry as u64;
        carry >>= 64;
    }
    words[4] = carry as u64;
    let negative = carry < 0;
    let mask = u64::from(negative).wrapping_neg();
    let mut out = [0; 4];
    let mut plus = u64::from(negative);
    for at in 0..4 {
        let word = words[at] >> BATCH | words[at + 1] << (64 - BATCH);
        let (sum, over) = (word ^ mask).overflowing_add(plus);
        (out[at], plus) = (sum, u64::from(over));
    }
    (out, negative)
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::edwards::CompressedEdwardsY;
    use proptest::prelude::*;

    use super::*;

    fn oracle(key: Pubkey) -> bool {
        CompressedEdwardsY(key).decompress().is_some()
    }

    #[test]
    fn small_and_extreme_keys_are_judged_as_dalek_judges_them() {
        for byte in 0..=u8::MAX {
            for at in 0..32 {
                for fill in [0, u8::MAX] {
                    let mut key = [fill; 32];
                    key[at] = byte;
                    assert_eq!(is_on_curve(&key), oracle(key), "{key:?}");
                }
            }
        }
    }

    #[test]
    fn many_hashes_are_judged_as_dalek_judges_them() {
        use sha2::{Digest, Sha256};
        let mut key: Pubkey = [0; 32];
        let mut on = 0;
        for _ in 0..20_000 {
            key = Sha256::digest(key).into();
            let found = is_on_curve(&key);
            on += u32::from(found);
            assert_eq!(found, oracle(key), "{key:?}");
        }
        assert!((9_000..11_000).contains(&on), "{on}");
    }

    proptest! {
        #[test]
        fn keys_of_every_length_are_judged_as_dalek_judges_them(mut key: Pubkey, zeros in 0usize..32) {
            key[zeros..].fill(0);
            prop_assert_eq!(is_on_curve(&key), oracle(key));
        }
    }
}
