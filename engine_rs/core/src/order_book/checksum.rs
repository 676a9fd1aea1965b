//! The sum that OKX sent with each push of `books` until 2026-06-23, to check recordings of that time.
//!
//! The venue sums its texts. It writes every number without trailing zeros (as do all 8 264 levels recorded in May 2022),
//! so they are rebuilt from × 10⁸: no book has to keep texts for a sum that is retired.

use super::kraken_checksum::kraken_checksum;
use super::rules::{Joins, Sums};
use super::{Anchor, BookChange, BookState, OrderBook, Outcome, change};
use crate::decode::Level;
use crate::decode::decimal::{DECIMALS, ONE};
use crate::quote_codec::crc32;

/// Levels of a side that are summed.
const TOP: usize = 25;

/// Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.
///
/// Levels are best first; when one side runs out the other goes on alone.
///
/// ```
/// use cambist_core::decode::decimal::decimal8;
/// use cambist_core::order_book::okx_checksum;
///
/// let levels = |texts: &[(&str, &str)]| texts.iter().map(|pair| (decimal8(pair.0).unwrap(), decimal8(pair.1).unwrap())).collect::<Vec<_>>();
/// let bids = levels(&[("101.4", "1.25"), ("101", "0.75")]);
/// let asks = levels(&[("101.5", "0.0005"), ("101.6", "2"), ("101.7", "3")]);
/// assert_eq!(okx_checksum(&bids, &asks), -2_024_795_966);
/// ```
pub fn okx_checksum(bids: &[Level], asks: &[Level]) -> i32 {
    let mut text = String::new();
    for at in 0..TOP {
        for side in [bids, asks] {
            if let Some(&(price, qty)) = side.get(at) {
                for number in [price, qty] {
                    if !text.is_empty() {
                        text.push(':');
                    }
                    write(&mut text, number);
                }
            }
        }
    }
    crc32(text.as_bytes()).cast_signed()
}

/// Writes a number × 10⁸ in as few characters as it takes.
fn write(text: &mut String, number: u64) {
    text.push_str(&(number / ONE).to_string());
    let fraction = number % ONE;
    if fraction > 0 {
        let digits = format!("{fraction:0DECIMALS$}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

/// Sums that fail on fresh snapshots before a venue's sums are what is wrong.
const MAX_SUMS_FAILED: u32 = 3;

impl OrderBook {
    /// Compares the levels with the sum that the venue sent; another one counts as a gap.
    ///
    /// Where ids tell of what is missing too, sums that fail on one fresh snapshot after the other are not believed any
    /// more: a venue that changed or stopped them must not end the book.
    ///
    /// `digits` are the decimals of prices and quantities in the message, where the sum is over its texts. A pair's are the
    /// same in all of them; a text may be shorter by its zeros.
    pub fn verify(&mut self, sum: i64, digits: Option<(u8, u8)>) -> BookChange {
        if let Some((price, quantity)) = digits {
            self.digits = (self.digits.0.max(price), self.digits.1.max(quantity));
        }
        if self.state != BookState::Live || self.rules.sums == Sums::None {
            return self.ignored();
        }
        let guarded = self.rules.joins != Joins::Always;
        if guarded && self.sums_failed >= MAX_SUMS_FAILED {
            self.counts.unverified += 1;
            return change(Outcome::Unverified, false);
        }
        if self.sum() == sum {
            self.sums_failed = 0;
            return change(Outcome::Applied, false);
        }
        if self.anchor != Anchor::Delta {
            self.sums_failed = self.sums_failed.saturating_add(1);
        }
        self.gap()
    }

    /// Returns what the levels sum to by the venue's rule. A newer ticker is not in it.
    fn sum(&self) -> i64 {
        let bids: Vec<Level> = self.bids.best_first().take(TOP).collect();
        let asks: Vec<Level> = self.asks.best_first().take(TOP).collect();
        match self.rules.sums {
            Sums::Kraken => {
                let (price, quantity) = self.digits;
                kraken_checksum(&bids, &asks, price, quantity).into()
            }
            Sums::Okx | Sums::None => okx_checksum(&bids, &asks).into(),
        }
    }
}
