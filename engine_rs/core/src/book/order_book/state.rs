//! What a book is told, and what it says of itself.

use serde::{Deserialize, Serialize};

use super::OrderBook;
use crate::exchanges::event::Level;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookState {
    /// Nothing was heard yet, the venue said that there are no levels, or it doesn't trade the pair now.
    NoBook,
    /// A snapshot is on its way; deltas wait for it.
    Reseeding,
    Live,
    /// A gap, a wrong sum or a crossed book: the levels are wrong.
    Suspect,
    /// The connection is gone, or this book alone fell silent.
    Stale,
}

/// How a snapshot came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the stream of deltas: it holds all that came before it.
    Stream,
    /// Fetched beside it: it may be older or newer than what the stream tells.
    Fetched,
}

impl Source {
    /// Returns how the snapshots of a channel with this protocol come.
    pub fn of(protocol: &str) -> Self {
        match protocol.rsplit('.').next() {
            Some("depth") => Self::Fetched,
            _ => Self::Stream,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Bid,
    Ask,
}

/// What the newest update in the levels was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    Streamed,
    Fetched,
    Delta,
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
    /// Nothing was said for far longer than usual: STALE.
    Silent,
    /// The venue's sums fail on fresh books, so they are no longer asked.
    Unverified,
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
    /// When the venue sent it.
    pub venue_ns: i64,
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
    /// Times that it fell silent.
    pub silences: u64,
    /// Sums that were no longer compared.
    pub unverified: u64,
}

impl BookCounts {
    /// Returns these on top of those of the book before.
    pub(super) fn after(self, before: Self) -> Self {
        Self {
            gaps: self.gaps + before.gaps,
            ignored: self.ignored + before.ignored,
            overflows: self.overflows + before.overflows,
            crossed: self.crossed + before.crossed,
            seeds: self.seeds + before.seeds,
            silences: self.silences + before.silences,
            unverified: self.unverified + before.unverified,
        }
    }
}

impl OrderBook {
    /// Returns the word for its state: `live` if it may be traded on.
    pub fn word(&self) -> &'static str {
        match self.state() {
            BookState::NoBook => "no_book",
            BookState::Reseeding => "reseeding",
            BookState::Live if !self.usable() => "crossed",
            BookState::Live => "live",
            BookState::Suspect => "suspect",
            BookState::Stale => "stale",
        }
    }
}
