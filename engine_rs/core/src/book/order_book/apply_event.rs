//! What a frame says, taken over into its book.

use super::{BookChange, Delta, OrderBook, Source, Ticker};
use crate::exchanges::event::Event;

impl OrderBook {
    /// Takes over what an event says of this book, `None` if it says nothing of one.
    ///
    /// `source` says how a snapshot came.
    pub fn take(&mut self, event: Event<'_>, source: Source, recv_ns: i64) -> Option<BookChange> {
        Some(match event {
            Event::BookTicker {
                update_id,
                bid,
                bid_qty,
                ask,
                ask_qty,
                ..
            } => {
                let ticker = Ticker {
                    update_id,
                    bid,
                    bid_qty,
                    ask,
                    ask_qty,
                };
                self.apply_ticker(ticker, recv_ns)
            }
            Event::DepthDelta {
                first,
                last,
                prev,
                bids,
                asks,
                venue_ns,
                ..
            } => {
                let delta = Delta {
                    first,
                    last,
                    prev,
                    bids,
                    asks,
                    venue_ns,
                };
                self.apply_delta(delta, recv_ns)
            }
            Event::DepthSnapshot {
                last, bids, asks, ..
            } => self.apply_snapshot(last, (&bids, &asks), source, recv_ns),
            Event::BookChecksum { sum, digits, .. } => self.verify(sum, digits),
            Event::Gap { .. } => self.gap(),
            _ => return None,
        })
    }
}
