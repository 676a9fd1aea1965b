//! What an exchange is to the engine: a row of the table, and what its depth messages promise.

use super::decoded::Decoded;
use super::{Continuity, DecodeError};
use crate::exchanges::decimal::{PriceScale, PriceScales};
use crate::exchanges::event::Level;

/// How one delta follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    /// `first` ≤ previous `last` + 1; what ends no later is old.
    Overlap,
    /// `prev` = previous `last`, and around the snapshot an overlap.
    Previous,
    /// `prev` = previous `last` and nothing else: the numbers may start anew.
    Chain,
    /// Always: something else tells of what is missing.
    Always,
}

/// Where a full book comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// It is fetched, and joins the deltas that were kept meanwhile.
    Fetched,
    /// It comes in the stream after subscribing, and holds all deltas before it.
    Streamed,
    /// Either.
    Both,
}

/// Returns what levels sum to by a venue's rule: of bids and asks, best first, the scale of their prices, and the decimals
/// that the venue writes of a price and a quantity.
pub type Sum = fn(&[Level], &[Level], PriceScale, (u8, u8)) -> i64;

/// What the depth messages of one kind of channel promise.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub joins: Joins,
    pub seeds: Seeds,
    /// The sum over the levels that the venue sends.
    pub sum: Option<Sum>,
    /// Whether the update ids of best bid and ask count with those of the depth. Where they don't, a ticker can't be
    /// told to be newer than the levels, and the levels alone are the book.
    pub tickers: bool,
    /// Whether levels pushed out of the subscribed depth are never deleted by the venue.
    pub truncates: bool,
}

impl Rules {
    /// Returns the rules of a venue that sends no sums, whose tickers don't count and who deletes every level.
    pub const fn new(joins: Joins, seeds: Seeds) -> Self {
        Self {
            joins,
            seeds,
            sum: None,
            tickers: false,
            truncates: false,
        }
    }

    /// Returns whether a message proves that its book lacks nothing: after a silence, which may have been a loss.
    pub fn proves(self) -> bool {
        self.joins != Joins::Always || self.sum.is_some()
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        let plain = |rules: &Self| {
            let Self {
                joins,
                seeds,
                sum,
                tickers,
                truncates,
            } = *rules;
            (joins, seeds, sum.is_some(), tickers, truncates)
        };
        plain(self) == plain(other)
    }
}

impl Eq for Rules {}

/// The books of one kind of channel.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    pub continuity: Continuity,
    /// What the protocols of these channels begin with.
    pub head: &'static str,
    pub rules: Rules,
    /// Whether they are of perpetual contracts.
    pub perpetual: bool,
}

/// Protocol, symbol of a channel whose frames don't name it, frame, scales of the venue's prices → what it says.
pub type Decode =
    for<'a> fn(&str, &'a str, &'a [u8], &PriceScales) -> Result<Decoded<'a>, DecodeError>;

/// One row of the table.
#[derive(Debug)]
pub struct Exchange {
    /// The first word of its channels' protocols.
    pub name: &'static str,
    /// See [`Decode`].
    pub decode: Decode,
    /// The first whose head fits counts.
    pub books: &'static [Books],
    /// What it was tried on.
    pub proof: &'static str,
}
