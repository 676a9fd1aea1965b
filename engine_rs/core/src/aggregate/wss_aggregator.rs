//! One stream out of many endpoints: the first copy of a message passes, later ones are counted.
//!
//! Transactions are known by signature, accounts by (account, slot, hash of lamports and data) or by the write version
//! where a source gives one, venue streams by sequence number. Within a slot only the connection that first delivered
//! an account may advance it: another one's copy may be older, and nothing in it says so. Memory is bounded: a
//! window holds the last keys, first in first out.
//!
//! One file: what is known of an endpoint, a key and a lead is one state, and every rule reads all of it.

mod parts;
mod window;

use std::hash::{Hash, Hasher};

use hashbrown::HashMap;
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use self::parts::AggregatorParts;
use self::window::Window;

/// Keys a window holds, the origin's number.
pub const WINDOW: usize = 2_000;

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Verdict {
    /// Pass it on: nobody brought it before.
    First = 0,
    /// Another copy passed already.
    Duplicate = 1,
    /// What it tells was overtaken.
    Older = 2,
    /// Another connection leads this account in this slot.
    Held = 3,
}

/// A window that can't hold a key, or a batch that isn't whole.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum AggregatorError {
    /// The window would hold nothing.
    #[error("window of 0 keys, expected at least 1")]
    Window,
    /// A batch whose length is no multiple of a signature's.
    #[error("batch of {0} bytes, expected a multiple of 64")]
    Batch(usize),
    /// As many marks as signatures are needed.
    #[error("{marks} marks for {signatures} signatures")]
    Marks {
        /// Marks given.
        marks: usize,
        /// Signatures given.
        signatures: usize,
    },
}

/// How one endpoint does in the race.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct EndpointStats {
    /// Messages it brought first.
    pub first: u64,
    /// Messages somebody had brought before, itself included.
    pub duplicate: u64,
    /// Messages that were overtaken.
    pub older: u64,
    /// Accounts of a slot that another connection leads.
    pub held: u64,
    /// Transactions it brought first that failed on chain.
    pub failed: u64,
    /// Transactions of which it said another outcome than the first copy.
    pub disagreed: u64,
    /// Copies of others that came after its own.
    pub led: u64,
    /// By how much it led them, added up, in ns.
    pub lead_ns: u64,
    /// The longest such lead, in ns.
    pub lead_max_ns: u64,
    /// Copies of its own that came after another's.
    pub lagged: u64,
    /// By how much it lagged behind them, added up, in ns.
    pub lag_ns: u64,
}

/// Who brought a key first, and when.
#[derive(Clone, Copy, Debug)]
struct Seen {
    endpoint: u16,
    at_ns: i64,
    failed: bool,
}

/// A signature, hashed by eight bytes of its second half: whoever signs chooses the first half freely, this one not.
#[derive(Clone, Copy, Debug, Eq)]
struct SignatureKey([u8; 64]);

impl PartialEq for SignatureKey {
    /// Sixteen bytes at a time, as they were written: a copy often comes while its first one is still on the way to the
    /// cache, and wider reads would wait for that.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_chunks().0, other.0.as_chunks().0);
        let differ = ours.iter().zip(theirs).fold(0, |differ, (our, their)| {
            differ | (u128::from_ne_bytes(*our) ^ u128::from_ne_bytes(*their))
        });
        differ == 0
    }
}

impl Hash for SignatureKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut part = [0; 8];
        part.copy_from_slice(&self.0[32..40]);
        state.write_u64(u64::from_le_bytes(part));
    }
}

/// What makes two copies of an account the same, besides account and slot.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Content {
    Hash([u8; 16]),
    WriteVersion(u64),
}

/// Where an account stands.
#[derive(Clone, Copy, Debug)]
struct Lead {
    slot: u64,
    endpoint: Option<u16>,
    write_version: Option<u64>,
}

/// Merges endpoints; see the module.
#[derive(Debug)]
pub struct WssAggregator {
    signatures: Window<SignatureKey>,
    contents: Window<([u8; 32], u64, Content)>,
    leads: HashMap<[u8; 32], Lead>,
    sequences: HashMap<u64, u64>,
    stats: Vec<EndpointStats>,
}

impl WssAggregator {
    /// An aggregator that remembers the last `window` transactions and as many account updates.
    ///
    /// # Errors
    /// `Window` for a window of 0.
    pub fn new(window: usize) -> Result<Self, AggregatorError> {
        if window == 0 {
            return Err(AggregatorError::Window);
        }
        Ok(Self::of(window))
    }

    fn of(window: usize) -> Self {
        Self {
            signatures: Window::new(window),
            contents: Window::new(window),
            leads: HashMap::new(),
            sequences: HashMap::new(),
            stats: Vec::new(),
        }
    }

    /// Takes a transaction that `endpoint` told of at `at_ns`; `failed` is whether it failed on chain.
    pub fn signature(
        &mut self,
        endpoint: u16,
        signature: [u8; 64],
        failed: bool,
        at_ns: i64,
    ) -> Verdict {
        let seen = Seen {
            endpoint,
            at_ns,
            failed,
        };
        let key = SignatureKey(signature);
        let hash = self.signatures.hash(&key);
        let Some(before) = self.signatures.get(hash, &key) else {
            self.signatures.file(hash, key, seen);
            let stats = self.stats_mut(endpoint);
            stats.first += 1;
            stats.failed += u64::from(failed);
            return Verdict::First;
        };
        if before.failed != failed {
            self.stats_mut(endpoint).disagreed += 1;
        }
        self.late(endpoint, before, at_ns)
    }

    /// Takes many signatures of one endpoint, 64 bytes each; `failed` has one byte for each, 0 if it succeeded.
    /// Returns one verdict for each.
    ///
    /// # Errors
    /// `Batch` or `Marks` where the lengths don't fit; nothing is taken then.
    pub fn signatures(
        &mut self,
        endpoint: u16,
        signatures: &[u8],
        failed: &[u8],
        at_ns: i64,
    ) -> Result<Vec<u8>, AggregatorError> {
        let (keys, rest) = signatures.as_chunks::<64>();
        if !rest.is_empty() {
            return Err(AggregatorError::Batch(signatures.len()));
        }
        if keys.len() != failed.len() {
            return Err(AggregatorError::Marks {
                marks: failed.len(),
                signatures: keys.len(),
            });
        }
        Ok(keys
            .iter()
            .zip(failed)
            .map(|(key, mark)| self.signature(endpoint, *key, *mark != 0, at_ns) as u8)
            .collect())
    }

    /// Takes an account as `endpoint` told it at `at_ns`.
    pub fn account(
        &mut self,
        endpoint: u16,
        account: [u8; 32],
        slot: u64,
        write_version: Option<u64>,
        state: (u64, &[u8]),
        at_ns: i64,
    ) -> Verdict {
        let content =
            write_version.map_or_else(|| Content::Hash(content_of(state)), Content::WriteVersion);
        self.update(endpoint, (account, slot, content), write_version, at_ns)
    }

    /// Takes an account as `endpoint` told it at `at_ns`, whose [`content_of`] is known already.
    pub fn content(
        &mut self,
        endpoint: u16,
        account: [u8; 32],
        slot: u64,
        content: [u8; 16],
        at_ns: i64,
    ) -> Verdict {
        let key = (account, slot, Content::Hash(content));
        self.update(endpoint, key, None, at_ns)
    }

    fn update(
        &mut self,
        endpoint: u16,
        key: ([u8; 32], u64, Content),
        write_version: Option<u64>,
        at_ns: i64,
    ) -> Verdict {
        let (account, slot, _) = key;
        let seen = Seen {
            endpoint,
            at_ns,
            failed: false,
        };
        let lead = self.leads.get(&account).copied();
        if lead.is_some_and(|lead| slot < lead.slot) {
            self.stats_mut(endpoint).older += 1;
            return Verdict::Older;
        }
        let hash = self.contents.hash(&key);
        if let Some(before) = self.contents.get(hash, &key) {
            return self.late(endpoint, before, at_ns);
        }
        if let Some(lead) = lead.filter(|lead| lead.slot == slot) {
            if lead.endpoint.is_some_and(|leader| leader != endpoint) {
                self.stats_mut(endpoint).held += 1;
                return Verdict::Held;
            }
            if write_version < lead.write_version {
                self.stats_mut(endpoint).older += 1;
                return Verdict::Older;
            }
        }
        // What is held or overtaken is not filed: the leader may still bring it, and then it counts.
        self.contents.file(hash, key, seen);
        self.leads.insert(
            account,
            Lead {
                slot,
                endpoint: Some(endpoint),
                write_version,
            },
        );
        self.stats_mut(endpoint).first += 1;
        Verdict::First
    }

    /// Takes the message `sequence` of a venue's `stream`, as numbered by the venue.
    pub fn sequence(&mut self, endpoint: u16, stream: u64, sequence: u64) -> Verdict {
        let last = self.sequences.get(&stream).copied();
        if last.is_some_and(|last| sequence <= last) {
            self.stats_mut(endpoint).duplicate += 1;
            return Verdict::Duplicate;
        }
        self.sequences.insert(stream, sequence);
        self.stats_mut(endpoint).first += 1;
        Verdict::First
    }

    /// Lets others advance what a lost connection led; what it brought stays known.
    pub fn disconnected(&mut self, endpoint: u16) {
        for lead in self.leads.values_mut() {
            if lead.endpoint == Some(endpoint) {
                lead.endpoint = None;
            }
        }
    }

    /// Starts a venue's stream over: its next message passes, whatever its number.
    pub fn restarted(&mut self, stream: u64) {
        self.sequences.remove(&stream);
    }

    /// Forgets an account that is watched no more.
    pub fn forget(&mut self, account: &[u8; 32]) {
        self.leads.remove(account);
    }

    /// How an endpoint does; all 0 for one that brought nothing.
    pub fn stats(&self, endpoint: u16) -> EndpointStats {
        self.stats
            .get(usize::from(endpoint))
            .copied()
            .unwrap_or_default()
    }

    fn stats_mut(&mut self, endpoint: u16) -> &mut EndpointStats {
        let at = usize::from(endpoint);
        if self.stats.len() <= at {
            self.stats.resize(at + 1, EndpointStats::default());
        }
        &mut self.stats[at]
    }

    /// Counts a copy that came after another, and the lead of who was first.
    fn late(&mut self, endpoint: u16, before: Seen, at_ns: i64) -> Verdict {
        self.stats_mut(endpoint).duplicate += 1;
        if before.endpoint != endpoint {
            let lead = at_ns.max(before.at_ns).abs_diff(before.at_ns);
            let own = self.stats_mut(endpoint);
            own.lagged += 1;
            own.lag_ns = own.lag_ns.saturating_add(lead);
            let leader = self.stats_mut(before.endpoint);
            leader.led += 1;
            leader.lead_ns = leader.lead_ns.saturating_add(lead);
            leader.lead_max_ns = leader.lead_max_ns.max(lead);
        }
        Verdict::Duplicate
    }
}

impl Default for WssAggregator {
    fn default() -> Self {
        Self::of(WINDOW)
    }
}

/// Returns what makes two copies of an account the same: a hash of lamports and data.
pub fn content_of((lamports, data): (u64, &[u8])) -> [u8; 16] {
    let digest = Sha256::new()
        .chain_update(lamports.to_le_bytes())
        .chain_update(data)
        .finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{AggregatorError, Verdict, WINDOW, WssAggregator};

    fn key(n: u32) -> [u8; 64] {
        let mut key = [0; 64];
        key[..4].copy_from_slice(&n.to_le_bytes());
        key
    }

    #[test]
    fn the_first_copy_passes_and_its_lead_is_counted() {
        let mut race = WssAggregator::new(WINDOW).unwrap();
        assert_eq!(race.signature(0, key(1), false, 100), Verdict::First);
        assert_eq!(race.signature(1, key(1), false, 350), Verdict::Duplicate);
        assert_eq!(race.signature(1, key(2), true, 400), Verdict::First);
        let (first, second) = (race.stats(0), race.stats(1));
        assert_eq!((first.first, first.led, first.lead_ns), (1, 1, 250));
        assert_eq!((second.first, second.duplicate, second.failed), (1, 1, 1));
        assert_eq!((first.lagged, second.lagged, second.lag_ns), (0, 1, 250));
    }

    #[test]
    fn a_full_window_forgets_the_oldest() {
        let mut race = WssAggregator::new(2).unwrap();
        for n in 0..3 {
            assert_eq!(race.signature(0, key(n), false, 0), Verdict::First);
        }
        assert_eq!(race.signature(0, key(2), false, 0), Verdict::Duplicate);
        assert_eq!(race.signature(0, key(0), false, 0), Verdict::First);
        assert_eq!(WssAggregator::new(0).unwrap_err(), AggregatorError::Window);
    }

    #[test]
    fn a_window_of_any_size_holds_just_its_last_keys() {
        for (size, part) in [
            (1, 0),
            (2, 32),
            (3, 0),
            (64, 32),
            (100, 32),
            (100, 0),
            (400, 32),
        ] {
            let (mut race, mut held) = (WssAggregator::new(size).unwrap(), VecDeque::new());
            let mut random = 1_u32;
            for _ in 0..3_000 {
                random = random.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
                let number = (random >> 16) % (2 * size as u32);
                // Keys that differ in their first half alone have one hash.
                let mut key = [0; 64];
                key[part..part + 4].copy_from_slice(&number.to_le_bytes());
                let is_new = race.signature(0, key, false, 0) == Verdict::First;
                assert_eq!(is_new, !held.contains(&number));
                if is_new {
                    held.push_back(number);
                    held.drain(..held.len().saturating_sub(size));
                }
            }
        }
    }

    #[test]
    fn only_the_leader_advances_an_account_within_a_slot() {
        let (mut race, pool) = (WssAggregator::new(WINDOW).unwrap(), [7; 32]);
        assert_eq!(race.account(0, pool, 5, None, (1, b"a"), 0), Verdict::First);
        assert_eq!(
            race.account(1, pool, 5, None, (1, b"a"), 9),
            Verdict::Duplicate
        );
        assert_eq!(race.account(1, pool, 5, None, (1, b"z"), 9), Verdict::Held);
        assert_eq!(race.account(0, pool, 5, None, (1, b"b"), 9), Verdict::First);
        assert_eq!(race.account(1, pool, 4, None, (1, b"y"), 9), Verdict::Older);
        assert_eq!(race.account(0, pool, 5, None, (1, b"z"), 9), Verdict::First);
        race.disconnected(0);
        assert_eq!(
            race.account(1, pool, 5, None, (1, b"b"), 9),
            Verdict::Duplicate
        );
        assert_eq!(race.account(1, pool, 5, None, (2, b"b"), 9), Verdict::First);
        assert_eq!(race.account(0, pool, 6, None, (2, b"c"), 9), Verdict::First);
    }

    #[test]
    fn its_parts_make_the_same_aggregator() {
        let mut race = WssAggregator::default();
        for n in 0..3 {
            race.signature(n as u16, key(n), n == 1, i64::from(n));
            race.account(0, [n as u8; 32], 5, None, (1, &[n as u8]), 0);
        }
        race.account(1, [9; 32], 5, Some(3), (1, b""), 0);
        race.sequence(0, 4, 8);
        race.disconnected(1);
        let mut again = WssAggregator::from_parts(&race.parts()).unwrap();
        assert_eq!(again.parts(), race.parts());
        assert_eq!(again.signature(5, key(2), false, 9), Verdict::Duplicate);
        assert_eq!(again.stats(2).lead_ns, 7);
        let mut twice = race.parts();
        twice.signatures.push(twice.signatures[0].clone());
        assert!(WssAggregator::from_parts(&twice).is_none());
    }

    #[test]
    fn parts_of_a_full_window_are_oldest_first() {
        let mut race = WssAggregator::default();
        for n in 0..WINDOW as u32 + 3 {
            race.signature(0, key(n), false, i64::from(n));
        }
        let parts = race.parts();
        assert_eq!(parts.signatures.len(), WINDOW);
        assert_eq!((parts.signatures[0].1, parts.signatures[1].1), (3, 4));
        assert_eq!(WssAggregator::from_parts(&parts).unwrap().parts(), parts);
    }

    #[test]
    fn a_batch_must_be_whole() {
        let mut race = WssAggregator::new(WINDOW).unwrap();
        assert_eq!(
            race.signatures(0, &[0; 65], &[0], 0),
            Err(AggregatorError::Batch(65))
        );
        let marks = AggregatorError::Marks {
            marks: 0,
            signatures: 1,
        };
        assert_eq!(race.signatures(0, &[0; 64], &[], 0), Err(marks));
        assert_eq!(race.signatures(0, &[0; 128], &[0, 0], 0), Ok(vec![0, 1]));
    }
}
