//! Pools, books and equivalences as edges of one graph: which ones can be used, what they pay, how old they are.
//!
//! `legs` says whether the state behind an edge can be believed, `quotes` what the edge pays, `equivalence` and `par`
//! both of tokens that stand for one another, `impact` what our own fills moved, `transfers` what a trade leaves to be moved.

mod equivalence;
mod fits;
mod hops;
mod impact;
mod legs;
mod par;
mod quotes;
mod stocks;
mod transfers;

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

pub(crate) use self::equivalence::{Guard, Tie};
pub(crate) use self::hops::Hops;
use self::hops::pool_weight;
pub(crate) use self::impact::{Impact, Left};
pub(crate) use self::legs::{Carried, Carrier, Leg, Problem, book_leg, pool_leg};
pub(crate) use self::quotes::{Hop, Refusal, quote_book, quote_pool, sold_to};
pub(crate) use self::stocks::Stocks;
pub(crate) use self::transfers::{Move, Rebalancing, Terms};
use super::book_scale::{PPM, Scale, weight};
use super::books::{BookEntry, Books};
use super::channels::ChannelState;
use super::registry::{Decoded, PoolEntry, PoolState, Registry};
use super::setup::EngineSetup;
use crate::chain::base58;
use crate::chain::program;
use crate::fees::{SwapShape, token_account_rent};
use crate::judge::scorer::Gates;
use crate::search::cycle_finder::Potentials;
use crate::search::graph::{EdgeId, Graph, MAX_WEIGHT};
use crate::search::log2::log2_ratio;
use crate::venues::pool::Pool;

const MAX_DECIMALS: u32 = 18;

/// Channels by id.
pub(crate) type Channels = BTreeMap<u16, ChannelState>;

/// What an edge is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Pool,
    Book,
    /// Two tokens that stand for one another; settled off chain.
    Equivalence,
}

/// What stands behind an edge of the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) kind: Kind,
    /// Place of the pool, book or equivalence.
    pub(crate) at: usize,
    /// Whether it sells `token_a`, base, or `a`.
    pub(crate) first: bool,
}

/// What an update changed.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) edges: Vec<EdgeId>,
    /// Pools whose price may have changed.
    pub(crate) pools: Vec<usize>,
    /// How many changed pools are torn now.
    pub(crate) torn: u64,
}

/// All venues of one engine.
#[derive(Debug)]
pub(crate) struct Market {
    gates: Gates,
    pub(crate) registry: Registry,
    pub(crate) books: Books,
    pub(crate) graph: Graph,
    pub(crate) edges: Vec<Edge>,
    pub(crate) potentials: Potentials,
    pub(crate) margin: i64,
    /// Edges through which a cycle may go, since it was last emptied.
    pub(crate) promising: Vec<EdgeId>,
    decimals: HashMap<String, u32>,
    /// What we hold at an exchange: exchange → mint → atoms; of one that is not there any amount may be sold.
    pub(crate) stocks: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) transfers: Vec<Terms>,
    /// Newest slot of any connection.
    pub(crate) slot: Option<u64>,
    pub(crate) slot_ns: i64,
    pub(crate) dirty_books: BTreeSet<usize>,
    pub(crate) wired_books: usize,
    pub(crate) ties: Vec<Tie>,
    /// The first moment after which an equivalence rests on a book that is too old, `i64::MAX` if there is none.
    pub(crate) due_ns: i64,
    pub(crate) hops: Hops,
    /// In which those were made: transfer fees change with it.
    hops_epoch: u64,
}

impl Market {
    pub(crate) fn new(setup: &EngineSetup) -> Self {
        let margin = log2_ratio(PPM + u128::from(setup.search.margin_ppm), PPM).unwrap_or(0);
        let mut market = Self {
            gates: setup.gates.clone(),
            registry: Registry::new(&setup.pools),
            books: Books::new(setup),
            graph: Graph::new(),
            edges: Vec::new(),
            potentials: Potentials::new(),
            margin,
            promising: Vec::new(),
            decimals: setup
                .tokens
                .iter()
                .map(|token| (token.mint.clone(), token.decimals))
                .collect(),
            stocks: BTreeMap::new(),
            transfers: transfers::terms(setup),
            slot: None,
            slot_ns: 0,
            dirty_books: BTreeSet::new(),
            wired_books: 0,
            ties: setup.equivalences.iter().map(Tie::new).collect(),
            due_ns: i64::MAX,
            hops: Hops::default(),
            hops_epoch: 0,
        };
        market.wire_books();
        market.wire_ties();
        market
    }

    /// Gives edges to the books that may have them and don't yet.
    fn wire_books(&mut self) {
        if self.wired_books == self.books.entries.len() {
            return;
        }
        self.find_pairs(self.wired_books);
        for at in self.wired_books..self.books.entries.len() {
            let entry = &self.books.entries[at];
            if !entry.blocked.is_empty() {
                continue;
            }
            let (base, quote, name) = (
                entry.base_mint.clone(),
                entry.quote_mint.clone(),
                entry.name.clone(),
            );
            let edge = self.join(&base, &quote, &name, at, Kind::Book);
            let entry = &mut self.books.entries[at];
            entry.edge = edge;
            if edge.is_none() {
                "no_edge".clone_into(&mut entry.blocked);
            }
        }
        self.wired_books = self.books.entries.len();
    }

    /// Gives edges to the pools whose mints became known.
    fn wire_pools(&mut self) {
        for at in std::mem::take(&mut self.registry.created) {
            let pool = &self.registry.pools[at];
            let Some(mints) = pool.mints else { continue };
            let [a, b] = mints.map(|mint| base58::encode(&mint));
            let name = pool.name.clone();
            self.registry.pools[at].edge = self.join(&a, &b, &name, at, Kind::Pool);
        }
    }

    /// Returns the first of two new edges, `None` if the graph can't take them.
    fn join(&mut self, a: &str, b: &str, name: &str, at: usize, kind: Kind) -> Option<EdgeId> {
        let node_a = self.graph.add_node(a).ok()?;
        let node_b = self.graph.add_node(b).ok()?;
        let first = self
            .graph
            .add_edge(node_a, node_b, &format!("{name}:0"))
            .ok()?;
        self.graph
            .add_edge(node_b, node_a, &format!("{name}:1"))
            .ok()?;
        self.edges
            .extend([true, false].map(|first| Edge { kind, at, first }));
        Some(first)
    }

    /// Brings the edges of everything dirty up to date.
    pub(crate) fn settle(&mut self, now_ns: i64, channels: &Channels) -> Settled {
        self.wire_pools();
        self.wire_books();
        let epoch = self.registry.time.map_or(0, |time| time.epoch);
        if epoch != self.hops_epoch {
            self.hops.kept.clear();
            self.hops_epoch = epoch;
        }
        let mut settled = Settled::default();
        let dirty = std::mem::take(&mut self.registry.dirty);
        let aged = std::mem::take(&mut self.registry.aged);
        for &at in dirty.union(&aged) {
            let announced = self.announced(&self.registry.pools[at], channels);
            self.registry.settle(at, announced);
            self.renew_impact(at);
            let weights = self.pool_weights(at);
            if let Some(edge) = self.registry.pools[at].edge {
                self.forget_hops(edge);
            }
            let pool = &mut self.registry.pools[at];
            if dirty.contains(&at) {
                pool.changed_ns = now_ns;
                settled.torn += u64::from(pool.state == PoolState::Torn);
            } else if pool
                .edge
                .is_none_or(|edge| weights == [edge, edge + 1].map(|edge| self.graph.weight(edge)))
            {
                continue;
            }
            settled.pools.push(at);
            if let Some(edge) = pool.edge {
                self.weigh(edge, weights);
                settled.edges.extend([edge, edge + 1]);
            }
        }
        let books = std::mem::take(&mut self.dirty_books);
        for &at in &books {
            self.books.entries[at].moved = true;
            if let Some(edge) = self.books.entries[at].edge {
                let weights = self.book_weights(at);
                self.weigh(edge, weights);
                settled.edges.extend([edge, edge + 1]);
            }
        }
        if !self.ties.is_empty() {
            self.settle_ties(now_ns, &books, &mut settled);
        }
        settled
    }

    /// Returns whether time alone takes an edge out of the graph.
    pub(crate) fn is_due(&self, now_ns: i64) -> bool {
        self.due_ns < now_ns
    }

    fn forget_hops(&mut self, first: EdgeId) {
        for kept in self.hops.kept.iter_mut().skip(first as usize).take(2) {
            *kept = None;
        }
    }

    pub(crate) fn weigh(&mut self, first: EdgeId, weights: [Option<i64>; 2]) {
        self.forget_hops(first);
        let edges = [first, first + 1];
        // Both before any potential: the new price must not meet the old one of its own other direction.
        for (edge, value) in edges.into_iter().zip(weights) {
            let value = value.filter(|value| value.abs() <= MAX_WEIGHT);
            // Out-of-range weights were filtered and the edge exists, so this can't be refused.
            let _ = self.graph.set_weight(edge, value);
        }
        let promises = self.potentials.update_pool(&self.graph, first, self.margin);
        let found = edges
            .into_iter()
            .zip(promises)
            .filter(|(_, promise)| *promise);
        self.promising.extend(found.map(|(edge, _)| edge));
    }

    /// Returns what the edges of a pool weigh for us; one that no one can trade on is closed.
    pub(crate) fn pool_weights(&mut self, at: usize) -> [Option<i64>; 2] {
        let pool = &mut self.registry.pools[at];
        let (Some(built), Some(time)) = (&pool.pool, &self.registry.time) else {
            return [None, None];
        };
        let weights = |pool: &Pool| [true, false].map(|first| pool_weight(pool, first, time));
        let observed = weights(built);
        if observed == [None, None] {
            pool.state = PoolState::Closed;
        }
        if pool.impact.is_none() {
            return observed;
        }
        pool.ours().map_or([None, None], weights)
    }

    /// Returns what the edges of a book weigh for us.
    pub(crate) fn book_weights(&self, at: usize) -> [Option<i64>; 2] {
        self.book_rates(&self.books.entries[at]).map(weight)
    }

    fn announced(&self, pool: &PoolEntry, channels: &Channels) -> Option<u64> {
        match pool.carrier.and_then(|carrier| channels.get(&carrier)) {
            Some(channel) => channel.slot,
            None => self.slot,
        }
    }

    /// Returns a token's decimals: as its mint says, else as configured.
    pub(crate) fn places(&self, mint: &str) -> Option<u32> {
        let on_chain = self.registry.decimals(mint).map(u32::from);
        let found = on_chain.or_else(|| self.decimals.get(mint).copied())?;
        (found <= MAX_DECIMALS).then_some(found)
    }

    /// Returns the decimals of a pool's tokens, `token_a` first.
    pub(crate) fn pool_places(&self, pool: &PoolEntry) -> Option<[u32; 2]> {
        let (mint_a, mint_b) = self.ends(pool.edge?);
        Some([self.places(mint_a)?, self.places(mint_b)?])
    }

    /// Returns what a book's exact steps need, `None` while a token's decimals are unknown.
    pub(crate) fn scale(&self, entry: &BookEntry) -> Option<Scale> {
        let taker_ppm = entry.taker_ppm?;
        Some(Scale {
            base: self.places(&entry.base_mint)?,
            quote: self.places(&entry.quote_mint)?,
            price: entry.book.scale(),
            taker_ppm,
        })
    }

    /// Returns the mints that an edge sells and buys.
    pub(crate) fn ends(&self, edge: EdgeId) -> (&str, &str) {
        (
            self.graph.node_key(self.graph.from(edge)),
            self.graph.node_key(self.graph.to(edge)),
        )
    }

    /// Returns whether an edge is a pool's, which a transaction on chain can settle.
    pub(crate) fn on_chain(&self, edge: EdgeId) -> bool {
        self.behind(edge).kind == Kind::Pool
    }

    pub(crate) fn behind(&self, edge: EdgeId) -> Edge {
        self.edges[edge as usize]
    }

    /// Returns the name of the venue behind an edge.
    pub(crate) fn venue(&self, edge: EdgeId) -> &str {
        let behind = self.behind(edge);
        match behind.kind {
            Kind::Pool => self.registry.pools[behind.at].kind.venue(),
            Kind::Book => &self.books.entries[behind.at].venue,
            Kind::Equivalence => "peg",
        }
    }

    /// Returns the compute units of a swap over a pool.
    pub(crate) fn units(&self, edge: EdgeId, ticks_crossed: u32) -> u64 {
        let pool = &self.registry.pools[self.behind(edge).at];
        pool.kind.compute_units(&self.shape(pool, ticks_crossed))
    }

    fn shape(&self, pool: &PoolEntry, ticks_crossed: u32) -> SwapShape<'static> {
        let owned = |mint| {
            self.registry
                .account(mint)
                .is_some_and(|account| account.owner == program::TOKEN_2022)
        };
        let token_2022 = pool.mints.iter().flatten().any(owned);
        SwapShape {
            venue: pool.kind.venue(),
            ticks_crossed,
            token_2022,
            adaptive: pool.oracle.is_some(),
        }
    }

    /// Returns what creating a token account of a mint costs, in lamports; `None` while the mint was not seen.
    pub(crate) fn account_rent(&self, mint: &str) -> Option<u64> {
        let account = self.registry.account(&base58::decode(mint)?)?;
        let Some(Decoded::Mint(decoded)) = &account.decoded else {
            return None;
        };
        let token_2022 = account.owner == program::TOKEN_2022;
        Some(token_account_rent(token_2022, &decoded.extensions))
    }
}
