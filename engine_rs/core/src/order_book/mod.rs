//! Per-venue book state machine with that venue's sequence rule.
//!
//! `EMPTY → SEEDING → LIVE → SUSPECT → SEEDING …`, and `STALE` while its connection is gone. Only a LIVE book that isn't
//! crossed quotes: everything else shows its last levels and is not to be traded on. A snapshot replaces, never merges.

mod levels;
mod parts;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use self::levels::{Levels, MAX_LEVELS};
pub use self::parts::{BookParts, PartsError};
use crate::decode::Level;
use crate::decode::decimal::ONE;

/// Deltas kept while a snapshot is on its way; more of them and seeding starts anew.
pub const MAX_BUFFER: usize = 5_000;

/// A book that stays crossed this long without a further message is suspect too.
pub const MAX_CROSSED_NS: i64 = 250_000_000;

/// How a venue's update ids join up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// Binance spot: `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old.
    Spot,
    /// Binance USD-M: `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`.
    Usdm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookState {
    /// Nothing was heard yet.
    Empty,
    /// Deltas are buffered until a snapshot joins them up.
    Seeding,
    Live,
    /// A gap or a crossed book: the levels are wrong.
    Suspect,
    /// The connection is gone.
    Stale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Bid,
    Ask,
}

/// What one call did to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The levels or the ticker are those of the message.
    Applied,
    /// A snapshot, and what was buffered after it, is the book now.
    Seeded,
    /// Older than what is known, or meant for another state.
    Ignored,
    /// Kept for the snapshot to come.
    Buffered,
    /// Ids don't join up: SUSPECT.
    Gap,
    /// Bid ≥ ask: not to be quoted; SUSPECT from the second message on.
    Crossed,
    /// The snapshot is older than the first delta that could follow it.
    TooOld,
    /// More deltas than the buffer holds: seeding starts anew.
    Overflow,
}

/// What one call did, and whether a snapshot has to be fetched because of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookChange {
    pub outcome: Outcome,
    pub need_seed: bool,
}

/// One depth message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    pub first: u64,
    pub last: u64,
    pub prev: Option<u64>,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

/// Best bid and ask as the venue says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticker {
    pub update_id: u64,
    pub bid: u64,
    pub bid_qty: u64,
    pub ask: u64,
    pub ask_qty: u64,
}

/// Running totals of a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookCounts {
    pub gaps: u64,
    pub ignored: u64,
    pub overflows: u64,
    pub crossed: u64,
    /// Snapshots taken over.
    pub seeds: u64,
}

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
        if self.state == BookState::Stale || (self.state == BookState::Live && last <= self.last) {
            self.counts.ignored += 1;
            return change(Outcome::Ignored, false);
        }
        while self
            .buffer
            .front()
            .is_some_and(|delta| self.is_old(delta, last))
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

    /// Returns the best bid as (price, quantity) if the book may be traded on.
    pub fn best_bid(&self) -> Option<Level> {
        self.best(Side::Bid).filter(|_| self.usable())
    }

    /// Returns the best ask as (price, quantity) if the book may be traded on.
    pub fn best_ask(&self) -> Option<Level> {
        self.best(Side::Ask).filter(|_| self.usable())
    }

    /// Returns the best level of a side as last known, in whatever state the book is: to be shown, not traded on.
    pub fn best(&self, side: Side) -> Option<Level> {
        self.merged(side).next()
    }

    /// Returns up to `depth` levels of a side, best first, as last known.
    pub fn levels(&self, side: Side, depth: usize) -> Vec<Level> {
        self.merged(side).take(depth).collect()
    }

    /// Returns how many levels a side has.
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).len()
    }

    /// Returns what selling exactly `base` brings, rounded down; `None` if the depth is short or the book not usable.
    pub fn sell(&self, base: u64) -> Option<u64> {
        let mut left = base;
        let mut earned: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Bid))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let part = left.min(qty);
            earned = earned.checked_add(u128::from(price) * u128::from(part))?;
            left -= part;
        }
        u64::try_from(earned / u128::from(ONE)).ok()
    }

    /// Returns what spending `quote` buys, rounded down; `None` if the depth is short or the book not usable.
    pub fn buy(&self, quote: u64) -> Option<u64> {
        let mut left = u128::from(quote) * u128::from(ONE);
        let mut bought: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Ask))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let cost = u128::from(price) * u128::from(qty);
            if left < cost {
                bought += left / u128::from(price);
                break;
            }
            bought += u128::from(qty);
            left -= cost;
        }
        u64::try_from(bought).ok()
    }

    /// Returns what buying exactly `base` costs, rounded up; `None` if the depth is short or the book not usable.
    pub fn cost(&self, base: u64) -> Option<u64> {
        let mut left = base;
        let mut spent: u128 = 0;
        let mut levels = self.usable().then(|| self.merged(Side::Ask))?;
        while left > 0 {
            let (price, qty) = levels.next()?;
            let part = left.min(qty);
            spent = spent.checked_add(u128::from(price) * u128::from(part))?;
            left -= part;
        }
        u64::try_from(spent.div_ceil(u128::from(ONE))).ok()
    }

    /// Takes over a delta while LIVE.
    fn follow(&mut self, delta: Delta, recv_ns: i64) -> BookChange {
        if self.is_old(&delta, self.last) || (self.bridged && delta.last <= self.last) {
            self.counts.ignored += 1;
            return change(Outcome::Ignored, false);
        }
        if !self.joins(&delta, self.last, self.bridged) {
            self.counts.gaps += 1;
            self.buffer.clear();
            self.buffer.push_back(delta);
            return self.suspect(Outcome::Gap);
        }
        self.apply(&delta, Outcome::Applied, recv_ns)
    }

    /// Keeps a delta until the snapshot comes.
    fn hold(&mut self, delta: Delta) -> BookChange {
        let mut need_seed = matches!(self.state, BookState::Empty | BookState::Stale);
        self.state = BookState::Seeding;
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

    /// Returns whether a delta says nothing that a snapshot as of `last` doesn't.
    fn is_old(&self, delta: &Delta, last: u64) -> bool {
        match self.continuity {
            Continuity::Spot => delta.last <= last,
            Continuity::Usdm => delta.last < last,
        }
    }

    /// Returns whether a delta follows update `last`; `bridged` if that was a delta too.
    fn joins(&self, delta: &Delta, last: u64, bridged: bool) -> bool {
        match self.continuity {
            Continuity::Spot => delta.first <= last.saturating_add(1),
            Continuity::Usdm => {
                delta.prev == Some(last) || (!bridged && delta.first <= last && last <= delta.last)
            }
        }
    }

    fn apply(&mut self, delta: &Delta, outcome: Outcome, recv_ns: i64) -> BookChange {
        for &level in &delta.bids {
            self.bids.set(level);
        }
        for &level in &delta.asks {
            self.asks.set(level);
        }
        self.last = delta.last;
        self.bridged = true;
        self.ticker = self.ticker.filter(|ticker| ticker.update_id > delta.last);
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

    fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    /// Levels of a side, best first, with a newer ticker on top: what is better than its best is gone.
    fn merged(&self, side: Side) -> impl Iterator<Item = Level> {
        let top = self.ticker.map(|ticker| match side {
            Side::Bid => (ticker.bid, ticker.bid_qty),
            Side::Ask => (ticker.ask, ticker.ask_qty),
        });
        let worse = move |price: u64| match (top, side) {
            (None, _) => true,
            (Some((best, _)), Side::Bid) => price < best,
            (Some((best, _)), Side::Ask) => best > 0 && price > best, // 0: the venue has no ask
        };
        let shown = top.filter(|&(price, qty)| price > 0 && qty > 0);
        shown.into_iter().chain(
            self.side(side)
                .best_first()
                .skip_while(move |&(price, _)| !worse(price)),
        )
    }
}

fn change(outcome: Outcome, need_seed: bool) -> BookChange {
    BookChange { outcome, need_seed }
}
