//! What screens are shown of an engine: the whole of it, and one cycle opened up.
//!
//! One file, for it is a list: a struct for each thing shown and where its fields come from.

use crate::venues::{PoolKind, TYPICAL};
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::channels::{ChannelState, State, plain};
use super::market::{Guard, Hop, Kind, Move, Tie};
use super::opportunity::Opportunity;
use super::prices::Row;
use super::race::RaceView;
use super::registry::PoolState;
use super::route::{net, sizing_of, walk};
use super::standing::{Cycle, End, Ended};
use crate::fees::{FeeRow, SwapShape, base_fee, cu_limit, priority_fee};
use crate::judge::scorer::landing_ppm;
use crate::search::graph::EdgeId;

const CURVE_POINTS: u64 = 64;

/// Running totals; twin of `Counters` in `cambist/engine/protocol.py`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    pub frames: u64,
    pub malformed: u64,
    pub gaps: u64,
    pub cycles: u64,
    pub opportunities: u64,
    pub go: u64,
    pub refused: BTreeMap<String, u64>,
    pub expanded_edges: u64,
    pub budget_cuts: u64,
    pub torn: u64,
    #[serde(default)]
    pub crowded_out: u64,
    #[serde(default)]
    pub moments: u64,
    pub stopped: BTreeMap<String, u64>,
    /// Decisions that said again what the one before said.
    #[serde(default)]
    pub unchanged: u64,
}

#[derive(Serialize)]
struct PriceView<'a> {
    mint: &'a str,
    symbol: &'a str,
    venue: &'a str,
    source: &'a str,
    channel: u16,
    bid: Option<f64>,
    ask: Option<f64>,
    current_ns: Option<i64>,
    changed_ns: Option<i64>,
    usable: bool,
    state: &'a str,
    first_price: Option<f64>,
    hour_ago: Option<f64>,
    hour_span_ns: i64,
    closes: Vec<f64>,
    rsi: Option<f64>,
    ema: Option<f64>,
    band_low: Option<f64>,
    band_high: Option<f64>,
    synthetic: &'a str,
    depth: f64,
    reference: bool,
    quote: &'a str,
    unit: &'a str,
}

/// Two tokens taken for one another; twin of `EquivalenceView` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
struct EquivalenceView<'a> {
    a: &'a str,
    b: &'a str,
    pair: &'a str,
    state: &'static str,
    detail: String,
    bid: Option<f64>,
    ask: Option<f64>,
    deviation_ppm: Option<i64>,
    widened_ppm: Option<u64>,
    cost_ppm: u32,
    band_ppm: u32,
    age_ns: Option<i64>,
}

#[derive(Serialize)]
struct ChannelView<'a> {
    channel: u16,
    frames: u64,
    malformed: u64,
    gaps: u64,
    last_ns: i64,
    lag_ns: Option<i64>,
    offset_ns: Option<i64>,
    slot: Option<u64>,
    state: State,
    last_error: &'a str,
    race: Option<RaceView>,
    slots_behind: Option<u64>,
    quarantine: String,
}

/// All that is shown; twin of `EngineView` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
pub(crate) struct EngineView<'a> {
    slot: Option<u64>,
    slot_ns: Option<i64>,
    prices: Vec<PriceView<'a>>,
    cycles: Vec<&'a Opportunity>,
    channels: Vec<ChannelView<'a>>,
    fees: Vec<&'a FeeRow>,
    fee_source: &'static str,
    congestion: Option<u8>,
    bid_micro_lamports: Option<u64>,
    trade_lamports: (u64, Option<u64>, u64),
    sol_price: Option<f64>,
    counters: &'a Counters,
    bid_percentile: u32,
    fullness_ppm: Option<u32>,
    fee_inputs: Vec<FeeInput<'a>>,
    equivalences: Vec<EquivalenceView<'a>>,
}

/// One figure that fees rest on; twin of `FeeInput` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
struct FeeInput<'a> {
    name: &'static str,
    source: &'a str,
    value: Option<u64>,
    recv_ns: Option<i64>,
}

#[derive(Serialize)]
struct HopView<'a> {
    edge: &'a str,
    venue: &'a str,
    pool: &'a str,
    mint_in: &'a str,
    mint_out: &'a str,
    amount_in: u64,
    amount_out: u64,
    fee_bps: f64,
    impact_bps: f64,
    age_ns: i64,
}

/// Twin of `MoveView` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
struct MoveView<'a> {
    origin: &'a str,
    target: &'a str,
    mint: &'a str,
    amount: u64,
    fee: Option<u64>,
    cost: Option<u64>,
}

/// Twin of `CycleEnd` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
struct CycleEnd {
    at_ns: i64,
    slot: Option<u64>,
    how: End,
}

/// Twin of `CycleHistory` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
struct CycleHistory<'a> {
    base: &'a str,
    found_ns: Option<i64>,
    found_slot: Option<u64>,
    best_net: Option<i64>,
    best_ns: Option<i64>,
    ended: Option<CycleEnd>,
}

/// A cycle opened up; twin of `CycleInspection` in `cambist/engine/protocol.py`.
#[derive(Serialize)]
pub(crate) struct CycleInspection<'a> {
    opportunity: Option<&'a Opportunity>,
    hops: Vec<HopView<'a>>,
    curve: Vec<(u64, i64)>,
    cap: Option<u64>,
    history: CycleHistory<'a>,
    moves: Vec<MoveView<'a>>,
}

impl<'a> CycleInspection<'a> {
    fn outline(history: CycleHistory<'a>) -> Self {
        Self {
            opportunity: None,
            hops: Vec::new(),
            curve: Vec::new(),
            cap: None,
            history,
            moves: Vec::new(),
        }
    }
}

impl<'a> CycleHistory<'a> {
    fn of(cycle: &'a Cycle) -> Self {
        Self {
            base: &cycle.base,
            found_ns: positive(cycle.first_ns),
            found_slot: announced(cycle.found_slot),
            best_net: cycle.best_net,
            best_ns: cycle.best_ns,
            ended: None,
        }
    }

    fn of_ended(ended: &'a Ended) -> Self {
        Self {
            base: &ended.base,
            found_ns: positive(ended.first_ns),
            found_slot: announced(ended.found_slot),
            best_net: ended.best_net,
            best_ns: ended.best_ns,
            ended: Some(CycleEnd {
                at_ns: ended.last_ns,
                slot: announced(ended.last_slot),
                how: ended.how,
            }),
        }
    }
}

/// Returns a time that a snapshot may not have known, 0 then.
fn positive(ns: i64) -> Option<i64> {
    (ns > 0).then_some(ns)
}

/// Returns a slot, 0 before any was announced.
fn announced(slot: u64) -> Option<u64> {
    (slot > 0).then_some(slot)
}

impl Engine {
    /// Returns all that is shown.
    pub(crate) fn view(&self, now_ns: i64) -> EngineView<'_> {
        let bidding = &self.setup.bidding;
        let bid = self.judge.bid.map(|bid| bid.micro_lamports);
        EngineView {
            slot: self.market.slot,
            slot_ns: self.market.slot.map(|_| self.market.slot_ns),
            prices: self.price_views(now_ns),
            cycles: self.standing.ranked(),
            channels: self
                .channels
                .values()
                .map(|each| self.channel(each))
                .collect(),
            fees: self.fees.rows().collect(),
            fee_source: self.fees.source(),
            congestion: self.congestion(),
            bid_micro_lamports: bid,
            trade_lamports: self.trade_lamports(),
            sol_price: self.prices.mid(&self.setup.sol_mint),
            counters: &self.counters,
            bid_percentile: self.sources.percent(bidding),
            fullness_ppm: self.fullest().map(|(ppm, _)| ppm),
            fee_inputs: self.fee_inputs(),
            equivalences: self.equivalences(now_ns),
        }
    }

    fn equivalences(&self, now_ns: i64) -> Vec<EquivalenceView<'_>> {
        let ties = self.market.ties.iter();
        ties.map(|tie| self.equivalence(tie, &self.market.guard(tie, now_ns)))
            .collect()
    }

    fn equivalence<'a>(&self, tie: &'a Tie, guard: &Guard) -> EquivalenceView<'a> {
        let facts = &tie.facts;
        let (bid, ask) = self.market.shown_prices(tie);
        let holds = self.market.holds(tie, guard);
        EquivalenceView {
            a: &facts.a,
            b: &facts.b,
            pair: &facts.pair,
            state: guard.peg.as_str(),
            detail: if holds {
                String::new()
            } else {
                self.market.tie_words(tie, guard)
            },
            bid,
            ask,
            deviation_ppm: guard.deviation_ppm,
            widened_ppm: guard.widened_ppm,
            cost_ppm: facts.cost_ppm,
            band_ppm: facts.band_ppm,
            age_ns: guard.age_ns,
        }
    }

    fn channel<'a>(&self, channel: &'a ChannelState) -> ChannelView<'a> {
        ChannelView {
            channel: channel.info.id,
            frames: channel.frames,
            malformed: channel.malformed,
            gaps: channel.gaps,
            last_ns: channel.last_ns,
            lag_ns: channel.lag_ns,
            offset_ns: channel.offset_ns,
            slot: channel.slot,
            state: channel.state,
            last_error: &channel.last_error,
            race: self.race_view(channel),
            slots_behind: self.slots_behind(channel),
            quarantine: plain(&channel.quarantine),
        }
    }

    /// Returns (base fee, priority fee, tip) of a typical trade now.
    pub(super) fn trade_lamports(&self) -> (u64, Option<u64>, u64) {
        let bid = self.judge.bid.map(|bid| bid.micro_lamports);
        (
            base_fee(self.setup.bidding.signatures),
            bid.and_then(|bid| priority_fee(bid, typical_cu())),
            self.judge.least_tip,
        )
    }

    /// Returns the higher of what prices and what the fullness of accounts say, 0-100.
    pub(super) fn congestion(&self) -> Option<u8> {
        let full = self.fullest().map(|(ppm, _)| (ppm / 10_000).min(100) as u8);
        self.fees.congestion().max(full)
    }

    fn fullest(&self) -> Option<(u32, i64)> {
        self.sources.fullest(self.market.slot?)
    }

    /// Returns the figures that fees rest on, each with where it comes from and when it was heard.
    fn fee_inputs(&self) -> Vec<FeeInput<'_>> {
        let input = |name, source, value, recv_ns| FeeInput {
            name,
            source,
            value,
            recv_ns,
        };
        let bid = self.judge.bid;
        let mut inputs = vec![input(
            "bid",
            bid.map_or("", |bid| bid.source),
            bid.map(|bid| bid.micro_lamports),
            self.fees.newest_ns(),
        )];
        let percent = self.sources.percent(&self.setup.bidding);
        let accounts = self.sources.accounts().map(|(account, row)| {
            let price = self.sources.account_price(account, percent);
            input("account", account.as_str(), price, Some(row.recv_ns))
        });
        inputs.extend(accounts);
        let estimates = self.sources.estimates().map(|(source, each)| {
            let price = each
                .levels
                .iter()
                .find(|&&(at, _)| at >= percent)
                .map(|&(_, price)| price);
            input("estimate", source.as_str(), price, Some(each.recv_ns))
        });
        inputs.extend(estimates);
        if let Some(tips) = self.sources.tips() {
            let least = self.sources.least_tip(&self.setup.bidding);
            inputs.push(input("tip", "tip_floor", Some(least), Some(tips.recv_ns)));
        }
        if let Some((ppm, recv_ns)) = self.fullest() {
            inputs.push(input("fullness", "logs", Some(ppm.into()), Some(recv_ns)));
        }
        for (_, wins, tries) in self.sources.outcomes().filter(|each| each.0 == percent) {
            let landing = landing_ppm(wins, tries);
            inputs.push(input("landing", "outcomes", Some(landing.into()), None));
        }
        inputs
    }

    fn price_views(&self, now_ns: i64) -> Vec<PriceView<'_>> {
        let mut views = Vec::new();
        for (token, rows) in &self.prices.rows {
            let reference = self.reference_row(token, now_ns);
            views.extend(rows.values().map(|row| {
                let reference =
                    reference.is_some_and(|best| std::ptr::eq(best, row)) && !row.is_apart();
                self.price(row, now_ns, reference)
            }));
        }
        views
    }

    fn price<'a>(&'a self, row: &'a Row, now_ns: i64, reference: bool) -> PriceView<'a> {
        let (channel, current_ns, state) = self.source(row, now_ns);
        let (hour_ago, hour_span_ns) = row.series.hour_ago(now_ns);
        let bands = row.series.bands.value();
        PriceView {
            mint: &row.mint,
            symbol: &row.symbol,
            venue: &row.venue,
            source: &row.source,
            channel,
            bid: row.bid,
            ask: row.ask,
            current_ns,
            changed_ns: row.changed_ns,
            usable: state == "live",
            state,
            first_price: row.series.first,
            hour_ago,
            hour_span_ns,
            closes: row.series.sparkline(now_ns),
            rsi: row.series.rsi.value(),
            ema: row.series.ema.value(),
            band_low: bands.map(|bands| bands.low),
            band_high: bands.map(|bands| bands.high),
            synthetic: &row.synthetic,
            depth: row.depth,
            reference,
            quote: &row.quote,
            unit: self.unit(row),
        }
    }

    /// Returns the mint of what a row's prices are in, empty where no identity says.
    fn unit<'a>(&'a self, row: &Row) -> &'a str {
        match row.at.filter(|_| row.own) {
            Some(at) => &self.market.books.entries[at].quote_mint,
            None => &self.setup.quote_mint,
        }
    }

    /// Returns (channel, when it was last known to be current, state).
    pub(super) fn source(&self, row: &Row, now_ns: i64) -> (u16, Option<i64>, &'static str) {
        let Some(at) = row.at else {
            return (0, row.changed_ns, "injected");
        };
        let worded = |problem: &'static str| if problem.is_empty() { "live" } else { problem };
        if row.book {
            let entry = &self.market.books.entries[at];
            let state = self.market.book_state(at, now_ns);
            return (entry.channel.unwrap_or(0), Some(entry.as_of_ns), state);
        }
        let pool = &self.market.registry.pools[at];
        let problem = self
            .market
            .pool_leg(at, now_ns, &self.channels)
            .problem
            .as_str();
        let state = if pool.state == PoolState::Live {
            worded(problem)
        } else {
            pool.state.as_str()
        };
        match pool.carrier.and_then(|carrier| self.channels.get(&carrier)) {
            Some(channel) if channel.slot.is_some() => {
                (channel.info.id, Some(channel.slot_ns), state)
            }
            _ => (pool.carrier.unwrap_or(0), None, state),
        }
    }

    /// Returns a cycle opened up: one that stands, or one that ended lately; `None` if it is neither. Of one that ended or
    /// is not sized now there is only the history.
    pub(crate) fn inspection(&self, key: &str, now_ns: i64) -> Option<CycleInspection<'_>> {
        let Some(cycle) = self.standing.get(key) else {
            let ended = self.standing.ended(key)?;
            return Some(CycleInspection::outline(CycleHistory::of_ended(ended)));
        };
        let Some(opportunity) = cycle.last.as_ref() else {
            return Some(CycleInspection::outline(CycleHistory::of(cycle)));
        };
        let amount_in = cycle.sizing.amount_in;
        let hops = if amount_in > 0 {
            walk(&self.market, &cycle.edges, amount_in).unwrap_or_default()
        } else {
            vec![]
        };
        let shown = cycle
            .edges
            .iter()
            .zip(&hops)
            .map(|(&edge, hop)| self.hop(edge, hop, now_ns));
        Some(CycleInspection {
            opportunity: Some(opportunity),
            hops: shown.collect(),
            curve: self.curve(cycle),
            cap: cycle.cap,
            history: CycleHistory::of(cycle),
            moves: self.moves(&cycle.edges, &hops),
        })
    }

    fn hop(&self, edge: EdgeId, hop: &Hop, now_ns: i64) -> HopView<'_> {
        let market = &self.market;
        let ((mint_in, mint_out), behind) = (market.ends(edge), market.behind(edge));
        let pool = match behind.kind {
            Kind::Pool => &market.registry.pools[behind.at].name,
            Kind::Book => &market.books.entries[behind.at].name,
            Kind::Equivalence => &market.ties[behind.at].facts.pair,
        };
        HopView {
            edge: market.graph.name(edge),
            venue: market.venue(edge),
            pool,
            mint_in,
            mint_out,
            amount_in: hop.amount_in,
            amount_out: hop.amount_out,
            fee_bps: hop.fee as f64 * 1e4 / hop.amount_in as f64,
            impact_bps: self.impact(edge, hop),
            age_ns: market.leg(edge, now_ns, &self.channels).age_ns,
        }
    }

    /// Returns what a trade leaves to be moved, in the order of its hops.
    fn moves<'a>(&'a self, edges: &[EdgeId], hops: &[Hop]) -> Vec<MoveView<'a>> {
        let Some(first) = hops.first() else {
            return Vec::new();
        };
        let shown = |each: Move<'a>| {
            let amount = hops[each.hop].amount_in;
            let (fee, cost) = each.costs(first.amount_in, amount).unzip();
            MoveView {
                origin: each.origin,
                target: each.target,
                mint: self.market.ends(edges[each.hop]).0,
                amount,
                fee,
                cost,
            }
        };
        self.market.moves(edges).into_iter().map(shown).collect()
    }

    /// Returns how much less a hop paid than its marginal rate promises, in bps; 0 where there is no rate.
    fn impact(&self, edge: EdgeId, hop: &Hop) -> f64 {
        let Some((num, den)) = self.market.rate(edge) else {
            return 0.0;
        };
        let promised = hop.amount_in as f64 * (num as f64 / den as f64);
        if promised <= 0.0 {
            0.0
        } else {
            (1.0 - hop.amount_out as f64 / promised) * 1e4
        }
    }

    /// Returns (amount in, net) for sizes up to twice the best; sizes that can't be quoted or costed are left out.
    fn curve(&self, cycle: &Cycle) -> Vec<(u64, i64)> {
        let best = u128::from(cycle.sizing.amount_in);
        if best == 0 {
            return Vec::new();
        }
        let size = |step: u64| (2 * best * u128::from(step) / u128::from(CURVE_POINTS)).max(1);
        let mut sizes: Vec<u64> = (1..=CURVE_POINTS)
            .filter_map(|step| u64::try_from(size(step)).ok())
            .collect();
        sizes.dedup();
        let point = |size: u64| {
            let hops = walk(&self.market, &cycle.edges, size).ok()?;
            let sizing = sizing_of(&self.market, &cycle.edges, &hops, None)?;
            let cost = self.judge.cost(self.context(), cycle, &sizing);
            Some((size, net(&sizing, &cost)?))
        };
        sizes.into_iter().filter_map(point).collect()
    }
}

/// Returns the compute units of a trade over one pool of each kind.
fn typical_cu() -> u64 {
    let swap = |kind: PoolKind| SwapShape {
        venue: kind.venue(),
        ..SwapShape::default()
    };
    cu_limit(&TYPICAL.map(swap)).unwrap_or(0)
}
