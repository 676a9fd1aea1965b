//! A book as plain fields, for the engine's snapshot.

use serde::{Deserialize, Serialize};

use super::{BookCounts, BookState, Continuity, Delta, Levels, OrderBook, Side, Ticker};
use crate::decode::Level;

/// All state of a book; levels best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookParts {
    pub continuity: Continuity,
    pub state: BookState,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub last: u64,
    pub bridged: bool,
    pub buffer: Vec<Delta>,
    pub ticker: Option<Ticker>,
    pub crossed: u32,
    pub crossed_ns: i64,
    pub changed_ns: Option<i64>,
    pub counts: BookCounts,
}

/// Parts that are no book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    #[error("levels out of order, doubled or empty")]
    Levels,
}

impl OrderBook {
    /// Returns all state as plain fields.
    pub fn parts(&self) -> BookParts {
        BookParts {
            continuity: self.continuity,
            state: self.state,
            bids: self.bids.best_first().collect(),
            asks: self.asks.best_first().collect(),
            last: self.last,
            bridged: self.bridged,
            buffer: self.buffer.iter().cloned().collect(),
            ticker: self.ticker,
            crossed: self.crossed,
            crossed_ns: self.crossed_ns,
            changed_ns: self.changed_ns,
            counts: self.counts,
        }
    }

    /// Returns the book that these parts describe.
    ///
    /// # Errors
    /// `Levels` if a side isn't strictly best first or holds an empty level.
    pub fn from_parts(parts: BookParts) -> Result<Self, PartsError> {
        Ok(Self {
            continuity: parts.continuity,
            state: parts.state,
            bids: levels(Side::Bid, &parts.bids)?,
            asks: levels(Side::Ask, &parts.asks)?,
            last: parts.last,
            bridged: parts.bridged,
            buffer: parts.buffer.into(),
            ticker: parts.ticker,
            crossed: parts.crossed,
            crossed_ns: parts.crossed_ns,
            changed_ns: parts.changed_ns,
            counts: parts.counts,
        })
    }
}

fn levels(side: Side, best_first: &[Level]) -> Result<Levels, PartsError> {
    let mut levels = Levels::new(side);
    levels.replace(best_first);
    if levels.best_first().eq(best_first.iter().copied()) {
        Ok(levels)
    } else {
        Err(PartsError::Levels)
    }
}
