//! The sum that Kraken sends with each book message: the only thing that tells whether one is missing.

use crate::decode::Level;
use crate::decode::decimal::DECIMALS;
use crate::quote_codec::crc32;

/// Levels of a side that are summed, however deep the subscription.
pub(super) const TOP: usize = 10;

/// Returns the CRC-32 of the best ten asks, then the best ten bids: of each level price and quantity as the wire writes them,
/// without the point and without leading zeros.
///
/// Levels are best first; the decimals are those of the wire's texts, at most 8.
///
/// ```
/// use cambist_core::decode::decimal::decimal8;
/// use cambist_core::order_book::kraken_checksum;
///
/// let levels = |texts: &[(&str, &str)]| texts.iter().map(|pair| (decimal8(pair.0).unwrap(), decimal8(pair.1).unwrap())).collect::<Vec<_>>();
/// let bids = levels(&[("101.4", "1.25"), ("101.0", "0.75")]);
/// let asks = levels(&[("101.5", "0.0005"), ("101.6", "2")]);
/// assert_eq!(kraken_checksum(&bids, &asks, 1, 8), 3_737_750_847);
/// ```
pub fn kraken_checksum(
    bids: &[Level],
    asks: &[Level],
    price_decimals: u8,
    quantity_decimals: u8,
) -> u32 {
    let mut text = String::with_capacity(2 * TOP * 24);
    for side in [asks, bids] {
        for &(price, quantity) in side.iter().take(TOP) {
            text.push_str(&(price / unit(price_decimals)).to_string());
            text.push_str(&(quantity / unit(quantity_decimals)).to_string());
        }
    }
    crc32(text.as_bytes())
}

/// Returns the last decimal of the wire's text, × 10⁸.
fn unit(decimals: u8) -> u64 {
    10_u64.pow((DECIMALS as u32).saturating_sub(decimals.into()))
}
