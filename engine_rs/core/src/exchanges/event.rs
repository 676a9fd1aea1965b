//! What one frame says.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::chain::base58::{self, Pubkey, Signature};
use crate::exchanges::decimal::PriceScale;

/// (price, quantity): an integer of its instrument's scale, and × 10⁸.
pub type Level = (u64, u64);

/// How sure a cluster is of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Commitment {
    Processed,
    Confirmed,
    Finalized,
}

/// Where a transaction landed. `commitment` is `None` if the frame leaves it to what was subscribed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TransactionStatus {
    pub slot: u64,
    pub failed: bool,
    pub commitment: Option<Commitment>,
}

/// A pair as its venue lists it; rules × 10⁸, the tick at `price_decimals`; `None` if the venue doesn't give them, 0 if it
/// switched them off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instrument {
    pub symbol: String,
    pub base: String,
    pub quote: String,
    pub status: String,
    pub tick: Option<u64>,
    pub step: Option<u64>,
    pub min_notional: Option<u64>,
    /// What the tick needs.
    pub price_decimals: PriceScale,
}

/// What one frame says. Text is as the venue sent it, not yet safe for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "body")]
pub enum Event<'a> {
    Account {
        #[serde(serialize_with = "as_base58")]
        key: Pubkey,
        slot: u64,
        lamports: u64,
        #[serde(serialize_with = "as_base58")]
        owner: Pubkey,
        #[serde(serialize_with = "as_base64")]
        data: Vec<u8>,
    },
    /// No account has this key.
    AccountMissing {
        #[serde(serialize_with = "as_base58")]
        key: Pubkey,
        slot: u64,
    },
    /// An account out of a listing that doesn't say its slot: good for finding pools, not for their state.
    AccountUndated {
        #[serde(serialize_with = "as_base58")]
        key: Pubkey,
        lamports: u64,
        #[serde(serialize_with = "as_base58")]
        owner: Pubkey,
        #[serde(serialize_with = "as_base64")]
        data: Vec<u8>,
    },
    Slot {
        slot: u64,
        parent: u64,
        root: u64,
    },
    /// Answer to `getSlot`.
    CurrentSlot {
        slot: u64,
    },
    Blockhash {
        slot: u64,
        #[serde(serialize_with = "as_base58")]
        blockhash: [u8; 32],
        last_valid_block_height: u64,
    },
    Logs {
        slot: u64,
        #[serde(serialize_with = "as_base58_signature")]
        signature: Signature,
        failed: bool,
        logs: Vec<Cow<'a, str>>,
        /// The account whose mention was subscribed to.
        #[serde(serialize_with = "as_optional_base58")]
        mentions: Option<Pubkey>,
    },
    /// What a transaction that landed paid, and who.
    Receipt {
        #[serde(serialize_with = "as_base58_signature")]
        signature: Signature,
        slot: u64,
        #[serde(serialize_with = "as_base58")]
        payer: Pubkey,
        /// In lamports, base and priority fee.
        fee: u64,
        /// Lamports that came to an account that takes tips; `None` if the node doesn't tell what accounts hold.
        tip: Option<u64>,
    },
    /// `status` is `None` if the node doesn't know the transaction, as of `slot`.
    SignatureStatus {
        #[serde(serialize_with = "as_base58_signature")]
        signature: Signature,
        slot: u64,
        status: Option<TransactionStatus>,
    },
    /// The node received the transaction; it has not landed.
    SignatureReceived {
        #[serde(serialize_with = "as_base58_signature")]
        signature: Signature,
        slot: u64,
    },
    /// (slot, micro-lamports per compute unit); `percentile` in basis points, `None` is the minimum that landed; of the
    /// transactions that write to one of `accounts`, of all if there is none.
    FeeSamples {
        percentile: Option<u16>,
        #[serde(serialize_with = "as_base58_list")]
        accounts: Vec<Pubkey>,
        samples: Vec<(u64, u64)>,
    },
    /// A provider's prices by percentile, micro-lamports per compute unit; `source` is the method asked.
    FeeEstimate {
        source: &'static str,
        slot: Option<u64>,
        levels: Vec<(u32, u64)>,
    },
    /// Tips that landed, lamports by percentile, and the running average of their median.
    TipFloor {
        levels: Vec<(u32, u64)>,
        average: u64,
    },
    BookTicker {
        symbol: Cow<'a, str>,
        update_id: u64,
        bid: u64,
        bid_qty: u64,
        ask: u64,
        ask_qty: u64,
        venue_ns: Option<i64>,
    },
    DepthDelta {
        symbol: Cow<'a, str>,
        first: u64,
        last: u64,
        prev: Option<u64>,
        bids: Vec<Level>,
        asks: Vec<Level>,
        venue_ns: i64,
    },
    DepthSnapshot {
        symbol: Cow<'a, str>,
        last: u64,
        bids: Vec<Level>,
        asks: Vec<Level>,
        venue_ns: Option<i64>,
    },
    /// What the book of a symbol sums to after the event before this one. `digits` are the decimals of a price and of a
    /// quantity, the most that the frame writes; `None` if it writes no level, or the venue sums without them.
    BookChecksum {
        symbol: Cow<'a, str>,
        sum: i64,
        digits: Option<(u8, u8)>,
    },
    /// The venue lost messages of this symbol, or what carries them did.
    Gap {
        symbol: Cow<'a, str>,
    },
    /// This message's number among all those of its connection; the next one is one more.
    Sequence {
        number: u64,
    },
    Trade {
        symbol: Cow<'a, str>,
        id: u64,
        price: u64,
        qty: u64,
        buyer_is_maker: bool,
        venue_ns: i64,
    },
    Instruments(Vec<Instrument>),
    /// A request to subscribe (or to stop) was taken. `method` is empty on exchanges.
    Subscribed {
        method: &'static str,
        #[serde(serialize_with = "as_optional_base58")]
        key: Option<Pubkey>,
        subscription: Option<u64>,
    },
    /// The venue refused a request. `method` is empty where the frame doesn't tell; `key` is the first one asked for.
    Error {
        code: i64,
        message: Cow<'a, str>,
        method: &'static str,
        #[serde(serialize_with = "as_optional_base58")]
        key: Option<Pubkey>,
    },
    /// What a venue says of itself, in its own word.
    VenueStatus {
        status: Cow<'a, str>,
    },
    /// The venue is about to close the connection.
    Shutdown,
    Ignored,
}

impl Event<'_> {
    /// Returns the symbol whose book or trade this is.
    pub fn symbol(&self) -> Option<&str> {
        match self {
            Self::BookTicker { symbol, .. }
            | Self::DepthDelta { symbol, .. }
            | Self::DepthSnapshot { symbol, .. }
            | Self::BookChecksum { symbol, .. }
            | Self::Gap { symbol }
            | Self::Trade { symbol, .. } => Some(symbol),
            _ => None,
        }
    }

    /// Returns the venue's time of what it says of a book or trade, `None` if it gives none.
    pub fn venue_ns(&self) -> Option<i64> {
        match self {
            Self::BookTicker { venue_ns, .. } | Self::DepthSnapshot { venue_ns, .. } => *venue_ns,
            Self::DepthDelta { venue_ns, .. } | Self::Trade { venue_ns, .. } => Some(*venue_ns),
            _ => None,
        }
    }
}

/// Returns compact JSON of an event, keys in declaration order: keys as base58, data as base64. The twin gives the same.
///
/// # Errors
/// None for events made by this module; serialisation into memory can't fail.
pub fn canonical(event: &Event<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

fn as_base58<S: Serializer>(key: &Pubkey, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&base58::encode(key))
}

fn as_base58_list<S: Serializer>(keys: &[Pubkey], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.iter().map(base58::encode))
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_optional_base58<S: Serializer>(key: &Option<Pubkey>, to: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => as_base58(key, to),
        None => to.serialize_none(),
    }
}

fn as_base58_signature<S: Serializer>(signature: &Signature, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&base58::encode_signature(signature))
}

fn as_base64<S: Serializer>(data: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&STANDARD.encode(data))
}
