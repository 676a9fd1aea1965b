//! What changed is weighed, cycles are searched around it, each one that stands is decided on.

use super::encoded::Encoded;
use super::json::Put;
use super::standing::{Context, Cycle, Moment};
use super::{Engine, Ingested, count};
use crate::judge::scorer::Reason;
use crate::search::graph::EdgeId;
use crate::search::multiverse::{Found, Params, search};

impl Engine {
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        }
    }

    /// Weighs what changed, searches around it and decides.
    pub(super) fn settle(&mut self, mut moment: Moment, out: &mut Ingested) {
        let registry = &self.market.registry;
        if registry.dirty.is_empty()
            && registry.aged.is_empty()
            && self.market.dirty_books.is_empty()
            && !self.market.is_due(moment.now_ns)
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
        let mut touched = settled.edges;
        touched.sort_unstable();
        let waiting = self.drop_lost(&touched, &keyed, moment.slot);
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
    fn drop_lost(
        &mut self,
        touched: &[EdgeId],
        found: &[(String, &Found)],
        slot: u64,
    ) -> Vec<Encoded<String>> {
        let most = u64::from(self.setup.gates.max_gap_slots);
        let mut waiting = Vec::new();
        for key in self.standing.through(touched) {
            let waits = self.standing.cycles[&*key]
                .edges
                .iter()
                .any(|&edge| self.market.waits(edge));
            if waits {
                waiting.push(key);
            } else if !found.iter().any(|(each, _)| *each == *key) {
                self.standing.lose(&key, slot, most);
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

    pub(super) fn review_all(&mut self, moment: Moment, out: &mut Ingested) {
        let standing = self.standing.cycles.values();
        let keys: Vec<_> = standing.map(|cycle| cycle.names.key.clone()).collect();
        self.review(moment, &keys, out);
    }

    /// Decides again on the standing cycles that wait for a second endpoint.
    pub(super) fn review_unconfirmed(&mut self, moment: Moment, out: &mut Ingested) {
        let waits = |cycle: &&Cycle| {
            let last = cycle.last.as_ref();
            last.is_some_and(|last| *last.reason == *Reason::Unconfirmed.as_str())
        };
        let standing = self.standing.cycles.values().filter(waits);
        let keys: Vec<_> = standing.map(|cycle| cycle.names.key.clone()).collect();
        self.review(moment, &keys, out);
    }

    /// Decides again on standing cycles, at the sizes they have.
    fn review(&mut self, mut moment: Moment, keys: &[Encoded<String>], out: &mut Ingested) {
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
        opportunity.put(&mut out.decisions);
        out.decisions.push(b'\n');
        if opportunity.go {
            out.go += 1;
            self.counters.go += 1;
        } else {
            count(&mut self.counters.refused, &opportunity.reason);
            count(&mut self.counters.stopped, &opportunity.reason);
        }
    }
}
