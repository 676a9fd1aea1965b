//! The bytes of a snapshot: `CMBS`, the version, and with its zeros counted the state as `MessagePack`, in which a struct
//! is the array of its fields. A JSON object is a state of an older version.

use rmp_serde::decode::{Deserializer, Error};
use rmp_serde::encode::Serializer;
use serde::{Deserialize, Serialize};

use super::parts::State;
use super::{JSON_VERSIONS, SnapshotError, VERSION, fold, zeros};

const MAGIC: &[u8] = b"CMBS";
/// Most are smaller before their zeros are counted.
const ROOM: usize = 4 << 20;

/// Returns the bytes of a folded state.
pub(super) fn write(state: &State) -> Vec<u8> {
    let mut plain = Vec::with_capacity(ROOM);
    // Writing into memory can't fail, and every sequence knows its length.
    let written = state.serialize(&mut Serializer::new(&mut plain));
    debug_assert!(written.is_ok());
    let mut out = Vec::with_capacity(plain.len() / 4);
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    zeros::pack(&plain, &mut out);
    out
}

/// Returns the state that bytes hold.
///
/// # Errors
/// `SnapshotError` if they hold none of a version that is read.
pub(super) fn read(data: &[u8]) -> Result<State, SnapshotError> {
    let Some(versioned) = data.strip_prefix(MAGIC) else {
        return read_json(data);
    };
    match versioned.split_first() {
        Some((&VERSION, packed)) => read_plain(packed),
        Some((&other, _)) => Err(SnapshotError::Version(other.into())),
        None => Err(not_one("it ends after 4 bytes")),
    }
}

fn read_plain(packed: &[u8]) -> Result<State, SnapshotError> {
    let plain = zeros::unpack(packed).ok_or_else(|| not_one("it ends within zeros"))?;
    let mut from = Deserializer::from_read_ref(&plain);
    let mut state = State::deserialize(&mut from).map_err(|error| not_one(&error.to_string()))?;
    // Whatever follows is another error, or a nil.
    let Err(Error::InvalidMarkerRead(_)) = <()>::deserialize(&mut from) else {
        return Err(not_one("something follows it"));
    };
    if state.version != u32::from(VERSION) {
        return Err(SnapshotError::Version(state.version));
    }
    fold::unfold(&mut state);
    Ok(state)
}

fn read_json(data: &[u8]) -> Result<State, SnapshotError> {
    let state: State = serde_json::from_slice(data).map_err(|error| not_one(&error.to_string()))?;
    if !JSON_VERSIONS.contains(&state.version) {
        return Err(SnapshotError::Version(state.version));
    }
    Ok(state)
}

fn not_one(why: &str) -> SnapshotError {
    SnapshotError::NotOne(why.to_owned())
}
