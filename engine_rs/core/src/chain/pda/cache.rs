//! Addresses derived once: a bounded table, the oldest entry leaves first.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{MAX_SEED_LEN, MAX_SEEDS, PdaError, check, find};
use crate::chain::base58::Pubkey;
use crate::venues::pairs::Pools;

/// Pairs of mints whose pools are derived at start.
pub const TOP_PAIRS: usize = 500;
/// Entries kept unless another bound is asked for: all pools of the top pairs, and half as many more.
pub const DEFAULT_CAPACITY: usize = 16_384;

const MAX_KEY: usize = MAX_SEEDS * MAX_SEED_LEN + 32;

/// Addresses by program and seeds. Seeds that join to the same bytes share one entry, as they share one address.
#[derive(Debug)]
pub struct PdaCache {
    capacity: usize,
    found: HashMap<Arc<[u8]>, (Pubkey, u8)>,
    order: VecDeque<Arc<[u8]>>,
    /// Derived at the first warming.
    pools: Option<Pools>,
    hits: u64,
    misses: u64,
    evicted: u64,
}

impl Default for PdaCache {
    fn default() -> Self {
        Self {
            capacity: DEFAULT_CAPACITY,
            found: HashMap::new(),
            order: VecDeque::new(),
            pools: None,
            hits: 0,
            misses: 0,
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
        if let Some(&known) = self.found.get(&joined[..end]) {
            self.hits += 1;
            return Ok(known);
        }
        self.misses += 1;
        let derived = find(seeds, program)?;
        self.keep(Arc::from(&joined[..end]), derived);
        Ok(derived)
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
        self.found.len()
    }

    /// Returns whether none is.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns how often an address was here, was not, and had to leave for a newer one.
    pub fn counts(&self) -> [u64; 3] {
        [self.hits, self.misses, self.evicted]
    }

    fn keep(&mut self, key: Arc<[u8]>, derived: (Pubkey, u8)) {
        if self.found.len() == self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.found.remove(&oldest);
            self.evicted += 1;
        }
        self.order.push_back(Arc::clone(&key));
        self.found.insert(key, derived);
    }
}
