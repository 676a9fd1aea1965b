//! Adaptive trend classification over numpy arrays.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::series::adaptive_trend::{self, KINDS, LINES, Profile, Robustness, TrendConfig};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::series::{Matrix, MatrixOut, each_row_by, period};

/// Returns the lines of each row: average, the kinds' signals, the kinds' equities. Raises `ValueError`.
///
/// `names` are profile and robustness, `numbers` λ, decay, the threshold above which is up and that below which is down,
/// `rest` the cutout and whether the average is given one bar later.
#[pyfunction(name = "trend_array")]
pub(crate) fn py_trend_array<'py>(
    py: Python<'py>,
    prices: Matrix<'py>,
    names: (String, String),
    lengths: [i64; KINDS],
    weights: [f64; KINDS],
    numbers: [f64; 4],
    rest: (usize, bool),
) -> PyResult<Vec<MatrixOut<'py>>> {
    let profile =
        Profile::of(&names.0).ok_or_else(|| Fault::Input(format!("profile was {:?}", names.0)))?;
    let robustness = Robustness::of(&names.1)
        .ok_or_else(|| Fault::Input(format!("robustness was {:?}", names.1)))?;
    let mut whole = [0; KINDS];
    for (whole, length) in whole.iter_mut().zip(lengths) {
        *whole = period(length)?;
    }
    let [lambda, decay, long, short] = numbers;
    let config = TrendConfig {
        profile,
        robustness,
        lengths: whole,
        weights,
        lambda,
        decay,
        cutout: rest.0,
        long,
        short,
        strategy: rest.1,
    };
    let found: [MatrixOut<'py>; LINES] =
        each_row_by(py, &prices, |row| adaptive_trend::trend(row, &config))?;
    Ok(found.into())
}
