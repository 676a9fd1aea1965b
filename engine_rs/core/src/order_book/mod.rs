//! Per-venue book state machine with that venue's sequence rule.
//!
//! `EMPTY → SEEDING → LIVE → SUSPECT → SEEDING …`, and `STALE` while its connection is gone. Only a LIVE book that isn't
//! crossed quotes: everything else shows its last levels and is not to be traded on. A snapshot replaces, never merges.

mod checksum;
mod consolidated;
mod kraken_checksum;
mod levels;
mod parts;
mod quote;
mod state;
mod told;

use std::collections::VecDeque;

pub use self::checksum::okx_checksum;
pub use self::consolidated::{
    ConsolidatedBook, ConsolidationError, Crossing, NetLevel, Taken, VenueBook,
};
pub use self::kraken_checksum::kraken_checksum;
pub use self::levels::{Levels, MAX_LEVELS};
pub use self::parts::{BookParts, PartsError};
pub use self::state::{
    BookChange, BookCounts, BookState, Continuity, Delta, Outcome, Side, Ticker,
};
use crate::decode::Level;

/// Deltas kept while a snapshot is on its way; more of them and seeding starts anew.
pub const MAX_BUFFER: usize = 5_000;

/// A book that stays crossed this long without a further message is suspect too.
pub const MAX_CROSSED_NS: i64 = 250_000_000;

/// The book of one instrument on one venue. Prices and quantities are × 10⁸.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBook {
    continuity: Continuity,
    state: BookState,
    bids: Levels,
    asks: Levels,
    last: u64,
    /// A delta was applied since the snapshot.
    bridged: bool,
    buffer: VecDeque<Delta>,
    ticker: Option<Ticker>,
    /// Messages in a row after which bid ≥ ask.
    crossed: u32,
    crossed_ns: i64,
    changed_ns: Option<i64>,
    counts: BookCounts,
}

impl OrderBook {
    pub fn new(continuity: Continuity) -> Self {
        Self {
            continuity,
            state: BookState::Empty,
            bids: Levels::new(Side::Bid),
            asks: Levels::new(Side::Ask),
            last: 0,
            bridged: false,
            buffer: VecDeque::new(),
            ticker: None,
            crossed: 0,
            crossed_ns: 0,
            changed_ns: None,
            counts: BookCounts::default(),
        }
    }

    pub fn state(&self) -> BookState {
        self.state
    }

    /// Returns when a message last changed the book, `None` if none did.
    pub fn changed_ns(&self) -> Option<i64> {
        self.changed_ns
    }

    pub fn counts(&self) -> BookCounts {
        self.counts
    }

    /// Returns the id of the last update in the levels.
    pub fn last_update_id(&self) -> u64 {
        self.last
    }

    /// Returns how many snapshots the book has lived through; levels of two generations never mix.
    pub fn generation(&self) -> u64 {
        self.counts.seeds
    }

    /// Returns whether the book may be traded on: LIVE and not crossed.
    pub fn usable(&self) -> bool {
        self.state == BookState::Live && self.crossed == 0
    }

    /// Takes over one depth message.
    pub fn apply_delta(&mut self, delta: Delta, recv_ns: i64) -> BookChange {
        match self.state {
            BookState::Live => self.follow(delta, recv_ns),
            BookState::Empty | BookState::Stale | BookState::Suspect | BookState::Seeding => {
                self.hold(delta)
            }
        }
    }

    /// Takes over a full book as of update `last`, and whatever was buffered after it.
    pub fn apply_snapshot(
        &mut self,
        last: u64,
        bids: &[Level],
        asks: &[Level],
        recv_ns: i64,
    ) -> BookChange {
        let in_stream = self.continuity == Continuity::Okx;
        if self.state == BookState::Stale
            || (self.state == BookState::Live && last <= self.last && !in_stream)
        {
            self.counts.ignored += 1;
            return change(Outcome::Ignored, false);
        }
        if in_stream && last < self.last {
            self.ticker = None; // of the numbers before they started anew
        }
        while self
            .buffer
            .front()
            .is_some_and(|delta| self.is_old(delta, last, false))
        {
            self.buffer.pop_front();
        }
        if self
            .buffer
            .front()
            .is_some_and(|delta| !self.joins(delta, last, false))
        {
            return change(Outcome::TooOld, true);
        }
        self.bids.replace(bids);
        self.asks.replace(asks);
        self.last = last;
        self.bridged = false;
        self.state = BookState::Live;
        self.crossed = 0;
        self.counts.seeds += 1;
        self.ticker = self.ticker.filter(|ticker| ticker.update_id > last);
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

    /// Takes over a best bid and ask. They count if they are newer than the levels.
    pub fn apply_ticker(&mut self, ticker: Ticker, recv_ns: i64) -> BookChange {
        let newest = self.ticker.map_or(0, |known| known.update_id);
        if ticker.update_id <= newest
            || (self.state == BookState::Live && ticker.update_id < self.last)
        {
            self.counts.ignored += 1;
            return change(Outcome::Ignored, false);
        }
        self.ticker = Some(ticker);
        self.settle(Outcome::Applied, recv_ns)
    }

    /// The connection is open: a snapshot may come before the first delta.
    pub fn connect(&mut self) {
        if self.state == BookState::Stale {
            self.state = BookState::Empty;
        }
    }

    /// The connection is gone: the book is not LIVE and starts from nothing when the next one is there.
    pub fn disconnect(&mut self) {
        self.buffer.clear();
        self.ticker = None;
        self.crossed = 0;
        self.state = BookState::Stale;
    }

    /// Messages were lost before they got here.
    pub fn gap(&mut self) -> BookChange {
        self.counts.gaps += 1;
        self.buffer.clear();
        self.ticker = None;
        if self.state == BookState::Stale {
            return change(Outcome::Gap, false);
        }
        self.state = BookState::Suspect;
        change(Outcome::Gap, true)
    }

    /// Time has passed: a book that stayed crossed for too long becomes SUSPECT.
    pub fn tick(&mut self, now_ns: i64) -> BookChange {
        if self.state == BookState::Live
            && self.crossed > 0
            && now_ns.saturating_sub(self.crossed_ns) > MAX_CROSSED_NS
        {
            return self.suspect(Outcome::Crossed);
        }
        change(Outcome::Ignored, false)
    }

    /// Takes over a delta while LIVE.
    fn follow(&mut self, delta: Delta, recv_ns: i64) -> BookChange {
        if self.is_old(&delta, self.last, self.bridged) {
            self.counts.ignored += 1;
            return change(Outcome::Ignored, false);
        }
        if !self.joins(&delta, self.last, self.bridged) {
            self.counts.gaps += 1;
            self.buffer.clear();
            if self.continuity != Continuity::Okx {
                self.buffer.push_back(delta);
            }
            return self.suspect(Outcome::Gap);
        }
        self.apply(&delta, Outcome::Applied, recv_ns)
    }

    /// Keeps a delta until the snapshot comes.
    fn hold(&mut self, delta: Delta) -> BookChange {
        let mut need_seed = matches!(self.state, BookState::Empty | BookState::Stale);
        self.state = BookState::Seeding;
        if self.continuity == Continuity::Okx {
            // It came before the snapshot in one stream, so the snapshot holds it.
            self.counts.ignored += 1;
            return change(Outcome::Ignored, need_seed);
        }
        let mut outcome = Outcome::Buffered;
        if let Some(newest) = self.buffer.back() {
            if delta.last <= newest.last {
                self.counts.ignored += 1;
                return change(Outcome::Ignored, need_seed);
            }
            if !self.joins(&delta, newest.last, true) {
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

    /// Returns whether a delta says nothing new after update `last`; `bridged` if that was a delta too.
    fn is_old(&self, delta: &Delta, last: u64, bridged: bool) -> bool {
        match self.continuity {
            Continuity::Spot => delta.last <= last,
            Continuity::Usdm => delta.last < last || (bridged && delta.last == last),
            // A smaller number may be a new count, and the chain says so: none is ever taken for old.
            Continuity::Okx => false,
        }
    }

    /// Returns whether a delta follows update `last`; `bridged` if that was a delta too.
    fn joins(&self, delta: &Delta, last: u64, bridged: bool) -> bool {
        match self.continuity {
            Continuity::Spot => delta.first <= last.saturating_add(1),
            Continuity::Usdm => {
                delta.prev == Some(last) || (!bridged && delta.first <= last && last <= delta.last)
            }
            Continuity::Okx => delta.prev == Some(last),
        }
    }

    fn apply(&mut self, delta: &Delta, outcome: Outcome, recv_ns: i64) -> BookChange {
        for &level in &delta.bids {
            self.bids.set(level);
        }
        for &level in &delta.asks {
            self.asks.set(level);
        }
        // Where the numbers start anew, a ticker of the old ones only looks newer.
        let anew = delta.last < self.last;
        self.ticker = self
            .ticker
            .filter(|ticker| ticker.update_id > delta.last && !anew);
        self.last = delta.last;
        self.bridged = true;
        self.settle(outcome, recv_ns)
    }

    /// Notes the time of a change and whether it left the book crossed.
    fn settle(&mut self, outcome: Outcome, recv_ns: i64) -> BookChange {
        self.changed_ns = Some(recv_ns);
        let crossed = matches!((self.best(Side::Bid), self.best(Side::Ask)), (Some(bid), Some(ask)) if bid.0 >= ask.0);
        if !crossed {
            self.crossed = 0;
            return change(outcome, false);
        }
        self.counts.crossed += 1;
        self.crossed += 1;
        if self.crossed == 1 {
            self.crossed_ns = recv_ns;
            return change(Outcome::Crossed, false);
        }
        if self.state == BookState::Live {
            self.suspect(Outcome::Crossed)
        } else {
            change(Outcome::Crossed, false)
        }
    }

    fn suspect(&mut self, outcome: Outcome) -> BookChange {
        self.state = BookState::Suspect;
        self.ticker = None;
        self.crossed = 0;
        change(outcome, true)
    }
}

fn change(outcome: Outcome, need_seed: bool) -> BookChange {
    BookChange { outcome, need_seed }
}
