//! What many trades pay, in one call over columns.

use crate::venues::KINDS;
use thiserror::Error;

use super::{Bidding, SwapShape, base_fee, cu_limit, priority_fee, tip};

/// Columns that don't belong together, or a figure that can't be one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EstimateError {
    #[error("{hops} hops, {ticks} ticks and {flags} flags are no table of {trades} trades")]
    Shape {
        hops: usize,
        ticks: usize,
        flags: usize,
        trades: usize,
    },
    #[error("{column} at {at} was {was}")]
    Value {
        column: &'static str,
        at: usize,
        was: i64,
    },
}

/// What each trade pays, in lamports; -1 is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    pub cu_limits: Vec<i64>,
    pub base_fees: Vec<i64>,
    pub priority_fees: Vec<i64>,
    pub tips: Vec<i64>,
}

/// Returns what each trade pays at `price` micro-lamports per compute unit. `venues`, `ticks` (crossed ticks or bins) and
/// `flags` (1: a Token-2022 mint, 2: adaptive fees) hold the same number of hops for each trade; `gross` is in lamports,
/// -1 if unknown.
///
/// # Errors
/// `EstimateError` names what doesn't fit.
pub fn estimate_trades(
    venues: &[i64],
    ticks: &[i64],
    flags: &[i64],
    gross: &[i64],
    price: Option<u64>,
    bidding: &Bidding,
) -> Result<Estimates, EstimateError> {
    let trades = gross.len();
    let whole = trades > 0 && venues.len().is_multiple_of(trades);
    if ticks.len() != venues.len() || flags.len() != venues.len() || !(whole || venues.is_empty()) {
        return Err(EstimateError::Shape {
            hops: venues.len(),
            ticks: ticks.len(),
            flags: flags.len(),
            trades,
        });
    }
    let hops = venues.len().checked_div(trades).unwrap_or(0);
    let mut found = Estimates::default();
    let mut shapes = Vec::with_capacity(hops);
    for (trade, &gross) in gross.iter().enumerate() {
        shapes.clear();
        for at in trade * hops..(trade + 1) * hops {
            shapes.extend(shape(venues, ticks, flags, at)?);
        }
        if gross < -1 {
            return Err(EstimateError::Value {
                column: "gross",
                at: trade,
                was: gross,
            });
        }
        let limit = cu_limit(&shapes);
        let priority = price.zip(limit);
        let paid = priority.and_then(|(price, limit)| priority_fee(price, limit));
        let tipped = u64::try_from(gross)
            .ok()
            .and_then(|gross| tip(gross, bidding));
        found.cu_limits.push(known(limit));
        found
            .base_fees
            .push(known(Some(base_fee(bidding.signatures))));
        found.priority_fees.push(known(paid));
        found.tips.push(known(tipped));
    }
    Ok(found)
}

/// Returns one hop, `None` where there is none.
fn shape(
    venues: &[i64],
    ticks: &[i64],
    flags: &[i64],
    at: usize,
) -> Result<Option<SwapShape<'static>>, EstimateError> {
    let wrong = |column, was| EstimateError::Value { column, at, was };
    if venues[at] == -1 {
        return Ok(None);
    }
    let place = usize::try_from(venues[at]).ok();
    let venue = place
        .and_then(|place| KINDS.get(place))
        .map(|kind| kind.venue());
    if !(0..=3).contains(&flags[at]) {
        return Err(wrong("flags", flags[at]));
    }
    Ok(Some(SwapShape {
        venue: venue.ok_or_else(|| wrong("venues", venues[at]))?,
        ticks_crossed: u32::try_from(ticks[at]).map_err(|_| wrong("ticks", ticks[at]))?,
        token_2022: flags[at] & 1 != 0,
        adaptive: flags[at] & 2 != 0,
    }))
}

fn known(value: Option<u64>) -> i64 {
    value
        .and_then(|value| i64::try_from(value).ok())
        .unwrap_or(-1)
}
