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

const VERSION: u32 = 6;

/// Bytes that are no snapshot of this version and setup.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    #[error("not a snapshot: {0}")]
    NotOne(String),
    #[error("snapshot of version {0}, this one reads {VERSION}")]
    Version(u32),
    #[error("snapshot of another setup")]
    OtherSetup,
    #[error("damaged snapshot: {0}")]
    Damaged(String),
}
