//! Logs of a transaction: which program wrote each line, and the swaps that the programs report.
//!
//! A line belongs to the frame on top of the call stack, not to the program named last. `Program log: ` stands before all
//! text that a program chooses, so text that looks like `Program … invoke [1]` can't open a frame; the prefix is looked at
//! first. What a program reports counts only in its own frame: a `ray_log` of another program is text.

mod event;
mod ray_log;
mod trace;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use event::{CPI_EVENT, SwapEvent, Venue, decode_event};
pub use ray_log::RayLog;
pub(crate) use trace::digits;
pub use trace::{Frame, LineKind, Outcome, Trace};

use crate::accounts::{LayoutError, program};

const RAY_LOG: &str = "ray_log: ";

/// A swap that a log line reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSwap {
    pub line: u32,
    /// The frame that wrote the line.
    pub frame: u32,
    pub event: SwapEvent,
}

/// What the logs of one transaction say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    pub trace: Trace,
    /// In the order of their lines. They moved nothing if the transaction failed.
    pub swaps: Vec<LogSwap>,
    /// Lines of a known program that can't be read, and why.
    pub refused: Vec<(u32, String)>,
}

/// Returns the frames of a transaction's log lines and the swaps they report.
pub fn parse_logs<T: AsRef<str>>(lines: &[T]) -> Logs {
    let trace = Trace::of(lines);
    let (mut swaps, mut refused) = (Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let (kind, Some(frame)) = trace.lines[at] else {
            continue;
        };
        let program = &trace.frames[frame as usize].program;
        let text = line.as_ref();
        let event = match kind {
            LineKind::Log if *program == program::RAYDIUM_V4 => ray_log(&text[trace::LOG.len()..]),
            LineKind::Data if Venue::of(program).is_some() => {
                data(&text[trace::DATA.len()..]).and_then(|data| decode_event(program, &data))
            }
            _ => Ok(None),
        };
        let line = at as u32;
        match event {
            Ok(Some(event)) => swaps.push(LogSwap { line, frame, event }),
            Ok(None) => {}
            Err(error) => refused.push((line, error.to_string())),
        }
    }
    Logs {
        trace,
        swaps,
        refused,
    }
}

/// Returns the swap of a `ray_log: …` text, `None` for another kind and for its remark `… mismatch: input:…`.
fn ray_log(text: &str) -> Result<Option<SwapEvent>, LayoutError> {
    match text.strip_prefix(RAY_LOG) {
        Some(record) if !record.contains(' ') => Ok(RayLog::decode(record)?.swap()),
        _ => Ok(None),
    }
}

/// Returns the first slice that a program handed out.
fn data(text: &str) -> Result<Vec<u8>, LayoutError> {
    let first = text.split(' ').next().unwrap_or_default();
    base64(first).ok_or_else(|| LayoutError::field("event", "data", shown(first)))
}

pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Returns a text short enough for an error.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
