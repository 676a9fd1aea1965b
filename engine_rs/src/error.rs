//! What the core refuses, as Python exceptions.

use cambist_core::engine::{BlockError as CoreBlockError, SetupError, SnapshotError};
use pyo3::create_exception;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    _native,
    BlockError,
    PyValueError,
    "A damaged block; `args` are its offset and why."
);

/// Everything that can go wrong in a call.
#[derive(Debug)]
pub(crate) enum Fault {
    Block(CoreBlockError),
    Setup(SetupError),
    Snapshot(SnapshotError),
    /// An input that the called module refuses, in its own words.
    Input(String),
    /// A call of another thread panicked half-way: the engine's state can't be trusted.
    Poisoned,
}

impl From<CoreBlockError> for Fault {
    fn from(error: CoreBlockError) -> Self {
        Self::Block(error)
    }
}

impl From<SetupError> for Fault {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

impl From<SnapshotError> for Fault {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

impl Fault {
    /// Returns a refused input.
    pub(crate) fn input(error: impl std::fmt::Display) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Block(error) => BlockError::new_err((error.offset, error.why)),
            Fault::Setup(error) => PyValueError::new_err(error.to_string()),
            Fault::Snapshot(error) => PyValueError::new_err(error.to_string()),
            Fault::Input(why) => PyValueError::new_err(why),
            Fault::Poisoned => {
                PyRuntimeError::new_err("an earlier call failed half-way; make a new engine")
            }
        }
    }
}
