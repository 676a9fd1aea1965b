//! What our own fills used up of a book. On paper no venue tells of them: a level stays used up until it changes.

use super::{OrderBook, Side};
use crate::exchanges::event::Level;

/// (price, quantity that the level showed when it was used, how much of that is used up).
pub type UsedLevel = (u64, u64, u64);

/// Used levels of both sides, ascending by price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) bids: Vec<UsedLevel>,
    pub(super) asks: Vec<UsedLevel>,
}

impl Used {
    pub(super) fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }

    fn side(&self, side: Side) -> &[UsedLevel] {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<UsedLevel> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}

/// Returns whether used levels can be: ascending, and none used beyond what it showed.
pub(super) fn are_valid(used: &[UsedLevel]) -> bool {
    let fits = |&(_, shown, taken): &UsedLevel| 0 < taken && taken <= shown;
    used.iter().all(fits) && used.windows(2).all(|pair| pair[0].0 < pair[1].0)
}

impl OrderBook {
    /// Returns the best level of a side with what is left of it for us, if the book may be traded on.
    pub fn best_left(&self, side: Side) -> Option<Level> {
        self.left(side).next().filter(|_| self.usable())
    }

    /// Levels of a side without what our own fills used up, best first.
    pub(crate) fn left(&self, side: Side) -> impl Iterator<Item = Level> {
        let used = self.used.side(side);
        self.merged(side).filter_map(move |(price, qty)| {
            let at = used.binary_search_by_key(&price, |level| level.0);
            let left = at.map_or(qty, |at| qty.saturating_sub(used[at].2));
            (left > 0).then_some((price, left))
        })
    }

    /// Uses up `base` of a side, best first; what the book has not is left out.
    pub fn use_up(&mut self, side: Side, base: u64) {
        let mut rest = base;
        let mut parts = Vec::new();
        for (price, qty) in self.left(side) {
            if rest == 0 {
                break;
            }
            let part = rest.min(qty);
            rest -= part;
            parts.push((price, self.shown(side, price), part));
        }
        let used = self.used.side_mut(side);
        for (price, shown, part) in parts {
            match used.binary_search_by_key(&price, |level| level.0) {
                Ok(at) => used[at].2 += part,
                Err(at) => used.insert(at, (price, shown, part)),
            }
        }
    }

    /// Forgets what was used of levels that are not what they were.
    pub(super) fn end_changed(&mut self) {
        for side in [Side::Bid, Side::Ask] {
            let mut used = std::mem::take(self.used.side_mut(side));
            used.retain(|level| self.shown(side, level.0) == level.1);
            *self.used.side_mut(side) = used;
        }
    }

    /// Takes the used levels over to prices that are `units` as large.
    pub(super) fn refine_used(&mut self, units: u64) {
        for side in [Side::Bid, Side::Ask] {
            let used = std::mem::take(self.used.side_mut(side));
            let finer = used.into_iter().filter_map(|(price, shown, taken)| {
                Some((price.checked_mul(units)?, shown, taken))
            });
            *self.used.side_mut(side) = finer.collect();
        }
    }

    /// Returns what a side shows at a price, 0 if nothing.
    fn shown(&self, side: Side, price: u64) -> u64 {
        let mut levels = self.merged(side);
        levels
            .find(|level| level.0 == price)
            .map_or(0, |level| level.1)
    }
}
