//! The last keys, each with who brought it first.

use std::hash::{BuildHasher, Hash};

use hashbrown::DefaultHashBuilder;

use super::Seen;

/// Chains that a window starts with, a power of two.
const FEWEST_CHAINS: usize = 64;

/// A key's number, from 1 on in the order of filing, and below it the highest `TAG_BITS` of its hash: a key is only read
/// where these agree, which spares a window the cache misses of all others. 0 is none.
type Link = u64;

/// Leaves numbers for some years of a million keys a second.
const TAG_BITS: u32 = 16;
const TAG: u64 = (1 << TAG_BITS) - 1;

/// The last keys, first in first out: a ring, and chains through it by hash. A chain goes from newer to older keys: what left
/// the window is past its end, so that nothing is ever taken out of a chain.
#[derive(Debug)]
pub(super) struct Window<K> {
    pub(super) size: usize,
    ring: Vec<(K, Seen)>,
    /// What comes after each key of the ring in its chain.
    next: Vec<Link>,
    /// Places of the ring once it is full, a power of two, less one: a number's place is a matter of bits.
    mask: usize,
    /// The newest number, or how many were filed.
    newest: u64,
    /// The first of each chain; at least twice as many as places in the ring.
    heads: Vec<Link>,
    hasher: DefaultHashBuilder,
}

impl<K: Copy + Eq + Hash> Window<K> {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            ring: Vec::new(),
            next: Vec::new(),
            mask: size
                .checked_next_power_of_two()
                .unwrap_or(0)
                .wrapping_sub(1),
            newest: 0,
            heads: vec![0; FEWEST_CHAINS],
            hasher: DefaultHashBuilder::default(),
        }
    }

    pub(super) fn hash(&self, key: &K) -> u64 {
        self.hasher.hash_one(key)
    }

    fn place(&self, number: u64) -> usize {
        (number as usize).wrapping_sub(1) & self.mask
    }

    fn chain(&self, hash: u64) -> usize {
        hash as usize & (self.heads.len() - 1)
    }

    /// How many keys it holds.
    pub(super) fn len(&self) -> usize {
        self.ring.len().min(self.size)
    }

    /// The number of the oldest key.
    fn oldest(&self) -> u64 {
        self.newest - self.len() as u64 + 1
    }

    /// Who brought `key`, whose hash this is, before.
    pub(super) fn get(&self, hash: u64, key: &K) -> Option<Seen> {
        let (end, tag) = (self.oldest() << TAG_BITS, link(0, hash));
        let mut at = self.heads[self.chain(hash)];
        while at >= end {
            let place = self.place(at >> TAG_BITS);
            if at & TAG == tag {
                let (filed, seen) = &self.ring[place];
                if filed == key {
                    return Some(*seen);
                }
            }
            at = self.next[place];
        }
        None
    }

    /// All keys, oldest first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = &(K, Seen)> {
        let numbers = self.oldest()..=self.newest;
        numbers.map(|number| &self.ring[self.place(number)])
    }

    /// Files a new key, whose hash this is; the oldest leaves if the window is full.
    pub(super) fn file(&mut self, hash: u64, key: K, seen: Seen) {
        self.newest += 1;
        let (place, chain) = (self.place(self.newest), self.chain(hash));
        let next = std::mem::replace(&mut self.heads[chain], link(self.newest, hash));
        if let Some(slot) = self.ring.get_mut(place) {
            *slot = (key, seen);
            self.next[place] = next;
            return;
        }
        self.ring.push((key, seen));
        self.next.push(next);
        if 2 * self.ring.len() > self.heads.len() {
            self.lengthen();
        }
    }

    /// Makes twice as many chains.
    fn lengthen(&mut self) {
        self.heads = vec![0; 2 * self.heads.len()];
        for number in 1..=self.newest {
            let place = self.place(number);
            let hash = self.hash(&self.ring[place].0);
            let chain = self.chain(hash);
            self.next[place] = std::mem::replace(&mut self.heads[chain], link(number, hash));
        }
    }
}

fn link(number: u64, hash: u64) -> Link {
    number << TAG_BITS | hash >> (u64::BITS - TAG_BITS)
}
