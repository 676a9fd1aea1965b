//! Decimal text to fixed point, exactly: quantities with eight decimals, prices with those of their instrument.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Decimals of a fixed-point quantity, and the least that a price has.
pub const DECIMALS: usize = 8;

/// One whole unit.
pub const ONE: u64 = 100_000_000;

/// Decimals of an instrument's integer prices: eight, or as many more as the tick of its venue's list needs.
///
/// At most 14, so that the marginal rate of tokens of 18 decimals stays within 128 bits: 10¹⁴ × 10⁶ ppm × 10¹⁸.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct PriceScale(u8);

impl PriceScale {
    pub const EIGHT: Self = Self(8);
    pub const MOST: Self = Self(14);

    /// Returns the scale of so many decimals, the nearest that there is.
    pub fn of(decimals: u32) -> Self {
        let near = decimals.clamp(Self::EIGHT.0.into(), Self::MOST.0.into());
        Self(near as u8)
    }

    /// Returns the coarsest scale at which a decimal text is an integer, `None` if none is fine enough.
    pub fn needed(text: &str) -> Option<Self> {
        let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
        let places = fraction.trim_end_matches('0').len();
        (places <= Self::MOST.decimals()).then(|| Self::of(places as u32))
    }

    pub fn decimals(self) -> usize {
        self.0.into()
    }

    /// Returns a price of one.
    pub fn one(self) -> u64 {
        POWERS[self.decimals()]
    }

    /// Returns how many units of a finer scale one unit of this one is; 1 of one that is not finer.
    pub fn units_of(self, finer: Self) -> u64 {
        POWERS[finer.decimals().saturating_sub(self.decimals())]
    }

    /// Returns a price as a real number.
    pub fn real(self, price: u64) -> f64 {
        price as f64 / self.one() as f64
    }
}

impl Default for PriceScale {
    fn default() -> Self {
        Self::EIGHT
    }
}

impl From<PriceScale> for u8 {
    fn from(scale: PriceScale) -> Self {
        scale.0
    }
}

impl TryFrom<u8> for PriceScale {
    type Error = String;

    fn try_from(decimals: u8) -> Result<Self, String> {
        let near = Self::of(decimals.into());
        if near.0 == decimals {
            Ok(near)
        } else {
            Err(format!("{decimals} decimals of a price"))
        }
    }
}

/// Scales of a venue's prices, by symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceScales {
    others: PriceScale,
    named: BTreeMap<String, PriceScale>,
}

impl PriceScales {
    pub const EIGHT: Self = Self::all(PriceScale::EIGHT);

    /// Returns one scale for whatever symbol.
    pub const fn all(others: PriceScale) -> Self {
        Self {
            others,
            named: BTreeMap::new(),
        }
    }

    /// Returns the scale of a symbol's prices.
    pub fn of(&self, symbol: &str) -> PriceScale {
        // Most venues list no pair that needs one of its own.
        if self.named.is_empty() {
            return self.others;
        }
        self.named.get(symbol).copied().unwrap_or(self.others)
    }

    /// Gives a symbol a scale of its own.
    pub fn set(&mut self, symbol: &str, scale: PriceScale) {
        self.named.insert(symbol.to_owned(), scale);
    }
}

/// Returns `text` × 10⁸, `None` if that isn't exactly a `u64`.
///
/// `text` is digits, optionally a dot and more digits; decimals past the eighth must be zeros.
pub fn decimal8(text: &str) -> Option<u64> {
    decimal(text, PriceScale::EIGHT)
}

/// Returns the same as an integer of a scale.
pub fn decimal(text: &str, scale: PriceScale) -> Option<u64> {
    decimal_and_places(text, scale).map(|(known, _)| known)
}

/// Returns whether a price is beyond the largest of its scale, and only for that no integer of it. Venues hold asks at any
/// price: 9 999 999 997 for a bitcoin was recorded. Nobody trades there.
pub(super) fn is_beyond(text: &str, scale: PriceScale) -> bool {
    scale > PriceScale::EIGHT
        && is_decimal(text)
        && PriceScale::needed(text).is_some_and(|needed| needed <= scale)
        && decimal(text, scale).is_none()
}

/// Returns whether a text is digits, optionally a dot and more digits.
pub(super) fn is_decimal(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(whole) && is_digits(fraction)
}

/// Returns a text as an integer of a scale, and how many decimals it writes.
pub(super) fn decimal_and_places(text: &str, scale: PriceScale) -> Option<(u64, usize)> {
    let bytes = text.as_bytes();
    let dot = bytes.iter().position(|&byte| byte == b'.');
    match dot.map(|dot| (&bytes[..dot], &bytes[dot + 1..])) {
        Some((whole, fraction)) => Some((fixed(whole, fraction, scale)?, fraction.len())),
        None => Some((fixed(bytes, b"0", scale)?, 0)),
    }
}

#[inline]
fn fixed(whole: &[u8], fraction: &[u8], scale: PriceScale) -> Option<u64> {
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let (places, one) = (scale.decimals(), scale.one());
    let (kept, rest) = fraction.split_at(fraction.len().min(places));
    if rest.iter().any(|&digit| digit != b'0') {
        return None;
    }
    let unit = POWERS[places - kept.len()];
    if whole.len() + places <= FAST_DIGITS {
        let (whole, kept) = (digits(whole)?, digits(kept)?);
        return Some(whole * one + kept * unit);
    }
    let whole = whole.iter().try_fold(0, |value: u64, &digit| {
        value.checked_mul(10)?.checked_add(digits(&[digit])?)
    })?;
    whole.checked_mul(one)?.checked_add(digits(kept)? * unit)
}

/// Powers of ten, up to that of the finest scale.
const POWERS: [u64; PriceScale::MOST.0 as usize + 1] = {
    let mut powers = [1; PriceScale::MOST.0 as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// With so few digits nothing overflows: 10¹⁹ < 2⁶⁴.
const FAST_DIGITS: usize = 19;

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

    #[test]
    fn a_scale_is_the_coarsest_that_a_tick_needs() {
        let needed = |text| PriceScale::needed(text).map(PriceScale::decimals);
        for (tick, decimals) in [
            ("0.01", Some(8)),
            ("5", Some(8)),
            ("0.00000001", Some(8)),
            ("0.000000001", Some(9)),
            ("0.0000000025", Some(10)),
            ("0.00000000010000", Some(10)),
            ("0.00000000000001", Some(14)),
            ("0.000000000000001", None),
        ] {
            assert_eq!(needed(tick), decimals, "{tick}");
        }
        assert_eq!(
            [0, 9, 14, 15, 300].map(|few| PriceScale::of(few).0),
            [8, 9, 14, 14, 14]
        );
        let read = |text, decimals| decimal(text, PriceScale::of(decimals));
        assert_eq!(read("1.25", 9), Some(1_250_000_000));
        assert_eq!(read("0.5", 14), Some(50_000_000_000_000));
        assert_eq!(
            read("123456.00000000000007", 14),
            Some(12_345_600_000_000_000_007)
        );
        assert_eq!(PriceScale::of(9).units_of(PriceScale::of(12)), 1_000);
        assert_eq!(PriceScale::of(12).units_of(PriceScale::of(9)), 1);
        let beyond = |text, decimals| is_beyond(text, PriceScale::of(decimals));
        assert!(beyond("9999999997.0", 10) && beyond("1844674407.3709551616", 10));
        assert!(!beyond("1844674407.3709551616", 8) && !beyond("1844674407.3709551615", 10));
        for none in ["184467440738.00000000001", "1.00000000001", "x", "-1", ""] {
            assert!(!beyond(none, 10), "{none}");
        }
        assert_eq!(
            [7, 8, 14, 15].map(|few| PriceScale::try_from(few).is_ok()),
            [false, true, true, false]
        );
    }

    proptest! {
        #[test]
        fn reads_back_what_it_means(value: u64, decimals in 8_u32..=14) {
            let scale = PriceScale::of(decimals);
            let (one, places) = (scale.one(), scale.decimals());
            let text = format!("{}.{:0places$}", value / one, value % one);
            prop_assert_eq!(decimal(&text, scale), Some(value));
            prop_assert_eq!(decimal(&format!("{text}0"), scale), Some(value));
            prop_assert_eq!(decimal(&format!("{text}1"), scale), None);
            prop_assert_eq!(decimal(&format!("{value}"), scale), value.checked_mul(one));
        }
    }
}
