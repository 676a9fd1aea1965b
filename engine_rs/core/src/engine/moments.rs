//! Moments: when what frames changed is searched, sized and decided on. In between it is only remembered what moved.
//!
//! A frame whose header says so is one, every record that is no frame, and every frame of a session without moments.

use std::time::Instant;

use super::{Engine, Ingested};
use crate::search::graph::EdgeId;
use cambist_record::Header;

/// After so many frames without a moment the engine makes one.
pub(crate) const MOST_UNJUDGED: u64 = 512;

/// The record at which is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// From 1 on, of those of this engine.
    pub(crate) number: u64,
    pub(crate) seq: u64,
    pub(crate) now_ns: i64,
    /// The newest one, 0 before any was announced.
    pub(crate) slot: u64,
    /// How many slots had a moment, with this one's.
    pub(crate) slots: u64,
}

/// What moved since the last moment.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    pub(crate) frames: u64,
    /// Weighed anew already; may repeat, as may the places.
    pub(crate) edges: Vec<EdgeId>,
    pub(crate) pools: Vec<usize>,
    pub(crate) books: Vec<usize>,
    /// The newest slot at the last moment.
    pub(crate) slot: Option<u64>,
    /// How many slots had a moment, as far as known.
    pub(crate) slots: u64,
}

impl Engine {
    /// Notes a frame that was applied, and judges if it is a moment.
    pub(super) fn note_frame(&mut self, header: &Header, out: &mut Ingested) {
        self.moved.frames += 1;
        if !self.setup.moments || header.moment || self.moved.frames >= MOST_UNJUDGED {
            self.judge(header, out);
        }
    }

    /// Searches around what moved since the last moment, sizes and decides; on all that stands where a slot began.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long it took is measured, and part of no state"
    )]
    pub(super) fn judge(&mut self, header: &Header, out: &mut Ingested) {
        let (begun, before) = (Instant::now(), self.moved.slot);
        let moment = self.begin_moment(header);
        self.settle(moment, out);
        let vouched = std::mem::take(&mut self.market.registry.vouched);
        if self.market.slot != before {
            self.review_all(moment, out);
        } else if vouched {
            self.review_unconfirmed(moment, out);
        }
        self.judged = begun.elapsed();
        self.take_picture(header);
    }

    /// Returns the moment of a record.
    pub(super) fn begin_moment(&mut self, header: &Header) -> Moment {
        let moved = &mut self.moved;
        moved.frames = 0;
        self.counters.moments += 1;
        if self.market.slot > moved.slot {
            moved.slot = self.market.slot;
            moved.slots += 1;
        }
        Moment {
            number: self.counters.moments,
            seq: header.seq,
            now_ns: header.recv_ns,
            slot: self.market.slot.unwrap_or(0),
            slots: moved.slots,
        }
    }

    /// Weighs the edges of what changed: cheap, and due before anything is quoted or a slot is closed.
    pub(super) fn weigh_changed(&mut self, now_ns: i64) {
        let (market, moved) = (&mut self.market, &mut self.moved);
        let registry = &market.registry;
        if registry.dirty.is_empty()
            && registry.aged.is_empty()
            && market.dirty_books.is_empty()
            && !market.is_due(now_ns)
        {
            return;
        }
        moved.books.extend(&market.dirty_books);
        let settled = market.settle(now_ns, &self.channels);
        self.counters.torn += settled.torn;
        moved.pools.extend(settled.pools);
        moved.edges.extend(settled.edges);
    }

    /// Returns the edges that moved, ascending, once the prices of what is behind them are taken over.
    pub(super) fn take_moved(&mut self, now_ns: i64) -> Vec<EdgeId> {
        let moved = &mut self.moved;
        for at in once(&mut moved.pools) {
            self.prices.pool(&self.market, at, now_ns);
        }
        for at in once(&mut moved.books) {
            self.prices.book(&self.market, at, now_ns);
        }
        once(&mut moved.edges)
    }
}

/// Returns what a list has, ascending and each once, and empties it.
fn once<T: Ord>(list: &mut Vec<T>) -> Vec<T> {
    let mut found = std::mem::take(list);
    found.sort_unstable();
    found.dedup();
    found
}
