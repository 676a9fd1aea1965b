//! All the static facts an engine is made from. `cambist/engine/protocol.py`, `cambist/model` and, for what can be set,
//! `cambist/config/settings.py` document each field and have its default: here all that can be set is given. Facts
//! that sessions did not always have are read without them.

use serde::{Deserialize, Serialize};

use crate::fees::Bidding;
use crate::judge::scorer::Gates;

/// One stream of frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub id: u16,
    pub feed: String,
    pub venue: String,
    pub protocol: String,
    pub label: String,
    #[serde(default)]
    pub symbol: String,
    #[serde(default)]
    pub demo: bool,
}

/// A token and its place among the base tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub mint: String,
    pub symbol: String,
    pub decimals: u32,
    #[serde(default)]
    pub verified: bool,
    #[serde(default)]
    pub base: i64,
}

/// Says that `asset` on `venue` is the token `mint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub venue: String,
    pub asset: String,
    pub mint: String,
}

/// A pair traded on an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    pub venue: String,
    pub symbol: String,
    pub base: String,
    pub quote: String,
    #[serde(default = "spot")]
    pub kind: String,
    #[serde(default = "eight")]
    pub price_decimals: u32,
    #[serde(default = "eight")]
    pub quantity_decimals: u32,
}

/// Taker fee of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueFee {
    pub venue: String,
    pub taker_ppm: u32,
}

/// Says that two tokens stand for one another at par, and which book says whether they still do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalence {
    pub a: String,
    pub b: String,
    pub cost_ppm: u32,
    pub pair: String,
    pub band_ppm: u32,
    pub max_age_ms: u32,
    pub hold_ms: u32,
}

/// A way to move a token from one place to another: an exchange, or the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    pub origin: String,
    pub target: String,
    pub mint: String,
    pub network: String,
    /// In atoms, as `least`.
    pub flat: u64,
    pub ppm: u32,
    pub minutes: Option<u32>,
    pub least: u64,
}

/// A watched pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolRef {
    pub address: String,
    pub program: String,
}

/// How far to look for cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub max_hops: usize,
    pub keep: usize,
    pub budget_edges: u64,
    pub margin_ppm: u32,
    pub linger_slots: u64,
    pub linger_ms: i64,
}

/// Everything an engine is made from; nothing of it may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSetup {
    pub channels: Vec<Channel>,
    pub tokens: Vec<Token>,
    pub identities: Vec<Identity>,
    pub instruments: Vec<Instrument>,
    pub venue_fees: Vec<VenueFee>,
    pub equivalences: Vec<Equivalence>,
    pub pools: Vec<PoolRef>,
    pub quote_mint: String,
    pub sol_mint: String,
    pub search: Search,
    pub gates: Gates,
    pub bidding: Bidding,
    /// Whether frames are judged at moments; sessions without are judged after each one.
    #[serde(default)]
    pub moments: bool,
    #[serde(default)]
    pub transfers: Vec<Transfer>,
}

fn spot() -> String {
    "spot".to_owned()
}

fn eight() -> u32 {
    8
}
