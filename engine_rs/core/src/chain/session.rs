//! What a Solana channel has asked for: replies name only the request, notifications only the subscription.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::chain::base58::{self, Pubkey, Signature};

/// Requests remembered at once. A node answers in order of seconds; the oldest unanswered one is forgotten first.
const MAX_PENDING: usize = 4096;

/// JSON-RPC methods whose replies mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    #[serde(rename = "accountSubscribe")]
    AccountSubscribe,
    #[serde(rename = "programSubscribe")]
    ProgramSubscribe,
    #[serde(rename = "logsSubscribe")]
    LogsSubscribe,
    #[serde(rename = "slotSubscribe")]
    SlotSubscribe,
    #[serde(rename = "signatureSubscribe")]
    SignatureSubscribe,
    #[serde(rename = "accountUnsubscribe")]
    AccountUnsubscribe,
    #[serde(rename = "programUnsubscribe")]
    ProgramUnsubscribe,
    #[serde(rename = "logsUnsubscribe")]
    LogsUnsubscribe,
    #[serde(rename = "slotUnsubscribe")]
    SlotUnsubscribe,
    #[serde(rename = "signatureUnsubscribe")]
    SignatureUnsubscribe,
    #[serde(rename = "getMultipleAccounts")]
    GetMultipleAccounts,
    #[serde(rename = "getProgramAccounts")]
    GetProgramAccounts,
    #[serde(rename = "getSlot")]
    GetSlot,
    #[serde(rename = "getLatestBlockhash")]
    GetLatestBlockhash,
    #[serde(rename = "getRecentPrioritizationFees")]
    GetRecentPrioritizationFees,
    #[serde(rename = "getSignatureStatuses")]
    GetSignatureStatuses,
    #[serde(rename = "getTransaction")]
    GetTransaction,
    #[serde(rename = "getPriorityFeeEstimate")]
    GetPriorityFeeEstimate,
    #[serde(rename = "qn_estimatePriorityFees")]
    EstimatePriorityFees,
    /// Any other: its reply is ignored, its refusal is not.
    #[serde(rename = "")]
    Other,
}

impl Method {
    const ALL: [Self; 19] = [
        Self::AccountSubscribe,
        Self::ProgramSubscribe,
        Self::LogsSubscribe,
        Self::SlotSubscribe,
        Self::SignatureSubscribe,
        Self::AccountUnsubscribe,
        Self::ProgramUnsubscribe,
        Self::LogsUnsubscribe,
        Self::SlotUnsubscribe,
        Self::SignatureUnsubscribe,
        Self::GetMultipleAccounts,
        Self::GetProgramAccounts,
        Self::GetSlot,
        Self::GetLatestBlockhash,
        Self::GetRecentPrioritizationFees,
        Self::GetSignatureStatuses,
        Self::GetTransaction,
        Self::GetPriorityFeeEstimate,
        Self::EstimatePriorityFees,
    ];

    /// Returns the method of this name, `Other` if its replies mean nothing here.
    pub fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .unwrap_or(Self::Other)
    }

    /// Returns whether the parameters say anything about the reply.
    pub(super) fn is_read(self) -> bool {
        !matches!(
            self,
            Self::Other | Self::GetPriorityFeeEstimate | Self::EstimatePriorityFees
        )
    }

    /// Returns the name on the wire, empty for `Other`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountSubscribe => "accountSubscribe",
            Self::ProgramSubscribe => "programSubscribe",
            Self::LogsSubscribe => "logsSubscribe",
            Self::SlotSubscribe => "slotSubscribe",
            Self::SignatureSubscribe => "signatureSubscribe",
            Self::AccountUnsubscribe => "accountUnsubscribe",
            Self::ProgramUnsubscribe => "programUnsubscribe",
            Self::LogsUnsubscribe => "logsUnsubscribe",
            Self::SlotUnsubscribe => "slotUnsubscribe",
            Self::SignatureUnsubscribe => "signatureUnsubscribe",
            Self::GetMultipleAccounts => "getMultipleAccounts",
            Self::GetProgramAccounts => "getProgramAccounts",
            Self::GetSlot => "getSlot",
            Self::GetLatestBlockhash => "getLatestBlockhash",
            Self::GetRecentPrioritizationFees => "getRecentPrioritizationFees",
            Self::GetSignatureStatuses => "getSignatureStatuses",
            Self::GetTransaction => "getTransaction",
            Self::GetPriorityFeeEstimate => "getPriorityFeeEstimate",
            Self::EstimatePriorityFees => "qn_estimatePriorityFees",
            Self::Other => "",
        }
    }
}

/// A request that was sent and not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) method: Method,
    /// Accounts asked for, in order.
    pub(super) keys: Vec<Pubkey>,
    /// Transactions asked for, in order.
    pub(super) signatures: Vec<Signature>,
    /// Basis points asked for with priority fees.
    pub(super) percentile: Option<u16>,
    /// What is to be unsubscribed.
    pub(super) subscription: Option<u64>,
}

/// What a subscription id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subscription {
    /// An account, or the one whose mentions in logs are told.
    Account(Pubkey),
    Signature(Signature),
    /// Its notifications say themselves what they are about.
    Other,
}

/// Programs whose keys are kept decoded: base58 costs 150 ns, and all of an exchange's accounts have one owner.
const MAX_OWNERS: usize = 8;

/// Keys of owners met last, by their text. Only a cache: sessions differ in nothing by it.
#[derive(Clone, Debug, Default)]
struct Owners(Vec<(String, Pubkey)>);

impl PartialEq for Owners {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Owners {}

/// Requests and subscriptions of one Solana channel. A new generation of the connection forgets the old one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SolanaSession {
    generation: u32,
    pending: BTreeMap<(u32, u64), Pending>,
    subscriptions: BTreeMap<u64, Subscription>,
    owners: Owners,
}

impl SolanaSession {
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all requests and subscriptions: the connection is gone.
    pub fn disconnect(&mut self) {
        self.pending.clear();
        self.subscriptions.clear();
    }

    /// Returns the accounts that the current generation has subscriptions on.
    pub fn accounts(&self) -> BTreeSet<Pubkey> {
        let numbers = self.subscriptions.keys();
        numbers.filter_map(|&number| self.account(number)).collect()
    }

    /// Returns the account behind a subscription id of the current generation.
    pub fn account(&self, subscription: u64) -> Option<Pubkey> {
        match self.subscriptions.get(&subscription) {
            Some(Subscription::Account(key)) => Some(*key),
            _ => None,
        }
    }

    /// Returns whether frames of this generation are current, after forgetting what a newer one makes old.
    pub(super) fn enter(&mut self, generation: u32) -> bool {
        if generation > self.generation {
            self.generation = generation;
            self.disconnect();
        }
        generation == self.generation
    }

    /// Returns whether frames of this generation are current and leave the session as it is.
    pub(super) fn is_at(&self, generation: u32) -> bool {
        generation == self.generation
    }

    /// Returns the key of an owner's text, `None` if it is none.
    pub(super) fn owner(&mut self, text: &str) -> Option<Pubkey> {
        let known = &mut self.owners.0;
        if let Some((_, key)) = known.iter().find(|(seen, _)| seen == text) {
            return Some(*key);
        }
        let key = base58::decode(text)?;
        if known.len() == MAX_OWNERS {
            known.remove(0);
        }
        known.push((text.to_owned(), key));
        Some(key)
    }

    pub(super) fn ask(&mut self, conn: u32, id: u64, pending: Pending) {
        self.pending.insert((conn, id), pending);
        if self.pending.len() > MAX_PENDING {
            self.pending.pop_first();
        }
    }

    pub(super) fn answer(&mut self, conn: u32, id: u64) -> Option<Pending> {
        self.pending.remove(&(conn, id))
    }

    pub(super) fn subscribe(&mut self, id: u64, subscription: Subscription) {
        self.subscriptions.insert(id, subscription);
    }

    pub(super) fn unsubscribe(&mut self, id: u64) {
        self.subscriptions.remove(&id);
    }

    pub(super) fn subscription(&self, id: u64) -> Option<&Subscription> {
        self.subscriptions.get(&id)
    }

    /// Returns all state as plain fields, in a fixed order.
    pub fn parts(&self) -> SessionParts {
        let pending = self
            .pending
            .iter()
            .map(|(&(conn, id), asked)| PendingParts {
                conn,
                id,
                method: asked.method,
                keys: asked.keys.iter().map(base58::encode).collect(),
                signatures: asked
                    .signatures
                    .iter()
                    .map(base58::encode_signature)
                    .collect(),
                percentile: asked.percentile,
                subscription: asked.subscription,
            });
        let subscriptions =
            self.subscriptions
                .iter()
                .map(|(&id, subscription)| match subscription {
                    Subscription::Account(key) => (id, base58::encode(key)),
                    Subscription::Signature(signature) => (id, base58::encode_signature(signature)),
                    Subscription::Other => (id, String::new()),
                });
        SessionParts {
            generation: self.generation,
            pending: pending.collect(),
            subscriptions: subscriptions.collect(),
        }
    }

    /// Returns the session that these parts describe, `None` if a key or signature in them isn't one.
    pub fn from_parts(parts: &SessionParts) -> Option<Self> {
        let mut session = Self {
            generation: parts.generation,
            ..Self::default()
        };
        for asked in &parts.pending {
            let pending = Pending {
                method: asked.method,
                keys: asked
                    .keys
                    .iter()
                    .map(|key| base58::decode(key))
                    .collect::<Option<_>>()?,
                signatures: asked
                    .signatures
                    .iter()
                    .map(|text| base58::decode_signature(text))
                    .collect::<Option<_>>()?,
                percentile: asked.percentile,
                subscription: asked.subscription,
            };
            session.ask(asked.conn, asked.id, pending);
        }
        for (id, target) in &parts.subscriptions {
            let subscription = if target.is_empty() {
                Subscription::Other
            } else if let Some(key) = base58::decode(target) {
                Subscription::Account(key)
            } else {
                Subscription::Signature(base58::decode_signature(target)?)
            };
            session.subscribe(*id, subscription);
        }
        Some(session)
    }
}

/// A session as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionParts {
    pub generation: u32,
    pub pending: Vec<PendingParts>,
    /// (id, account or signature in base58, empty for others).
    pub subscriptions: Vec<(u64, String)>,
}

/// A request as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingParts {
    pub conn: u32,
    pub id: u64,
    pub method: Method,
    pub keys: Vec<String>,
    pub signatures: Vec<String>,
    pub percentile: Option<u16>,
    pub subscription: Option<u64>,
}
