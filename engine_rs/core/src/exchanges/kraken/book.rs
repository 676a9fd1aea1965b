//! Readings that both versions of Kraken's API share: levels with the decimals they write, and names.

use std::borrow::Cow;

use crate::exchanges::DecodeError;
use crate::exchanges::decimal::{PriceScale, decimal_and_places, is_beyond};
use crate::exchanges::event::Level;
use crate::exchanges::frame::Field;

/// Most levels of a side that are read; `book` is at most 1000 deep.
pub const MAX_KRAKEN_LEVELS: usize = 4_000;

/// Most decimals of a number in a book; pairs have up to 10.
const MOST_DECIMALS: usize = 18;

/// Returns a level out of two texts and the fields they stand in; `scale` is that of its price, `None` beyond its largest.
pub(super) fn level(
    scale: PriceScale,
    (price, price_text): (Field<'_, '_>, &str),
    (qty, qty_text): (Field<'_, '_>, &str),
    digits: &mut Option<(u8, u8)>,
) -> Result<Option<Level>, DecodeError> {
    if is_beyond(price_text, scale) {
        return amount(qty, qty_text, PriceScale::EIGHT).map(|_| None);
    }
    let (worth, price_digits) = amount(price, price_text, scale)?;
    if worth == 0 {
        return Err(price.wrong()); // would be free to buy
    }
    let (held, qty_digits) = amount(qty, qty_text, PriceScale::EIGHT)?;
    let (most_price, most_qty) = digits.unwrap_or((0, 0));
    *digits = Some((most_price.max(price_digits), most_qty.max(qty_digits)));
    Ok(Some((worth, held)))
}

/// Returns a text as an integer of a scale, and how many decimals it writes.
pub(super) fn amount(
    field: Field<'_, '_>,
    text: &str,
    scale: PriceScale,
) -> Result<(u64, u8), DecodeError> {
    match decimal_and_places(text, scale) {
        Some((known, decimals)) if decimals <= MOST_DECIMALS => Ok((known, decimals as u8)),
        _ => Err(field.wrong()),
    }
}

/// Returns a name of v1 in v2.
pub(super) fn in_v2(name: &str) -> &str {
    match name {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        other => other,
    }
}

/// The same of a pair.
pub(super) fn pair_in_v2(pair: Cow<'_, str>) -> Cow<'_, str> {
    match pair.split_once('/') {
        Some((base, quote)) if in_v2(base) != base || in_v2(quote) != quote => {
            Cow::Owned(format!("{}/{}", in_v2(base), in_v2(quote)))
        }
        _ => pair,
    }
}
