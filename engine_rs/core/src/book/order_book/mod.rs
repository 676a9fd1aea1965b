//! Per-venue book state machine with that venue's sequence and checksum rule.
//!
//! `NO_BOOK → RESEEDING → LIVE → SUSPECT → RESEEDING …`, and `STALE` while its connection is gone or it alone says
//! nothing. Only a LIVE book that isn't crossed quotes: everything else shows its last levels and is not to be traded on.
//! A snapshot replaces, never merges. One file, for it is the one machine that each venue's rules turn.

mod apply_event;
mod checksum;
mod consolidated;
mod levels;
mod numbering;
mod pace;
mod parts;
mod quote;
mod refine;
mod seeding;
mod state;
mod used;

use std::collections::VecDeque;

use crate::exchanges::Continuity;
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::exchange::{Joins, Rules, Seeds};

use self::used::Used;

pub use self::consolidated::{
    ConsolidatedBook, ConsolidationError, Crossing, NetLevel, Taken, VenueBook,
};
pub use self::levels::{Levels, MAX_LEVELS};
pub use self::numbering::{Numbered, Numbering};
pub use self::pace::{FIRST_SILENCE_NS, LEAST_SILENCE_NS, Pace};
pub use self::parts::{BookParts, PartsError};
pub use self::seeding::MAX_BUFFER;
pub use self::state::{
    Anchor, BookChange, BookCounts, BookState, Delta, Outcome, Side, Source, Ticker,
};
pub use self::used::UsedLevel;

/// A book that stays crossed this long without a further message is suspect too.
pub const MAX_CROSSED_NS: i64 = 250_000_000;

/// A seed that didn't come for this long is asked for again: the question may have been lost.
pub const SEED_PATIENCE_NS: i64 = 10_000_000_000;

/// Deltas in a row that are older than the book before it is the numbers that are new. Copies come singly, and a fetched
/// snapshot is ahead of the stream by far fewer.
pub const MAX_OLDS: u32 = 50;

/// The book of one instrument on one venue. Prices are integers of its scale, quantities × 10⁸.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBook {
    continuity: Continuity,
    rules: Rules,
    scale: PriceScale,
    state: BookState,
    bids: Levels,
    asks: Levels,
    last: u64,
    /// The id before `last`, where deltas name it.
    prev: Option<u64>,
    anchor: Anchor,
    buffer: VecDeque<Delta>,
    ticker: Option<Ticker>,
    /// Messages in a row after which bid ≥ ask.
    crossed: u32,
    crossed_ns: i64,
    changed_ns: Option<i64>,
    pace: Pace,
    /// STALE because it fell silent, not because its connection is gone.
    silent: bool,
    /// The venue doesn't trade the pair now.
    halted: bool,
    /// Levels of a side that the venue keeps up, 0 if all.
    kept: usize,
    /// Decimals of prices and quantities on the wire, where a sum is over its texts.
    digits: (u8, u8),
    /// Deltas in a row that said nothing new.
    olds: u32,
    /// When the venue sent the newest delta in the levels, `None` if none came since the snapshot.
    delta_ns: Option<i64>,
    /// Sums in a row that failed on a fresh snapshot.
    sums_failed: u32,
    /// The tick since which it waits for the seed that it asked for.
    asked_ns: Option<i64>,
    counts: BookCounts,
    /// What our own fills used up.
    used: Used,
}

impl OrderBook {
    /// Returns an empty book whose prices have eight decimals.
    pub fn new(continuity: Continuity) -> Self {
        Self::of_scale(continuity, PriceScale::EIGHT)
    }

    /// Returns an empty book.
    pub fn of_scale(continuity: Continuity, scale: PriceScale) -> Self {
        Self {
            continuity,
            rules: continuity.rules(),
            scale,
            state: BookState::NoBook,
            bids: Levels::new(Side::Bid),
            asks: Levels::new(Side::Ask),
            last: 0,
            prev: None,
            anchor: Anchor::Streamed,
            buffer: VecDeque::new(),
            ticker: None,
            crossed: 0,
            crossed_ns: 0,
            changed_ns: None,
            pace: Pace::default(),
            silent: false,
            halted: false,
            kept: 0,
            digits: (0, 0),
            olds: 0,
            delta_ns: None,
            sums_failed: 0,
            asked_ns: None,
            counts: BookCounts::default(),
            used: Used::default(),
        }
    }

    pub fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// Returns the scale of its prices.
    pub fn scale(&self) -> PriceScale {
        self.scale
    }

    pub fn state(&self) -> BookState {
        if self.halted {
            BookState::NoBook
        } else {
            self.state
        }
    }

    /// Returns when a message last changed the book, `None` if none did.
    pub fn changed_ns(&self) -> Option<i64> {
        self.changed_ns
    }

    pub fn counts(&self) -> BookCounts {
        self.counts
    }

    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Returns the id of the last update in the levels.
    pub fn last_update_id(&self) -> u64 {
        self.last
    }

    /// Returns how many snapshots the book has lived through; levels of two generations never mix.
    pub fn generation(&self) -> u64 {
        self.counts.seeds
    }

    /// Returns whether the book may be traded on: LIVE, not crossed, and open at its venue.
    pub fn usable(&self) -> bool {
        self.state == BookState::Live && self.crossed == 0 && !self.halted
    }

    /// Takes over one depth message.
    pub fn apply_delta(&mut self, delta: Delta, recv_ns: i64) -> BookChange {
        if self.state == BookState::Live || (self.silent && self.rules.proves()) {
            return self.follow(delta, recv_ns);
        }
        self.silent = false;
        self.hold(delta)
    }

    /// Takes over a best bid and ask. They count if they are newer than the levels.
    pub fn apply_ticker(&mut self, ticker: Ticker, recv_ns: i64) -> BookChange {
        let newest = self.ticker.map_or(0, |known| known.update_id);
        if !self.rules.tickers
            || ticker.update_id <= newest
            || (self.state == BookState::Live && ticker.update_id < self.last)
        {
            return self.ignored();
        }
        self.ticker = Some(ticker);
        let pace = self.pace;
        let change = self.settle(Outcome::Applied, recv_ns);
        self.pace = pace; // it is the depth whose silence leaves wrong levels
        change
    }

    /// The connection is open: a snapshot may come before the first delta.
    pub fn connect(&mut self) {
        if self.state == BookState::Stale && !self.silent {
            self.state = BookState::NoBook;
        }
    }

    /// The connection is gone: the book is not LIVE and starts from nothing when the next one is there.
    pub fn disconnect(&mut self) {
        self.forget();
        self.crossed = 0;
        self.silent = false;
        self.pace.pause();
        self.state = BookState::Stale;
    }

    /// The venue trades the pair, or doesn't. Its levels are kept up meanwhile. Returns whether that is news.
    pub fn trade(&mut self, open: bool) -> bool {
        std::mem::replace(&mut self.halted, !open) == open
    }

    /// Takes the place of a book that another connection told of: what was counted and learned goes on.
    pub fn succeed(&mut self, before: &Self) {
        self.counts = self.counts.after(before.counts);
        self.pace = before.pace.then(self.pace);
        self.halted = before.halted;
        self.used.clone_from(&before.used);
        self.end_changed();
    }

    /// Messages were lost before they got here.
    pub fn gap(&mut self) -> BookChange {
        self.counts.gaps += 1;
        self.forget();
        if self.state == BookState::Stale && !self.silent {
            return change(Outcome::Gap, false);
        }
        self.silent = false;
        self.state = BookState::Suspect;
        change(Outcome::Gap, true)
    }

    /// Time has passed: a book that stayed crossed too long becomes SUSPECT, one that fell silent STALE.
    ///
    /// One whose seed doesn't come asks for it again.
    pub fn tick(&mut self, now_ns: i64) -> BookChange {
        if self.state != BookState::Live {
            return change(Outcome::Ignored, self.asks_again(now_ns));
        }
        self.asked_ns = None;
        if self.crossed > 0 && now_ns.saturating_sub(self.crossed_ns) > MAX_CROSSED_NS {
            return self.suspect(Outcome::Crossed);
        }
        if !self.pace.is_silent(now_ns) {
            return change(Outcome::Ignored, false);
        }
        self.counts.silences += 1;
        self.state = BookState::Stale;
        self.silent = true;
        change(Outcome::Silent, true)
    }

    fn asks_again(&mut self, now_ns: i64) -> bool {
        let waits = matches!(self.state, BookState::Suspect | BookState::Reseeding) || self.silent;
        if !waits || self.halted {
            self.asked_ns = None;
            return false;
        }
        let asked_ns = *self.asked_ns.get_or_insert(now_ns);
        let again = now_ns.saturating_sub(asked_ns) > SEED_PATIENCE_NS;
        if again {
            self.asked_ns = Some(now_ns);
        }
        again
    }

    /// Takes over a delta while LIVE, or after a silence that may have been nothing else.
    fn follow(&mut self, delta: Delta, recv_ns: i64) -> BookChange {
        if self.is_old(&delta, self.last, self.anchor) {
            self.olds += 1;
            let anew = self.delta_ns.is_some_and(|ns| self.counts_anew(&delta, ns));
            if self.olds < MAX_OLDS && !anew {
                return self.ignored();
            }
            return self.gap(); // its numbers started anew, and nothing said so
        }
        self.olds = 0;
        self.silent = false;
        if !self.joins(&delta, self.last, self.anchor) {
            self.counts.gaps += 1;
            self.buffer.clear();
            if self.rules.seeds != Seeds::Streamed {
                self.buffer.push_back(delta);
            }
            return self.suspect(Outcome::Gap);
        }
        self.state = BookState::Live;
        self.apply(&delta, Outcome::Applied, recv_ns)
    }

    /// Returns whether a delta says nothing new after update `last`, which was an `anchor`.
    fn is_old(&self, delta: &Delta, last: u64, anchor: Anchor) -> bool {
        match (self.rules.joins, anchor) {
            (Joins::Overlap, _)
            | (Joins::Chain, Anchor::Fetched)
            | (Joins::Previous, Anchor::Delta) => delta.last <= last,
            (Joins::Previous, _) => delta.last < last,
            // A smaller number may be a new count, and the chain says so: only the very same message is old. One whose
            // own ids are equal says that nothing changed, however often.
            (Joins::Chain, Anchor::Delta) => {
                delta.last == last && delta.prev == self.prev && delta.prev != Some(last)
            }
            (Joins::Chain, Anchor::Streamed) => delta.last == last && delta.prev != Some(last),
            (Joins::Always, _) => false,
        }
    }

    /// Returns whether a delta that is old by its numbers was sent after the newest one: these started anew.
    ///
    /// A chain tells of that by itself.
    fn counts_anew(&self, delta: &Delta, delta_ns: i64) -> bool {
        matches!(self.rules.joins, Joins::Overlap | Joins::Previous) && delta.venue_ns > delta_ns
    }

    /// Returns whether a delta follows update `last`, which was an `anchor`.
    fn joins(&self, delta: &Delta, last: u64, anchor: Anchor) -> bool {
        let follows = delta.prev == Some(last);
        match (self.rules.joins, anchor) {
            (Joins::Overlap, _) => delta.first <= last.saturating_add(1),
            (Joins::Previous, Anchor::Streamed | Anchor::Fetched) => {
                follows || (delta.first <= last && last <= delta.last)
            }
            // What is fetched may lie between two links of the chain.
            (Joins::Chain, Anchor::Fetched) => delta.prev.is_some_and(|prev| prev <= last),
            (Joins::Previous, Anchor::Delta) | (Joins::Chain, _) => follows,
            (Joins::Always, _) => true,
        }
    }

    fn apply(&mut self, delta: &Delta, outcome: Outcome, recv_ns: i64) -> BookChange {
        self.bids.update(&delta.bids);
        self.asks.update(&delta.asks);
        if self.kept > 0 {
            self.bids.keep(self.kept);
            self.asks.keep(self.kept);
        }
        // Where the numbers start anew, a ticker of the old ones only looks newer.
        let anew = delta.last < self.last;
        self.ticker = self
            .ticker
            .filter(|ticker| ticker.update_id > delta.last && !anew);
        if delta.prev != Some(delta.last) {
            self.prev = delta.prev;
        }
        (self.last, self.anchor) = (delta.last, Anchor::Delta);
        self.delta_ns = Some(delta.venue_ns);
        self.settle(outcome, recv_ns)
    }

    /// Notes the time of a change and whether it left the book crossed.
    fn settle(&mut self, outcome: Outcome, recv_ns: i64) -> BookChange {
        self.changed_ns = Some(recv_ns);
        self.pace.received(recv_ns);
        if !self.used.is_empty() {
            self.end_changed();
        }
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
        self.used = Used::default();
        change(outcome, true)
    }

    /// Forgets what waits, what lies on top of the levels and what was used of them.
    fn forget(&mut self) {
        self.used = Used::default();
        self.olds = 0;
        self.buffer.clear();
        self.ticker = None;
    }

    fn ignored(&mut self) -> BookChange {
        self.counts.ignored += 1;
        change(Outcome::Ignored, false)
    }
}

fn change(outcome: Outcome, need_seed: bool) -> BookChange {
    BookChange { outcome, need_seed }
}
