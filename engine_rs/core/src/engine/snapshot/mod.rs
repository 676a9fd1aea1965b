//! All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.
//!
//! One JSON object; keys and mints in base58, account data in base64, floats as their bits, maps as sorted lists. Pools
//! are built anew from their accounts, edges keep their numbers.

mod parts;
mod read;
mod write;

use thiserror::Error;

pub(crate) use self::read::load;
pub(crate) use self::write::dump;

const VERSION: u32 = 7;
/// In one of 6 nothing is known of what its cycles may earn: they stand as they were sized.
const READABLE: [u32; 2] = [6, VERSION];

/// Bytes that are no snapshot of this version and setup.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    #[error("not a snapshot: {0}")]
    NotOne(String),
    #[error("snapshot of version {0}, this one reads {first} and {last}", first = READABLE[0], last = READABLE[1])]
    Version(u32),
    #[error("snapshot of another setup")]
    OtherSetup,
    #[error("damaged snapshot: {0}")]
    Damaged(String),
}
