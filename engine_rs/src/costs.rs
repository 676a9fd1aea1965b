//! Scores, fees and their sources, in batches over arrays that are read where they lie.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::chain::tips::decode_tip_floor;
use cambist_core::exchanges::event::canonical;
use cambist_core::fees::{self, Bidding, SwapShape};
use cambist_core::judge::scorer::{Gates, score_columns};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArrayDyn};
use pyo3::prelude::*;

use crate::error::Fault;

type Matrix<'py> = PyReadonlyArrayDyn<'py, i64>;
type Column<'py, T> = Bound<'py, PyArray1<T>>;
/// (reasons, nets, landing in ppm, scores, misses)
type Scored<'py> = (
    Column<'py, u8>,
    Column<'py, i64>,
    Column<'py, u32>,
    Column<'py, i8>,
    Column<'py, i64>,
);
/// (compute-unit limits, base fees, priority fees, tips)
type Estimated<'py> = [Column<'py, i64>; 4];

/// Returns the decision on each row of thirteen columns; `gates` is JSON of `Gates`.
#[pyfunction(name = "score_columns")]
pub(crate) fn py_score_columns<'py>(
    py: Python<'py>,
    columns: Matrix<'py>,
    gates: &[u8],
) -> PyResult<Scored<'py>> {
    let gates: Gates = Gates::from_json(gates).map_err(Fault::input)?;
    let slice = columns.as_slice().map_err(Fault::input)?;
    let scored = py
        .detach(|| score_columns(slice, &gates))
        .map_err(Fault::input)?;
    Ok((
        scored.reasons.into_pyarray(py),
        scored.nets.into_pyarray(py),
        scored.landing_ppm.into_pyarray(py),
        scored.scores.into_pyarray(py),
        scored.misses.into_pyarray(py),
    ))
}

/// Returns what each trade pays; `bidding` is JSON of `Bidding`.
#[pyfunction(name = "estimate_trades")]
pub(crate) fn py_estimate_trades<'py>(
    py: Python<'py>,
    venues: Matrix<'py>,
    ticks: Matrix<'py>,
    flags: Matrix<'py>,
    gross: Matrix<'py>,
    price: Option<u64>,
    bidding: &[u8],
) -> PyResult<Estimated<'py>> {
    let bidding: Bidding = Bidding::from_json(bidding).map_err(Fault::input)?;
    let (venues, ticks) = (
        venues.as_slice().map_err(Fault::input)?,
        ticks.as_slice().map_err(Fault::input)?,
    );
    let (flags, gross) = (
        flags.as_slice().map_err(Fault::input)?,
        gross.as_slice().map_err(Fault::input)?,
    );
    let found = py
        .detach(|| fees::estimate_trades(venues, ticks, flags, gross, price, &bidding))
        .map_err(Fault::input)?;
    let columns = [
        found.cu_limits,
        found.base_fees,
        found.priority_fees,
        found.tips,
    ];
    Ok(columns.map(|column| column.into_pyarray(py)))
}

/// Returns the compute units of one swap, `None` for a venue that was not measured.
#[pyfunction(name = "swap_cu")]
pub(crate) fn py_swap_cu(
    venue: &str,
    ticks_crossed: u32,
    token_2022: bool,
    adaptive: bool,
) -> Option<u64> {
    fees::swap_cu(&SwapShape {
        venue,
        ticks_crossed,
        token_2022,
        adaptive,
    })
}

/// Returns the lamports that make an associated token account of a mint rent-exempt.
#[pyfunction(name = "token_account_rent")]
pub(crate) fn py_token_account_rent(extensions: Vec<u16>, token_2022: bool) -> u64 {
    fees::token_account_rent(token_2022, &extensions)
}

/// Returns the compute units that a transaction's own instructions consumed, by its log lines.
#[pyfunction(name = "consumed_units")]
pub(crate) fn py_consumed_units(logs: Vec<String>) -> u64 {
    fees::consumed_units(&logs)
}

/// Returns canonical JSON of a tip floor.
#[pyfunction(name = "decode_tip_floor")]
pub(crate) fn py_decode_tip_floor(body: &[u8]) -> Result<String, Fault> {
    let event = decode_tip_floor(body).map_err(Fault::input)?;
    canonical(&event).map_err(Fault::input)
}

/// Returns the origin's estimate of compute units, `None` beyond a u64.
#[pyfunction(name = "origin_units")]
pub(crate) fn py_origin_units(
    signers: u64,
    accounts: u64,
    operations: Vec<String>,
    margin_percent: u64,
) -> Option<u64> {
    fees::origin_units(signers, accounts, &operations, margin_percent)
}

/// Returns the origin's priority fee in lamports.
#[pyfunction(name = "origin_priority_sol")]
pub(crate) fn py_origin_priority_sol(samples: Vec<u64>) -> u64 {
    fees::origin_priority_sol(&samples)
}

/// Returns the origin's tip by the lags of the last fills.
#[pyfunction(name = "origin_tip")]
pub(crate) fn py_origin_tip(lags_ms: Vec<u64>) -> u64 {
    fees::origin_tip(&lags_ms)
}

/// Returns whether there is a profit and a tip is at most half of it.
#[pyfunction(name = "is_tip_worth")]
pub(crate) fn py_is_tip_worth(tip: u64, profit: i64) -> bool {
    fees::is_tip_worth(tip, profit)
}

/// Returns the origin's learned share of the profit to tip, in ppm.
#[pyfunction(name = "learned_tip_share")]
pub(crate) fn py_learned_tip_share(
    share_ppm: u64,
    inclusion_ppm: u64,
    success_ppm: u64,
    samples: u64,
) -> u64 {
    fees::learned_tip_share(share_ppm, inclusion_ppm, success_ppm, samples)
}

/// Returns the tip of several hops, `None` where half the profit is less than the origin's least tip.
#[pyfunction(name = "multi_hop_tip")]
pub(crate) fn py_multi_hop_tip(
    legs: u64,
    congestion_ppm: u64,
    profit: u64,
    compat_floor: bool,
) -> Option<u64> {
    fees::multi_hop_tip(legs, congestion_ppm, profit, compat_floor)
}
