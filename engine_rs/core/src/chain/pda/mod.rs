//! Program-derived addresses: SHA-256 of seeds, bump, program and a marker, off the curve of ed25519.

mod cache;
mod curve;
mod error;

use sha2::{Digest, Sha256};

pub use cache::{DEFAULT_CAPACITY, Known, PACKED_LEN, PdaCache, TOP_PAIRS};
pub use curve::is_on_curve;
pub use error::PdaError;

use crate::chain::base58::Pubkey;

/// What an address is derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    pub program: Pubkey,
    pub seeds: Vec<Vec<u8>>,
}

/// Longest seed in bytes.
pub const MAX_SEED_LEN: usize = 32;
/// Most seeds of an address, the bump counted.
pub const MAX_SEEDS: usize = 16;

const MARKER: &[u8] = b"ProgramDerivedAddress";

/// Returns the address of a program's seeds, the bump among them.
///
/// # Errors
/// `SeedTooLong` above 32 bytes, `TooManySeeds` above 16, `OnCurve` if the hash is a point of the curve.
pub fn create(seeds: &[&[u8]], program: &Pubkey) -> Result<Pubkey, PdaError> {
    check(seeds, 0)?;
    let key = finish(absorb(seeds), &[], program);
    if is_on_curve(&key) {
        return Err(PdaError::OnCurve(key));
    }
    Ok(key)
}

/// Returns the address of a program's seeds and the highest bump, 255 to 1, that takes it off the curve.
///
/// # Errors
/// `SeedTooLong` above 32 bytes, `TooManySeeds` above 15 and the bump, `NoBump` if no bump does (chance 2⁻²⁵⁵).
pub fn find(seeds: &[&[u8]], program: &Pubkey) -> Result<(Pubkey, u8), PdaError> {
    check(seeds, 1)?;
    let start = absorb(seeds);
    (1..=u8::MAX)
        .rev()
        .map(|bump| (finish(start.clone(), &[bump], program), bump))
        .find(|(key, _)| !is_on_curve(key))
        .ok_or(PdaError::NoBump)
}

/// Returns address and bump of each derivation, as `find` gives them.
///
/// # Errors
/// The place in the batch and the first error of `find`.
pub fn find_many(wanted: &[Derivation]) -> Result<Vec<(Pubkey, u8)>, (usize, PdaError)> {
    let each = |(at, one): (usize, &Derivation)| {
        let seeds: Vec<&[u8]> = one.seeds.iter().map(Vec::as_slice).collect();
        find(&seeds, &one.program).map_err(|error| (at, error))
    };
    wanted.iter().enumerate().map(each).collect()
}

/// Returns whether `find` takes another seed of so many bytes after so many seeds.
pub fn takes(before: usize, length: usize) -> bool {
    before + 2 <= MAX_SEEDS && length <= MAX_SEED_LEN
}

fn check(seeds: &[&[u8]], bumps: usize) -> Result<(), PdaError> {
    if seeds.len() + bumps > MAX_SEEDS {
        return Err(PdaError::TooManySeeds(seeds.len() + bumps));
    }
    match seeds.iter().position(|seed| seed.len() > MAX_SEED_LEN) {
        Some(at) => Err(PdaError::SeedTooLong {
            at,
            length: seeds[at].len(),
        }),
        None => Ok(()),
    }
}

fn absorb(seeds: &[&[u8]]) -> Sha256 {
    seeds.iter().fold(Sha256::new(), Sha256::chain_update)
}

fn finish(hash: Sha256, bump: &[u8], program: &Pubkey) -> Pubkey {
    hash.chain_update(bump)
        .chain_update(program)
        .chain_update(MARKER)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests;
