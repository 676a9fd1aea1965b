//! Ticks to bars, column by column.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::series::bars::{self, BarsError};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::error::Fault;

impl From<BarsError> for Fault {
    fn from(error: BarsError) -> Self {
        Self::input(error)
    }
}

type Column<'py, T> = Bound<'py, PyArray1<T>>;
type Columns<'py> = (
    Column<'py, i64>,
    Column<'py, f64>,
    Column<'py, f64>,
    Column<'py, f64>,
    Column<'py, f64>,
    Column<'py, f64>,
    Column<'py, u32>,
    u64,
    u64,
    u64,
);

/// Returns (start, open, high, low, close, volume, ticks) of each bar, and how many ticks were late, bars empty, ticks
/// ignored.
#[pyfunction(name = "bar_columns")]
pub(crate) fn py_bar_columns<'py>(
    py: Python<'py>,
    width_ns: i64,
    times_ns: PyReadonlyArray1<'py, i64>,
    prices: PyReadonlyArray1<'py, f64>,
    volumes: PyReadonlyArray1<'py, f64>,
    most: usize,
) -> PyResult<Columns<'py>> {
    let times_ns = times_ns.as_slice().map_err(Fault::input)?;
    let prices = prices.as_slice().map_err(Fault::input)?;
    let volumes = volumes.as_slice().map_err(Fault::input)?;
    let found = py
        .detach(|| bars::columns(width_ns, times_ns, prices, volumes, most))
        .map_err(Fault::from)?;
    Ok((
        found.start_ns.into_pyarray(py),
        found.open.into_pyarray(py),
        found.high.into_pyarray(py),
        found.low.into_pyarray(py),
        found.close.into_pyarray(py),
        found.volume.into_pyarray(py),
        found.ticks.into_pyarray(py),
        found.late,
        found.empty,
        found.ignored,
    ))
}
