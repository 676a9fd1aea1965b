//! Pools and books as edges of one graph: which ones can be used, what they pay, how old they are.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::books::{BookEntry, Books, PPM, Rate, Scale, power, weight};
use super::channels::{ChannelState, State};
use super::registry::{PoolEntry, PoolState, Registry};
use super::setup::EngineSetup;
use crate::accounts::program;
use crate::amm_math::QuoteError;
use crate::base58;
use crate::cycle_finder::Potentials;
use crate::fees::SwapShape;
use crate::graph::{EdgeId, Graph, MAX_WEIGHT};
use crate::log2::log2_ratio;
use crate::scorer::Gates;

const MAX_DECIMALS: u32 = 18;
/// A book's best level is taken for a pool so deep that its price hardly moves; sizing only starts from it.
const NEARLY_LINEAR: f64 = 1e6;
const NS_PER_MS: i64 = 1_000_000;

/// Channels by id.
pub(crate) type Channels = BTreeMap<u16, ChannelState>;

/// What stands behind an edge of the graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) book: bool,
    /// Place of the pool or book.
    pub(crate) at: usize,
    /// Whether it sells `token_a`, or base.
    pub(crate) first: bool,
}

/// What one step pays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) amount_in: u64,
    pub(crate) amount_out: u64,
    /// Everything the step kept, in atoms of the token in.
    pub(crate) fee: u64,
    pub(crate) ticks: u32,
}

/// Why a step can't be quoted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Pool(QuoteError),
    Word(&'static str),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pool(error) => error.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// What is wrong with a step's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    None,
    Torn,
    Stale,
}

impl Problem {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Torn => "torn",
            Self::Stale => "stale",
        }
    }
}

/// How good a step's state is.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) problem: Problem,
    pub(crate) detail: String,
    pub(crate) age_ns: i64,
}

impl Leg {
    fn stale(detail: String, age_ns: i64) -> Self {
        Self {
            problem: Problem::Stale,
            detail,
            age_ns,
        }
    }

    fn good(age_ns: i64) -> Self {
        Self {
            problem: Problem::None,
            detail: String::new(),
            age_ns,
        }
    }
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
    /// Newest slot of any connection.
    pub(crate) slot: Option<u64>,
    pub(crate) slot_ns: i64,
    pub(crate) dirty_books: BTreeSet<usize>,
    pub(crate) wired_books: usize,
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
            slot: None,
            slot_ns: 0,
            dirty_books: BTreeSet::new(),
            wired_books: 0,
        };
        market.wire_books();
        market
    }

    // -- the graph

    /// Gives edges to the books that may have them and don't yet.
    fn wire_books(&mut self) {
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
            let edge = self.join(&base, &quote, &name, at, true);
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
            self.registry.pools[at].edge = self.join(&a, &b, &name, at, false);
        }
    }

    /// Returns the first of two new edges, `None` if the graph can't take them.
    fn join(&mut self, a: &str, b: &str, name: &str, at: usize, book: bool) -> Option<EdgeId> {
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
            .extend([true, false].map(|first| Edge { book, at, first }));
        Some(first)
    }

    // -- updates

    /// Brings the edges of everything dirty up to date.
    pub(crate) fn settle(&mut self, now_ns: i64, channels: &Channels) -> Settled {
        self.wire_pools();
        self.wire_books();
        let mut settled = Settled::default();
        let dirty = std::mem::take(&mut self.registry.dirty);
        let aged = std::mem::take(&mut self.registry.aged);
        for &at in dirty.union(&aged) {
            let announced = self.announced(&self.registry.pools[at], channels);
            self.registry.settle(at, announced);
            let weights = self.pool_weights(at);
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
        for at in std::mem::take(&mut self.dirty_books) {
            if let Some(edge) = self.books.entries[at].edge {
                let [sell, buy] = self.book_rates(&self.books.entries[at]);
                self.weigh(edge, [weight(sell), weight(buy)]);
                settled.edges.extend([edge, edge + 1]);
            }
        }
        settled
    }

    fn weigh(&mut self, first: EdgeId, weights: [Option<i64>; 2]) {
        for (edge, value) in [first, first + 1].into_iter().zip(weights) {
            // Out-of-range weights were filtered and the edge exists, so this can't be refused.
            let value = value.filter(|value| value.abs() <= MAX_WEIGHT);
            if self.graph.set_weight(edge, value).is_ok()
                && self.potentials.update(&self.graph, edge, self.margin)
            {
                self.promising.push(edge);
            }
        }
    }

    fn pool_weights(&mut self, at: usize) -> [Option<i64>; 2] {
        let pool = &mut self.registry.pools[at];
        let (Some(built), Some(time)) = (&pool.pool, &self.registry.time) else {
            return [None, None];
        };
        let weights = [built.weight(true, time), built.weight(false, time)];
        if weights == [None, None] {
            pool.state = PoolState::Closed;
        }
        weights
    }

    fn book_rates(&self, entry: &BookEntry) -> [Option<Rate>; 2] {
        let Some(scale) = self.scale(entry).filter(|_| entry.live()) else {
            return [None, None];
        };
        let sell = entry.book.best_bid().and_then(|bid| scale.sell_rate(bid.0));
        let buy = entry.book.best_ask().and_then(|ask| scale.buy_rate(ask.0));
        [sell, buy]
    }

    fn announced(&self, pool: &PoolEntry, channels: &Channels) -> Option<u64> {
        match pool.carrier.and_then(|carrier| channels.get(&carrier)) {
            Some(channel) => channel.slot,
            None => self.slot,
        }
    }

    // -- facts

    /// Returns a token's decimals: as its mint says, else as configured.
    pub(crate) fn places(&self, mint: &str) -> Option<u32> {
        let on_chain =
            base58::decode(mint).and_then(|key| self.registry.decimals.get(&key).copied());
        let found = on_chain
            .map(u32::from)
            .or_else(|| self.decimals.get(mint).copied())?;
        (found <= MAX_DECIMALS).then_some(found)
    }

    /// Returns what a book's exact steps need, `None` while a token's decimals are unknown.
    pub(crate) fn scale(&self, entry: &BookEntry) -> Option<Scale> {
        let taker_ppm = entry.taker_ppm?;
        Some(Scale {
            base: self.places(&entry.base_mint)?,
            quote: self.places(&entry.quote_mint)?,
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

    pub(crate) fn behind(&self, edge: EdgeId) -> Edge {
        self.edges[edge as usize]
    }

    /// Returns the name of the venue behind an edge.
    pub(crate) fn venue(&self, edge: EdgeId) -> &str {
        let behind = self.behind(edge);
        if behind.book {
            &self.books.entries[behind.at].venue
        } else {
            self.registry.pools[behind.at].curve.venue()
        }
    }

    /// Returns what decides the compute units of a swap over a pool.
    pub(crate) fn shape(&self, edge: EdgeId, ticks_crossed: u32) -> SwapShape<'static> {
        let pool = &self.registry.pools[self.behind(edge).at];
        let owned = |mint| {
            self.registry
                .account(mint)
                .is_some_and(|account| account.owner == program::TOKEN_2022)
        };
        let token_2022 = pool.mints.iter().flatten().any(owned);
        SwapShape {
            venue: pool.curve.venue(),
            ticks_crossed,
            token_2022,
            adaptive: pool.oracle.is_some(),
        }
    }

    /// Returns whether the state behind an edge can be believed now, and its age.
    pub(crate) fn leg(&self, edge: EdgeId, now_ns: i64, channels: &Channels) -> Leg {
        let behind = self.behind(edge);
        if behind.book {
            self.book_leg(behind.at, now_ns)
        } else {
            self.pool_leg(behind.at, now_ns, channels)
        }
    }

    /// Returns how good a book is.
    pub(crate) fn book_leg(&self, at: usize, now_ns: i64) -> Leg {
        let entry = &self.books.entries[at];
        let age = (now_ns - entry.as_of_ns).max(0);
        if !entry.live() {
            return Leg::stale(format!("{} {}", entry.name, entry.state()), age);
        }
        if age > self.gates.max_book_age_ms as i64 * NS_PER_MS {
            return Leg::stale(format!("{} is {} ms old", entry.name, age / NS_PER_MS), age);
        }
        Leg::good(age)
    }

    /// Returns how good a pool is: its accounts agree and its connection keeps up.
    pub(crate) fn pool_leg(&self, at: usize, now_ns: i64, channels: &Channels) -> Leg {
        let pool = &self.registry.pools[at];
        let channel = pool.carrier.and_then(|carrier| channels.get(&carrier));
        let Some((channel, slot)) = channel.and_then(|channel| Some((channel, channel.slot?)))
        else {
            return Leg::stale(
                format!("{} has no slots", pool.name),
                (now_ns - pool.changed_ns).max(0),
            );
        };
        let age = (now_ns - channel.slot_ns).max(0);
        match pool.state {
            PoolState::Live => {}
            PoolState::Torn => {
                return Leg {
                    problem: Problem::Torn,
                    detail: pool.name.clone(),
                    age_ns: age,
                };
            }
            state => return Leg::stale(format!("{} {}", pool.name, state.as_str()), age),
        }
        let behind = self.slot.unwrap_or(0).saturating_sub(slot);
        if channel.state == State::Down || behind > self.gates.max_slot_lag {
            return Leg::stale(
                format!("{} is {behind} slots behind", channel.info.label),
                age,
            );
        }
        if age > self.gates.max_slot_silence_ms as i64 * NS_PER_MS {
            return Leg::stale(
                format!(
                    "no slot from {} for {} ms",
                    channel.info.label,
                    age / NS_PER_MS
                ),
                age,
            );
        }
        Leg::good(age)
    }

    /// Returns whether an edge is out of detection only until its state is consistent again.
    pub(crate) fn waits(&self, edge: EdgeId) -> bool {
        let behind = self.behind(edge);
        if behind.book {
            return !self.books.entries[behind.at].live();
        }
        matches!(
            self.registry.pools[behind.at].state,
            PoolState::Torn | PoolState::Gap
        )
    }

    // -- quotes

    /// Returns what an edge pays for `amount_in`.
    ///
    /// # Errors
    /// Why it can't be quoted.
    pub(crate) fn quote(&self, edge: EdgeId, amount_in: u64) -> Result<Hop, Refusal> {
        let behind = self.behind(edge);
        if behind.book {
            return self.quote_book(&self.books.entries[behind.at], amount_in, behind.first);
        }
        let pool = &self.registry.pools[behind.at];
        let (Some(built), Some(time)) = (&pool.pool, &self.registry.time) else {
            return Err(Refusal::Word(pool.state.as_str()));
        };
        let quote = built
            .quote(behind.first, amount_in, time)
            .map_err(Refusal::Pool)?;
        if quote.amount_out == 0 {
            return Err(Refusal::Word("liquidity"));
        }
        let mut fee = u128::from(quote.fee) + u128::from(quote.transfer_fee_in);
        let kept_out = u128::from(quote.fee_out) + u128::from(quote.transfer_fee_out);
        if kept_out > 0 {
            fee += kept_out * u128::from(amount_in) / (u128::from(quote.amount_out) + kept_out);
        }
        let fee = u64::try_from(fee).unwrap_or(u64::MAX);
        Ok(Hop {
            amount_in,
            amount_out: quote.amount_out,
            fee,
            ticks: quote.ticks_crossed,
        })
    }

    fn quote_book(&self, entry: &BookEntry, amount_in: u64, first: bool) -> Result<Hop, Refusal> {
        let scale = self.scale(entry).ok_or(Refusal::Word("unknown_decimals"))?;
        if !entry.live() {
            return Err(Refusal::Word(entry.state()));
        }
        let got = if first {
            scale.sell(&entry.book, amount_in)
        } else {
            scale.buy(&entry.book, amount_in)
        };
        let (amount_out, fee) = got.ok_or(Refusal::Word("liquidity"))?;
        Ok(Hop {
            amount_in,
            amount_out,
            fee,
            ticks: 0,
        })
    }

    /// Returns an edge's marginal rate net of fee.
    pub(crate) fn rate(&self, edge: EdgeId) -> Option<Rate> {
        let behind = self.behind(edge);
        if behind.book {
            let [sell, buy] = self.book_rates(&self.books.entries[behind.at]);
            return if behind.first { sell } else { buy };
        }
        self.registry.pools[behind.at]
            .pool
            .as_ref()?
            .rate(behind.first, self.registry.time.as_ref()?)
    }

    /// Returns (reserve in, reserve out, share kept after fees) near the current price; where sizing starts.
    pub(crate) fn virtual_reserves(&self, edge: EdgeId) -> Option<(f64, f64, f64)> {
        let behind = self.behind(edge);
        if !behind.book {
            let pool = self.registry.pools[behind.at].pool.as_ref()?;
            return pool.virtual_reserves(behind.first, self.registry.time.as_ref()?);
        }
        let entry = &self.books.entries[behind.at];
        let best = if behind.first {
            entry.book.best_bid()
        } else {
            entry.book.best_ask()
        };
        let (scale, best) = (self.scale(entry)?, best?);
        let base = best.1 as f64 * power(scale.base) as f64 / 1e8 * NEARLY_LINEAR;
        let quote =
            base / power(scale.base) as f64 * best.0 as f64 / 1e8 * power(scale.quote) as f64;
        let keep = 1.0 - f64::from(scale.taker_ppm) / 1e6;
        Some(if behind.first {
            (base, quote, keep)
        } else {
            (quote, base, keep)
        })
    }
}
