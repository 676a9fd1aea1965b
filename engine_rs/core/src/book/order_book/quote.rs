//! What a book would pay: its levels walked exactly, with a newer ticker on top.

use super::{Levels, OrderBook, Side};
use crate::exchanges::event::Level;

impl OrderBook {
    /// Returns the best bid as (price, quantity) if the book may be traded on.
    pub fn best_bid(&self) -> Option<Level> {
        self.best(Side::Bid).filter(|_| self.usable())
    }

    /// Returns the best ask as (price, quantity) if the book may be traded on.
    pub fn best_ask(&self) -> Option<Level> {
        self.best(Side::Ask).filter(|_| self.usable())
    }

    /// Returns the best level of a side as last known, in whatever state the book is: to be shown, not traded on.
    pub fn best(&self, side: Side) -> Option<Level> {
        self.merged(side).next()
    }

    /// Returns up to `depth` levels of a side, best first, as last known.
    pub fn levels(&self, side: Side, depth: usize) -> Vec<Level> {
        self.merged(side).take(depth).collect()
    }

    /// Returns up to `depth` levels of a side as of the last update, whatever a newer ticker says, best first.
    pub fn updated(&self, side: Side, depth: usize) -> Vec<Level> {
        self.side(side).best_first().take(depth).collect()
    }

    /// Returns how many levels a side has.
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).len()
    }

    /// Returns what selling exactly `base` brings, rounded down; `None` if the depth is short or the book not usable.
    pub fn sell(&self, base: u64) -> Option<u64> {
        let mut left = base;
        let mut earned: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Bid))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let part = left.min(qty);
            earned = earned.checked_add(u128::from(price) * u128::from(part))?;
            left -= part;
        }
        u64::try_from(earned / self.one()).ok()
    }

    /// Returns what spending `quote` buys, rounded down; `None` if the depth is short or the book not usable.
    pub fn buy(&self, quote: u64) -> Option<u64> {
        let mut left = u128::from(quote) * self.one();
        let mut bought: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Ask))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let cost = u128::from(price) * u128::from(qty);
            if left < cost {
                bought += left / u128::from(price);
                break;
            }
            bought += u128::from(qty);
            left -= cost;
        }
        u64::try_from(bought).ok()
    }

    /// Returns what buying exactly `base` costs, rounded up; `None` if the depth is short or the book not usable.
    pub fn cost(&self, base: u64) -> Option<u64> {
        let mut left = base;
        let mut spent: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Ask))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let part = left.min(qty);
            spent = spent.checked_add(u128::from(price) * u128::from(part))?;
            left -= part;
        }
        u64::try_from(spent.div_ceil(self.one())).ok()
    }

    fn one(&self) -> u128 {
        self.scale.one().into()
    }

    /// Returns what can be asked of the book with at most `most` levels a side, and whether bids and asks go on beyond.
    pub(crate) fn cut(&self, most: usize) -> (Self, [bool; 2]) {
        let book = Self {
            state: self.state,
            bids: self.bids.best(most),
            asks: self.asks.best(most),
            last: self.last,
            ticker: self.ticker,
            crossed: self.crossed,
            halted: self.halted,
            changed_ns: self.changed_ns,
            ..Self::of_scale(self.continuity, self.scale)
        };
        (book, [&self.bids, &self.asks].map(|side| side.len() > most))
    }

    /// Returns whether what can be asked of a book, but for its levels, is what this one says.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        let answers = |book: &Self| {
            let levels = (book.scale, book.last, book.changed_ns);
            (book.state(), book.usable(), levels)
        };
        answers(self) == answers(other)
    }

    fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    /// Levels of a side, best first, with a newer ticker on top: what is better than its best is gone.
    pub(crate) fn merged(&self, side: Side) -> impl Iterator<Item = Level> {
        let top = self.ticker.map(|ticker| match side {
            Side::Bid => (ticker.bid, ticker.bid_qty),
            Side::Ask => (ticker.ask, ticker.ask_qty),
        });
        let worse = move |price: u64| match (top, side) {
            (None, _) => true,
            (Some((best, _)), Side::Bid) => price < best,
            (Some((best, _)), Side::Ask) => best > 0 && price > best, // 0: the venue has no ask
        };
        let shown = top.filter(|&(price, qty)| price > 0 && qty > 0);
        shown.into_iter().chain(
            self.side(side)
                .best_first()
                .skip_while(move |&(price, _)| !worse(price)),
        )
    }
}
