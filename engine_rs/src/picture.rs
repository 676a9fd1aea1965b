//! A picture of the market as a Python class: read from any thread, it never touches the engine.

use std::sync::Arc;

use cambist_core::engine::picture::{Picture as Core, Quoted};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The market as it was at a moment. The GIL is released while it computes.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct Picture {
    core: Arc<Core>,
}

impl From<Arc<Core>> for Picture {
    fn from(core: Arc<Core>) -> Self {
        Self { core }
    }
}

#[pymethods]
impl Picture {
    /// Seq and receive time of the moment's record.
    #[getter(at)]
    fn py_at(&self) -> (u64, i64) {
        self.core.at()
    }

    /// The chain's clock as (slot, unix timestamp, epoch), `None` if it was not told yet.
    #[getter(clock)]
    fn py_clock(&self) -> Option<(u64, i64, u64)> {
        let time = self.core.clock()?;
        Some((time.slot, time.unix_timestamp, time.epoch))
    }

    /// Returns JSON of a `FeesPicture`.
    #[pyo3(name = "fees")]
    fn py_fees<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let fees = py.detach(|| self.core.fees());
        PyBytes::new(py, &fees)
    }

    /// Returns what a whole token is worth in whole quote tokens, `None` if that is unknown.
    #[pyo3(name = "value")]
    fn py_value(&self, mint: &str) -> Option<f64> {
        self.core.value(mint)
    }

    /// Returns the addresses of all pools, in the order of the setup.
    #[pyo3(name = "pools")]
    fn py_pools(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.core.pools())
    }

    /// Returns JSON of a `PoolPicture`, or `null`.
    #[pyo3(name = "pool")]
    fn py_pool<'py>(&self, py: Python<'py>, address: &str) -> Bound<'py, PyBytes> {
        let pool = py.detach(|| self.core.pool(address));
        PyBytes::new(py, &pool)
    }

    /// Returns JSON of a `BookPicture`, or `null`.
    #[pyo3(name = "book")]
    fn py_book<'py>(&self, py: Python<'py>, source: &str, depth: usize) -> Bound<'py, PyBytes> {
        let book = py.detach(|| self.core.book(source, depth));
        PyBytes::new(py, &book)
    }

    /// Returns (amount out, reason).
    #[pyo3(name = "quote")]
    fn py_quote(&self, py: Python<'_>, name: &str, token_in: &str, amount_in: u64) -> Quoted {
        py.detach(|| self.core.quote(name, token_in, amount_in))
    }
}
