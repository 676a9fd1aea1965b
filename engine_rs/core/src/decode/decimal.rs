//! Decimal text to fixed point with eight decimals, exactly.

/// Decimals of a fixed-point price or quantity.
pub const DECIMALS: usize = 8;

/// One whole unit.
pub const ONE: u64 = 100_000_000;

/// Returns `text` × 10⁸, `None` if that isn't exactly a `u64`.
///
/// `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
pub fn decimal8(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let (kept, rest) = fraction.as_bytes().split_at(fraction.len().min(DECIMALS));
    if rest.iter().any(|&digit| digit != b'0') {
        return None;
    }
    let mut value = digits(0, whole.as_bytes())?;
    value = digits(value, kept)?;
    for _ in kept.len()..DECIMALS {
        value = value.checked_mul(10)?;
    }
    Some(value)
}

fn digits(start: u64, ascii: &[u8]) -> Option<u64> {
    ascii.iter().try_fold(start, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
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
