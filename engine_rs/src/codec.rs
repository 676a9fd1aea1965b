//! Quote history as numpy arrays of five columns.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::library::quote_codec::{self, COLUMNS, CodecError, Quotes};
use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Fault;

type Columns<'py> = Bound<'py, PyArray2<u64>>;
/// (first time, where it begins, quotes, CRC-32)
type Block = (u64, u64, u32, u32);

impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        Self::input(error)
    }
}

/// Returns quotes as an array of five rows.
fn columns(
    py: Python<'_>,
    decode: impl FnOnce() -> Result<Quotes, CodecError> + Send,
) -> PyResult<Columns<'_>> {
    let quotes = py.detach(decode).map_err(Fault::from)?;
    let shape = [COLUMNS, quotes.rows];
    quotes.values.into_pyarray(py).reshape(shape)
}

/// Returns a file of quotes: time in ns, bid price, bid size, ask price, ask size, a row each. Raises `ValueError`.
#[pyfunction(name = "encode_quotes")]
pub(crate) fn py_encode_quotes<'py>(
    py: Python<'py>,
    columns: PyReadonlyArray2<'py, u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let [found, rows] = [columns.shape()[0], columns.shape()[1]];
    if found != COLUMNS {
        return Err(Fault::Input(format!("{found} columns, not {COLUMNS}")).into());
    }
    let values = columns.as_slice().map_err(Fault::input)?;
    let file = py.detach(|| {
        quote_codec::encode_quotes(std::array::from_fn(|at| {
            &values[at * rows..(at + 1) * rows]
        }))
    });
    Ok(PyBytes::new(py, &file.map_err(Fault::from)?))
}

/// Returns all quotes of a file, a row for each column. Raises `ValueError` if it is damaged.
#[pyfunction(name = "decode_quotes")]
pub(crate) fn py_decode_quotes<'py>(py: Python<'py>, file: &[u8]) -> PyResult<Columns<'py>> {
    columns(py, || quote_codec::decode_quotes(file))
}

/// Returns the quotes of one block, a row for each column. Raises `ValueError` if it is damaged.
#[pyfunction(name = "decode_quote_block")]
pub(crate) fn py_decode_quote_block<'py>(
    py: Python<'py>,
    file: &[u8],
    block: usize,
) -> PyResult<Columns<'py>> {
    columns(py, || quote_codec::decode_quote_block(file, block))
}

/// Returns (first time, where it begins, quotes, CRC-32) of each block of a file. Raises `ValueError` if it is damaged.
#[pyfunction(name = "quote_blocks")]
pub(crate) fn py_quote_blocks(py: Python<'_>, file: &[u8]) -> PyResult<Vec<Block>> {
    let blocks = py.detach(|| quote_codec::quote_blocks(file));
    let each =
        |block: quote_codec::QuoteBlock| (block.first_ns, block.offset, block.rows, block.crc32);
    Ok(blocks.map_err(Fault::from)?.into_iter().map(each).collect())
}

/// Returns the quotes from one time on and before another, a row for each column. Raises `ValueError` if it is damaged.
#[pyfunction(name = "quotes_between")]
pub(crate) fn py_quotes_between<'py>(
    py: Python<'py>,
    file: &[u8],
    from_ns: u64,
    to_ns: u64,
) -> PyResult<Columns<'py>> {
    columns(py, || quote_codec::quotes_between(file, from_ns, to_ns))
}
