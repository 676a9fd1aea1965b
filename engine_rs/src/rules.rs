//! Operator rules: parsed in the core, machine code where this machine has a compiler for it.

use std::sync::Arc;

use cambist_core::rules::jit_compiler::{self as core, Program, RuleCode, Verdict};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::error::Fault;

/// A checked rule that can be asked; see `cambist.engine.reference.jit_compiler`.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct Rule {
    fields: Vec<String>,
    code: Arc<dyn RuleCode>,
}

#[pymethods]
impl Rule {
    /// Names of the inputs, in order.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, &self.fields)
    }

    /// Whether it is machine code.
    #[getter]
    fn native(&self) -> bool {
        self.code.native()
    }

    /// Returns whether the rule holds, `None` where that is unknown. Raises `ValueError`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python sequence"
    )]
    fn evaluate(&self, values: Vec<f64>) -> PyResult<Option<bool>> {
        match self.code.evaluate(&values).map_err(Fault::input)? {
            Verdict::False => Ok(Some(false)),
            Verdict::Unknown => Ok(None),
            Verdict::True => Ok(Some(true)),
        }
    }

    /// Returns 0 (false), 1 (unknown) or 2 (true) for each row. Raises `ValueError`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python object by value"
    )]
    fn evaluate_batch<'py>(
        &self,
        py: Python<'py>,
        rows: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        if !rows.is_c_contiguous() {
            return Err(Fault::input("rows were not contiguous").into());
        }
        let values = rows.as_slice().map_err(Fault::input)?;
        let mut verdicts = vec![Verdict::Unknown as u8; rows.shape()[0]];
        py.detach(|| self.code.evaluate_rows(values, &mut verdicts))
            .map_err(Fault::input)?;
        Ok(verdicts.into_pyarray(py))
    }
}

/// Returns a rule that may name `symbols`; interpreted unless `native`. Raises `ValueError` that points at the column.
#[expect(
    clippy::needless_pass_by_value,
    reason = "extracted from a Python sequence"
)]
#[pyfunction(name = "compile_rule", signature = (text, symbols, *, native = true))]
pub(crate) fn py_compile_rule(text: &str, symbols: Vec<String>, native: bool) -> PyResult<Rule> {
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let program: Program = core::compile(text, &symbols).map_err(Fault::input)?;
    let fields = program.fields().to_vec();
    let code = if native {
        cambist_fast::faster(program)
    } else {
        Arc::new(program)
    };
    Ok(Rule { fields, code })
}
