//! The engine: frames in, the market kept, decisions on cycles out.
//!
//! Each frame is one atomic update: all its events are applied, then the edges of what changed are weighed, then cycles
//! are searched around them, then each one found is sized and decided on. Time is the frame's own.

pub mod block;
mod books;
mod channels;
mod derive;
mod json;
mod market;
mod prices;
mod registry;
mod series;
pub mod setup;
mod snapshot;
mod standing;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use thiserror::Error;

pub use self::block::BlockError;
use self::block::{Header, kind};
use self::channels::{ChannelState, State};
use self::market::{Channels, Market, Problem};
use self::prices::Prices;
use self::setup::{Channel, EngineSetup};
pub use self::snapshot::SnapshotError;
use self::standing::{Context, Moment, Standing, walk};
pub use self::standing::{Cost, Opportunity};
pub use self::views::Counters;
use crate::decode::{DecodeError, Direction, Event, decode_binance, decode_solana};
use crate::fees::FeeModel;
use crate::graph::EdgeId;
use crate::multiverse::{Found, Params, search};
use crate::order_book::{BookChange, Delta, Outcome, Ticker};

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
}

/// What the engine wants a feed to fetch.
#[derive(Clone, Debug, Serialize)]
struct Need {
    kind: &'static str,
    channel: u16,
    key: String,
    index: i32,
}

/// A market state that turns frames into decisions. Same setup, state and records, same bytes out.
#[derive(Debug)]
pub struct Engine {
    setup: EngineSetup,
    channels: Channels,
    market: Market,
    prices: Prices,
    fees: FeeModel,
    standing: Standing,
    counters: Counters,
    needs: Vec<Need>,
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
            standing: Standing::default(),
            counters: Counters::default(),
            needs: Vec::new(),
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
        self.standing = Standing::default();
        self.counters = Counters::default();
        self.needs.clear();
        self.take_refused(None);
    }

    // -- records

    /// Takes FRAME records from `offset` on: stops before a record of another kind, before one at or after `until_ns`,
    /// after a frame with a go decision, before a damaged record, or at the end.
    ///
    /// # Errors
    /// `BlockError` if the record at `offset` is damaged.
    pub fn ingest(
        &mut self,
        block: &[u8],
        offset: usize,
        until_ns: i64,
    ) -> Result<Ingested, BlockError> {
        let mut out = Ingested {
            offset,
            ..Ingested::default()
        };
        while out.offset < block.len() {
            let record = Header::read(block, out.offset).and_then(|header| {
                if header.kind != kind::FRAME || header.recv_ns >= until_ns {
                    return Ok(None);
                }
                header
                    .body(block, out.offset)
                    .map(|(body, after)| Some((header, body, after)))
            });
            let (header, body, after) = match record {
                Ok(Some(record)) => record,
                Err(error) if out.records == 0 => return Err(error),
                Ok(None) | Err(_) => break,
            };
            out.go = 0;
            self.frame(&header, body, &mut out);
            out.records += 1;
            out.offset = after;
            if out.go > 0 {
                break;
            }
        }
        self.hand_out_needs(&mut out);
        Ok(out)
    }

    /// Takes one CHANNEL, CONNECTED, DISCONNECTED, GAP, TICK or CLOCK\_STEP record.
    ///
    /// # Errors
    /// `BlockError` if it is damaged.
    pub fn control(&mut self, block: &[u8], offset: usize) -> Result<Ingested, BlockError> {
        let header = Header::read(block, offset)?;
        let (body, after) = header.body(block, offset)?;
        let mut out = Ingested {
            offset: after,
            records: 1,
            ..Ingested::default()
        };
        let known = self.channels.contains_key(&header.channel);
        match header.kind {
            kind::CHANNEL => self.declare(body),
            kind::CLOCK_STEP => {
                for channel in self.channels.values_mut() {
                    channel.offset_ns = None;
                }
            }
            kind::TICK => self.tick(header.recv_ns),
            kind::CONNECTED if known => self.connected(header.channel, header.generation),
            kind::DISCONNECTED if known => self.disconnected(header.channel),
            kind::GAP if known => self.gap(header.channel),
            _ => {}
        }
        let moment = Moment {
            seq: header.seq,
            now_ns: header.recv_ns,
            slot: 0,
        };
        self.settle(moment, &mut out);
        self.review_all(moment, &mut out);
        self.take_refused(known.then_some(header.channel));
        self.hand_out_needs(&mut out);
        Ok(out)
    }

    fn hand_out_needs(&mut self, out: &mut Ingested) {
        for need in self.needs.drain(..) {
            json::append(&mut out.needs, &need);
            out.needs.push(b'\n');
        }
    }

    fn declare(&mut self, body: &[u8]) {
        let Ok(info) = serde_json::from_slice::<Channel>(body) else {
            self.counters.malformed += 1;
            return;
        };
        match self.channels.get_mut(&info.id) {
            Some(channel) => channel.redeclare(info),
            None => {
                self.channels.insert(info.id, ChannelState::new(info));
            }
        }
    }

    fn connected(&mut self, at: u16, generation: u32) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        channel.state = State::Live;
        channel.generation = channel.generation.max(generation);
        self.market.registry.ask_again(at);
        for entry in self
            .market
            .books
            .entries
            .iter_mut()
            .filter(|entry| entry.channel == Some(at))
        {
            entry.book.connect();
        }
    }

    fn disconnected(&mut self, at: u16) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        channel.state = State::Down;
        channel.session.disconnect();
        if channel.socket {
            self.market.registry.doubt(at);
        }
        for (place, entry) in self.market.books.entries.iter_mut().enumerate() {
            if entry.channel == Some(at) {
                entry.book.disconnect();
                self.market.dirty_books.insert(place);
            }
        }
    }

    fn gap(&mut self, at: u16) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        channel.gaps += 1;
        self.counters.gaps += 1;
        if channel.socket {
            self.market.registry.doubt(at);
            self.market.registry.ask_again(at);
        }
        for place in 0..self.market.books.entries.len() {
            let entry = &mut self.market.books.entries[place];
            if entry.channel == Some(at) {
                let change = entry.book.gap();
                self.market.dirty_books.insert(place);
                self.seed(place, change);
            }
        }
    }

    /// Time has passed: books that stay crossed are given up.
    fn tick(&mut self, now_ns: i64) {
        for place in 0..self.market.books.entries.len() {
            let change = self.market.books.entries[place].book.tick(now_ns);
            if change.outcome != Outcome::Ignored {
                self.market.dirty_books.insert(place);
                self.seed(place, change);
            }
        }
    }

    // -- frames

    fn frame(&mut self, header: &Header, body: &[u8], out: &mut Ingested) {
        self.counters.frames += 1;
        let at = header.channel;
        let Some(channel) = self.channels.get_mut(&at) else {
            self.counters.malformed += 1;
            return;
        };
        channel.frames += 1;
        channel.last_ns = header.recv_ns;
        let sent = header.direction != 0;
        if !channel.solana && (sent || header.generation < channel.generation) {
            return;
        }
        if header.generation > channel.generation {
            if channel.generation > 0 {
                self.disconnected(at);
            }
            self.connected(at, header.generation);
        }
        let slot = self.market.slot;
        let moment = Moment {
            seq: header.seq,
            now_ns: header.recv_ns,
            slot: 0,
        };
        if let Err(error) = self.decode(header, body, moment) {
            self.counters.malformed += 1;
            if let Some(channel) = self.channels.get_mut(&at) {
                channel.malformed += 1;
                channel.error(&error.to_string());
            }
            return;
        }
        if let Some(channel) = self.channels.get_mut(&at).filter(|_| !sent) {
            channel.state = State::Live;
        }
        self.settle(moment, out);
        if self.market.slot != slot {
            self.review_all(moment, out);
        }
        self.take_refused(Some(at));
    }

    fn decode(&mut self, header: &Header, body: &[u8], moment: Moment) -> Result<(), DecodeError> {
        let Some(channel) = self.channels.get_mut(&header.channel) else {
            return Ok(());
        };
        if channel.solana {
            let direction = if header.direction == 0 {
                Direction::In
            } else {
                Direction::Out
            };
            let events = decode_solana(
                &mut channel.session,
                header.conn,
                header.generation,
                direction,
                body,
            )?;
            for event in events {
                self.node_event(header.channel, event, moment);
            }
            return Ok(());
        }
        // The symbol is copied because the event may borrow it while the channel changes.
        let (protocol, symbol) = (&channel.info.protocol, channel.info.symbol.clone());
        let event = decode_binance(protocol, &symbol, body)?;
        self.venue_event(header.channel, event, moment);
        Ok(())
    }

    fn node_event(&mut self, at: u16, event: Event<'_>, moment: Moment) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        let registry = &mut self.market.registry;
        match event {
            Event::Account {
                key,
                slot,
                owner,
                data,
                ..
            } => {
                registry.take(&key, slot, &owner, data, at, channel.socket);
            }
            Event::AccountMissing { key, slot } => registry.lose(&key, slot),
            Event::AccountUndated {
                key, owner, data, ..
            } => registry.see(&key, &owner, &data),
            Event::Slot { slot, .. } if channel.announce(slot, moment.now_ns) => {
                registry.announce(at, slot);
                if self.market.slot.is_none_or(|newest| slot > newest) {
                    (self.market.slot, self.market.slot_ns) = (Some(slot), moment.now_ns);
                }
            }
            Event::Subscribed { key: Some(key), .. } if channel.socket => {
                registry.carried(&key, at);
            }
            Event::FeeSamples {
                percentile,
                samples,
            } => {
                self.fees.add(&samples, percentile, moment.now_ns);
                self.standing.reprice(&self.setup, &self.fees);
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            _ => {}
        }
    }

    fn venue_event(&mut self, at: u16, event: Event<'_>, moment: Moment) {
        let Some(channel) = self.channels.get_mut(&at) else {
            return;
        };
        let now_ns = moment.now_ns;
        match event {
            Event::BookTicker {
                symbol,
                update_id,
                bid,
                bid_qty,
                ask,
                ask_qty,
                venue_ns,
            } => {
                let ticker = Ticker {
                    update_id,
                    bid,
                    bid_qty,
                    ask,
                    ask_qty,
                };
                let lag = channel.lag(now_ns, venue_ns);
                let place = self.find_book(at, &symbol);
                let change = self.market.books.entries[place]
                    .book
                    .apply_ticker(ticker, now_ns);
                self.book_changed(at, place, change, now_ns - lag, true);
            }
            Event::DepthDelta {
                symbol,
                first,
                last,
                prev,
                bids,
                asks,
                venue_ns,
            } => {
                let lag = channel.lag(now_ns, Some(venue_ns));
                let place = self.find_book(at, &symbol);
                let delta = Delta {
                    first,
                    last,
                    prev,
                    bids,
                    asks,
                };
                let change = self.market.books.entries[place]
                    .book
                    .apply_delta(delta, now_ns);
                self.book_changed(at, place, change, now_ns - lag, true);
            }
            Event::DepthSnapshot {
                symbol,
                last,
                bids,
                asks,
                venue_ns,
            } => {
                let lag = channel.lag(now_ns, venue_ns);
                let place = self.find_book(at, &symbol);
                let change = self.market.books.entries[place]
                    .book
                    .apply_snapshot(last, &bids, &asks, now_ns);
                self.book_changed(at, place, change, now_ns - lag, false);
            }
            Event::Trade { venue_ns, .. } => {
                channel.lag(now_ns, Some(venue_ns));
            }
            Event::Instruments(listed) => {
                for each in &listed {
                    self.market.books.list(&channel.info.venue, each);
                }
            }
            Event::Error { code, message, .. } => {
                channel.error(&format!("error {code}: {message}"));
            }
            _ => {}
        }
    }

    fn find_book(&mut self, at: u16, symbol: &str) -> usize {
        let Some(channel) = self.channels.get(&at) else {
            return 0;
        };
        let kind = if channel.info.protocol.starts_with("binance.usdm.") {
            "perp"
        } else {
            "spot"
        };
        self.market.books.find(&channel.info.venue, symbol, kind)
    }

    fn book_changed(
        &mut self,
        at: u16,
        place: usize,
        change: BookChange,
        as_of_ns: i64,
        own: bool,
    ) {
        let entry = &mut self.market.books.entries[place];
        if own || entry.channel.is_none() {
            entry.channel = Some(at);
        }
        if change.outcome != Outcome::Ignored {
            entry.as_of_ns = entry.as_of_ns.max(as_of_ns);
        }
        if change.outcome == Outcome::Gap {
            self.counters.gaps += 1;
            if let Some(channel) = self.channels.get_mut(&at) {
                channel.gaps += 1;
            }
        }
        self.market.dirty_books.insert(place);
        self.seed(place, change);
    }

    /// Asks for a depth snapshot if the book needs one.
    fn seed(&mut self, place: usize, change: BookChange) {
        if change.need_seed {
            let entry = &self.market.books.entries[place];
            let (channel, key) = (entry.channel.unwrap_or(0), entry.symbol.clone());
            self.needs.push(Need {
                kind: "depth",
                channel,
                key,
                index: 0,
            });
        }
    }

    /// Counts what the registry and the books refused, and hands out what they need.
    fn take_refused(&mut self, at: Option<u16>) {
        let (registry, books) = (&mut self.market.registry, &mut self.market.books);
        for reason in registry.refused.drain(..).chain(books.refused.drain(..)) {
            count(&mut self.counters.refused, reason);
        }
        if registry.wants.is_empty() && registry.errors.is_empty() {
            return;
        }
        let (errors, wants) = (std::mem::take(&mut registry.errors), &mut registry.wants);
        let Some(at) = at else { return };
        let asks = |carrier: Option<u16>| carrier.unwrap_or_else(|| asks(&self.channels, at));
        let needs = wants.drain(..).map(|want| Need {
            kind: want.kind,
            channel: asks(want.carrier),
            key: want.key,
            index: want.index,
        });
        self.needs.extend(needs);
        if let Some(channel) = self.channels.get_mut(&at) {
            for text in errors {
                channel.error(&text);
            }
        }
    }

    // -- cycles

    fn context(&self) -> Context<'_> {
        Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        }
    }

    /// Weighs what changed, searches around it and decides.
    fn settle(&mut self, mut moment: Moment, out: &mut Ingested) {
        let registry = &self.market.registry;
        if registry.dirty.is_empty()
            && registry.aged.is_empty()
            && self.market.dirty_books.is_empty()
        {
            return;
        }
        let books: Vec<usize> = self.market.dirty_books.iter().copied().collect();
        let settled = self.market.settle(moment.now_ns, &self.channels);
        self.counters.torn += settled.torn;
        for at in settled.pools {
            self.prices.pool(&self.market, at, moment.now_ns);
        }
        for at in books {
            self.prices.book(&self.market, at, moment.now_ns);
        }
        if settled.edges.is_empty() {
            return;
        }
        moment.slot = self.market.slot.unwrap_or(0);
        let found = self.search();
        let keyed: Vec<(String, &Found)> = found
            .iter()
            .map(|each| (self.market.graph.cycle_key(&each.edges), each))
            .collect();
        let waiting = self.drop_lost(&settled.edges.into_iter().collect(), &keyed);
        for (key, each) in &keyed {
            let cx = Context {
                setup: &self.setup,
                channels: &self.channels,
                market: &self.market,
                prices: &self.prices,
            };
            if self
                .standing
                .found(cx, moment, key, &each.edges, each.weight)
            {
                self.counters.opportunities += 1;
                self.decide(moment, key, out);
            }
        }
        self.review(moment, &waiting, out);
    }

    /// Drops the standing cycles through touched edges that were not found again; returns those that wait for their
    /// state to become consistent.
    fn drop_lost(&mut self, touched: &BTreeSet<EdgeId>, found: &[(String, &Found)]) -> Vec<String> {
        let mut waiting = Vec::new();
        for key in self.standing.through(touched) {
            let waits = self.standing.cycles[&key]
                .edges
                .iter()
                .any(|&edge| self.market.waits(edge));
            if waits {
                waiting.push(key);
            } else if !found.iter().any(|(each, _)| *each == key) {
                self.standing.cycles.remove(&key);
            }
        }
        waiting
    }

    /// Returns the cycles found around the edges that changed, best first.
    fn search(&mut self) -> Vec<Found> {
        let mut promising = std::mem::take(&mut self.market.promising);
        promising.sort_unstable();
        promising.dedup();
        if promising.is_empty() {
            return Vec::new();
        }
        let limits = &self.setup.search;
        let params = Params {
            max_hops: limits.max_hops,
            keep: limits.keep,
            budget_edges: limits.budget_edges,
            margin: self.market.margin,
        };
        let (found, work) = search(
            &self.market.graph,
            &self.market.potentials,
            &promising,
            &params,
        );
        self.counters.cycles += found.len() as u64;
        self.counters.expanded_edges += work.expanded;
        self.counters.budget_cuts += u64::from(work.cut);
        found
    }

    fn review_all(&mut self, moment: Moment, out: &mut Ingested) {
        let keys: Vec<String> = self.standing.cycles.keys().cloned().collect();
        self.review(moment, &keys, out);
    }

    /// Decides again on standing cycles, at the sizes they have.
    fn review(&mut self, mut moment: Moment, keys: &[String], out: &mut Ingested) {
        moment.slot = self.market.slot.unwrap_or(0);
        for key in keys {
            self.decide(moment, key, out);
        }
    }

    fn decide(&mut self, moment: Moment, key: &str, out: &mut Ingested) {
        let cx = Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        };
        let Some(opportunity) = self.standing.decide(cx, moment, key) else {
            return;
        };
        json::append(&mut out.decisions, opportunity);
        out.decisions.push(b'\n');
        if opportunity.go {
            out.go += 1;
            self.counters.go += 1;
        } else {
            count(&mut self.counters.refused, &opportunity.reason);
        }
    }

    // -- questions

    /// Quotes edges one after the other at the state as it is. Returns (amount out, empty) or (0, why not).
    pub fn quote_route(&self, route: &[&str], amount_in: u64, now_ns: i64) -> (u64, String) {
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

    /// Counts how an order on cycle `key` ended.
    pub fn learn(&mut self, key: &str, landed: bool) {
        self.standing.learn(key, landed);
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

    /// Returns all state as canonical bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::dump(self)
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

/// Returns the channel that should carry an account: this one if it is a socket, else a socket of the same feed.
fn asks(channels: &Channels, at: u16) -> u16 {
    let Some(channel) = channels.get(&at).filter(|channel| !channel.socket) else {
        return at;
    };
    let mut sockets = channels
        .values()
        .filter(|other| other.socket && other.info.feed == channel.info.feed);
    sockets.next().map_or(at, |socket| socket.info.id)
}
