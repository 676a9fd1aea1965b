//! Lines of the recordings of exchanges.

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
