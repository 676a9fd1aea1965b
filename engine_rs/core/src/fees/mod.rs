//! Priority fee, tip and congestion from live samples.
//!
//! A plain node gives only the *minimum* landed fee of each slot; some give a percentile. The two never mix: without a
//! percentile column every percentile question answers `None`, and a bid's percentile is one of slots. Prices are
//! micro-lamports per compute unit.
//!
//! **Congestion**, 0-100: the median price of the newest eight slots against the calm level, which is the lower quartile
//! of the medians of past 32-slot buckets (about 27 minutes of them, and at least 1,000 micro-lamports): 0 at or below
//! it, 25 more for each doubling, straight lines between, 100 from 16 times on. Unknown before eight slots and four
//! buckets were seen.

mod columns;
mod cost;
mod origin;
mod rows;
mod sources;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::columns::{EstimateError, Estimates, estimate_trades};
pub(crate) use self::cost::limit_of;
pub use self::cost::{
    Bidding, MAX_CU, SIGNATURE_LAMPORTS, SwapShape, TradeCost, base_fee, cu_limit, priority_fee,
    swap_cu, tip, token_account_rent,
};
pub use self::origin::{
    congestion_multiplier, is_tip_worth, learned_tip_share, multi_hop_tip, multi_hop_units,
    origin_priority_sol, origin_tip, origin_units,
};
pub use self::rows::{Column, FeeRow};
pub use self::sources::{
    ACCOUNT_CAP_CU, Estimate, FULL_SLOTS, Load, Sources, SourcesState, Tips, consumed_units,
};

/// Slots in a bucket of the history.
pub const BUCKET_SLOTS: u64 = 32;
/// Buckets kept.
pub const HISTORY: usize = 128;
/// Newest rows that make the present level.
const RECENT: usize = 8;
/// Rows before these that a trend compares with.
const BEFORE: usize = 24;
/// Newest rows whose minimums a percentile is taken over where no source gives one.
const MINIMUMS: usize = 20;
/// Slots beyond this are no slots.
const MAX_SLOT: u64 = 1 << 62;
const MIN_BUCKETS: usize = 4;
/// Prices up to here are noise: at 200,000 compute units they are 200 lamports.
const NOISE: u64 = 1_000;

/// A price and where it comes from: `p75` (the column used), `floor` (the column was lower) or `minimum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid {
    pub micro_lamports: u64,
    pub source: &'static str,
}

/// What a snapshot keeps of a [`FeeModel`]; the same in both engines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeState {
    pub newest_ns: Option<i64>,
    pub rows: Vec<FeeRow>,
    pub history: Vec<FeeRow>,
}

/// A snapshot that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("fee rows out of order at slot {0}")]
pub struct FeeStateError(pub u64);

/// Prioritisation fees by slot over a window, and bucket medians beyond it.
#[derive(Clone, Debug)]
pub struct FeeModel {
    window_slots: u64,
    rows: BTreeMap<u64, FeeRow>,
    history: BTreeMap<u64, FeeRow>,
    newest_ns: Option<i64>,
}

impl FeeModel {
    /// Returns a model that has seen nothing.
    pub fn new(window_slots: u64) -> Self {
        Self {
            window_slots: window_slots.max(1),
            rows: BTreeMap::new(),
            history: BTreeMap::new(),
            newest_ns: None,
        }
    }

    /// Restores a snapshot.
    ///
    /// # Errors
    /// `FeeStateError` if rows are not in ascending slot order.
    pub fn from_state(window_slots: u64, state: FeeState) -> Result<Self, FeeStateError> {
        let index =
            |rows: Vec<FeeRow>| match rows.windows(2).find(|pair| pair[0].slot >= pair[1].slot) {
                Some(pair) => Err(FeeStateError(pair[1].slot)),
                None => Ok(rows.into_iter().map(|row| (row.slot, row)).collect()),
            };
        let (rows, history) = (index(state.rows)?, index(state.history)?);
        Ok(Self {
            rows,
            history,
            newest_ns: state.newest_ns,
            ..Self::new(window_slots)
        })
    }

    /// Returns what a snapshot keeps.
    pub fn state(&self) -> FeeState {
        FeeState {
            newest_ns: self.newest_ns,
            rows: self.rows.values().copied().collect(),
            history: self.history.values().copied().collect(),
        }
    }

    /// Takes (slot, price) samples of one reply; `percentile` is the request's, in basis points, `None` for a plain
    /// node. Returns whether there is a column for it; samples of others are left alone.
    pub fn add(&mut self, samples: &[(u64, u64)], percentile: Option<u16>, recv_ns: i64) -> bool {
        let Some(column) = Column::of_request(percentile) else {
            return false;
        };
        for &(slot, price) in samples.iter().filter(|(slot, _)| *slot <= MAX_SLOT) {
            let row = self.rows.entry(slot).or_insert(FeeRow {
                slot,
                recv_ns,
                ..FeeRow::default()
            });
            if row.get(column) != Some(price) {
                row.set(column, Some(price));
                row.recv_ns = recv_ns;
            }
        }
        if samples.iter().any(|(slot, _)| *slot <= MAX_SLOT) {
            self.newest_ns = Some(recv_ns);
            self.trim();
        }
        true
    }

    /// Returns when a sample last came in.
    pub fn newest_ns(&self) -> Option<i64> {
        self.newest_ns
    }

    /// Returns the rows of the window, oldest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &FeeRow> {
        self.rows.values()
    }

    /// Returns the medians of past 32-slot buckets, oldest first; `slot` is a bucket's first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &FeeRow> {
        self.history.values()
    }

    /// Returns `percentiles`, `minimum` or, before any sample, nothing.
    pub fn source(&self) -> &'static str {
        match self.level_column() {
            None => "",
            Some(Column::Minimum) => "minimum",
            Some(_) => "percentiles",
        }
    }

    /// Returns the column that answers percentile `percent`: the lowest known one not below it.
    pub fn column(&self, percent: u32) -> Option<Column> {
        Column::ALL
            .into_iter()
            .find(|&column| column.percent() >= percent.max(1) && self.knows(column))
    }

    /// Returns the median over the window of the column that answers `percent`, `None` if no source gave one.
    pub fn percentile(&self, percent: u32) -> Option<u64> {
        median(self.values(self.column(percent)?))
    }

    /// Returns the price to bid: the percentile, at least the floor; where only minimums are known the one that would
    /// have landed in that share of the newest twenty slots; `None` before any sample.
    pub fn bid(&self, bidding: &Bidding) -> Option<Bid> {
        self.bid_at(bidding.percentile, bidding.floor_micro_lamports)
    }

    pub(crate) fn bid_at(&self, percent: u32, floor: u64) -> Option<Bid> {
        if let Some(column) = self.column(percent) {
            let price = median(self.values(column))?;
            let source = if price < floor {
                "floor"
            } else {
                column.as_str()
            };
            return Some(Bid {
                micro_lamports: price.max(floor),
                source,
            });
        }
        let minimums = self.values(Column::Minimum);
        let newest = &minimums[minimums.len().saturating_sub(MINIMUMS)..];
        Some(Bid {
            micro_lamports: share_of(newest, percent)?.max(floor),
            source: "minimum",
        })
    }

    /// Returns what a trade pays now. A tip needs the gross in lamports; without a bid the priority fee is unknown.
    pub fn trade(
        &self,
        bidding: &Bidding,
        cu_limit: u64,
        gross_lamports: Option<u64>,
    ) -> TradeCost {
        TradeCost {
            base_fee: base_fee(bidding.signatures),
            priority_fee: self
                .bid(bidding)
                .and_then(|bid| priority_fee(bid.micro_lamports, cu_limit)),
            tip: gross_lamports.and_then(|gross| tip(gross, bidding)),
        }
    }

    /// Returns the congestion score, 0-100, or `None` while too little was observed.
    pub fn congestion(&self) -> Option<u8> {
        let column = self.level_column()?;
        let values = self.values(column);
        let mut past: Vec<u64> = self
            .history
            .values()
            .filter_map(|row| row.get(column))
            .collect();
        if values.len() < RECENT || past.len() < MIN_BUCKETS {
            return None;
        }
        let level = median(values[values.len() - RECENT..].to_vec())?;
        past.sort_unstable();
        let calm = past[(past.len() - 1) / 4].max(NOISE);
        Some(doublings(level, calm))
    }

    /// Returns `rising`, `falling` or `steady`: the newest eight slots against up to 24 before them, a quarter more or
    /// a fifth less; empty while too little was observed.
    pub fn trend(&self) -> &'static str {
        let Some(column) = self.level_column() else {
            return "";
        };
        let values = self.values(column);
        if values.len() < 2 * RECENT {
            return "";
        }
        let (before, now) = values.split_at(values.len() - RECENT);
        let before = &before[before.len().saturating_sub(BEFORE)..];
        let (Some(was), Some(is)) = (median(before.to_vec()), median(now.to_vec())) else {
            return "";
        };
        let (was, is) = (u128::from(was.max(NOISE)), u128::from(is.max(NOISE)));
        if is * 4 >= was * 5 {
            "rising"
        } else if is * 5 <= was * 4 {
            "falling"
        } else {
            "steady"
        }
    }

    fn knows(&self, column: Column) -> bool {
        self.rows.values().any(|row| row.get(column).is_some())
    }

    fn level_column(&self) -> Option<Column> {
        let columns = Column::LEVEL.into_iter().chain([Column::Minimum]);
        columns.into_iter().find(|&column| self.knows(column))
    }

    fn values(&self, column: Column) -> Vec<u64> {
        self.rows
            .values()
            .filter_map(|row| row.get(column))
            .collect()
    }

    /// Drops rows that left the window and keeps the medians of the complete buckets in it.
    fn trim(&mut self) {
        let Some((&newest, _)) = self.rows.last_key_value() else {
            return;
        };
        self.rows = self
            .rows
            .split_off(&(newest + 1).saturating_sub(self.window_slots));
        let first = self
            .rows
            .first_key_value()
            .map_or(newest, |(&slot, _)| slot);
        let mut start = first.div_ceil(BUCKET_SLOTS) * BUCKET_SLOTS;
        while start + BUCKET_SLOTS <= newest + 1 {
            if let Some(bucket) = self.bucket(start) {
                self.history.insert(start, bucket);
            }
            start += BUCKET_SLOTS;
        }
        while self.history.len() > HISTORY {
            self.history.pop_first();
        }
    }

    /// Returns the medians of the rows of one bucket, `None` if it has none.
    fn bucket(&self, start: u64) -> Option<FeeRow> {
        let rows = || {
            self.rows
                .range(start..start + BUCKET_SLOTS)
                .map(|(_, row)| row)
        };
        let recv_ns = rows().map(|row| row.recv_ns).max()?;
        let mut bucket = FeeRow {
            slot: start,
            recv_ns,
            ..FeeRow::default()
        };
        for column in Column::ALL {
            bucket.set(
                column,
                median(rows().filter_map(|row| row.get(column)).collect()),
            );
        }
        Some(bucket)
    }
}

/// Returns the lower median.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// Returns the lowest of the values that at least `percent` % of them are not above.
fn share_of(values: &[u64], percent: u32) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent as usize).div_ceil(100);
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

/// Returns 25 per doubling of `level` over `calm`, straight between doublings, 0-100.
fn doublings(level: u64, calm: u64) -> u8 {
    let (level, mut octave) = (u128::from(level), u128::from(calm));
    let mut score = 0;
    if level <= octave {
        return 0;
    }
    while score < 100 && level >= 2 * octave {
        score += 25;
        octave *= 2;
    }
    if score >= 100 {
        100
    } else {
        score + ((level - octave) * 25 / octave) as u8
    }
}
