//! Why no address can be derived.

use thiserror::Error;

use super::{MAX_SEED_LEN, MAX_SEEDS};
use crate::chain::base58::{self, Pubkey};

/// Why no address can be derived.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PdaError {
    #[error("seed {at} is {length} bytes, at most {MAX_SEED_LEN}")]
    SeedTooLong { at: usize, length: usize },
    #[error("{0} seeds, at most {MAX_SEEDS}")]
    TooManySeeds(usize),
    #[error("{} is a point of the curve", base58::encode(.0))]
    OnCurve(Pubkey),
    #[error("no bump from 255 to 1 gives an address off the curve")]
    NoBump,
    #[error("capacity was 0")]
    NoCapacity,
}
