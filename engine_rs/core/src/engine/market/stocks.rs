//! What we hold at exchanges, as far as it bounds what a route can be given.

use super::{Kind, Market};
use crate::engine::book_scale::PPM;
use crate::search::graph::EdgeId;

impl Market {
    /// Returns the most that each edge can be given of what we hold; `None` if nothing bounds any of them. The first one's
    /// token pays for moving inventory back, too.
    pub(crate) fn stocks_of(&self, edges: &[EdgeId]) -> Option<Vec<u64>> {
        if self.stocks.is_empty() {
            return None;
        }
        let mut most: Vec<u64> = edges.iter().map(|&edge| self.stock(edge)).collect();
        if let Some(first) = most.first_mut().filter(|first| **first < u64::MAX) {
            let beside = u128::from(self.gates.rebalancing_ppm.unwrap_or(0));
            *first = (u128::from(*first) * PPM / (PPM + beside)) as u64;
        }
        most.iter().any(|&each| each < u64::MAX).then_some(most)
    }

    fn stock(&self, edge: EdgeId) -> u64 {
        let behind = self.behind(edge);
        if behind.kind != Kind::Book {
            return u64::MAX;
        }
        let held = self.stocks.get(&self.books.entries[behind.at].venue);
        held.map_or(u64::MAX, |held| {
            held.get(self.ends(edge).0).copied().unwrap_or(0)
        })
    }
}
