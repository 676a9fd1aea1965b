//! Many candidates in one call, a column per figure.

use thiserror::Error;

use super::{Candidate, Gates, Settlement, weigh};

/// The columns in their order. `flags` holds 1 for a base token with a cap, 2 torn, 4 stale, 8 legged, 16 off its peg, 32
/// fork, 64 unconfirmed; a cost below 0 is unknown.
pub const COLUMNS: [&str; 13] = [
    "amount_in",
    "amount_out",
    "flags",
    "transfer_fees",
    "base_fee",
    "priority_fee",
    "tip",
    "rent",
    "flash_loan",
    "rebalancing",
    "seen_slots",
    "wins",
    "tries",
];
/// Above this no flag is known.
const ALL_FLAGS: i64 = 127;
/// Columns that may be unknown.
const COSTS: std::ops::RangeInclusive<usize> = 4..=9;

/// A figure that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ColumnError {
    #[error("{column} of row {row} was {was}")]
    Value {
        column: &'static str,
        row: usize,
        was: i64,
    },
    #[error("{0} numbers are no whole rows of {n} columns", n = COLUMNS.len())]
    Shape(usize),
}

/// What was decided on each row; -1 in `score` and `miss` is unknown, `i64::MIN` in `net`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scored {
    /// Numbers of [`super::Reason`].
    pub reasons: Vec<u8>,
    pub nets: Vec<i64>,
    pub landing_ppm: Vec<u32>,
    pub scores: Vec<i8>,
    pub misses: Vec<i64>,
}

/// Returns the decision on each row of `columns`, which lie one after the other in the order of [`COLUMNS`].
///
/// # Errors
/// `ColumnError` names the first figure that can't be one.
pub fn score_columns(columns: &[i64], gates: &Gates) -> Result<Scored, ColumnError> {
    if !columns.len().is_multiple_of(COLUMNS.len()) {
        return Err(ColumnError::Shape(columns.len()));
    }
    let rows = columns.len() / COLUMNS.len();
    let mut scored = Scored {
        reasons: Vec::with_capacity(rows),
        nets: Vec::with_capacity(rows),
        landing_ppm: Vec::with_capacity(rows),
        scores: Vec::with_capacity(rows),
        misses: Vec::with_capacity(rows),
    };
    for row in 0..rows {
        let figures = figures(columns, rows, row)?;
        let verdict = weigh(&figures, gates);
        scored.reasons.push(verdict.reason as u8);
        scored.nets.push(verdict.net.unwrap_or(i64::MIN));
        scored.landing_ppm.push(verdict.landing_ppm);
        scored
            .scores
            .push(verdict.score.map_or(-1, |score| score as i8));
        scored.misses.push(verdict.miss.unwrap_or(-1));
    }
    Ok(scored)
}

fn figures(columns: &[i64], rows: usize, row: usize) -> Result<Candidate<bool>, ColumnError> {
    let mut values = [0_i64; COLUMNS.len()];
    for (at, value) in values.iter_mut().enumerate() {
        *value = columns[at * rows + row];
        let fits = match at {
            2 => (0..=ALL_FLAGS).contains(value),
            10 => u32::try_from(*value).is_ok(),
            _ => *value >= 0 || COSTS.contains(&at),
        };
        if !fits {
            return Err(ColumnError::Value {
                column: COLUMNS[at],
                row,
                was: *value,
            });
        }
    }
    let flags = values[2];
    let cost = |at: usize| u64::try_from(values[at]).ok();
    Ok(Candidate {
        amount_in: values[0] as u64,
        amount_out: values[1] as u64,
        settlement: if flags & 8 == 0 {
            Settlement::Atomic
        } else {
            Settlement::Legged
        },
        has_base: flags & 1 != 0,
        fork: flags & 32 != 0,
        torn: flags & 2 != 0,
        stale: flags & 4 != 0,
        depeg: flags & 16 != 0,
        unconfirmed: flags & 64 != 0,
        transfer_fees: values[3] as u64,
        base_fee: cost(4),
        priority_fee: cost(5),
        tip: cost(6),
        rent: cost(7),
        flash_loan: cost(8),
        rebalancing: cost(9),
        seen_slots: values[10] as u32,
        wins: values[11] as u64,
        tries: values[12] as u64,
    })
}
