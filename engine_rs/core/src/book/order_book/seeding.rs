//! How a book comes to its levels: a snapshot, and what was kept until it came.

use super::{
    Anchor, BookChange, BookState, Delta, Joins, OrderBook, Outcome, Seeds, Source, change,
};
use crate::exchanges::event::Level;

/// Deltas kept while a snapshot is on its way; more of them and seeding starts anew.
pub const MAX_BUFFER: usize = 5_000;

/// Depths that a venue which truncates can be subscribed at.
const DEPTHS: [usize; 5] = [10, 25, 100, 500, 1_000];

impl OrderBook {
    /// Takes over a full book as of update `last`, and whatever was kept that follows it.
    pub fn apply_snapshot(
        &mut self,
        last: u64,
        (bids, asks): (&[Level], &[Level]),
        source: Source,
        recv_ns: i64,
    ) -> BookChange {
        let streamed = source == Source::Stream;
        let offline = self.state == BookState::Stale && !self.silent;
        let older = self.state == BookState::Live && last <= self.last && !streamed;
        if offline || older {
            return self.ignored();
        }
        if streamed {
            self.buffer.clear();
            if last < self.last {
                self.ticker = None; // of the numbers before they started anew
            }
        } else if !self.bridge(last) {
            return change(Outcome::TooOld, true);
        }
        self.replace(last, bids, asks);
        self.anchor = if streamed {
            Anchor::Streamed
        } else {
            Anchor::Fetched
        };
        let mut change = self.settle(Outcome::Seeded, recv_ns);
        while let Some(delta) = self.buffer.pop_front() {
            // The buffer joins up in itself, so nothing but a crossed book can end this.
            change = self.apply(&delta, Outcome::Seeded, recv_ns);
            if self.state != BookState::Live {
                self.buffer.clear();
            }
        }
        change
    }

    /// Drops what was kept and is older than update `last`, which was fetched. Returns whether the rest follows it.
    fn bridge(&mut self, last: u64) -> bool {
        while let Some(delta) = self.buffer.front() {
            if !self.is_old(delta, last, Anchor::Fetched) {
                return self.joins(delta, last, Anchor::Fetched);
            }
            self.buffer.pop_front();
        }
        true
    }

    fn replace(&mut self, last: u64, bids: &[Level], asks: &[Level]) {
        self.bids.replace(bids);
        self.asks.replace(asks);
        (self.last, self.prev) = (last, None);
        (self.silent, self.olds, self.delta_ns) = (false, 0, None);
        self.crossed = 0;
        self.asked_ns = None;
        self.counts.seeds += 1;
        self.ticker = self.ticker.filter(|ticker| ticker.update_id > last);
        if self.rules.truncates {
            let deepest = bids.len().max(asks.len());
            let fits = DEPTHS.iter().find(|&&depth| deepest <= depth);
            self.kept = fits.copied().unwrap_or(deepest);
        }
        self.state = if bids.is_empty() && asks.is_empty() {
            BookState::NoBook
        } else {
            BookState::Live
        };
    }

    /// Keeps a delta until the snapshot comes.
    pub(super) fn hold(&mut self, delta: Delta) -> BookChange {
        let mut need_seed = matches!(self.state, BookState::NoBook | BookState::Stale);
        self.state = BookState::Reseeding;
        if self.rules.seeds == Seeds::Streamed {
            // It came before the snapshot in one stream, so the snapshot holds it.
            self.counts.ignored += 1;
            return change(Outcome::Ignored, need_seed);
        }
        let mut outcome = Outcome::Buffered;
        if let Some(newest) = self.buffer.back() {
            let kept = self.is_kept(&delta, newest);
            if kept && !self.counts_anew(&delta, newest.venue_ns) {
                self.counts.ignored += 1;
                return change(Outcome::Ignored, need_seed);
            }
            if kept || !self.joins(&delta, newest.last, Anchor::Delta) {
                self.counts.gaps += 1;
                self.buffer.clear();
                outcome = Outcome::Gap;
            }
        }
        if self.buffer.len() == MAX_BUFFER {
            self.counts.overflows += 1;
            self.buffer.clear();
            outcome = Outcome::Overflow;
            need_seed = true;
        }
        self.buffer.push_back(delta);
        change(outcome, need_seed)
    }

    /// Returns whether the newest delta kept says it already.
    fn is_kept(&self, delta: &Delta, newest: &Delta) -> bool {
        if self.rules.joins == Joins::Chain {
            return delta.last == newest.last && delta.prev == newest.prev;
        }
        delta.last <= newest.last
    }
}
