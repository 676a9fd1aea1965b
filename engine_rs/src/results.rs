//! Memory that results are written to: new numpy arrays, or of large ones those that nobody holds any more.
//!
//! The first touch of new pages takes longer than computing most indicators does, and malloc gives large blocks back to the
//! system as soon as they are free. So large results are views of arrays that are kept here: one whose views are all gone
//! is used again.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::series::MatrixOut;

type Array = PyArray1<f64>;

/// Values from which on memory is kept: below 128 KiB malloc keeps it itself.
const LARGE: usize = 1 << 14;
/// Most values in all that is kept: 16 MiB.
const MOST: usize = 1 << 21;

/// The oldest first.
static KEPT: Mutex<Vec<Py<Array>>> = Mutex::new(Vec::new());

thread_local! {
    static SCRATCH: Cell<Vec<f64>> = const { Cell::new(Vec::new()) };
}

/// Returns an array of so many values, of any value: for `shaped` once they are written.
pub(crate) fn place(py: Python<'_>, values: usize) -> Bound<'_, Array> {
    if !(LARGE..=MOST).contains(&values) {
        return PyArray1::zeros(py, values, false);
    }
    let is_free = |kept: &&Py<Array>| {
        let kept = kept.bind(py);
        // Whoever held it may have made it read-only.
        kept.len() == values && holders(kept) == 1 && kept.try_readwrite().is_ok()
    };
    // Under the lock nothing runs that could wait for another thread: a found one has a second holder from then on.
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(free) = kept.iter().find(is_free) {
        return free.clone_ref(py).into_bound(py);
    }
    let made = PyArray1::zeros(py, values, false);
    let mut all = values + kept.iter().map(|each| each.bind(py).len()).sum::<usize>();
    while all > MOST {
        all -= kept.remove(0).bind(py).len();
    }
    kept.push(made.clone().unbind());
    made
}

/// Returns what was written to a `place`, in a shape of as many values.
pub(crate) fn shaped<'py>(place: &Bound<'py, Array>, shape: &[usize]) -> PyResult<MatrixOut<'py>> {
    if shape.len() == 1 && place.len() < LARGE {
        return Ok(place.to_dyn().clone());
    }
    place.reshape(shape.to_vec())
}

/// Returns as arrays of a shape what `write` writes, for shapes of so few values that new memory is cheap: it writes to
/// memory of this thread, which is copied. To borrow a new array would take longer.
pub(crate) fn few<'py, const N: usize>(
    py: Python<'py>,
    shape: &[usize],
    write: impl FnOnce([&mut [f64]; N]),
) -> PyResult<[MatrixOut<'py>; N]> {
    let values = shape.iter().product();
    // Taken, not borrowed: whatever runs meanwhile may come here again.
    let mut scratch = SCRATCH.take();
    scratch.resize(N * values, 0.0);
    let mut left = &mut scratch[..];
    write([(); N].map(|()| left.split_off_mut(..values).unwrap_or_default()));
    let result = |at| PyArray1::from_slice(py, &scratch[at * values..(at + 1) * values]);
    let found = all((0..N).map(|at| shaped(&result(at), shape)));
    SCRATCH.set(scratch);
    found
}

pub(crate) fn all<'py, const N: usize>(
    arrays: impl Iterator<Item = PyResult<MatrixOut<'py>>>,
) -> PyResult<[MatrixOut<'py>; N]> {
    arrays
        .collect::<PyResult<Vec<_>>>()?
        .try_into()
        .map_err(|_| Fault::input("results of another number").into())
}

#[expect(deprecated, reason = "what replaces it is unsafe")]
fn holders(array: &Bound<'_, Array>) -> isize {
    array.get_refcnt()
}
