//! All state of an engine as canonical bytes, and back. Equal states give equal bytes in both engines.
//!
//! `MessagePack` in a container; keys and mints are their base58 text, floats their bits, maps sorted lists. Pools are
//! built anew from their accounts, edges keep their numbers. A field is added at the end of its part, here and in the
//! twin, with a default: states without it are read on.

mod container;
mod ends;
mod fold;
mod key;
mod parts;
mod read;
mod write;
mod zeros;

use thiserror::Error;

use self::parts::State;
pub(crate) use self::read::load;
use super::Engine;

const VERSION: u8 = 8;
/// Of those that were JSON. In one of 6 nothing is known of what its cycles may earn: they stand as they were sized.
const JSON_VERSIONS: [u32; 2] = [6, 7];

/// Bytes that are no snapshot of this version and setup.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    #[error("not a snapshot: {0}")]
    NotOne(String),
    #[error("snapshot of version {0}, this one reads {first} to {VERSION}", first = JSON_VERSIONS[0])]
    Version(u32),
    #[error("snapshot of another setup")]
    OtherSetup,
    #[error("damaged snapshot: {0}")]
    Damaged(String),
}

/// An engine's state as it was at one point: copied at once, told when there is time, on any thread.
pub struct Keyframe {
    state: State,
    folded: bool,
}

impl Keyframe {
    pub(crate) fn of(engine: &Engine) -> Self {
        Self {
            state: write::copied(engine),
            folded: false,
        }
    }

    /// Returns the snapshot that the engine would have given then.
    pub fn encode(&mut self) -> Vec<u8> {
        if !self.folded {
            fold::fold(&mut self.state);
            self.folded = true;
        }
        container::write(&self.state)
    }
}
