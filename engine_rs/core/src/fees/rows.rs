//! Rows of prices by slot.

use serde::{Deserialize, Serialize};

/// Prices of one slot (or the medians of a bucket), `None` where the source gave none. Twin of `FeeSample`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRow {
    pub slot: u64,
    pub recv_ns: i64,
    pub minimum: Option<u64>,
    pub p25: Option<u64>,
    pub p50: Option<u64>,
    pub p75: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
}

/// A column of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Minimum,
    P25,
    P50,
    P75,
    P90,
    P99,
}

impl Column {
    pub(super) const ALL: [Self; 6] = [
        Self::Minimum,
        Self::P25,
        Self::P50,
        Self::P75,
        Self::P90,
        Self::P99,
    ];
    /// Which percentile speaks for the level, best first.
    pub(super) const LEVEL: [Self; 5] = [Self::P50, Self::P75, Self::P90, Self::P25, Self::P99];

    /// Returns the column of a request's percentile in basis points; `None` if there is no such column.
    pub fn of_request(percentile: Option<u16>) -> Option<Self> {
        match percentile {
            None => Some(Self::Minimum),
            Some(bps) => Self::ALL
                .into_iter()
                .find(|column| column.percent() > 0 && column.percent() * 100 == u32::from(bps)),
        }
    }

    /// Returns the percentile in percent, 0 for the minimum.
    pub fn percent(self) -> u32 {
        match self {
            Self::Minimum => 0,
            Self::P25 => 25,
            Self::P50 => 50,
            Self::P75 => 75,
            Self::P90 => 90,
            Self::P99 => 99,
        }
    }

    /// Returns the column's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::P25 => "p25",
            Self::P50 => "p50",
            Self::P75 => "p75",
            Self::P90 => "p90",
            Self::P99 => "p99",
        }
    }
}

impl FeeRow {
    /// Returns the price in a column.
    pub fn get(&self, column: Column) -> Option<u64> {
        match column {
            Column::Minimum => self.minimum,
            Column::P25 => self.p25,
            Column::P50 => self.p50,
            Column::P75 => self.p75,
            Column::P90 => self.p90,
            Column::P99 => self.p99,
        }
    }

    pub(super) fn set(&mut self, column: Column, price: Option<u64>) {
        *match column {
            Column::Minimum => &mut self.minimum,
            Column::P25 => &mut self.p25,
            Column::P50 => &mut self.p50,
            Column::P75 => &mut self.p75,
            Column::P90 => &mut self.p90,
            Column::P99 => &mut self.p99,
        } = price;
    }
}
