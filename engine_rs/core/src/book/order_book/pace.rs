//! How often a book is usually told of, to notice when it is not.

use serde::{Deserialize, Serialize};

/// No book is silent before this time has passed.
pub const LEAST_SILENCE_NS: i64 = 5_000_000_000;

/// One whose pace isn't known yet has this long.
pub const FIRST_SILENCE_NS: i64 = 30_000_000_000;

/// A book is silent after this many of its usual gaps.
const GAPS: i64 = 10;

/// Gaps after which the pace is known.
const ENOUGH: u32 = 8;

/// The share of itself by which the estimate moves with each gap.
const STEP: i64 = 16;

/// A running estimate of the median gap between messages: each one moves it a step up or down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    #[serde(rename = "heard_ns")]
    last_message_ns: Option<i64>,
    median_ns: i64,
    gaps: u32,
}

impl Pace {
    /// A message came.
    pub(super) fn received(&mut self, now_ns: i64) {
        if let Some(before) = self.last_message_ns.replace(now_ns) {
            let gap = now_ns.saturating_sub(before).max(0);
            self.gaps = self.gaps.saturating_add(1);
            if self.gaps == 1 {
                self.median_ns = gap;
            } else if gap > self.median_ns {
                self.median_ns += (self.median_ns / STEP + 1).min(gap - self.median_ns);
            } else {
                self.median_ns -= (self.median_ns / STEP).min(self.median_ns - gap);
            }
        }
    }

    /// A new connection: the gap before it says nothing.
    pub(super) fn pause(&mut self) {
        self.last_message_ns = None;
    }

    /// Returns this pace, with the last message of `later`.
    pub(super) fn then(self, later: Self) -> Self {
        Self {
            last_message_ns: later.last_message_ns,
            ..self
        }
    }

    /// Returns how long the book may say nothing.
    pub fn patience_ns(&self) -> i64 {
        if self.gaps < ENOUGH {
            return FIRST_SILENCE_NS;
        }
        self.median_ns.saturating_mul(GAPS).max(LEAST_SILENCE_NS)
    }

    /// Returns until when the book may say nothing, `None` if it wasn't heard of yet.
    pub fn silent_ns(&self) -> Option<i64> {
        Some(self.last_message_ns?.saturating_add(self.patience_ns()))
    }

    /// Returns whether nothing was said for longer than that.
    pub fn is_silent(&self, now_ns: i64) -> bool {
        self.silent_ns().is_some_and(|silent_ns| now_ns > silent_ns)
    }
}
