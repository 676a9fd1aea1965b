//! Logs of a transaction: which program wrote each line, and the swaps that the programs report.
//!
//! A line belongs to the frame on top of the call stack, not to the program named last. `Program log: ` stands before all
//! text that a program chooses, so text that looks like `Program … invoke [1]` can't open a frame; the prefix is looked at
//! first. What a program reports counts only in its own frame: a `ray_log` of another program is text.

mod event;
mod fill;
mod trace;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use event::{CPI_EVENT, SwapEvent, Venue, decode_event};
pub(crate) use event::{flag, sum};
pub use fill::{FillEvent, decode_fills};
pub(crate) use trace::digits;
pub use trace::{Frame, LineKind, Outcome, Trace};

use crate::chain::reader::LayoutError;
use crate::venues::program_of;

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
    /// Likewise; those that a program hands to itself are no log lines but instructions.
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
        let reported = match (kind, program_of(program)) {
            (LineKind::Log, Some(row)) => match row.line {
                Some(read) => read(&text[trace::LOG.len()..]).map(|event| (event, Vec::new())),
                None => Ok((None, Vec::new())),
            },
            (LineKind::Data, Some(row)) => {
                data(&text[trace::DATA.len()..]).and_then(|data| reported(row, &data))
            }
            _ => Ok((None, Vec::new())),
        };
        let line = at as u32;
        match reported {
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

fn reported(row: Venue, data: &[u8]) -> Result<Reported, LayoutError> {
    let fills = match row.fills {
        // What a program hands to itself never stands in a line.
        Some(fills) if !fills.by_call => fill::read(fills, data)?,
        _ => Vec::new(),
    };
    Ok((event::read(row, data)?, fills))
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
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
