//! Decimal text to fixed point with eight decimals, exactly.

/// Decimals of a fixed-point price or quantity.
pub const DECIMALS: usize = 8;

/// One whole unit.
pub const ONE: u64 = 100_000_000;

/// Returns `text` × 10⁸, `None` if that isn't exactly a `u64`.
///
/// `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
pub fn decimal8(text: &str) -> Option<u64> {
    decimal8_and_places(text).map(|(known, _)| known)
}

/// Returns the same, and how many decimals the text writes.
pub(super) fn decimal8_and_places(text: &str) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let dot = bytes.iter().position(|&byte| byte == b'.');
    match dot.map(|dot| (&bytes[..dot], &bytes[dot + 1..])) {
        Some((whole, fraction)) => Some((fixed8(whole, fraction)?, fraction.len())),
        None => Some((fixed8(bytes, b"0")?, 0)),
    }
}

fn fixed8(whole: &[u8], fraction: &[u8]) -> Option<u64> {
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(DECIMALS));
    if rest.iter().any(|&digit| digit != b'0') {
        return None;
    }
    let scale = SCALES[DECIMALS - kept.len()];
    if whole.len() <= FAST_WHOLE {
        let (whole, kept) = (digits(whole)?, digits(kept)?);
        return Some(whole * ONE + kept * scale);
    }
    let whole = whole.iter().try_fold(0, |value: u64, &digit| {
        value.checked_mul(10)?.checked_add(digits(&[digit])?)
    })?;
    whole.checked_mul(ONE)?.checked_add(digits(kept)? * scale)
}

const SCALES: [u64; DECIMALS + 1] = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, ONE,
];

/// With so few whole digits nothing overflows: 10¹¹ × 10⁸ < 2⁶⁴.
const FAST_WHOLE: usize = 11;

/// Returns the value of at most 19 digits. Checking once at the end takes a third of the time of checking each.
pub(super) fn digits(ascii: &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    let mut worst = 0;
    for byte in ascii {
        let digit = byte.wrapping_sub(b'0');
        worst |= u8::from(digit > 9);
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (worst == 0).then_some(value)
}

/// More digits than any u64 has.
const MOST_DIGITS: i64 = 20;

/// Returns a JSON number × 10^`places`, what remains cut off; `None` if it is negative or no `u64`.
pub(super) fn scaled(text: &str, places: i32) -> Option<u64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    if mantissa.starts_with('-') {
        return None;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let joined = format!("{whole}{fraction}");
    let kept = joined.trim_start_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    // An exponent that does not fit is far beyond any number that does.
    let exponent: i64 = exponent.parse::<i32>().ok()?.into();
    let shift = exponent + i64::from(places) - fraction.len() as i64;
    let length = kept.len() as i64 + shift;
    if length <= 0 {
        return Some(0);
    }
    if length > MOST_DIGITS {
        return None;
    }
    let mut digits = kept[..kept.len().min(length as usize)].to_owned();
    while (digits.len() as i64) < length {
        digits.push('0');
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_exact_or_nothing() {
        assert_eq!(decimal8("142.51000000"), Some(14_251_000_000));
        assert_eq!(decimal8("0.00000001"), Some(1));
        assert_eq!(decimal8("7"), Some(7 * ONE));
        assert_eq!(decimal8("007.5"), Some(750_000_000));
        assert_eq!(decimal8("1.123456780000"), Some(112_345_678));
        assert_eq!(decimal8("184467440737.09551615"), Some(u64::MAX));
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1.2.3",
            " 1",
            "1 ",
            "NaN",
            "inf",
            "1.000000001",
            "184467440737.09551616",
            "99999999999999999999",
            "१",
            "1_0",
            "1.00000000x",
        ] {
            assert_eq!(decimal8(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_is_scaled_exactly() {
        for (text, places, value) in [
            ("6.001000000000001e-06", 9, Some(6_001)),
            ("1e-05", 9, Some(10_000)),
            ("0.010007999", 9, Some(10_007_999)),
            ("120000.0", 0, Some(120_000)),
            ("1.99", 0, Some(1)),
            ("1E+3", 0, Some(1_000)),
            ("0e999999999999", 0, Some(0)),
            ("1e-400", 9, Some(0)),
            ("18446744073709551615", 0, Some(u64::MAX)),
            ("18446744073709551616", 0, None),
            ("1e400", 0, None),
            ("1e99999999999", 0, None),
            ("-1", 0, None),
        ] {
            assert_eq!(scaled(text, places), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_it_means(value: u64) {
            prop_assert_eq!(decimal8(&format!("{}.{:08}", value / ONE, value % ONE)), Some(value));
        }
    }
}
