//! Recordings and vectors beside the project, if they are there.

use std::io::Read;
use std::path::PathBuf;

/// Returns a path under `shared/data`, `None` if it isn't beside this checkout.
pub(crate) fn shared_data(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    Some(PathBuf::from(root).join(name)).filter(|path| path.exists())
}

/// Returns a decompressed recording; says so and returns `None` where there is none.
pub(crate) fn recording(name: &str) -> Option<Vec<u8>> {
    let Some(path) = shared_data(name) else {
        eprintln!("skipped: shared/data/{name} is not beside this checkout");
        return None;
    };
    let file = std::fs::File::open(path).expect("readable");
    let mut bytes = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(file)
        .expect("a zstd frame")
        .read_to_end(&mut bytes)
        .expect("whole");
    Some(bytes)
}
