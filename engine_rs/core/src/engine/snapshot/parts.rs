//! The parts of a snapshot, as they stand in it.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::ends::EndsPart;
use super::key::KeyPart;
use crate::aggregate::wss_aggregator::AggregatorParts;
use crate::book::order_book::{BookParts, Numbering};
use crate::chain::blob::{Blob, Shared};
use crate::chain::session::SessionParts;
use crate::engine::channels::State as ChannelStatus;
use crate::engine::ends::Gap;
use crate::engine::market::Kind;
use crate::engine::opportunity::Opportunity;
use crate::engine::registry::PoolState;
use crate::engine::series::SeriesParts;
use crate::engine::setup::Channel;
use crate::engine::slot_chain::ChainParts;
use crate::engine::standing::Ended;
use crate::engine::views::Counters;
use crate::fees::{FeeState, SourcesState};
use crate::judge::scorer::Settlement;
use crate::search::cycle_finder::PotentialsState;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelPart {
    pub(super) info: Channel,
    pub(super) frames: u64,
    pub(super) malformed: u64,
    pub(super) gaps: u64,
    pub(super) last_ns: i64,
    pub(super) lag_ns: Option<i64>,
    pub(super) as_of_ns: Option<i64>,
    pub(super) offset_ns: Option<i64>,
    pub(super) slot: Option<u64>,
    pub(super) slot_ns: i64,
    pub(super) generation: u32,
    pub(super) next: Option<u32>,
    pub(super) numbers: [Numbering; 2],
    pub(super) state: ChannelStatus,
    pub(super) last_error: String,
    pub(super) session: SessionParts,
    #[serde(default)]
    pub(super) chain: ChainParts,
    #[serde(default)]
    pub(super) quarantine: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EdgePart {
    pub(super) name: String,
    pub(super) tail: u32,
    pub(super) head: u32,
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) first: bool,
    pub(super) weight: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountPart {
    pub(super) key: KeyPart,
    pub(super) role: u8,
    pub(super) users: Vec<usize>,
    pub(super) owner: KeyPart,
    pub(super) data: Shared,
    pub(super) slot: u64,
    pub(super) count: u64,
    pub(super) channel: u16,
    pub(super) socket: bool,
    pub(super) suspect: bool,
    #[serde(default)]
    pub(super) fork: Option<u64>,
    #[serde(default)]
    pub(super) fell: Option<u64>,
    #[serde(default)]
    pub(super) rooted: Option<KeptPart>,
    #[serde(default)]
    pub(super) kept: Option<KeptPart>,
    #[serde(default)]
    pub(super) first: Option<ReportPart>,
    #[serde(default)]
    pub(super) second: Option<ReportPart>,
}

/// (slot, owner, data).
pub(super) type KeptPart = (u64, KeyPart, Shared);

/// (endpoint, slot, hash).
pub(super) type ReportPart = (u16, u64, Blob);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolPart {
    pub(super) name: String,
    pub(super) state: PoolState,
    pub(super) note: String,
    pub(super) mints: Vec<KeyPart>,
    pub(super) vaults: Vec<KeyPart>,
    pub(super) config: KeyPart,
    pub(super) oracle: KeyPart,
    #[serde(default = "no_key")]
    pub(super) bitmap: KeyPart,
    #[serde(default = "no_key")]
    pub(super) schedule: KeyPart,
    pub(super) edge: Option<u32>,
    pub(super) arrays: Vec<(i32, KeyPart)>,
    pub(super) wanted: Vec<i32>,
    pub(super) absent: Vec<i32>,
    pub(super) carrier: Option<u16>,
    pub(super) changed_ns: i64,
    pub(super) closed_slot: u64,
    pub(super) torn_slot: u64,
    pub(super) torn_until: u64,
    pub(super) lone_slot: u64,
    pub(super) ticks_slot: u64,
    #[serde(default)]
    pub(super) impact: Option<ImpactPart>,
}

/// What our own fills moved in a pool: net of each token, (weight, paid, probe) that was left, the chain's clock then.
pub(super) type ImpactPart = ((i64, i64), (i64, u64, u64), (u64, i64, u64));

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BookPart {
    pub(super) venue: String,
    pub(super) symbol: String,
    pub(super) base: String,
    pub(super) quote: String,
    pub(super) kind: String,
    pub(super) edge: Option<u32>,
    pub(super) blocked: String,
    pub(super) channel: Option<u16>,
    pub(super) as_of_ns: i64,
    pub(super) book: BookParts,
    pub(super) generation: u32,
    pub(super) next: Option<SuccessorPart>,
    pub(super) listed: bool,
    #[serde(default)]
    pub(super) tick: Option<u64>,
    #[serde(default)]
    pub(super) step: Option<u64>,
    #[serde(default)]
    pub(super) min_notional: Option<u64>,
    /// Of the equivalence that it guards; `None` while that holds.
    #[serde(default)]
    pub(super) away_ns: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuccessorPart {
    pub(super) generation: u32,
    pub(super) book: BookParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourcePart {
    pub(super) mint: String,
    pub(super) name: String,
    pub(super) num: u64,
    pub(super) den: u64,
    pub(super) mid_bits: u64,
    pub(super) depth_bits: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowPart {
    pub(super) mint: String,
    pub(super) symbol: String,
    pub(super) venue: String,
    pub(super) source: String,
    pub(super) book: bool,
    pub(super) at: i64,
    pub(super) depth_bits: u64,
    pub(super) bid_bits: Option<u64>,
    pub(super) ask_bits: Option<u64>,
    pub(super) changed_ns: Option<i64>,
    pub(super) synthetic: String,
    pub(super) quote: String,
    pub(super) own: bool,
    pub(super) series: SeriesParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CyclePart {
    pub(super) key: String,
    pub(super) edges: Vec<u32>,
    pub(super) base: String,
    pub(super) weight: i64,
    pub(super) first_slot: Option<u64>,
    pub(super) amount_in: u64,
    pub(super) amount_out: u64,
    pub(super) fees: u64,
    pub(super) binds: String,
    pub(super) cu_limit: Option<u64>,
    pub(super) last: Option<Opportunity>,
    #[serde(default)]
    pub(super) first_ns: i64,
    #[serde(default)]
    pub(super) estimate_bits: (u64, u64, u64),
    #[serde(default)]
    pub(super) net_bits: Option<u64>,
    #[serde(default)]
    pub(super) kept_slot: u64,
    #[serde(default)]
    pub(super) kept_ns: i64,
    #[serde(default)]
    pub(super) best_net: Option<i64>,
    #[serde(default = "yes")]
    pub(super) sized: bool,
    #[serde(default)]
    pub(super) found_slot: u64,
    #[serde(default)]
    pub(super) best_ns: Option<i64>,
    #[serde(default)]
    pub(super) gap: Option<Box<Gap>>,
}

fn no_key() -> KeyPart {
    KeyPart::maybe(None)
}

fn yes() -> bool {
    true
}

/// What moved since the last moment: places of pools and books, edges, each ascending.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MovedPart {
    pub(super) frames: u64,
    pub(super) slot: Option<u64>,
    pub(super) slots: u64,
    pub(super) edges: Vec<u32>,
    pub(super) pools: Vec<usize>,
    pub(super) books: Vec<usize>,
    pub(super) dirty_pools: BTreeSet<usize>,
    pub(super) aged_pools: BTreeSet<usize>,
    pub(super) dirty_books: BTreeSet<usize>,
    /// Pools that are to get edges.
    pub(super) created: Vec<usize>,
    /// So many books were looked at for edges.
    pub(super) wired_books: usize,
    pub(super) vouched: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) version: u32,
    pub(super) slot: Option<u64>,
    pub(super) slot_ns: i64,
    pub(super) time: Option<(u64, i64, u64)>,
    pub(super) channels: Vec<ChannelPart>,
    pub(super) nodes: Vec<String>,
    pub(super) edges: Vec<EdgePart>,
    pub(super) potentials: PotentialsState,
    pub(super) accounts: Vec<AccountPart>,
    pub(super) pools: Vec<PoolPart>,
    pub(super) books: Vec<BookPart>,
    pub(super) shut: BTreeSet<String>,
    pub(super) sources: Vec<SourcePart>,
    pub(super) rows: Vec<RowPart>,
    pub(super) fees: FeeState,
    pub(super) fee_sources: SourcesState,
    pub(super) cycles: Vec<CyclePart>,
    pub(super) learned: Vec<(Settlement, u64, u64, u64)>,
    pub(super) counters: Counters,
    #[serde(default)]
    pub(super) gaps: Vec<(String, u64, u64)>,
    #[serde(default)]
    pub(super) race: AggregatorParts,
    #[serde(default)]
    pub(super) ended: VecDeque<Ended>,
    /// Edges that a search was cut short at.
    #[serde(default)]
    pub(super) promising: Vec<u32>,
    #[serde(default)]
    pub(super) moved: Option<MovedPart>,
    #[serde(default)]
    pub(super) ends: EndsPart,
    #[serde(default)]
    pub(super) took_ns: VecDeque<i64>,
}
