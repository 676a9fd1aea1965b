//! An aggregator as plain fields, for a snapshot: what it remembers as well as what it counted.

use serde::{Deserialize, Serialize};

use super::{Content, EndpointStats, Lead, Seen, SignatureKey, WINDOW, Window, WssAggregator};
use crate::chain::base58;
use crate::chain::blob::Blob;

/// (endpoint, received at in ns, whether it failed on chain, signature)
type SignaturePart = (u16, i64, bool, Blob);

/// (endpoint, received at in ns, account, slot, hash, write version); no hash is empty.
type ContentPart = (u16, i64, Blob, u64, Blob, Option<u64>);

/// (account in base58, slot, endpoint that leads it, write version)
type LeadPart = (String, u64, Option<u16>, Option<u64>);

/// An aggregator of the usual window as plain fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregatorParts {
    /// Oldest first.
    pub signatures: Vec<SignaturePart>,
    /// Oldest first.
    pub contents: Vec<ContentPart>,
    /// By account.
    pub leads: Vec<LeadPart>,
    /// (stream, newest sequence), by stream.
    pub sequences: Vec<(u64, u64)>,
    /// (endpoint, the fields of its `EndpointStats` in order), by endpoint; those that counted nothing are left out.
    pub stats: Vec<(u16, [u64; 11])>,
}

impl WssAggregator {
    /// Returns all state as plain fields, in a fixed order.
    pub fn parts(&self) -> AggregatorParts {
        let signatures = self
            .signatures
            .oldest_first()
            .map(|(key, seen)| (seen.endpoint, seen.at_ns, seen.failed, Blob::from(key.0)));
        let contents = self.contents.oldest_first().map(|(key, seen)| {
            let (account, slot, content) = key;
            let (hash, version) = match content {
                Content::Hash(hash) => (Blob::from(hash), None),
                Content::WriteVersion(version) => (Blob::default(), Some(*version)),
            };
            (
                seen.endpoint,
                seen.at_ns,
                Blob::from(account),
                *slot,
                hash,
                version,
            )
        });
        let mut leads: Vec<_> = self.leads.iter().collect();
        leads.sort_unstable_by_key(|(account, _)| **account);
        let leads = leads.into_iter().map(|(account, lead)| {
            let account = base58::encode(account);
            (account, lead.slot, lead.endpoint, lead.write_version)
        });
        let mut sequences: Vec<_> = self.sequences.iter().map(|(&s, &n)| (s, n)).collect();
        sequences.sort_unstable();
        let stats = (0..).zip(&self.stats);
        AggregatorParts {
            signatures: signatures.collect(),
            contents: contents.collect(),
            leads: leads.collect(),
            sequences,
            stats: stats
                .filter(|(_, stats)| **stats != EndpointStats::default())
                .map(|(endpoint, stats)| (endpoint, row(stats)))
                .collect(),
        }
    }

    /// Returns the aggregator that these parts describe, `None` if they are none.
    pub fn from_parts(parts: &AggregatorParts) -> Option<Self> {
        let mut made = Self::of(WINDOW);
        for (endpoint, at_ns, failed, signature) in &parts.signatures {
            let key = SignatureKey(signature.array()?);
            let seen = Seen {
                endpoint: *endpoint,
                at_ns: *at_ns,
                failed: *failed,
            };
            refile(&mut made.signatures, key, seen)?;
        }
        for (endpoint, at_ns, account, slot, hash, version) in &parts.contents {
            let content = match version {
                Some(version) => Content::WriteVersion(*version),
                None => Content::Hash(hash.array()?),
            };
            let seen = Seen {
                endpoint: *endpoint,
                at_ns: *at_ns,
                failed: false,
            };
            let key = (account.array()?, *slot, content);
            refile(&mut made.contents, key, seen)?;
        }
        for (account, slot, endpoint, write_version) in &parts.leads {
            let lead = Lead {
                slot: *slot,
                endpoint: *endpoint,
                write_version: *write_version,
            };
            made.leads.insert(base58::decode(account)?, lead);
        }
        made.sequences.extend(parts.sequences.iter().copied());
        for (endpoint, counts) in &parts.stats {
            *made.stats_mut(*endpoint) = stats_of(*counts);
        }
        Some(made)
    }
}

/// Files a key of a snapshot; `None` if the window has it already, or is full.
fn refile<K: Copy + Eq + std::hash::Hash>(
    window: &mut Window<K>,
    key: K,
    seen: Seen,
) -> Option<()> {
    let hash = window.hash(&key);
    if window.get(hash, &key).is_some() || window.len() == window.size {
        return None;
    }
    window.file(hash, key, seen);
    Some(())
}

fn row(s: &EndpointStats) -> [u64; 11] {
    [
        s.first,
        s.duplicate,
        s.older,
        s.held,
        s.failed,
        s.disagreed,
        s.led,
        s.lead_ns,
        s.lead_max_ns,
        s.lagged,
        s.lag_ns,
    ]
}

fn stats_of(counts: [u64; 11]) -> EndpointStats {
    let [
        first,
        duplicate,
        older,
        held,
        failed,
        disagreed,
        led,
        lead_ns,
        lead_max_ns,
        lagged,
        lag_ns,
    ] = counts;
    EndpointStats {
        first,
        duplicate,
        older,
        held,
        failed,
        disagreed,
        led,
        lead_ns,
        lead_max_ns,
        lagged,
        lag_ns,
    }
}
