//! The sum that Kraken sends with each message of `book`, the only sign that one is missing.
//!
//! The venue sums its texts: the dot and the zeros before the first other digit go, those after the last one stay. What
//! is left of a number is the integer that counts its last decimal, so levels as integers and the decimals that the venue
//! writes are enough.

use crate::book::crc32::crc32;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

/// Levels of a side that are summed, whatever the depth of the book.
const TOP: usize = 10;

/// Returns the CRC-32 of the best 10 levels of each side: asks, then bids, of each its price, then its quantity.
///
/// Levels are best first, prices of a `scale`. `price_decimals` and `quantity_decimals` say how many decimals the
/// venue writes; what a level has beyond them is cut off.
///
/// ```
/// use cambist_core::exchanges::decimal::PriceScale;
/// use cambist_core::exchanges::kraken::checksum::kraken_checksum;
///
/// let bids = [(10_140_000_000, 125_000_000), (10_100_000_000, 75_000_000)];
/// let asks = [(10_150_000_000, 50_000), (10_160_000_000, 200_000_000)];
/// assert_eq!(kraken_checksum(&bids, &asks, 1, 8, PriceScale::EIGHT), 3_737_750_847);
/// ```
pub fn kraken_checksum(
    bids: &[Level],
    asks: &[Level],
    price_decimals: u8,
    quantity_decimals: u8,
    scale: PriceScale,
) -> u32 {
    let mut text = String::new();
    for &(price, qty) in asks.iter().take(TOP).chain(bids.iter().take(TOP)) {
        write(&mut text, price, scale, price_decimals.into());
        write(&mut text, qty, PriceScale::EIGHT, quantity_decimals.into());
    }
    crc32(text.as_bytes())
}

/// Writes a number of a scale in units of its last decimal; 0 is nothing but zeros, so nothing is left of it.
fn write(text: &mut String, number: u64, scale: PriceScale, decimals: usize) {
    let held = scale.decimals();
    let dropped = held.saturating_sub(decimals);
    let units = number / 10_u64.pow(dropped as u32);
    if units > 0 {
        text.push_str(&units.to_string());
        text.extend(std::iter::repeat_n('0', decimals.saturating_sub(held)));
    }
}
