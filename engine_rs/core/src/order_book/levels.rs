//! One side of a book.

use super::Side;
use crate::decode::Level;

/// Levels kept on a side. Venues send far ones for as long as a connection lives; the farthest go first. A recorded book of
/// Coinbase has 27,236 asks.
pub const MAX_LEVELS: usize = 100_000;

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
        self.sorted.clear();
        self.sorted.extend(levels.iter().rev());
        // Stable, and linear for what venues send: of one price the later of `levels` comes first.
        match self.side {
            Side::Bid => self.sorted.sort_by_key(|level| level.0),
            Side::Ask => self.sorted.sort_by_key(|level| std::cmp::Reverse(level.0)),
        }
        self.sorted.dedup_by_key(|level| level.0);
        self.sorted.retain(|level| level.1 > 0);
        self.sorted
            .drain(..self.sorted.len().saturating_sub(MAX_LEVELS));
    }

    /// Sets the quantity at a price, 0 removes it.
    pub(super) fn set(&mut self, (price, qty): Level) {
        match (self.find(price), qty) {
            (Ok(at), 0) => {
                self.sorted.remove(at);
            }
            (Ok(at), _) => self.sorted[at].1 = qty,
            (Err(_), 0) => {}
            (Err(at), _) => {
                self.sorted.insert(at, (price, qty));
                if self.sorted.len() > MAX_LEVELS {
                    self.sorted.remove(0);
                }
            }
        }
    }

    /// Drops what is farther from the best level than the first `most`.
    pub(super) fn keep(&mut self, most: usize) {
        let far = self.sorted.len().saturating_sub(most);
        if far > 0 {
            self.sorted.drain(..far);
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
