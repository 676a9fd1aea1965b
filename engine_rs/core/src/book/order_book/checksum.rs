//! Levels compared with the sum that a venue sends.

use super::{Anchor, BookChange, BookState, OrderBook, Outcome, change};
use crate::exchanges::event::Level;
use crate::exchanges::exchange::Joins;

/// Levels of a side that are handed to a venue's rule: no venue sums more.
const TOP: usize = 25;

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
        if self.state != BookState::Live || self.rules.sum.is_none() {
            return self.ignored();
        }
        let guarded = self.rules.joins != Joins::Always;
        if guarded && self.sums_failed >= MAX_SUMS_FAILED {
            self.counts.unverified += 1;
            return change(Outcome::Unverified, false);
        }
        if self.sum() == Some(sum) {
            self.sums_failed = 0;
            return change(Outcome::Applied, false);
        }
        if self.anchor != Anchor::Delta {
            self.sums_failed = self.sums_failed.saturating_add(1);
        }
        self.gap()
    }

    /// Returns what the levels sum to by the venue's rule. A newer ticker is not in it.
    fn sum(&self) -> Option<i64> {
        let sum = self.rules.sum?;
        let bids: Vec<Level> = self.bids.best_first().take(TOP).collect();
        let asks: Vec<Level> = self.asks.best_first().take(TOP).collect();
        Some(sum(&bids, &asks, self.scale, self.digits))
    }
}
