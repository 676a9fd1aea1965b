//! Frames of exchanges as text, and lines of their recordings.

use cambist_core::decode::{canonical, decode_venue};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Line {
    pub(crate) t: String,
    #[serde(default)]
    pub(crate) data: String,
}

/// Returns the lines of a decompressed recording.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line> {
    let text = std::str::from_utf8(bytes).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line"))
}

/// Returns canonical events, each on its line, or the words of the refusal.
pub(crate) fn said(protocol: &str, symbol: &str, body: &str) -> String {
    match decode_venue(protocol, symbol, body.as_bytes()) {
        Ok(said) => said
            .into_iter()
            .map(|event| canonical(&event).expect("text"))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => error.to_string(),
    }
}
