//! All the static facts an engine is made from; twins of `EngineSetup` in `cambist/engine/protocol.py` and the types of
//! `cambist/model`, which document each field.

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
#[serde(default, deny_unknown_fields)]
pub struct Search {
    pub max_hops: usize,
    pub keep: usize,
    pub budget_edges: u64,
    pub margin_ppm: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            max_hops: 4,
            keep: 6,
            budget_edges: 20_000,
            margin_ppm: 300,
        }
    }
}

/// Everything an engine is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
}

impl Default for EngineSetup {
    fn default() -> Self {
        Self {
            channels: Vec::new(),
            tokens: Vec::new(),
            identities: Vec::new(),
            instruments: Vec::new(),
            venue_fees: Vec::new(),
            equivalences: Vec::new(),
            pools: Vec::new(),
            quote_mint: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v".to_owned(),
            sol_mint: "So11111111111111111111111111111111111111112".to_owned(),
            search: Search::default(),
            gates: Gates::default(),
            bidding: Bidding::default(),
        }
    }
}

fn spot() -> String {
    "spot".to_owned()
}

fn eight() -> u32 {
    8
}
