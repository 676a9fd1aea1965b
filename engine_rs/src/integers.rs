//! Integers in a call's arguments: one that is out of range is a `ValueError`, as every other value that is refused is,
//! and what is no integer a `TypeError`.

use std::fmt::Display;

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

/// An integer as Python gave it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Int<T>(pub(crate) T);

/// An integer's range.
pub(crate) trait Ranged: Display {
    const LEAST: Self;
    const MOST: Self;
}

macro_rules! ranged {
    ($($name:ty),*) => {
        $(impl Ranged for $name {
            const LEAST: Self = <$name>::MIN;
            const MOST: Self = <$name>::MAX;
        })*
    };
}

ranged!(u16, i32, u64, i64, u128);

impl<'a, 'py, T> FromPyObject<'a, 'py> for Int<T>
where
    T: FromPyObject<'a, 'py> + Ranged,
{
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        T::extract(obj).map(Self).map_err(|error| {
            let error: PyErr = error.into();
            if !error.is_instance_of::<PyOverflowError>(obj.py()) {
                return error;
            }
            let number: &Bound<'py, PyAny> = &obj;
            PyValueError::new_err(format!(
                "integer was {number}, expected {} to {}",
                T::LEAST,
                T::MOST
            ))
        })
    }
}
