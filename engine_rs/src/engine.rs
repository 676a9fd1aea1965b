//! The engine as a Python class.

use std::sync::{Arc, Mutex};

use cambist_core::engine::picture::Pictures;
use cambist_core::engine::{Engine as Core, Ingested, Keyframe as CoreKeyframe};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Fault;
use crate::picture::Picture;

type Done<'py> = (
    usize,
    u64,
    Bound<'py, PyBytes>,
    u64,
    Bound<'py, PyBytes>,
    Bound<'py, PyBytes>,
    Option<i64>,
    Bound<'py, PyBytes>,
);

/// The engine of `engine_rs`. One call at a time; the GIL is released while it computes.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct Engine {
    core: Mutex<Core>,
    pictures: Arc<Pictures>,
}

impl Engine {
    /// Runs `work` on the engine with the GIL released: the one way in.
    fn enter<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Core) -> Result<T, Fault> + Send,
    ) -> PyResult<T> {
        let done = py.detach(|| {
            let mut core = self.core.lock().map_err(|_| Fault::Poisoned)?;
            work(&mut core)
        });
        Ok(done?)
    }
}

#[pymethods]
impl Engine {
    /// Takes JSON of an `EngineSetup`. Raises `ValueError` if it is none.
    #[new]
    fn py_new(setup: &[u8]) -> PyResult<Self> {
        let core = Core::new(setup).map_err(Fault::from)?;
        Ok(Self {
            pictures: core.pictures(),
            core: Mutex::new(core),
        })
    }

    /// Returns (offset, records, decisions, go, needs, ends, watched, receipts). Raises `BlockError`.
    #[pyo3(name = "ingest")]
    fn py_ingest<'py>(
        &self,
        py: Python<'py>,
        block: &[u8],
        offset: usize,
        until_ns: i64,
    ) -> PyResult<Done<'py>> {
        let done = self.enter(py, |core| Ok(core.ingest(block, offset, until_ns)?))?;
        Ok(handed(py, &done))
    }

    /// Returns the same for one record that is no frame. Raises `BlockError`.
    #[pyo3(name = "control")]
    fn py_control<'py>(&self, py: Python<'py>, block: &[u8], offset: usize) -> PyResult<Done<'py>> {
        let done = self.enter(py, |core| Ok(core.control(block, offset)?))?;
        Ok(handed(py, &done))
    }

    /// Returns (amount out, reason).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "quote_route")]
    fn py_quote_route(
        &self,
        py: Python<'_>,
        route: Vec<String>,
        amount_in: u64,
        now_ns: i64,
    ) -> PyResult<(u64, String)> {
        self.enter(py, |core| {
            let names: Vec<&str> = route.iter().map(String::as_str).collect();
            Ok(core.quote_route(&names, amount_in, now_ns))
        })
    }

    /// Returns (newest slot, slot of the state, amount out, reason).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "quote_state")]
    fn py_quote_state(
        &self,
        py: Python<'_>,
        route: Vec<String>,
        amount_in: u64,
        now_ns: i64,
    ) -> PyResult<(u64, u64, u64, String)> {
        self.enter(py, |core| {
            let names: Vec<&str> = route.iter().map(String::as_str).collect();
            let found = core.quote_state(&names, amount_in, now_ns);
            Ok((
                found.newest_slot,
                found.slot,
                found.amount_out,
                found.reason,
            ))
        })
    }

    /// Returns `unknown`, `stands`, `fallen` or `final`.
    #[pyo3(name = "slot_standing")]
    fn py_slot_standing(&self, py: Python<'_>, slot: u64) -> PyResult<&'static str> {
        self.enter(py, |core| Ok(core.slot_standing(slot).as_str()))
    }

    /// Returns how long it took to judge the last moment, in nanoseconds.
    #[pyo3(name = "judging_ns")]
    fn py_judging_ns(&self, py: Python<'_>) -> PyResult<u64> {
        self.enter(py, |core| Ok(core.judging_ns()))
    }

    /// Lets `ingest` stop after frames that change what is behind these edges.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "watch")]
    fn py_watch(&self, py: Python<'_>, edges: Vec<String>) -> PyResult<()> {
        self.enter(py, |core| {
            let names: Vec<&str> = edges.iter().map(String::as_str).collect();
            core.watch(&names);
            Ok(())
        })
    }

    /// Takes over that an order of ours was filled on a route.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "filled")]
    fn py_filled(
        &self,
        py: Python<'_>,
        route: Vec<String>,
        amount_in: u64,
        now_ns: i64,
    ) -> PyResult<()> {
        self.enter(py, |core| {
            let names: Vec<&str> = route.iter().map(String::as_str).collect();
            core.filled(&names, amount_in, now_ns);
            Ok(())
        })
    }

    /// Takes over what we hold of a token at an exchange.
    #[pyo3(name = "stock")]
    fn py_stock(
        &self,
        py: Python<'_>,
        venue: &str,
        mint: &str,
        atoms: u64,
        moved: bool,
    ) -> PyResult<()> {
        self.enter(py, |core| {
            core.stock(venue, mint, atoms, moved);
            Ok(())
        })
    }

    /// Takes over that an order of ours goes for a cycle.
    #[pyo3(name = "sent")]
    fn py_sent(&self, py: Python<'_>, key: &str) -> PyResult<()> {
        self.enter(py, |core| {
            core.sent(key);
            Ok(())
        })
    }

    /// Counts how an order on a cycle ended, and how long it took until it landed.
    #[pyo3(name = "learn")]
    fn py_learn(
        &self,
        py: Python<'_>,
        key: &str,
        landed: bool,
        took_ns: Option<i64>,
    ) -> PyResult<()> {
        self.enter(py, |core| {
            core.learn(key, landed, took_ns);
            Ok(())
        })
    }

    /// Feeds an outside price of a token.
    #[pyo3(name = "inject_price")]
    fn py_inject_price(&self, py: Python<'_>, mint: &str, price: f64, now_ns: i64) -> PyResult<()> {
        self.enter(py, |core| {
            core.inject_price(mint, price, now_ns);
            Ok(())
        })
    }

    /// Returns what each gauge (name, mint) shows, `None` where that is unknown.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "gauges")]
    fn py_gauges(
        &self,
        py: Python<'_>,
        wanted: Vec<(String, String)>,
        now_ns: i64,
    ) -> PyResult<Vec<Option<f64>>> {
        self.enter(py, |core| {
            let gauges = wanted.iter();
            Ok(gauges
                .map(|(name, mint)| core.gauge(name, mint, now_ns))
                .collect())
        })
    }

    /// Returns (price, venue, age) of each token, in whole quote tokens for a whole one; `None` where that is unknown.
    #[expect(clippy::needless_pass_by_value, reason = "extracted from Python lists")]
    #[pyo3(name = "token_values")]
    fn py_token_values(
        &self,
        py: Python<'_>,
        mints: Vec<String>,
        venues: Vec<String>,
        max_age_ns: i64,
        now_ns: i64,
    ) -> PyResult<Vec<Option<(f64, String, i64)>>> {
        self.enter(py, |core| {
            let value = |mint: &String| core.token_value(mint, &venues, max_age_ns, now_ns);
            let told = mints.iter().map(value);
            Ok(told
                .map(|value| value.map(|value| (value.price, value.venue.to_owned(), value.age_ns)))
                .collect())
        })
    }

    /// Returns those of the pools whose account asks for a quote that was never recorded from the program.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "extracted from a Python list"
    )]
    #[pyo3(name = "unrecorded")]
    fn py_unrecorded(&self, py: Python<'_>, pools: Vec<String>) -> PyResult<Vec<String>> {
        self.enter(py, |core| {
            let found = core.unrecorded(&pools);
            Ok(found.into_iter().map(str::to_owned).collect())
        })
    }

    /// Returns JSON of an `EngineView`.
    #[pyo3(name = "present")]
    fn py_present<'py>(&self, py: Python<'py>, now_ns: i64) -> PyResult<Bound<'py, PyBytes>> {
        let view = self.enter(py, |core| Ok(core.present(now_ns)))?;
        Ok(PyBytes::new(py, &view))
    }

    /// Returns JSON of a `CycleInspection`, or `null`.
    #[pyo3(name = "inspect")]
    fn py_inspect<'py>(
        &self,
        py: Python<'py>,
        key: &str,
        now_ns: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let view = self.enter(py, |core| Ok(core.inspect(key, now_ns)))?;
        Ok(PyBytes::new(py, &view))
    }

    /// Returns JSON of a `PriceInspection`, or `null`.
    #[pyo3(name = "inspect_price")]
    fn py_inspect_price<'py>(
        &self,
        py: Python<'py>,
        token: &str,
        now_ns: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let view = self.enter(py, |core| Ok(core.inspect_price(token, now_ns)))?;
        Ok(PyBytes::new(py, &view))
    }

    /// Returns JSON of a `BookInspection`, or `null`.
    #[pyo3(name = "inspect_book")]
    fn py_inspect_book<'py>(
        &self,
        py: Python<'py>,
        source: &str,
        depth: usize,
        now_ns: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let view = self.enter(py, |core| Ok(core.inspect_book(source, depth, now_ns)))?;
        Ok(PyBytes::new(py, &view))
    }

    /// Asks for a picture newer than the latest one. Waits for nothing.
    #[pyo3(name = "ask_picture")]
    fn py_ask_picture(&self) {
        self.pictures.ask();
    }

    /// Returns the latest picture, `None` before any was made. Waits for nothing.
    #[pyo3(name = "picture")]
    fn py_picture(&self) -> Option<Picture> {
        self.pictures.latest().map(Picture::from)
    }

    /// Returns all state as canonical bytes.
    #[pyo3(name = "snapshot")]
    fn py_snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let state = self.enter(py, |core| Ok(core.snapshot()))?;
        Ok(PyBytes::new(py, &state))
    }

    /// Returns a copy of all state, from which any thread makes the snapshot.
    ///
    /// Keeps the GIL: the copy takes a quarter of a millisecond, to have the GIL back from a painter half of one.
    #[pyo3(name = "keyframe")]
    fn py_keyframe(&self) -> PyResult<Keyframe> {
        let core = self.core.lock().map_err(|_| Fault::Poisoned)?;
        Ok(Keyframe {
            core: Mutex::new(core.keyframe()),
        })
    }

    /// Takes over a snapshot. Raises `ValueError`.
    #[pyo3(name = "restore")]
    fn py_restore(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
        self.enter(py, |core| Ok(core.restore(state)?))
    }
}

/// An engine's state as it was when it was taken.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct Keyframe {
    core: Mutex<CoreKeyframe>,
}

#[pymethods]
impl Keyframe {
    /// Returns the snapshot that the engine would have given then. The GIL is released meanwhile.
    #[pyo3(name = "encode")]
    fn py_encode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let state = py.detach(|| {
            let mut core = self.core.lock().map_err(|_| Fault::Poisoned)?;
            Ok::<_, Fault>(core.encode())
        })?;
        Ok(PyBytes::new(py, &state))
    }
}

fn handed<'py>(py: Python<'py>, done: &Ingested) -> Done<'py> {
    (
        done.offset,
        done.records,
        PyBytes::new(py, &done.decisions),
        done.go,
        PyBytes::new(py, &done.needs),
        PyBytes::new(py, &done.ends),
        done.watched_ns,
        PyBytes::new(py, &done.receipts),
    )
}
