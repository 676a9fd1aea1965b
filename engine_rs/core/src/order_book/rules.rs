//! What each venue's depth messages promise: one row per venue.

use serde::{Deserialize, Serialize};

/// Whose rules a book follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// Binance spot: `U` = previous `u` + 1; overlap is allowed, `u` ≤ the last one is old.
    Spot,
    /// Binance USD-M: `pu` = previous `u`; the first one after a snapshot holds `U` ≤ lastUpdateId ≤ `u`.
    Usdm,
    /// OKX: `prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that
    /// nothing changed.
    Okx,
    /// Kraken: no ids. The sum over the best ten levels of each side tells whether one is missing.
    Kraken,
    /// Bybit: `u` = previous `u` + 1.
    Bybit,
    /// Coinbase: no ids of its own; a number that counts all messages of the connection (`Event::Sequence`) does it.
    Coinbase,
    /// The normalised frames of plug-in venues: `prev` = previous `seq`.
    Plain,
}

/// How one delta follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joins {
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
pub(super) enum Seeds {
    /// It is fetched, and joins the deltas that were kept meanwhile.
    Fetched,
    /// It comes in the stream after subscribing, and holds all deltas before it.
    Streamed,
    /// Either.
    Both,
}

/// Which sum over the levels the venue sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sums {
    None,
    Okx,
    Kraken,
}

/// A venue's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) joins: Joins,
    pub(super) seeds: Seeds,
    pub(super) sums: Sums,
    /// Whether the update ids of best bid and ask count with those of the depth. Where they don't, a ticker can't be
    /// told to be newer than the levels, and the levels alone are the book.
    pub(super) tickers: bool,
    /// Whether levels pushed out of the subscribed depth are never deleted by the venue.
    pub(super) truncates: bool,
}

/// Beginning of a channel's protocol → whose rules its books follow. The first one that fits counts.
const PROTOCOLS: [(&str, Continuity); 7] = [
    ("binance.usdm.", Continuity::Usdm),
    ("binance.", Continuity::Spot),
    ("okx.", Continuity::Okx),
    ("kraken.", Continuity::Kraken),
    ("bybit.", Continuity::Bybit),
    ("coinbase.", Continuity::Coinbase),
    ("cambist.", Continuity::Plain),
];

impl Continuity {
    /// Returns whose rules the books of a channel with this protocol follow.
    pub fn of(protocol: &str) -> Self {
        let found = PROTOCOLS
            .iter()
            .find(|(head, _)| protocol.starts_with(head));
        found.map_or(Self::Spot, |&(_, rules)| rules)
    }

    pub(super) const fn rules(self) -> Rules {
        let [fetched, streamed] = [Seeds::Fetched, Seeds::Streamed];
        match self {
            Self::Spot => row(Joins::Overlap, fetched, Sums::None, true),
            Self::Usdm => row(Joins::Previous, fetched, Sums::None, true),
            Self::Okx => row(Joins::Chain, Seeds::Both, Sums::Okx, true),
            Self::Kraken => Rules {
                truncates: true,
                ..row(Joins::Always, streamed, Sums::Kraken, false)
            },
            Self::Bybit => row(Joins::Overlap, streamed, Sums::None, false),
            Self::Coinbase => row(Joins::Always, streamed, Sums::None, false),
            Self::Plain => row(Joins::Chain, Seeds::Both, Sums::None, true),
        }
    }
}

impl Rules {
    /// Returns whether a message proves that its book lacks nothing: after a silence, which may have been a loss.
    pub(super) fn proves(self) -> bool {
        self.joins != Joins::Always || self.sums != Sums::None
    }
}

const fn row(joins: Joins, seeds: Seeds, sums: Sums, tickers: bool) -> Rules {
    Rules {
        joins,
        seeds,
        sums,
        tickers,
        truncates: false,
    }
}
