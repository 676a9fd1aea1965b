//! Indicators over numpy arrays: read where they lie, given back without a copy.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]
#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use cambist_core::series::technical::ParameterError;
use cambist_core::series::technical::arrays::{self, Kernel};
use cambist_core::series::{equity, kama, moving_averages, signal_persistence, technical};
use cambist_fast::{Work, wide};
use numpy::{
    Element, IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1,
    PyReadonlyArrayDyn, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::results;

type Floats<'py> = PyReadonlyArray1<'py, f64>;
type Array<'py> = Bound<'py, PyArray1<f64>>;
/// One series, or a row per token.
pub(crate) type Matrix<'py> = PyReadonlyArrayDyn<'py, f64>;
pub(crate) type MatrixOut<'py> = Bound<'py, PyArrayDyn<f64>>;

impl From<ParameterError> for Fault {
    fn from(error: ParameterError) -> Self {
        Self::input(error)
    }
}

pub(crate) fn period(value: i64) -> Result<u32, Fault> {
    if value <= 0 {
        return Err(Fault::Input(format!("period {value} is not positive")));
    }
    u32::try_from(value).map_err(|_| Fault::Input(format!("period {value} is above {}", u32::MAX)))
}

fn slice<'a, T: Element>(array: &'a PyReadonlyArray1<'_, T>) -> Result<&'a [T], Fault> {
    array.as_slice().map_err(Fault::input)
}

/// Returns the result of one series as an array.
fn one(
    py: Python<'_>,
    compute: impl FnOnce() -> Result<Vec<f64>, ParameterError> + Send,
) -> PyResult<Array<'_>> {
    let found = py.detach(compute).map_err(Fault::from)?;
    Ok(found.into_pyarray(py))
}

/// Values below which computing takes less time than letting other threads run.
const FEW: usize = 1_024;
/// Values from which on several cores share the rows: handing them out takes some 10 µs, computing these 50 or more.
const MANY: usize = 1 << 16;

/// Parts of the rows for each core: more than one, so that a core that others use too doesn't hold up the rest.
const PARTS: usize = 4;

/// A kernel at work on each row.
struct Rows<'a, K, const N: usize> {
    values: &'a [f64],
    columns: usize,
    kernel: K,
    out: [&'a mut [f64]; N],
}

impl<K: Kernel<N>, const N: usize> Work for Rows<'_, K, N> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        arrays::rows(self.values, self.columns, &mut self.kernel, self.out);
    }
}

/// Computes the rows, shared out over the cores.
fn apart<K: Kernel<N> + Clone + Send + Sync, const N: usize>(all: Rows<'_, K, N>) {
    let (columns, kernel, mut left) = (all.columns, all.kernel, all.out);
    let rows = all.values.len().div_ceil(columns);
    let share = rows.div_ceil(PARTS * rayon::current_num_threads()) * columns;
    rayon::scope(|scope| {
        for values in all.values.chunks(share) {
            let out = left.each_mut().map(|left| {
                let (now, later) = std::mem::take(left).split_at_mut(values.len());
                *left = later;
                now
            });
            let kernel = kernel.clone();
            let part = Rows {
                values,
                columns,
                kernel,
                out,
            };
            scope.spawn(move |_| wide(part));
        }
    });
}

/// Returns what a kernel gives for each row, in the shape of the input.
fn each_row<'py, const N: usize>(
    py: Python<'py>,
    values: &Matrix<'py>,
    kernel: Result<impl Kernel<N> + Clone + Send + Sync, ParameterError>,
) -> PyResult<[MatrixOut<'py>; N]> {
    let (slice, columns) = rows_of(values)?;
    let kernel = kernel.map_err(Fault::from)?;
    let shape = values.shape();
    if slice.len() < FEW {
        return results::few(py, shape, |out| {
            wide(Rows {
                values: slice,
                columns,
                kernel,
                out,
            });
        });
    }
    let places = [(); N].map(|()| results::place(py, slice.len()));
    let mut borrowed = places.each_ref().map(PyArrayMethods::readwrite);
    let out = borrowed.each_mut();
    let work = Rows {
        values: slice,
        columns,
        kernel,
        // All of them are contiguous.
        out: out.map(|place| place.as_slice_mut().unwrap_or_default()),
    };
    if slice.len() < MANY || columns >= slice.len() {
        py.detach(|| wide(work));
    } else {
        py.detach(|| apart(work));
    }
    drop(borrowed);
    results::all(places.iter().map(|place| results::shaped(place, shape)))
}

/// Returns what `compute` gives for each row, in the shape of the input.
pub(crate) fn each_row_by<'py, const N: usize>(
    py: Python<'py>,
    values: &Matrix<'py>,
    compute: impl Fn(&[f64]) -> Result<[Vec<f64>; N], ParameterError> + Send + Sync,
) -> PyResult<[MatrixOut<'py>; N]> {
    let (slice, columns) = rows_of(values)?;
    let found = py
        .detach(|| arrays::stacked(slice, columns, compute))
        .map_err(Fault::from)?;
    let shape = values.shape().to_vec();
    let each = found.into_iter();
    results::all(each.map(|each| each.into_pyarray(py).reshape(shape.clone())))
}

/// Returns all values and how many are in a row.
fn rows_of<'a>(values: &'a Matrix<'_>) -> Result<(&'a [f64], usize), Fault> {
    let Some(&columns) = values.shape().last() else {
        return Err(Fault::Input("a single value is no series".to_owned()));
    };
    Ok((values.as_slice().map_err(Fault::input)?, columns))
}

/// Returns the relative strength index after each price of each row.
#[pyfunction(name = "rsi_array")]
pub(crate) fn py_rsi_array<'py>(
    py: Python<'py>,
    prices: Matrix<'py>,
    length: i64,
) -> PyResult<MatrixOut<'py>> {
    let length = period(length)?;
    each_row(py, &prices, arrays::rsi(length)).map(|[found]| found)
}

/// Returns the exponential moving average after each value of each row.
#[pyfunction(name = "ema_array")]
pub(crate) fn py_ema_array<'py>(
    py: Python<'py>,
    values: Matrix<'py>,
    length: i64,
) -> PyResult<MatrixOut<'py>> {
    let length = period(length)?;
    each_row(py, &values, arrays::ema(length)).map(|[found]| found)
}

/// Returns the low, middle and high Bollinger band after each value of each row.
#[pyfunction(name = "bollinger_array")]
pub(crate) fn py_bollinger_array<'py>(
    py: Python<'py>,
    values: Matrix<'py>,
    length: i64,
    width: f64,
) -> PyResult<(MatrixOut<'py>, MatrixOut<'py>, MatrixOut<'py>)> {
    let length = period(length)?;
    each_row(py, &values, arrays::bollinger(length, width)).map(Into::into)
}

/// Returns Kaufman's average by periods after each price of each row.
#[pyfunction(name = "kama_array")]
pub(crate) fn py_kama_array<'py>(
    py: Python<'py>,
    prices: Matrix<'py>,
    length: i64,
    fast: i64,
    slow: i64,
) -> PyResult<MatrixOut<'py>> {
    let (length, fast, slow) = (period(length)?, period(fast)?, period(slow)?);
    each_row(py, &prices, kama::kama(length, fast, slow)).map(|[found]| found)
}

/// Returns Kaufman's average with the trend system's constants after each price of each row.
#[pyfunction(name = "fixed_kama_array")]
pub(crate) fn py_fixed_kama_array<'py>(
    py: Python<'py>,
    prices: Matrix<'py>,
    length: i64,
) -> PyResult<MatrixOut<'py>> {
    let length = period(length)?;
    each_row(py, &prices, kama::fixed_kama(length)).map(|[found]| found)
}

/// Returns the index of the list's first changes, as the system before this one showed it.
#[pyfunction(name = "rsi_of_oldest")]
pub(crate) fn py_rsi_of_oldest(
    py: Python<'_>,
    prices: Floats<'_>,
    length: i64,
) -> PyResult<Option<f64>> {
    let (prices, length) = (slice(&prices)?, period(length)?);
    let found = py.detach(|| technical::rsi_of_oldest(prices, length));
    Ok(found.map_err(Fault::from)?)
}

/// Returns one average after each value; `name` is `sma`, `wma`, `dema`, `lsma` or `hma`.
#[pyfunction(name = "average_array")]
pub(crate) fn py_average_array<'py>(
    py: Python<'py>,
    name: &str,
    values: Matrix<'py>,
    length: i64,
) -> PyResult<MatrixOut<'py>> {
    let average = match name {
        "sma" => technical::sma,
        "wma" => moving_averages::wma,
        "dema" => moving_averages::dema,
        "lsma" => moving_averages::lsma,
        "hma" => moving_averages::hma,
        _ => return Err(Fault::Input(format!("average {name:?}")).into()),
    };
    let length = period(length)?;
    each_row_by(py, &values, |row| average(row, length).map(|found| [found])).map(|[found]| found)
}

/// Returns (line, signal, histogram) after each value of each row.
#[pyfunction(name = "macd_array")]
pub(crate) fn py_macd_array<'py>(
    py: Python<'py>,
    values: Matrix<'py>,
    fast: i64,
    slow: i64,
    signal: i64,
) -> PyResult<(MatrixOut<'py>, MatrixOut<'py>, MatrixOut<'py>)> {
    let (fast, slow, signal) = (period(fast)?, period(slow)?, period(signal)?);
    each_row_by(py, &values, |row| technical::macd(row, fast, slow, signal)).map(Into::into)
}

/// Returns the average true range after each bar.
#[pyfunction(name = "atr_array")]
pub(crate) fn py_atr_array<'py>(
    py: Python<'py>,
    high: Floats<'py>,
    low: Floats<'py>,
    close: Floats<'py>,
    length: i64,
) -> PyResult<Array<'py>> {
    let (high, low, close) = (slice(&high)?, slice(&low)?, slice(&close)?);
    let length = period(length)?;
    one(py, || technical::atr(high, low, close, length))
}

/// Returns the volume-weighted average price after each trade.
#[pyfunction(name = "vwap_array")]
pub(crate) fn py_vwap_array<'py>(
    py: Python<'py>,
    prices: Floats<'py>,
    volumes: Floats<'py>,
) -> PyResult<Array<'py>> {
    let (prices, volumes) = (slice(&prices)?, slice(&volumes)?);
    one(py, || technical::vwap(prices, volumes))
}

/// Returns equity after each return.
#[pyfunction(name = "equity_array")]
pub(crate) fn py_equity_array<'py>(
    py: Python<'py>,
    r_values: Floats<'py>,
    sig_prev: Floats<'py>,
    starting_equity: f64,
    decay: f64,
    cutout: i64,
) -> PyResult<Array<'py>> {
    let (r_values, sig_prev) = (slice(&r_values)?, slice(&sig_prev)?);
    let cutout = usize::try_from(cutout)
        .map_err(|_| Fault::Input(format!("cutout {cutout} is negative")))?;
    one(py, || {
        equity::equity(r_values, sig_prev, starting_equity, decay, cutout)
    })
}

/// Returns the side of the last event after each bar.
#[pyfunction(name = "up_down_array")]
pub(crate) fn py_up_down_array<'py>(
    py: Python<'py>,
    up: PyReadonlyArray1<'py, bool>,
    down: PyReadonlyArray1<'py, bool>,
) -> PyResult<Bound<'py, PyArray1<i8>>> {
    let (up, down) = (slice(&up)?, slice(&down)?);
    let found = py.detach(|| cambist_fast::up_down(up, down));
    Ok(found.map_err(Fault::from)?.into_pyarray(py))
}

/// Returns the sign of the run that each bar is part of; `causal` leaves out what later bars would tell.
#[pyfunction(name = "runs_array")]
pub(crate) fn py_runs_array<'py>(
    py: Python<'py>,
    signals: PyReadonlyArray1<'py, i32>,
    min_persistence: i64,
    max_gap: i64,
    causal: bool,
) -> PyResult<Bound<'py, PyArray1<i8>>> {
    let (signals, least) = (slice(&signals)?, period(min_persistence)?);
    // A gap longer than any series is as good as the longest.
    let gap = u32::try_from(max_gap.min(i64::from(u32::MAX)))
        .map_err(|_| Fault::Input(format!("gap {max_gap} is negative")))?;
    let runs = if causal {
        signal_persistence::causal_runs
    } else {
        signal_persistence::runs
    };
    let found = py.detach(|| runs(signals, least, gap));
    Ok(found.map_err(Fault::from)?.into_pyarray(py))
}
