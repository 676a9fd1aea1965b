//! A book as plain fields, for the engine's snapshot.

use serde::{Deserialize, Serialize};

use super::used::{Used, UsedLevel, are_valid};
use super::{
    Anchor, BookCounts, BookState, Continuity, Delta, Levels, OrderBook, Pace, Side, Ticker,
};
use crate::exchanges::decimal::PriceScale;
use crate::exchanges::event::Level;

/// All state of a book; levels best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookParts {
    pub continuity: Continuity,
    pub state: BookState,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub last: u64,
    pub prev: Option<u64>,
    pub anchor: Anchor,
    pub buffer: Vec<Delta>,
    pub ticker: Option<Ticker>,
    pub crossed: u32,
    pub crossed_ns: i64,
    pub changed_ns: Option<i64>,
    pub pace: Pace,
    pub silent: bool,
    pub halted: bool,
    pub kept: usize,
    pub digits: (u8, u8),
    pub olds: u32,
    #[serde(rename = "told_ns")]
    pub delta_ns: Option<i64>,
    pub sums_failed: u32,
    pub asked_ns: Option<i64>,
    pub counts: BookCounts,
    /// Books that were kept without it have eight.
    #[serde(default)]
    pub price_decimals: PriceScale,
    /// What our own fills used up, ascending by price.
    #[serde(default)]
    pub used_bids: Vec<UsedLevel>,
    #[serde(default)]
    pub used_asks: Vec<UsedLevel>,
}

/// Parts that are no book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    #[error("levels out of order, doubled or empty")]
    Levels,
    #[error("used levels out of order, or used beyond what they showed")]
    Used,
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
            prev: self.prev,
            anchor: self.anchor,
            buffer: self.buffer.iter().cloned().collect(),
            ticker: self.ticker,
            crossed: self.crossed,
            crossed_ns: self.crossed_ns,
            changed_ns: self.changed_ns,
            pace: self.pace,
            silent: self.silent,
            halted: self.halted,
            kept: self.kept,
            digits: self.digits,
            olds: self.olds,
            delta_ns: self.delta_ns,
            sums_failed: self.sums_failed,
            asked_ns: self.asked_ns,
            counts: self.counts,
            price_decimals: self.scale,
            used_bids: self.used.bids.clone(),
            used_asks: self.used.asks.clone(),
        }
    }

    /// Returns the book that these parts describe.
    ///
    /// # Errors
    /// `Levels` if a side isn't strictly best first or holds an empty level, `Used` likewise.
    pub fn from_parts(parts: BookParts) -> Result<Self, PartsError> {
        if !are_valid(&parts.used_bids) || !are_valid(&parts.used_asks) {
            return Err(PartsError::Used);
        }
        Ok(Self {
            continuity: parts.continuity,
            rules: parts.continuity.rules(),
            scale: parts.price_decimals,
            state: parts.state,
            bids: levels(Side::Bid, &parts.bids)?,
            asks: levels(Side::Ask, &parts.asks)?,
            last: parts.last,
            prev: parts.prev,
            anchor: parts.anchor,
            buffer: parts.buffer.into(),
            ticker: parts.ticker,
            crossed: parts.crossed,
            crossed_ns: parts.crossed_ns,
            changed_ns: parts.changed_ns,
            pace: parts.pace,
            silent: parts.silent,
            halted: parts.halted,
            kept: parts.kept,
            digits: parts.digits,
            olds: parts.olds,
            delta_ns: parts.delta_ns,
            sums_failed: parts.sums_failed,
            asked_ns: parts.asked_ns,
            counts: parts.counts,
            used: Used {
                bids: parts.used_bids,
                asks: parts.used_asks,
            },
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
