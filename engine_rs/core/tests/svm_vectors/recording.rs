//! Reading the recordings.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cambist_core::venues::quote::ChainTime;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The clock of every recording.
pub(crate) const NOW: ChainTime = ChainTime {
    slot: 400_000_000,
    unix_timestamp: 1_760_000_000,
    epoch: 925,
};

/// Returns a recording of the programs, `None` with a printed reason if it is absent.
pub(crate) fn load<T: DeserializeOwned>(name: &str) -> Option<T> {
    load_from("svm_vectors", name)
}

/// Returns a recording in `folder`, `None` with a printed reason if it is absent.
pub(crate) fn load_from<T: DeserializeOwned>(folder: &str, name: &str) -> Option<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../../shared/data/{folder}/{name}.json.zst"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    let mut text = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(file)
        .expect("zstd")
        .read_to_end(&mut text)
        .expect("zstd");
    Some(serde_json::from_slice(&text).expect("a recording"))
}

/// Returns the bytes of a base64 text.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

/// Returns a number that JSON holds as a number, or as a string beyond u64.
pub(crate) fn number(value: &Value) -> u128 {
    match value {
        Value::String(text) => text.parse().expect("a number"),
        other => other.as_u64().expect("a number").into(),
    }
}
