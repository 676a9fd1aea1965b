//! The session's clock: the monotonic one, anchored to what the caller read at the same instant.

use std::time::{Duration, Instant};

/// Tries of an anchor; the quickest counts.
const TRIES: usize = 8;

/// Tells the time of a session in Unix nanoseconds. On Linux it runs on `CLOCK_MONOTONIC`, as Python's `monotonic_ns`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    at: Instant,
    anchor_ns: i64,
}

impl Clock {
    /// Returns a clock that shows what `now_ns` shows. It is asked several times: of the quickest answer the time between
    /// question and answer is the error.
    ///
    /// # Errors
    /// The first error of `now_ns`.
    pub fn anchored<E>(mut now_ns: impl FnMut() -> Result<i64, E>) -> Result<Self, E> {
        let mut best: Option<(Duration, Self)> = None;
        for _ in 0..TRIES {
            let asked = instant();
            let anchor_ns = now_ns()?;
            let took = asked.elapsed();
            let found = Self {
                at: asked + took / 2,
                anchor_ns,
            };
            if best.is_none_or(|(least, _)| took < least) {
                best = Some((took, found));
            }
        }
        Ok(best.map_or_else(|| Self::from_now(0), |(_, clock)| clock))
    }

    /// Returns a clock that shows `now_ns` now.
    pub fn from_now(now_ns: i64) -> Self {
        Self {
            at: instant(),
            anchor_ns: now_ns,
        }
    }

    /// Returns the time.
    pub fn now_ns(&self) -> i64 {
        // An anchor may lie half of its error ahead.
        let passed = instant().saturating_duration_since(self.at);
        self.anchor_ns
            .saturating_add(i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where frames get their time"
)]
fn instant() -> Instant {
    Instant::now()
}
