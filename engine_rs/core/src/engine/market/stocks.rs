//! What we hold at exchanges, as far as it bounds what a route can be given.

use std::cell::RefCell;

use super::transfers::Rebalancing;
use super::{Kind, Market};
use crate::engine::book_scale::PPM;
use crate::search::graph::EdgeId;

/// The most that each edge of a route can be given of what we hold.
#[derive(Debug)]
pub(crate) struct Stocks<'a> {
    most: Vec<u64>,
    /// What the first one's token pays beside, where that goes by what each edge is given.
    beside: Option<Rebalancing<'a>>,
    /// What the edges were given since the first one was asked about last.
    given: RefCell<Vec<u64>>,
}

impl Stocks<'_> {
    /// Returns whether we hold what an edge is given, and at the last one also what moving back costs; to be asked from
    /// the first edge on.
    pub(crate) fn is_held(&self, hop: usize, amount_in: u64) -> bool {
        if amount_in > self.most[hop] {
            return false;
        }
        let Some(beside) = &self.beside else {
            return true;
        };
        let mut given = self.given.borrow_mut();
        given.truncate(hop);
        given.push(amount_in);
        if hop + 1 < self.most.len() {
            return true;
        }
        let paid = beside.cost(given[0], |hop| given[hop]).unwrap_or(0);
        given[0]
            .checked_add(paid)
            .is_some_and(|all| all <= self.most[0])
    }
}

impl Market {
    /// Returns the most that each edge can be given of what we hold; `None` if nothing bounds any of them. The first one's
    /// token pays for moving inventory back, too.
    pub(crate) fn stocks_of(&self, edges: &[EdgeId]) -> Option<Stocks<'_>> {
        if self.stocks.is_empty() {
            return None;
        }
        let mut most: Vec<u64> = edges.iter().map(|&edge| self.stock(edge)).collect();
        if most.iter().all(|&each| each == u64::MAX) {
            return None;
        }
        let mut beside = None;
        if let Some(first) = most.first_mut().filter(|first| **first < u64::MAX) {
            if self.transfers.is_empty() {
                let rate = u128::from(self.gates.rebalancing_ppm.unwrap_or(0));
                *first = (u128::from(*first) * PPM / (PPM + rate)) as u64;
            } else {
                beside = Some(self.rebalancing(edges));
            }
        }
        Some(Stocks {
            most,
            beside,
            given: RefCell::default(),
        })
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
