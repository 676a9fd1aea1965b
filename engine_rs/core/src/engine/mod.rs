//! The engine: frames in, the market kept, decisions on cycles out.
//!
//! Each frame is one atomic update: all its events are applied. At a moment the edges of what changed are weighed, then
//! cycles are searched around them, then each one found is sized and decided on. Time is the record's own.
//!
//! `ingest` takes frames and `control` the other records, `apply` applies their events, `moments` says when to judge and
//! remembers what moved until then, `detect` searches and decides,
//! `needs` asks the feeds for what is missing, `landing` follows orders into their block and `fills` takes over what they
//! moved, `ends` says what became of gaps and `closer` who took one, `picture` is for readers on other threads. `market` is
//! what all of them work on.

mod apply;
pub mod book_scale;
mod book_view;
mod books;
mod channels;
mod closer;
mod control;
mod detect;
mod encoded;
mod endpoints;
mod ends;
mod fills;
mod gauges;
mod ingest;
mod json;
mod judging;
mod landing;
mod lots;
mod market;
mod moments;
mod needs;
mod opportunity;
pub mod picture;
mod price_view;
mod prices;
mod race;
mod ranking;
mod registry;
mod route;
mod series;
pub mod setup;
mod slot_chain;
mod snapshot;
mod standing;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use self::channels::ChannelState;
pub use self::encoded::Encoded;
use self::judging::Judge;
pub use self::landing::StateQuote;
use self::market::{Channels, Market, Problem};
use self::moments::Moved;
use self::needs::{Need, Receipt};
pub use self::opportunity::{Cost, Lamports, Opportunity};
use self::picture::Pictures;
use self::prices::Prices;
use self::route::walk;
use self::setup::EngineSetup;
pub use self::slot_chain::SlotStanding;
pub use self::snapshot::{Keyframe, SnapshotError};
use self::standing::Standing;
pub use self::views::Counters;
use crate::aggregate::wss_aggregator::WssAggregator;
use crate::fees::{FeeModel, Sources};
use crate::search::graph::EdgeId;
pub use cambist_record::BlockError;

/// A setup that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not an engine setup: {0}")]
pub struct SetupError(String);

/// What one call did; see `Ingested` in `cambist/engine/protocol.py`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    pub offset: usize,
    pub records: u64,
    pub decisions: Vec<u8>,
    /// Go decisions of the last record.
    pub go: u64,
    pub needs: Vec<u8>,
    pub ends: Vec<u8>,
    /// Time of the last frame if it was one that is watched for.
    pub watched_ns: Option<i64>,
    pub receipts: Vec<u8>,
}

/// A market state that turns frames into decisions. Same setup, state and records, same bytes out.
#[derive(Debug)]
pub struct Engine {
    setup: EngineSetup,
    channels: Channels,
    market: Market,
    prices: Prices,
    fees: FeeModel,
    sources: Sources,
    standing: Standing,
    judge: Judge,
    moved: Moved,
    counters: Counters,
    needs: Vec<Need>,
    receipts: Vec<Receipt>,
    race: WssAggregator,
    /// Whether several sockets tell the same chain.
    racing: bool,
    pictures: Arc<Pictures>,
    /// Pools that an order on its way goes through.
    watched: BTreeSet<usize>,
    /// How long it took to judge the last moment: a measurement, and part of no state.
    judged: Duration,
}

impl Engine {
    /// Returns an engine that has seen nothing, made from JSON of an `EngineSetup`.
    ///
    /// # Errors
    /// `SetupError` if it isn't one.
    pub fn new(setup: &[u8]) -> Result<Self, SetupError> {
        let setup: EngineSetup =
            serde_json::from_slice(setup).map_err(|error| SetupError(error.to_string()))?;
        let mut engine = Self {
            channels: BTreeMap::new(),
            market: Market::new(&setup),
            prices: Prices::new(&setup),
            fees: FeeModel::new(setup.bidding.window_slots),
            sources: Sources::default(),
            standing: Standing::default(),
            judge: Judge::default(),
            moved: Moved::default(),
            counters: Counters::default(),
            needs: Vec::new(),
            receipts: Vec::new(),
            race: WssAggregator::default(),
            racing: false,
            pictures: Arc::default(),
            watched: BTreeSet::new(),
            judged: Duration::ZERO,
            setup,
        };
        engine.fresh();
        Ok(engine)
    }

    /// Forgets everything but the setup.
    fn fresh(&mut self) {
        let channels = self.setup.channels.iter();
        self.channels = channels
            .map(|info| (info.id, ChannelState::new(info.clone())))
            .collect();
        self.market = Market::new(&self.setup);
        self.prices = Prices::new(&self.setup);
        self.fees = FeeModel::new(self.setup.bidding.window_slots);
        self.sources = Sources::default();
        self.standing = Standing::default();
        self.judge = Judge::default();
        self.moved = Moved::default();
        self.reprice();
        self.counters = Counters::default();
        self.needs.clear();
        self.race = WssAggregator::default();
        self.pictures.put(None);
        self.watched.clear();
        self.count_sockets();
        self.take_refused(None);
    }

    /// Quotes edges one after the other at the state as it is. Returns (amount out, empty) or (0, why not).
    pub fn quote_route(&mut self, route: &[&str], amount_in: u64, now_ns: i64) -> (u64, String) {
        self.weigh_changed(now_ns);
        let edges: Option<Vec<EdgeId>> = route
            .iter()
            .map(|name| self.market.graph.find_edge(name))
            .collect();
        let Some(edges) = edges else {
            return (0, "unknown_edge".to_owned());
        };
        let problems = edges
            .iter()
            .map(|&edge| self.market.leg(edge, now_ns, &self.channels).problem);
        if let Some(problem) = problems
            .into_iter()
            .find(|&problem| problem != Problem::None)
        {
            return (0, problem.as_str().to_owned());
        }
        match walk(&self.market, &edges, amount_in) {
            Ok(hops) => (
                hops.last().map_or(amount_in, |hop| hop.amount_out),
                String::new(),
            ),
            Err(refusal) => (0, refusal.to_string()),
        }
    }

    /// Returns how long it took to judge the last moment, in nanoseconds.
    pub fn judging_ns(&self) -> u64 {
        u64::try_from(self.judged.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Takes over that an order of ours goes for cycle `key`: what became of its gap is learned from the order.
    pub fn sent(&mut self, key: &str) {
        self.standing.note_sent(key);
    }

    /// Counts how an order on cycle `key` ended, and how long it took until it landed, `None` if that says nothing.
    pub fn learn(&mut self, key: &str, landed: bool, took_ns: Option<i64>) {
        self.judge.learn(key, landed, took_ns);
        let percent = self.sources.percent(&self.setup.bidding);
        self.sources.learn(percent, landed);
        self.reprice();
    }

    /// Takes over what the sources say now.
    fn reprice(&mut self) {
        self.judge.reprice(&self.setup, &self.fees, &self.sources);
    }

    /// Feeds an outside price of a token, in the quote token.
    pub fn inject_price(&mut self, mint: &str, price: f64, now_ns: i64) {
        self.prices.inject(mint, price, now_ns);
    }

    /// Returns JSON of an `EngineView`.
    pub fn present(&self, now_ns: i64) -> Vec<u8> {
        json::encode(&self.view(now_ns))
    }

    /// Returns JSON of a `CycleInspection`, or `null`.
    pub fn inspect(&self, key: &str, now_ns: i64) -> Vec<u8> {
        json::encode(&self.inspection(key, now_ns))
    }

    /// Returns JSON of a `PriceInspection`, or `null`. `token` is a mint, or the source of what no identity ties to one.
    pub fn inspect_price(&self, token: &str, now_ns: i64) -> Vec<u8> {
        json::encode(&self.price_inspection(token, now_ns))
    }

    /// Returns JSON of a `BookInspection` with at most `depth` levels a side, or `null`. `source` is a `venue:symbol`.
    pub fn inspect_book(&self, source: &str, depth: usize, now_ns: i64) -> Vec<u8> {
        json::encode(&self.book_inspection(source, depth, now_ns))
    }

    /// Returns all state as canonical bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.keyframe().encode()
    }

    /// Returns a copy of all state, from which another thread makes the snapshot.
    pub fn keyframe(&self) -> Keyframe {
        Keyframe::of(self)
    }

    /// Takes over a snapshot of either engine.
    ///
    /// # Errors
    /// `SnapshotError` if it isn't one of this version and setup.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), SnapshotError> {
        snapshot::load(self, state)
    }
}

fn count(counts: &mut BTreeMap<String, u64>, reason: &str) {
    if let Some(known) = counts.get_mut(reason) {
        *known += 1;
    } else {
        counts.insert(reason.to_owned(), 1);
    }
}
