//! The native transport as a Python class.

use std::time::Duration;

use cambist_transport::{Clock, Event, EventKind, Limits, Options, Pattern, Transport as Core};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::Fault;

/// (connection, kind, what, code, body).
type EventRow<'py> = (u32, &'static str, &'static str, i32, Bound<'py, PyBytes>);

/// WebSocket connections on a thread of their own, and the ring of records that they fill.
#[pyclass(frozen, module = "cambist.engine._native")]
pub(crate) struct Transport {
    core: Core,
}

#[pymethods]
impl Transport {
    /// Takes what tells the session's time. Raises `OSError` if no thread can be started.
    #[new]
    #[pyo3(signature = (now_ns, *, max_records, max_bytes))]
    fn py_new(now_ns: &Bound<'_, PyAny>, max_records: usize, max_bytes: usize) -> PyResult<Self> {
        let clock = Clock::anchored(|| now_ns.call0()?.extract::<i64>())?;
        let limits = Limits {
            max_records,
            max_bytes,
        };
        let core =
            Core::new(clock, limits).map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Self { core })
    }

    /// Returns the file descriptor that is readable when there are events or records.
    #[pyo3(name = "fileno")]
    fn py_fileno(&self) -> i32 {
        self.core.fd()
    }

    /// Begins to connect. Raises `ValueError`.
    #[expect(clippy::too_many_arguments, reason = "named in Python")]
    #[pyo3(
        name = "connect",
        signature = (
            number, url, *, channel, open_timeout_s, ping_interval_s, ping_timeout_s, max_size,
            queue_frames, queue_bytes, data,
        )
    )]
    fn py_connect(
        &self,
        number: u32,
        url: String,
        channel: u16,
        open_timeout_s: f64,
        ping_interval_s: Option<f64>,
        ping_timeout_s: f64,
        max_size: usize,
        queue_frames: usize,
        queue_bytes: usize,
        data: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
    ) -> PyResult<()> {
        let patterns = data.into_iter();
        let options = Options {
            channel,
            open_timeout: seconds(open_timeout_s)?,
            ping_interval: ping_interval_s.map(seconds).transpose()?,
            ping_timeout: seconds(ping_timeout_s)?,
            max_size,
            queue_frames,
            queue_bytes,
            data: patterns
                .map(|(prefix, needles)| Pattern { prefix, needles })
                .collect(),
        };
        let done = self.core.connect(number, url, options);
        Ok(done.map_err(Fault::input)?)
    }

    /// Lets an opened connection read, as `conn`. Raises `ValueError`.
    #[pyo3(name = "start")]
    fn py_start(&self, number: u32, conn: u32, body: &[u8]) -> PyResult<()> {
        let done = self.core.start(number, conn, body);
        Ok(done.map_err(Fault::input)?)
    }

    /// Queues a message. Raises `ValueError`.
    #[pyo3(name = "send")]
    fn py_send(&self, number: u32, body: Vec<u8>) -> PyResult<()> {
        let done = self.core.send(number, body);
        Ok(done.map_err(Fault::input)?)
    }

    /// Sets whether plain data are kept from the events. Raises `ValueError`.
    #[pyo3(name = "mute")]
    fn py_mute(&self, number: u32, muted: bool) -> PyResult<()> {
        let done = self.core.mute(number, muted);
        Ok(done.map_err(Fault::input)?)
    }

    /// Returns when plain data last came. Raises `ValueError`.
    #[pyo3(name = "data_ns")]
    fn py_data_ns(&self, number: u32) -> PyResult<Option<i64>> {
        let found = self.core.data_ns(number);
        Ok(found.map_err(Fault::input)?)
    }

    /// Ends a connection and forgets it; records that if it was started as `conn`.
    #[pyo3(name = "end")]
    fn py_end(&self, number: u32, conn: Option<u32>, body: &[u8]) {
        self.core.end(number, conn.map(|conn| (conn, body)));
    }

    /// Returns what happened since the last call.
    #[pyo3(name = "events")]
    fn py_events<'py>(&self, py: Python<'py>) -> Vec<EventRow<'py>> {
        let events = self.core.events();
        events.iter().map(|event| row(py, event)).collect()
    }

    /// Returns a block of the records up to `until_ns`, at most `limit`, and how many. With `moment` the last one is
    /// marked as a moment if it is a frame.
    #[pyo3(name = "drain", signature = (first_seq, until_ns, limit, moment = false))]
    fn py_drain<'py>(
        &self,
        py: Python<'py>,
        first_seq: u64,
        until_ns: i64,
        limit: usize,
        moment: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, usize)> {
        let ring = self.core.ring();
        ring.drain(first_seq, until_ns, limit, moment, |size, fill| {
            PyBytes::new_with(py, size, |into| {
                fill(into);
                Ok(())
            })
        })
    }

    /// Returns the time of the first record; if there is none `now_ns`, and nothing earlier will come.
    #[pyo3(name = "first_ns")]
    fn py_first_ns(&self, now_ns: i64) -> i64 {
        self.core.ring().first_ns(now_ns)
    }

    fn __len__(&self) -> usize {
        self.core.ring().len()
    }

    /// Returns how many frames were taken.
    #[getter(frames)]
    fn py_frames(&self) -> u64 {
        self.core.ring().frames()
    }

    /// Returns how many frames were dropped, by channel.
    #[pyo3(name = "dropped")]
    fn py_dropped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        for (channel, count) in self.core.ring().dropped() {
            found.set_item(channel, count)?;
        }
        Ok(found)
    }

    /// Sets how many records may wait.
    #[pyo3(name = "limit")]
    fn py_limit(&self, max_records: usize) {
        self.core.ring().limit(max_records);
    }

    /// Ends all connections and the thread.
    #[pyo3(name = "close")]
    fn py_close(&self, py: Python<'_>) {
        py.detach(|| self.core.close());
    }
}

fn seconds(value: f64) -> Result<Duration, Fault> {
    Duration::try_from_secs_f64(value).map_err(|_| Fault::Input(format!("{value} is no time")))
}

fn row<'py>(py: Python<'py>, event: &Event) -> EventRow<'py> {
    let (kind, what, code, body) = match &event.kind {
        EventKind::Opened => ("opened", "", 0, &[][..]),
        EventKind::Failed { what, code, text } => ("failed", *what, *code, text.as_bytes()),
        EventKind::Frame(body) => ("frame", "", 0, body.as_slice()),
        EventKind::Closed { what, code, text } => {
            ("closed", *what, i32::from(*code), text.as_bytes())
        }
    };
    (event.id, kind, what, code, PyBytes::new(py, body))
}
