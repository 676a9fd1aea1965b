//! Python binding of `cambist-core`. No logic lives here.

use pyo3::prelude::*;

/// The Rust engine of cambist.
#[pymodule(gil_used = false)]
mod _native {
    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        module.add("BUILD_PROFILE", profile)
    }
}
