//! Cycles that stand: found by a search, kept by the money they earn until they don't pay any more.
//!
//! `ranking` says what one may earn, `route` sizes it, `judging` costs it and decides. One file, for who reads how a cycle
//! comes and stays sees how it ends and what is remembered of it.

#![expect(
    clippy::vec_box,
    reason = "a cycle has hundreds of bytes and moves in and out of its place"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::ends::{Ends, Gap};
use super::market::{Channels, Market};
use super::moments::Moment;
use super::opportunity::Opportunity;
use super::prices::Prices;
use super::ranking::{Bases, Order, order};
use super::route::{Names, Sizing, cap};
use super::setup::EngineSetup;
use crate::search::by_money::Ranked;
use crate::search::estimate::Estimate;
use crate::search::graph::EdgeId;

/// Most cycles that stand.
pub(crate) const MOST: usize = 256;
/// Most of them without a value, which rank among themselves.
pub(crate) const UNVALUED: usize = 32;
/// Cycles that ended and are remembered: all that stand may end at one moment.
pub(crate) const MOST_ENDED: usize = MOST;
/// Cycles whose names are kept: some megabytes.
const MOST_NAMES: usize = 4_096;
const NS_PER_MS: i64 = 1_000_000;

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// A leg can't be traded.
    Gone,
    /// No size can be quoted.
    Unsized,
    /// It paid no more.
    Lost,
    /// More stand that earn more.
    Crowded,
}

/// A cycle that stands no more, as it stands in a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) key: String,
    /// When it was found.
    pub(crate) first_ns: i64,
    pub(crate) last_ns: i64,
    /// The most that it would have left at one moment, in atoms of its base token; `None` if it was never sized
    /// or a cost of it never known.
    pub(crate) best_net: Option<i64>,
    pub(crate) how: End,
    /// Mint, or empty.
    #[serde(default)]
    pub(crate) base: String,
    /// The newest slot when it was found, 0 before any was announced.
    #[serde(default)]
    pub(crate) found_slot: u64,
    /// The newest slot when it ended, as `found_slot`.
    #[serde(default)]
    pub(crate) last_slot: u64,
    /// The first moment at which it would have left the most.
    #[serde(default)]
    pub(crate) best_ns: Option<i64>,
}

/// One standing cycle.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    pub(crate) names: Names,
    /// In the order of execution: the first one sells the base token, if there is one.
    pub(crate) edges: Vec<EdgeId>,
    /// Where it belongs while it is taken out; `None` if it is new.
    pub(crate) place: Option<usize>,
    /// Mint, or empty.
    pub(crate) base: String,
    /// The most atoms of it that one trade may put in.
    pub(crate) cap: Option<u64>,
    pub(crate) first_ns: i64,
    /// The newest slot when it was found, 0 before any was announced.
    pub(crate) found_slot: u64,
    pub(crate) weight: i64,
    /// As of when one of its legs moved last.
    pub(crate) estimate: Estimate,
    /// What is left of it after costs, `None` if one is unknown.
    pub(crate) net: Option<f64>,
    /// Since when it gains at the margin, over gaps that are bridged, counted in slots that had a moment; `None` if it does
    /// not.
    pub(crate) first_slot: Option<u64>,
    /// When it paid last, or was found.
    pub(crate) kept_slot: u64,
    pub(crate) kept_ns: i64,
    pub(crate) best_net: Option<i64>,
    /// The first moment at which it would have left that.
    pub(crate) best_ns: Option<i64>,
    /// Whether it was sized as it is now; not if enough others through the same pools earn more.
    pub(crate) sized: bool,
    /// The moment at which it was decided on last.
    pub(crate) judged: u64,
    pub(crate) sizing: Sizing,
    /// The decision on it, `None` if it is not sized.
    pub(crate) last: Option<Opportunity>,
    /// Since when it pays, `None` if it doesn't.
    pub(crate) gap: Option<Box<Gap>>,
}

impl Cycle {
    /// Returns the decision on it as it is now.
    pub(crate) fn exact(&self) -> Option<&Opportunity> {
        self.last.as_ref().filter(|_| self.sized)
    }

    /// Takes over a decision of a moment, and what it says of its best.
    pub(crate) fn take(&mut self, moment: Moment, opportunity: Opportunity) {
        self.judged = moment.number;
        if opportunity.net > self.best_net {
            (self.best_net, self.best_ns) = (opportunity.net, Some(moment.now_ns));
        }
        self.last = Some(opportunity);
    }

    /// Whether it pays after costs: as sized, else as estimated; at the margin without a base token.
    pub(crate) fn pays(&self) -> bool {
        if self.estimate.amount_in == 0.0 {
            return self.weight < 0;
        }
        match self.exact() {
            Some(last) => last.net.is_some_and(|net| net > 0),
            None => self.net.is_some_and(|net| net > 0.0),
        }
    }
}

/// What a decision reads beside the cycles.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) setup: &'a EngineSetup,
    pub(crate) channels: &'a Channels,
    pub(crate) market: &'a Market,
    pub(crate) prices: &'a Prices,
}

/// All standing cycles of one engine.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Ascending by key; `None` is where one was taken out. A map by key took a tenth of a session in comparing keys.
    places: Vec<Option<Box<Cycle>>>,
    /// Of the edges of each place.
    masks: Vec<u64>,
    /// Put in for the first time: places of their own come with `close`.
    fresh: Vec<Box<Cycle>>,
    /// The oldest first.
    pub(crate) ended: VecDeque<Ended>,
    pub(crate) ends: Ends,
    /// (since when as cycles count, until which slot) by key, of cycles that paid and don't, as long as the gap may be bridged.
    pub(crate) gaps: BTreeMap<String, (u64, u64)>,
    /// Of cycles that stand or stood: most that are lost come back, and writing them anew was 6 % of a swap's cost.
    names: HashMap<String, Names>,
}

impl Standing {
    /// Takes out the cycles that use one of the edges, which ascend; they are put back or ended once they are judged.
    pub(crate) fn take(&mut self, touched: &[EdgeId]) -> Vec<Box<Cycle>> {
        let mask = mask_of(touched);
        let is_touched = |edge: &EdgeId| touched.binary_search(edge).is_ok();
        let uses = |cycle: &mut Box<Cycle>| cycle.edges.iter().any(is_touched);
        let mut taken = Vec::new();
        for (at, _) in self
            .masks
            .iter()
            .enumerate()
            .filter(|(_, own)| **own & mask != 0)
        {
            taken.extend(self.places[at].take_if(uses).map(|cycle| placed(cycle, at)));
        }
        taken
    }

    /// Takes out the cycle of a place.
    pub(crate) fn take_at(&mut self, at: usize) -> Option<Box<Cycle>> {
        self.places[at].take().map(|cycle| placed(cycle, at))
    }

    /// Returns the places of the cycles of which something holds.
    pub(crate) fn places_of(&self, holds: impl Fn(&Cycle) -> bool) -> Vec<usize> {
        let cycles = self.places.iter().enumerate();
        let found = cycles.filter(|(_, cycle)| cycle.as_deref().is_some_and(&holds));
        found.map(|(at, _)| at).collect()
    }

    /// Returns all of them, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cycle> {
        self.places.iter().flatten().map(|cycle| &**cycle)
    }

    /// Returns the cycle of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Cycle> {
        self.iter().find(|cycle| **cycle.names.key == *key)
    }

    /// Returns how the cycle of a key ended the last time, `None` if that is not remembered.
    pub(crate) fn ended(&self, key: &str) -> Option<&Ended> {
        self.ended.iter().rev().find(|each| each.key == key)
    }

    /// Takes out the cycle that a search found, new if it does not stand.
    pub(crate) fn find(
        &mut self,
        setup: &EngineSetup,
        market: &Market,
        moment: Moment,
        found: &Ranked,
    ) -> Box<Cycle> {
        let key = market.graph.cycle_key(&found.route);
        let mask = mask_of(&found.route);
        for (at, _) in self
            .masks
            .iter()
            .enumerate()
            .filter(|(_, own)| **own == mask)
        {
            let same = |cycle: &mut Box<Cycle>| **cycle.names.key == *key;
            if let Some(cycle) = self.places[at].take_if(same) {
                return placed(cycle, at);
            }
        }
        let base = found.base.map(|node| market.graph.node_key(node));
        let base = base.unwrap_or_default().to_owned();
        Box::new(Cycle {
            names: self.named(market, &key, &found.route),
            place: None,
            edges: found.route.clone(),
            cap: cap(setup, &base),
            base,
            first_ns: moment.now_ns,
            found_slot: moment.slot,
            weight: 0,
            estimate: Estimate::default(),
            net: None,
            first_slot: None,
            kept_slot: 0,
            kept_ns: 0,
            best_net: None,
            best_ns: None,
            sized: false,
            judged: 0,
            sizing: Sizing::default(),
            last: None,
            gap: None,
        })
    }

    /// Puts a cycle back, or in.
    pub(crate) fn put(&mut self, mut cycle: Box<Cycle>) {
        match cycle.place.take() {
            Some(at) => self.places[at] = Some(cycle),
            None => self.fresh.push(cycle),
        }
    }

    /// Notes that an order of ours went through edges: gaps that lead through one of them may end by that.
    pub(crate) fn note_fill(&mut self, taken: &[EdgeId]) {
        for cycle in self.places.iter_mut().flatten() {
            if let Some(gap) = &mut cycle.gap
                && cycle.edges.iter().any(|edge| taken.contains(edge))
            {
                gap.ours = true;
            }
        }
    }

    /// Notes that an order of ours goes for the gap of a cycle.
    pub(crate) fn note_sent(&mut self, key: &str) {
        let mut cycles = self.places.iter_mut().flatten();
        let cycle = cycles.find(|cycle| *cycle.names.key == *key);
        if let Some(gap) = cycle.and_then(|cycle| cycle.gap.as_mut()) {
            gap.sent = true;
        }
    }

    /// Gives each cycle its place, once all that were taken out are put back or ended.
    pub(crate) fn close(&mut self) {
        self.places.retain(Option::is_some);
        if self.fresh.is_empty() && self.places.len() == self.masks.len() {
            return;
        }
        for cycle in std::mem::take(&mut self.fresh) {
            let key = |each: &Option<Box<Cycle>>| {
                each.as_ref()
                    .is_some_and(|each| **each.names.key < **cycle.names.key)
            };
            let at = self.places.partition_point(key);
            self.places.insert(at, Some(cycle));
        }
        self.masks = self.iter().map(|cycle| mask_of(&cycle.edges)).collect();
    }

    /// Takes over what a cycle may earn now. It is to be sized, or is no longer known exactly.
    pub(crate) fn estimate(
        &mut self,
        setup: &EngineSetup,
        moment: Moment,
        cycle: &mut Cycle,
        found: &Ranked,
    ) {
        (cycle.weight, cycle.estimate, cycle.net) = (found.weight, found.estimate, found.net);
        cycle.sized = false;
        let most = u64::from(setup.gates.max_gap_slots);
        if found.weight >= 0 {
            let first = cycle.first_slot.take();
            self.interrupt(&cycle.names.key, first, moment.slot, most);
        } else if cycle.first_slot.is_none_or(|slot| slot == 0) {
            // Slot 0 is one before any was announced: nothing can be counted from it.
            let gap = self.gaps.remove(&**cycle.names.key);
            cycle.first_slot = Some(since(gap, moment, most));
        }
    }

    fn named(&mut self, market: &Market, key: &str, edges: &[EdgeId]) -> Names {
        if let Some(names) = self.names.get(key) {
            return names.clone();
        }
        if self.names.len() >= MOST_NAMES {
            self.names.clear();
        }
        let names = Names::new(market, key, edges);
        self.names.insert(key.to_owned(), names.clone());
        names
    }

    /// Remembers a cycle that was taken out and no longer stands.
    pub(crate) fn end(
        &mut self,
        (setup, market): (&EngineSetup, &Market),
        moment: Moment,
        mut cycle: Box<Cycle>,
        how: End,
    ) {
        self.ends.drop(market, moment, &mut cycle, how);
        let most = u64::from(setup.gates.max_gap_slots);
        let key = cycle.names.key.to_string();
        self.interrupt(&key, cycle.first_slot, moment.slot, most);
        if self.ended.len() == MOST_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended {
            key,
            first_ns: cycle.first_ns,
            last_ns: moment.now_ns,
            best_net: cycle.best_net,
            how,
            base: cycle.base,
            found_slot: cycle.found_slot,
            last_slot: moment.slot,
            best_ns: cycle.best_ns,
        });
    }

    fn drop(&mut self, cx: Context<'_>, moment: Moment, at: usize, how: End) {
        if let Some(cycle) = self.places[at].take() {
            self.end((cx.setup, cx.market), moment, cycle, how);
        }
    }

    /// Drops the cycles that have not paid for as long as they may.
    pub(crate) fn expire(&mut self, cx: Context<'_>, moment: Moment) {
        let search = &cx.setup.search;
        let mut over = Vec::new();
        for (at, cycle) in self.places.iter_mut().enumerate() {
            let Some(cycle) = cycle else { continue };
            if cycle.pays() {
                (cycle.kept_slot, cycle.kept_ns) = (moment.slot, moment.now_ns);
                continue;
            }
            let is_over = if cycle.edges.iter().any(|&edge| cx.market.on_chain(edge)) {
                moment.slot.saturating_sub(cycle.kept_slot) > search.linger_slots
            } else {
                moment.now_ns - cycle.kept_ns > search.linger_ms.saturating_mul(NS_PER_MS)
            };
            if is_over {
                over.push(at);
            }
        }
        for at in over {
            self.drop(cx, moment, at, End::Lost);
        }
        self.close();
    }

    /// Drops what earns least of more cycles than may stand. Returns how many.
    pub(crate) fn crowd_out(&mut self, cx: Context<'_>, moment: Moment, bases: &Bases) -> u64 {
        if self.places.len() <= MOST {
            return 0;
        }
        // Places ascend by key.
        let ranked = self.iter().enumerate();
        let mut ranked: Vec<(Order, usize)> = ranked
            .map(|(at, cycle)| (order(cx.market, bases, cycle), at))
            .collect();
        ranked.sort_by(|a, b| a.0.first(b.0).then_with(|| a.1.cmp(&b.1)));
        let valued = ranked.partition_point(|(order, _)| matches!(order, Order::Money(_)));
        let unvalued = ranked.split_off(valued);
        let places = MOST - unvalued.len().min(UNVALUED);
        let least = unvalued
            .iter()
            .skip(UNVALUED)
            .chain(ranked.iter().skip(places));
        let mut dropped = 0;
        for &(_, at) in least {
            self.drop(cx, moment, at, End::Crowded);
            dropped += 1;
        }
        self.close();
        dropped
    }

    /// Keeps an ended count aside for as long as `most` slots of gap let it go on.
    fn interrupt(&mut self, key: &str, first: Option<u64>, slot: u64, most: u64) {
        if let Some(first) = first.filter(|&first| first > 0 && most > 0) {
            self.gaps
                .retain(|_, (_, last)| slot.saturating_sub(last.saturating_add(1)) <= most);
            self.gaps.insert(key.to_owned(), (first, slot));
        }
    }

    /// Returns the last decisions, go first, then by net.
    pub(crate) fn ranked(&self) -> Vec<&Opportunity> {
        let mut last: Vec<&Opportunity> = self
            .iter()
            .filter_map(|cycle| cycle.last.as_ref())
            .collect();
        last.sort_by_key(|o| (!o.go, o.net.is_none(), Reverse(o.net.unwrap_or(0)), &*o.key));
        last
    }
}

fn placed(mut cycle: Box<Cycle>, at: usize) -> Box<Cycle> {
    cycle.place = Some(at);
    cycle
}

/// Returns a bit for each edge, of 64 that edges share.
fn mask_of(edges: &[EdgeId]) -> u64 {
    edges.iter().fold(0, |mask, edge| mask | 1 << (edge % 64))
}

/// Returns since when a cycle counts that pays now: as `signal_persistence::Runs`, over a bridged gap.
fn since(gap: Option<(u64, u64)>, moment: Moment, most: u64) -> u64 {
    match gap {
        Some((first, last)) if moment.slot.saturating_sub(last.saturating_add(1)) <= most => first,
        _ => moment.slots,
    }
}
