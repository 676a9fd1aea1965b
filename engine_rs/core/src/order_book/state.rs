//! What a book is told, and what it says of itself.

use serde::{Deserialize, Serialize};

use crate::decode::Level;

/// How a venue's update ids join up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// Binance spot: `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old.
    Spot,
    /// Binance USD-M: `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`.
    Usdm,
    /// OKX: `prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that
    /// nothing changed. Snapshots come in the stream and replace at any time.
    Okx,
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
