//! The sum that OKX sent with each push of `books` until 2026-06-23, to check recordings of that time.
//!
//! The venue sums its texts. It writes every number without trailing zeros (as do all 8 264 levels recorded in May 2022),
//! so they are rebuilt from integers: no book has to keep texts for a sum that is retired.

use crate::book::crc32::crc32;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

/// Levels of a side that are summed.
const TOP: usize = 25;

/// Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.
///
/// Levels are best first, prices of a `scale`; when one side runs out the other goes on alone.
///
/// ```
/// use cambist_core::exchanges::decimal::{PriceScale, decimal8};
/// use cambist_core::exchanges::okx::checksum::okx_checksum;
///
/// let levels = |texts: &[(&str, &str)]| texts.iter().map(|pair| (decimal8(pair.0).unwrap(), decimal8(pair.1).unwrap())).collect::<Vec<_>>();
/// let bids = levels(&[("101.4", "1.25"), ("101", "0.75")]);
/// let asks = levels(&[("101.5", "0.0005"), ("101.6", "2"), ("101.7", "3")]);
/// assert_eq!(okx_checksum(&bids, &asks, PriceScale::EIGHT), -2_024_795_966);
/// ```
pub fn okx_checksum(bids: &[Level], asks: &[Level], scale: PriceScale) -> i32 {
    let mut text = String::new();
    for at in 0..TOP {
        for side in [bids, asks] {
            if let Some(&(price, qty)) = side.get(at) {
                for (number, scale) in [(price, scale), (qty, PriceScale::EIGHT)] {
                    if !text.is_empty() {
                        text.push(':');
                    }
                    write(&mut text, number, scale);
                }
            }
        }
    }
    crc32(text.as_bytes()).cast_signed()
}

/// Writes a number of a scale in as few characters as it takes.
fn write(text: &mut String, number: u64, scale: PriceScale) {
    let (one, places) = (scale.one(), scale.decimals());
    text.push_str(&(number / one).to_string());
    let fraction = number % one;
    if fraction > 0 {
        let digits = format!("{fraction:0places$}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}
