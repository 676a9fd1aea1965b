//! Cycles that stand: found by a search, sized exactly, priced, decided on; kept until a search no longer finds them.
//!
//! `route` sizes one, `judging` costs it and decides.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::encoded::Encoded;
use super::market::{Channels, Market};
use super::opportunity::Opportunity;
use super::prices::Prices;
use super::route::{Names, Sizing, rotate, size};
use super::setup::EngineSetup;
use crate::fees::{Bid, FeeModel, Sources};
use crate::judge::scorer::Settlement;
use crate::search::graph::EdgeId;

/// Ten minutes of slots: the half-life of what outcomes taught.
const MEMORY_SLOTS: u64 = 1_500;

/// Cycles whose names are kept: some megabytes.
const MOST_NAMES: usize = 4_096;

/// The record being decided on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) seq: u64,
    pub(crate) now_ns: i64,
    pub(crate) slot: u64,
}

/// One standing cycle.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    pub(crate) names: Names,
    /// In the order of execution: the first one sells the base token, if there is one.
    pub(crate) edges: Vec<EdgeId>,
    /// Mint, or empty.
    pub(crate) base: String,
    pub(crate) weight: i64,
    /// Since when it gains at the margin, over gaps that are bridged; `None` if it does not.
    pub(crate) first_slot: Option<u64>,
    pub(crate) sizing: Sizing,
    pub(crate) last: Option<Opportunity>,
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
    pub(crate) cycles: BTreeMap<String, Cycle>,
    /// (settlement, hops) → (landed, tried).
    pub(crate) learned: BTreeMap<(Settlement, u64), (u64, u64)>,
    /// (since which slot, until which) by key, of cycles that paid and don't, as long as the gap may be bridged.
    pub(crate) gaps: BTreeMap<String, (u64, u64)>,
    /// Micro-lamports per compute unit and where from; kept because a percentile costs more than a quote.
    pub(crate) bid: Option<Bid>,
    /// Prices of single accounts at the percentile that is bid.
    pub(super) account_bids: BTreeMap<String, u64>,
    /// Lamports that a tip is not below.
    pub(crate) least_tip: u64,
    /// Of cycles that stand or stood: most that are lost come back, and writing them anew was 6 % of a swap's cost.
    names: HashMap<String, Names>,
}

impl Standing {
    /// Takes over what the sources say of bids and tips.
    pub(crate) fn reprice(&mut self, setup: &EngineSetup, fees: &FeeModel, sources: &Sources) {
        let bidding = &setup.bidding;
        self.bid = sources.offer(fees, bidding);
        let percent = sources.percent(bidding);
        let prices = sources.accounts().filter_map(|(account, _)| {
            Some((account.clone(), sources.account_price(account, percent)?))
        });
        self.account_bids = prices.collect();
        self.least_tip = bidding.min_tip_lamports.max(sources.least_tip(bidding));
    }

    // -- finding

    /// Takes over a cycle found; returns whether it stands, that is whether a size can be quoted.
    pub(crate) fn found(
        &mut self,
        cx: Context<'_>,
        moment: Moment,
        key: &str,
        edges: &[EdgeId],
        weight: i64,
    ) -> bool {
        if !self.cycles.contains_key(key) {
            let (edges, base) = rotate(cx, edges);
            let sizing = Sizing::default();
            let cycle = Cycle {
                names: self.named(cx.market, key, &edges),
                edges,
                base,
                weight,
                first_slot: None,
                sizing,
                last: None,
            };
            self.cycles.insert(key.to_owned(), cycle);
        }
        let Some(cycle) = self.cycles.get_mut(key) else {
            return false;
        };
        cycle.weight = weight;
        let most = u64::from(cx.setup.gates.max_gap_slots);
        let Some(sizing) = size(cx, cycle) else {
            self.lose(key, moment.slot, most);
            return false;
        };
        cycle.sizing = sizing;
        if weight >= 0 {
            let first = cycle.first_slot.take();
            self.interrupt(key, first, moment.slot, most);
        } else if cycle.first_slot.is_none_or(|slot| slot == 0) {
            // Slot 0 is one before any was announced: nothing can be counted from it.
            let gap = self.gaps.remove(key);
            cycle.first_slot = Some(since(gap, moment.slot, most));
        }
        true
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

    /// Drops a cycle that no longer stands.
    pub(crate) fn lose(&mut self, key: &str, slot: u64, most: u64) {
        if let Some(cycle) = self.cycles.remove(key) {
            self.interrupt(key, cycle.first_slot, slot, most);
        }
    }

    /// Keeps an ended count aside for as long as `most` slots of gap let it go on.
    fn interrupt(&mut self, key: &str, first: Option<u64>, slot: u64, most: u64) {
        if let Some(first) = first.filter(|&first| first > 0 && most > 0) {
            self.gaps
                .retain(|_, (_, last)| slot.saturating_sub(last.saturating_add(1)) <= most);
            self.gaps.insert(key.to_owned(), (first, slot));
        }
    }

    /// Returns the keys of the cycles that use one of the edges, which ascend.
    pub(crate) fn through(&self, touched: &[EdgeId]) -> Vec<Encoded<String>> {
        let is_touched = |edge: &EdgeId| touched.binary_search(edge).is_ok();
        let uses = |cycle: &&Cycle| cycle.edges.iter().any(is_touched);
        self.cycles
            .values()
            .filter(uses)
            .map(|cycle| cycle.names.key.clone())
            .collect()
    }

    /// Counts how an order on a cycle ended, with all of its settlement and hop count.
    pub(crate) fn learn(&mut self, key: &str, landed: bool) {
        let legged = key.split('|').any(|name| name.matches(':').count() > 1);
        let settlement = if legged {
            Settlement::Legged
        } else {
            Settlement::Atomic
        };
        let kind = (settlement, key.split('|').count() as u64);
        let (wins, tries) = self.learned.entry(kind).or_default();
        *wins += u64::from(landed);
        *tries += 1;
    }

    /// Halves what was learned once every `MEMORY_SLOTS`: a losing streak does not close the gate for good.
    /// Returns how many times.
    pub(crate) fn forget(&mut self, before: Option<u64>, slot: Option<u64>) -> u32 {
        let Some(slot) = slot else {
            return 0;
        };
        let passed = (slot / MEMORY_SLOTS).saturating_sub(before.unwrap_or(slot) / MEMORY_SLOTS);
        let by = u32::try_from(passed.min(63)).unwrap_or(63);
        if by > 0 {
            self.learned.retain(|_, (wins, tries)| {
                *wins >>= by;
                *tries >>= by;
                *tries > 0
            });
        }
        by
    }

    /// Returns the last decisions, go first, then by net.
    pub(crate) fn ranked(&self) -> Vec<&Opportunity> {
        let mut last: Vec<&Opportunity> = self
            .cycles
            .values()
            .filter_map(|cycle| cycle.last.as_ref())
            .collect();
        last.sort_by_key(|o| (!o.go, o.net.is_none(), Reverse(o.net.unwrap_or(0)), &*o.key));
        last
    }
}

/// Returns since which slot a cycle counts that pays now: as `signal_persistence::Runs`, over a bridged gap.
fn since(gap: Option<(u64, u64)>, slot: u64, most: u64) -> u64 {
    match gap {
        Some((first, last)) if slot.saturating_sub(last.saturating_add(1)) <= most => first,
        _ => slot,
    }
}
