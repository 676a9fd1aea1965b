//! Addresses derived once: a bounded table, the oldest entry leaves first.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{MAX_SEED_LEN, MAX_SEEDS, PdaError, check, find};
use crate::chain::base58::Pubkey;
use crate::venues::pairs::Pools;

/// Pairs of mints whose pools are derived at start.
pub const TOP_PAIRS: usize = 500;
/// Entries kept unless another bound is asked for: all pools of the top pairs, and half as many more.
pub const DEFAULT_CAPACITY: usize = 16_384;
/// A program and up to four whole seeds end to end: every pool's, tick array's and token account's fit.
pub const PACKED_LEN: usize = 32 + 4 * MAX_SEED_LEN;

const MAX_KEY: usize = MAX_SEEDS * MAX_SEED_LEN + 32;

/// What an address is derived from, end to end, where it is compared: a pointer away is another line of memory.
#[derive(Debug)]
enum Key {
    Packed(u8, [u8; PACKED_LEN]),
    Longer(Box<[u8]>),
}

impl Key {
    fn new(joined: &[u8]) -> Self {
        if joined.len() > PACKED_LEN {
            return Self::Longer(joined.into());
        }
        let mut packed = [0; PACKED_LEN];
        packed[..joined.len()].copy_from_slice(joined);
        Self::Packed(joined.len() as u8, packed)
    }

    fn joined(&self) -> &[u8] {
        match self {
            Self::Packed(length, packed) => &packed[..usize::from(*length)],
            Self::Longer(joined) => joined,
        }
    }
}

/// An address that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub address: Pubkey,
    pub bump: u8,
    /// How many came before it, which no other address ever shares.
    pub serial: u64,
    /// Its place, below the capacity; an address that leaves hands it on.
    pub place: usize,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    known: Known,
}

/// Addresses by program and seeds. Seeds that join to the same bytes share one entry, as they share one address.
#[derive(Debug)]
pub struct PdaCache {
    capacity: usize,
    /// In the order in which they came, round and round.
    entries: Vec<Entry>,
    /// Places of entries.
    found: HashTable<usize>,
    hasher: DefaultHashBuilder,
    /// Derived at the first warming.
    pools: Option<Pools>,
    hits: u64,
    misses: u64,
    kept: u64,
    evicted: u64,
}

impl Default for PdaCache {
    fn default() -> Self {
        Self {
            capacity: DEFAULT_CAPACITY,
            entries: Vec::new(),
            found: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            pools: None,
            hits: 0,
            misses: 0,
            kept: 0,
            evicted: 0,
        }
    }
}

impl PdaCache {
    /// Returns an empty cache of at most `capacity` addresses.
    ///
    /// # Errors
    /// `NoCapacity` if it is 0.
    pub fn new(capacity: usize) -> Result<Self, PdaError> {
        if capacity == 0 {
            return Err(PdaError::NoCapacity);
        }
        Ok(Self {
            capacity,
            ..Self::default()
        })
    }

    /// Returns address and bump as `find` gives them, derived only if they aren't here yet.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn find(&mut self, seeds: &[&[u8]], program: &Pubkey) -> Result<(Pubkey, u8), PdaError> {
        check(seeds, 1)?;
        let mut joined = [0; MAX_KEY];
        joined[..32].copy_from_slice(program);
        let mut end = 32;
        for seed in seeds {
            joined[end..end + seed.len()].copy_from_slice(seed);
            end += seed.len();
        }
        if let Some(known) = self.known(&joined[..end]) {
            return Ok((known.address, known.bump));
        }
        self.misses += 1;
        let derived = find(seeds, program)?;
        self.keep(&joined[..end], derived);
        Ok(derived)
    }

    /// Returns what is here of a program and its seeds end to end, and counts it as found; `None`, and counts nothing, if
    /// nothing is. Whoever joined them has looked that `find` takes such seeds.
    pub fn known(&mut self, joined: &[u8]) -> Option<Known> {
        let entries = &self.entries;
        let place = *self.found.find(self.hasher.hash_one(joined), |place| {
            entries[*place].key.joined() == joined
        })?;
        self.hits += 1;
        Some(entries[place].known)
    }

    /// Derives every pool address of the first 500 pairs of mints; returns how many were new.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn warm(&mut self, pairs: &[(Pubkey, Pubkey)]) -> Result<u64, PdaError> {
        let before = self.misses;
        let pools = match self.pools.take() {
            Some(pools) => pools,
            None => Pools::mainnet()?,
        };
        for (mint_a, mint_b) in pairs.iter().take(TOP_PAIRS) {
            for one in pools.of(mint_a, mint_b) {
                let seeds: Vec<&[u8]> = one.seeds.iter().map(Vec::as_slice).collect();
                self.find(&seeds, &one.program)?;
            }
        }
        self.pools = Some(pools);
        Ok(self.misses - before)
    }

    /// Returns how many addresses are here.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how often an address was here, was not, and had to leave for a newer one.
    pub fn counts(&self) -> [u64; 3] {
        [self.hits, self.misses, self.evicted]
    }

    fn keep(&mut self, joined: &[u8], (address, bump): (Pubkey, u8)) {
        let place = (self.kept % self.capacity as u64) as usize;
        let entry = Entry {
            key: Key::new(joined),
            known: Known {
                address,
                bump,
                serial: self.kept,
                place,
            },
        };
        if let Some(oldest) = self.entries.get_mut(place) {
            let oldest = std::mem::replace(oldest, entry);
            let hash = self.hasher.hash_one(oldest.key.joined());
            if let Ok(gone) = self.found.find_entry(hash, |other| *other == place) {
                gone.remove();
            }
            self.evicted += 1;
        } else {
            self.entries.push(entry);
        }
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash = |place: &usize| hasher.hash_one(entries[*place].key.joined());
        self.found.insert_unique(hash(&place), place, hash);
        self.kept += 1;
    }
}
