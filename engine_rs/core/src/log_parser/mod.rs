//! Logs of a transaction: which program wrote each line, and the swaps that the programs report.
//!
//! A line belongs to the frame on top of the call stack, not to the program named last. `Program log: ` stands before all
//! text that a program chooses, so text that looks like `Program … invoke [1]` can't open a frame; the prefix is looked at
//! first. What a program reports counts only in its own frame: a `ray_log` of another program is text.

mod event;
mod fill;
mod ray_log;
mod trace;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use event::{CPI_EVENT, SwapEvent, Venue, decode_event};
pub use fill::{FillEvent, PHOENIX_LOG, decode_fills};
pub use ray_log::RayLog;
pub(crate) use trace::digits;
pub use trace::{Frame, LineKind, Outcome, Trace};

use crate::accounts::{LayoutError, program};
use crate::base58::Pubkey;

const RAY_LOG: &str = "ray_log: ";

/// A swap that a log line reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSwap {
    pub line: u32,
    /// The frame that wrote the line.
    pub frame: u32,
    pub event: SwapEvent,
}

/// A fill of an order book that a log line reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFill {
    pub line: u32,
    /// The frame that wrote the line.
    pub frame: u32,
    pub event: FillEvent,
}

/// What the logs of one transaction say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    pub trace: Trace,
    /// In the order of their lines. They moved nothing if the transaction failed.
    pub swaps: Vec<LogSwap>,
    /// Likewise; those of Phoenix are no log lines but instructions.
    pub fills: Vec<LogFill>,
    /// Lines of a known program that can't be read, and why.
    pub refused: Vec<(u32, String)>,
}

/// Returns the frames of a transaction's log lines and the swaps they report.
pub fn parse_logs<T: AsRef<str>>(lines: &[T]) -> Logs {
    let trace = Trace::of(lines);
    let (mut swaps, mut fills, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let (kind, Some(frame)) = trace.lines[at] else {
            continue;
        };
        let program = &trace.frames[frame as usize].program;
        let text = line.as_ref();
        let told = match kind {
            LineKind::Log if *program == program::RAYDIUM_V4 => {
                ray_log(&text[trace::LOG.len()..]).map(|event| (event, Vec::new()))
            }
            LineKind::Data if Venue::of(program).is_some() => {
                data(&text[trace::DATA.len()..]).and_then(|data| reported(program, &data))
            }
            _ => Ok((None, Vec::new())),
        };
        let line = at as u32;
        match told {
            Ok((event, filled)) => {
                swaps.extend(event.map(|event| LogSwap { line, frame, event }));
                let filled = filled.into_iter();
                fills.extend(filled.map(|event| LogFill { line, frame, event }));
            }
            Err(error) => refused.push((line, error.to_string())),
        }
    }
    Logs {
        trace,
        swaps,
        fills,
        refused,
    }
}

/// What a program's event reports.
type Reported = (Option<SwapEvent>, Vec<FillEvent>);

fn reported(program: &Pubkey, data: &[u8]) -> Result<Reported, LayoutError> {
    // Phoenix's own log instruction never stands in a line.
    let fills = if *program == program::OPENBOOK_V2 {
        decode_fills(program, data)?
    } else {
        Vec::new()
    };
    Ok((decode_event(program, data)?, fills))
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
