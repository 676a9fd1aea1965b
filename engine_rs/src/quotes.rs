//! Quotes, sizes and scans over numpy columns, and frames to state.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]
#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use cambist_core::exchanges::decimal::PriceScale;
use cambist_core::judge::scorer::Gates;
use cambist_core::library::quotes::{self, ColumnsError};
use cambist_core::library::scan::{Base, Reserves, Scanned, scan};
use cambist_core::library::streams::{AccountStream as Accounts, BookStream as Book};
use cambist_core::search::multiverse::Params;
use cambist_core::search::pool_graph::PoolGraph as Shape;
use cambist_fast::{Work, wide};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::error::Fault;

type Atoms<'py> = PyReadonlyArray1<'py, u64>;
/// (reserve in, reserve out, share kept)
type Hop = (f64, f64, f64);
type Floats<'py> = PyReadonlyArray2<'py, f64>;
/// (edges, weight, amount in, amount out, net, go, reason, score)
type Row = (
    Vec<u32>,
    i64,
    u64,
    u64,
    Option<i64>,
    bool,
    String,
    Option<u8>,
);

/// Chains up to here are read without an allocation.
const LONG_CHAIN: usize = 8;

struct Quotes<'a> {
    amounts: &'a [u64],
    ins: &'a [u64],
    outs: &'a [u64],
    fee: (u64, u64),
}

impl Work for Quotes<'_> {
    type Output = Result<Vec<u64>, ColumnsError>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        quotes::constant_product(self.amounts, self.ins, self.outs, self.fee)
    }
}

struct Sizes<'a> {
    rows: usize,
    ins: &'a [f64],
    outs: &'a [f64],
    keeps: &'a [f64],
}

impl Work for Sizes<'_> {
    type Output = Result<Vec<f64>, ColumnsError>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        quotes::optimal_inputs(self.rows, self.ins, self.outs, self.keeps)
    }
}

/// Returns what each constant-product pool pays for its amount, 0 where nothing is paid. Raises `ValueError`.
#[pyfunction(name = "constant_product")]
pub(crate) fn py_constant_product<'py>(
    py: Python<'py>,
    amounts_in: Atoms<'py>,
    reserves_in: Atoms<'py>,
    reserves_out: Atoms<'py>,
    fee: (u64, u64),
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    let work = Quotes {
        amounts: amounts_in.as_slice().map_err(Fault::input)?,
        ins: reserves_in.as_slice().map_err(Fault::input)?,
        outs: reserves_out.as_slice().map_err(Fault::input)?,
        fee,
    };
    let paid = py.detach(|| wide(work));
    Ok(paid.map_err(Fault::input)?.into_pyarray(py))
}

/// Returns the input that earns most in a chain of (reserve in, reserve out, share kept), 0 if none earns.
#[pyfunction(name = "optimal_input")]
pub(crate) fn py_optimal_input(hops: &Bound<'_, PyAny>) -> PyResult<f64> {
    // Item by item takes half the time of a `Vec` of tuples.
    let Ok(list) = hops.cast::<PyList>() else {
        return Ok(quotes::optimal_input(hops.extract::<Vec<Hop>>()?));
    };
    let mut chain = [(0.0, 0.0, 0.0); LONG_CHAIN];
    if list.len() > LONG_CHAIN {
        return Ok(quotes::optimal_input(list.extract::<Vec<Hop>>()?));
    }
    for (at, hop) in list.iter().enumerate() {
        chain[at] = match hop.cast::<PyTuple>() {
            Ok(hop) if hop.len() == 3 => (
                hop.get_borrowed_item(0)?.extract()?,
                hop.get_borrowed_item(1)?.extract()?,
                hop.get_borrowed_item(2)?.extract()?,
            ),
            _ => hop.extract()?,
        };
    }
    Ok(quotes::optimal_input(chain[..list.len()].iter().copied()))
}

/// Returns the same of many chains; columns are a row for each hop, a column for each chain. Raises `ValueError`.
#[pyfunction(name = "optimal_inputs")]
pub(crate) fn py_optimal_inputs<'py>(
    py: Python<'py>,
    reserves_in: Floats<'py>,
    reserves_out: Floats<'py>,
    keeps: Floats<'py>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let work = Sizes {
        rows: reserves_in.shape()[1],
        ins: reserves_in.as_slice().map_err(Fault::input)?,
        outs: reserves_out.as_slice().map_err(Fault::input)?,
        keeps: keeps.as_slice().map_err(Fault::input)?,
    };
    let best = py.detach(|| wide(work));
    Ok(best.map_err(Fault::input)?.into_pyarray(py))
}

/// Returns (every gaining cycle through a base token, sized and decided on, edges expanded, whether the budget cut it);
/// `gates` is JSON of `Gates`.
/// Raises `ValueError`; see `cambist.engine.reference.scan`.
#[pyfunction(name = "scan_pools")]
#[expect(clippy::too_many_arguments, reason = "the columns of the Python call")]
pub(crate) fn py_scan_pools(
    py: Python<'_>,
    tails: PyReadonlyArray1<'_, u32>,
    heads: PyReadonlyArray1<'_, u32>,
    reserves_a: Atoms<'_>,
    reserves_b: Atoms<'_>,
    fee: (u64, u64),
    bases: Vec<(u32, u64, u64)>,
    max_hops: usize,
    keep: usize,
    budget_edges: u64,
    gates: &[u8],
) -> PyResult<(Vec<Row>, u64, bool)> {
    let tails = tails.as_slice().map_err(Fault::input)?;
    let heads = heads.as_slice().map_err(Fault::input)?;
    let reserves = Reserves {
        a: reserves_a.as_slice().map_err(Fault::input)?,
        b: reserves_b.as_slice().map_err(Fault::input)?,
        fee,
    };
    let params = Params {
        max_hops,
        keep,
        budget_edges,
        margin: 0,
    };
    let gates = Gates::from_json(gates).map_err(Fault::input)?;
    let base = |&(token, cap, cost): &(u32, u64, u64)| Base { token, cap, cost };
    let bases: Vec<Base> = bases.iter().map(base).collect();
    let found = py.detach(|| {
        let shape = Shape::new(tails, heads)?;
        scan(&shape, reserves, &bases, &params, &gates)
    });
    let (found, work) = found.map_err(Fault::from)?;
    let rows = found.into_iter().map(row).collect();
    Ok((rows, work.expanded, work.cut))
}

fn row(each: Scanned) -> Row {
    let decision = each.decision;
    (
        each.edges,
        each.weight,
        each.amount_in,
        each.amount_out,
        decision.net,
        decision.go,
        decision.reason,
        decision.score,
    )
}

/// The book of one symbol, frame by frame.
#[pyclass(module = "cambist.engine._native")]
pub(crate) struct BookStream {
    core: Book,
}

#[pymethods]
impl BookStream {
    /// Takes the channel's protocol, the symbol of frames that don't name it, and the decimals of its prices.
    #[new]
    #[pyo3(signature = (protocol, symbol, price_decimals=8))]
    fn py_new(protocol: &str, symbol: &str, price_decimals: u8) -> PyResult<Self> {
        let scale = PriceScale::try_from(price_decimals).map_err(Fault::input)?;
        Ok(Self {
            core: Book::of_scale(protocol, symbol, scale),
        })
    }

    /// Takes a frame; false if it says nothing of the book. Raises `ValueError` with the decoder's words.
    #[pyo3(name = "take")]
    fn py_take(&mut self, body: &[u8]) -> PyResult<bool> {
        Ok(self.core.take(body).map_err(Fault::input)?)
    }

    /// Returns (bid, quantity, ask, quantity), quantities × 10⁸; `None` while a side is empty or not to be trusted.
    #[pyo3(name = "best")]
    fn py_best(&self) -> Option<(u64, u64, u64, u64)> {
        let book = self.core.book();
        let (bid, ask) = (book.best_bid()?, book.best_ask()?);
        Some((bid.0, bid.1, ask.0, ask.1))
    }

    /// Returns JSON of the book.
    #[pyo3(name = "parts")]
    fn py_parts(&self) -> PyResult<String> {
        Ok(serde_json::to_string(&self.core.book().parts()).map_err(Fault::input)?)
    }
}

/// What one connection of a node told of accounts.
#[pyclass(module = "cambist.engine._native")]
pub(crate) struct AccountStream {
    core: Accounts,
}

#[pymethods]
impl AccountStream {
    #[new]
    fn py_new() -> Self {
        Self {
            core: Accounts::new(),
        }
    }

    /// Takes a frame; returns how many accounts it told of. Raises `ValueError` with the decoder's words.
    #[pyo3(name = "take", signature = (body, *, sent = false))]
    fn py_take(&mut self, body: &[u8], sent: bool) -> PyResult<usize> {
        Ok(self.core.take(sent, body).map_err(Fault::input)?)
    }

    /// Returns (slot, lamports, owner, data), `None` if nothing was told of the account.
    #[pyo3(name = "account")]
    fn py_account<'py>(
        &self,
        py: Python<'py>,
        key: &[u8],
    ) -> Option<(u64, u64, Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let state = self.core.account(key.try_into().ok()?)?;
        let (owner, data) = (&state.owner, &state.data);
        Some((
            state.slot,
            state.lamports,
            PyBytes::new(py, owner),
            PyBytes::new(py, data),
        ))
    }
}
