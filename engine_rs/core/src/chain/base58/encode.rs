//! Base58 of 32 bytes, five digits at a time.
//!
//! A key is eight words of 32 bits, each worth a power of 2³² that is written down in base 58⁵ beforehand: products are
//! added up column by column, carried once, and each column is five digits. The idea is that of Firedancer's base58. All
//! loops but that of the carries are over columns that don't know of each other, so that they run in vectors.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

/// 58⁵, the largest power of 58 below 2³⁰.
const BASE: u64 = 58 * 58 * 58 * 58 * 58;
const WORDS: usize = 8;
/// Digits of 2²⁵⁶ − 1 in base 58⁵.
const COLUMNS: usize = 9;
/// Columns with those that only fill the vectors.
const WIDTH: usize = 12;
/// Most letters, the last column's place included, which is written as 8 bytes.
pub(super) const PLACES: usize = 5 * (COLUMNS - 1) + 8;
/// Letters of all columns.
pub(super) const LETTERS: usize = 5 * COLUMNS;

/// What each word is worth, the highest first: digits in base 58⁵, the highest first.
const WORTH: [[u32; WIDTH]; WORDS] = {
    let mut worth = [[0; WIDTH]; WORDS];
    let mut power = [0; COLUMNS];
    power[COLUMNS - 1] = 1;
    let mut word = WORDS;
    while word > 0 {
        word -= 1;
        let (mut column, mut carry) = (COLUMNS, 0_u64);
        while column > 0 {
            column -= 1;
            worth[word][column] = power[column] as u32;
            carry += power[column] << 32;
            power[column] = carry % BASE;
            carry /= BASE;
        }
    }
    worth
};

/// No column can overflow 64 bits, whatever the words, with the carry of the one after it.
const _: () = {
    let mut column = 0;
    while column < COLUMNS {
        let (mut word, mut most) = (0, 1_u128 << 36);
        while word < WORDS {
            most += WORTH[word][column] as u128 * u32::MAX as u128;
            word += 1;
        }
        assert!(most <= u64::MAX as u128);
        column += 1;
    }
};

/// Returns n ÷ 58^`POWER`, rounded down, for n below 58⁵: by a product, since vectors can't divide integers.
#[inline(always)]
const fn divided<const POWER: u32>(n: u64) -> u64 {
    let by = 58_u64.pow(POWER);
    // The factor is above 2^shift ÷ by, by less than 2^(shift − 30) ÷ by: too little to matter for such n.
    let shift = 31 + by.ilog2();
    let factor = (1_u64 << shift).div_ceil(by);
    ((n & 0xffff_ffff).wrapping_mul(factor)) >> shift
}

/// Returns the letter of each digit in the bytes, whose alphabet skips seven signs after `9`, `I`, `O`, six after `Z`, `l`.
#[inline(always)]
fn letters(digits: [[u8; 8]; WIDTH]) -> [[u8; 8]; WIDTH] {
    let mut letters = digits;
    for letter in letters.as_flattened_mut() {
        let digit = *letter;
        let past = |last: u8, skipped: u8| if digit > last { skipped } else { 0 };
        *letter = digit
            .wrapping_add(b'1')
            .wrapping_add(past(8, 7))
            .wrapping_add(past(16, 1))
            .wrapping_add(past(21, 1))
            .wrapping_add(past(32, 6))
            .wrapping_add(past(43, 1));
    }
    letters
}

/// Writes all 45 letters, `1` in front where the number is small.
#[inline(always)]
pub(super) fn write(key: &[u8; 32], out: &mut [u8; PLACES]) {
    let mut sums = [0_u64; WIDTH];
    for (word, worth) in key.as_chunks::<4>().0.iter().zip(&WORTH) {
        let word = u64::from(u32::from_be_bytes(*word));
        for (sum, worth) in sums.iter_mut().zip(worth) {
            *sum = sum.wrapping_add(word.wrapping_mul(u64::from(*worth)));
        }
    }
    for column in (1..COLUMNS).rev() {
        let carry = sums[column] / BASE;
        sums[column] = sums[column].wrapping_sub(carry.wrapping_mul(BASE));
        sums[column - 1] = sums[column - 1].wrapping_add(carry);
    }
    let mut digits = [[0; 8]; WIDTH];
    for (digits, sum) in digits.iter_mut().zip(sums) {
        let (one, two) = (divided::<1>(sum), divided::<2>(sum));
        let (three, four) = (divided::<3>(sum), divided::<4>(sum));
        let digit = |whole: u64, above: u64| whole.wrapping_sub(above.wrapping_mul(58));
        let packed = four
            | digit(three, four) << 8
            | digit(two, three) << 16
            | digit(one, two) << 24
            | digit(sum, one) << 32;
        *digits = packed.to_le_bytes();
    }
    for (column, letters) in letters(digits).iter().enumerate().take(COLUMNS) {
        out[5 * column..5 * column + 8].copy_from_slice(letters);
    }
}
