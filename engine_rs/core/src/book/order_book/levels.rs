//! One side of a book.

use super::Side;
use crate::exchanges::event::Level;

/// Levels kept on a side. Venues send far ones for as long as a connection lives; the farthest go first. A recorded one has
/// 27,236 asks.
pub const MAX_LEVELS: usize = 100_000;

/// Changes from which on they are merged in: each one alone moves all levels that are better, and of 10⁵ levels that were
/// taken back one by one the deletions alone took 2 s.
const MANY: usize = 64;

/// Levels of one side, the best one last: changes happen near the best price, where a sorted array moves least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    side: Side,
    sorted: Vec<Level>,
}

impl Levels {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            sorted: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Takes these levels for all there are. Of two with one price the later counts.
    pub(super) fn replace(&mut self, levels: &[Level]) {
        let mut sorted = levels.to_vec();
        sorted.reverse(); // the sort is stable, and the later counts
        self.worst_first(&mut sorted);
        sorted.retain(|level| level.1 > 0);
        self.sorted = sorted;
        self.keep(MAX_LEVELS);
    }

    /// Sets the quantity at each price, 0 removes it. Of two with one price the later counts.
    pub(super) fn update(&mut self, changed: &[Level]) {
        if changed.len() < MANY {
            for &level in changed {
                self.set(level);
            }
        } else {
            self.merge(changed);
        }
        self.keep(MAX_LEVELS);
    }

    fn set(&mut self, (price, qty): Level) {
        match (self.find(price), qty) {
            (Ok(at), 0) => {
                self.sorted.remove(at);
            }
            (Ok(at), _) => self.sorted[at].1 = qty,
            (Err(_), 0) => {}
            (Err(at), _) => self.sorted.insert(at, (price, qty)),
        }
    }

    /// Sets many at once, in one pass over all levels.
    fn merge(&mut self, changed: &[Level]) {
        let mut updates = changed.to_vec();
        updates.reverse();
        self.worst_first(&mut updates);
        let mut merged = Vec::with_capacity(self.sorted.len() + updates.len());
        let mut known = self.sorted.iter().copied().peekable();
        for (price, qty) in updates {
            while let Some(level) = known.next_if(|level| self.is_worse(level.0, price)) {
                merged.push(level);
            }
            known.next_if(|level| level.0 == price);
            if qty > 0 {
                merged.push((price, qty));
            }
        }
        merged.extend(known);
        self.sorted = merged;
    }

    /// Sorts levels, the best one last, and keeps the first given of each price: linear for what venues send.
    fn worst_first(&self, levels: &mut Vec<Level>) {
        match self.side {
            Side::Bid => levels.sort_by_key(|level| level.0),
            Side::Ask => levels.sort_by_key(|level| std::cmp::Reverse(level.0)),
        }
        levels.dedup_by_key(|level| level.0);
    }

    fn is_worse(&self, price: u64, than: u64) -> bool {
        match self.side {
            Side::Bid => price < than,
            Side::Ask => price > than,
        }
    }

    /// Drops what is farther from the best level than the first `most`.
    pub(super) fn keep(&mut self, most: usize) {
        let far = self.sorted.len().saturating_sub(most);
        if far > 0 {
            self.sorted.drain(..far);
        }
    }

    /// Returns the first `most`.
    pub(super) fn best(&self, most: usize) -> Self {
        let far = self.sorted.len().saturating_sub(most);
        Self {
            side: self.side,
            sorted: self.sorted[far..].to_vec(),
        }
    }

    pub(super) fn best_first(&self) -> impl Iterator<Item = Level> {
        self.sorted.iter().rev().copied()
    }

    fn find(&self, price: u64) -> Result<usize, usize> {
        match self.side {
            Side::Bid => self.sorted.binary_search_by(|level| level.0.cmp(&price)),
            Side::Ask => self.sorted.binary_search_by(|level| price.cmp(&level.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{Levels, MANY, MAX_LEVELS};
    use crate::book::order_book::Side;

    proptest! {
        #[test]
        fn order_book_levels_change_alike_one_by_one_and_all_at_once(
            known in vec((1_u64..200, 0_u64..3), 0..150),
            changed in vec((1_u64..200, 0_u64..3), MANY..200),
            is_bid in any::<bool>(),
        ) {
            let mut at_once = Levels::new(if is_bid { Side::Bid } else { Side::Ask });
            at_once.replace(&known);
            let mut one_by_one = at_once.clone();
            at_once.update(&changed);
            for &level in &changed {
                one_by_one.update(&[level]);
            }
            prop_assert_eq!(at_once, one_by_one);
        }
    }

    #[test]
    fn order_book_levels_too_far_go_after_a_change_of_many() {
        let far = 2 * MAX_LEVELS as u64;
        let mut bids = Levels::new(Side::Bid);
        let known: Vec<_> = (0..MAX_LEVELS as u64).map(|at| (far - at, 1)).collect();
        bids.replace(&known);
        let better: Vec<_> = (1..=MANY as u64).map(|at| (far + at, 1)).collect();
        bids.update(&better);
        let (len, best) = (bids.len(), bids.best_first().next());
        assert_eq!((len, best), (MAX_LEVELS, Some((far + MANY as u64, 1))));
        assert_eq!(bids.sorted[0].0, far + MANY as u64 + 1 - MAX_LEVELS as u64);
    }
}
