//! One exchange book opened up: its state, its touch and its best levels.

use serde::Serialize;

use super::Engine;
use crate::book::order_book::Side;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

/// Twin of `BookInspection` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
pub(crate) struct BookInspection<'a> {
    source: &'a str,
    state: &'static str,
    last_update_id: u64,
    best_bid: Option<Level>,
    best_ask: Option<Level>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    as_of_ns: i64,
    silent_ns: Option<i64>,
    seeds: u64,
    gaps: u64,
    tick: Option<u64>,
    step: Option<u64>,
    min_notional: Option<u64>,
    price_decimals: PriceScale,
}

impl Engine {
    /// Returns a book opened up, `None` if there is none of this name.
    pub(crate) fn book_inspection(
        &self,
        source: &str,
        depth: usize,
        now_ns: i64,
    ) -> Option<BookInspection<'_>> {
        let at = self.market.books.named(source)?;
        let entry = &self.market.books.entries[at];
        let book = &entry.book;
        Some(BookInspection {
            source: &entry.name,
            state: self.market.book_state(at, now_ns),
            last_update_id: book.last_update_id(),
            best_bid: book.best(Side::Bid),
            best_ask: book.best(Side::Ask),
            bids: book.updated(Side::Bid, depth),
            asks: book.updated(Side::Ask, depth),
            as_of_ns: entry.as_of_ns,
            silent_ns: book.pace().silent_ns(),
            seeds: book.counts().seeds,
            gaps: book.counts().gaps,
            tick: entry.rules.tick,
            step: entry.rules.step,
            min_notional: entry.rules.min_notional,
            price_decimals: book.scale(),
        })
    }
}
