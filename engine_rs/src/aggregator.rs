//! `WssAggregator` as a Python class.

use std::sync::Mutex;

use cambist_core::aggregate::wss_aggregator::{self as core, WINDOW};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Fault;

/// (first, duplicate, older, held, failed, disagreed, led, lead in ns, longest lead in ns, lagged, lag in ns)
type Stats = (u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

/// Merges endpoints; see `cambist.engine.reference.wss_aggregator`.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct WssAggregator {
    inner: Mutex<core::WssAggregator>,
}

impl WssAggregator {
    fn with<T>(&self, act: impl FnOnce(&mut core::WssAggregator) -> T) -> Result<T, Fault> {
        self.inner
            .lock()
            .map(|mut inner| act(&mut inner))
            .map_err(|_| Fault::Poisoned)
    }
}

fn key<const N: usize>(what: &str, bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes
        .try_into()
        .map_err(|_| Fault::Input(format!("{what} of {} bytes, expected {N}", bytes.len())))
}

#[pymethods]
impl WssAggregator {
    #[new]
    #[pyo3(signature = (window = WINDOW))]
    fn new(window: usize) -> PyResult<Self> {
        let inner = core::WssAggregator::new(window).map_err(Fault::input)?;
        Ok(Self {
            inner: Mutex::new(inner),
        })
    }

    fn signature(&self, endpoint: u16, signature: &[u8], failed: bool, at_ns: i64) -> PyResult<u8> {
        let signature = key("signature", signature)?;
        Ok(self.with(|race| race.signature(endpoint, signature, failed, at_ns) as u8)?)
    }

    fn signatures<'py>(
        &self,
        py: Python<'py>,
        endpoint: u16,
        signatures: &[u8],
        failed: &[u8],
        at_ns: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let verdicts = py.detach(|| {
            self.with(|race| race.signatures(endpoint, signatures, failed, at_ns))
                .and_then(|found| found.map_err(Fault::input))
        })?;
        Ok(PyBytes::new(py, &verdicts))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the fields of one account update, as the twin takes them"
    )]
    fn account(
        &self,
        endpoint: u16,
        account: &[u8],
        slot: u64,
        write_version: Option<u64>,
        lamports: u64,
        data: &[u8],
        at_ns: i64,
    ) -> PyResult<u8> {
        let account = key("account", account)?;
        let state = (lamports, data);
        Ok(self.with(|race| {
            race.account(endpoint, account, slot, write_version, state, at_ns) as u8
        })?)
    }

    fn sequence(&self, endpoint: u16, stream: u64, sequence: u64) -> PyResult<u8> {
        Ok(self.with(|race| race.sequence(endpoint, stream, sequence) as u8)?)
    }

    fn disconnected(&self, endpoint: u16) -> PyResult<()> {
        Ok(self.with(|race| race.disconnected(endpoint))?)
    }

    fn restarted(&self, stream: u64) -> PyResult<()> {
        Ok(self.with(|race| race.restarted(stream))?)
    }

    fn forget(&self, account: &[u8]) -> PyResult<()> {
        let account = key("account", account)?;
        Ok(self.with(|race| race.forget(&account))?)
    }

    fn stats(&self, endpoint: u16) -> PyResult<Stats> {
        let s = self.with(|race| race.stats(endpoint))?;
        Ok((
            s.first,
            s.duplicate,
            s.older,
            s.held,
            s.failed,
            s.disagreed,
            s.led,
            s.lead_ns,
            s.lead_max_ns,
            s.lagged,
            s.lag_ns,
        ))
    }
}
