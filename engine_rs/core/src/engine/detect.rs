//! What changed is weighed, cycles are searched around it, those that earn most are sized and decided on.

#![expect(clippy::vec_box, reason = "cycles move out of their places and back")]

use std::cmp::Ordering;

use super::encoded::Encoded;
use super::json::Put;
use super::market::Hops;
use super::moments::Moment;
use super::ranking::{Bases, Order, Ranking, order};
use super::route::{Sizing, glanced, gross, net, requoted, size};
use super::standing::{Context, Cycle, End};
use super::{Engine, Ingested, count};
use crate::judge::scorer::Reason;
use crate::search::by_money::Ranked;
use crate::search::graph::EdgeId;
use crate::search::multiverse::Search;

/// What makes a decision another one.
#[derive(Clone, Copy)]
enum Says {
    /// Its amounts too.
    Amounts,
    /// Its verdict alone.
    Verdicts,
}

/// Most cycles that are quoted where their legs moved, besides those that are sized and those that can't pay.
const REQUOTED: usize = 32;

/// Whether a cycle paid when it was decided on last.
fn paid(cycle: &Cycle) -> bool {
    let last = cycle.last.as_ref();
    last.is_some_and(|last| last.go || last.net.is_some_and(|net| net > 0))
}

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
    pub(super) fn settle(&mut self, moment: Moment, out: &mut Ingested) {
        self.weigh_changed(moment.now_ns);
        let touched = self.take_moved(moment.now_ns);
        if touched.is_empty() && self.market.promising.is_empty() {
            return;
        }
        let moved = self.standing.take(&touched);
        if moved.is_empty() && self.market.promising.is_empty() {
            return;
        }
        let bases = Bases::new(&self.setup, &self.market, &self.prices, &self.judge);
        let mut hops = std::mem::take(&mut self.market.hops);
        hops.begin(
            self.market.graph.edge_count(),
            self.market.graph.node_count(),
        );
        let found = self.search(&bases, &mut hops);
        let (mut cycles, waiting) = self.estimate_again(moment, &bases, &mut hops, moved);
        for each in &found {
            let first = each.route.first();
            let same = |cycle: &Cycle| cycle.edges.first() == first && cycle.edges == each.route;
            let at = cycles.iter().position(|cycle| same(cycle));
            let at = at.unwrap_or_else(|| {
                let cycle = self.standing.find(&self.setup, &self.market, moment, each);
                cycles.push(cycle);
                cycles.len() - 1
            });
            let cycle = &mut cycles[at];
            self.standing.estimate(&self.setup, moment, cycle, each);
            (cycle.kept_slot, cycle.kept_ns) = (moment.slot, moment.now_ns);
        }
        self.judge_all(moment, &bases, &mut hops, cycles, out);
        self.market.hops = hops;
        self.standing.close();
        let cx = Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        };
        self.counters.crowded_out += self.standing.crowd_out(cx, moment, &bases);
        if !waiting.is_empty() {
            let waits = |cycle: &Cycle| waiting.contains(&cycle.names.key);
            self.review(moment, waits, out);
        }
    }

    /// Returns the cycles found around the edges that changed.
    fn search(&mut self, bases: &Bases, hops: &mut Hops) -> Vec<Ranked> {
        let mut promising = std::mem::take(&mut self.market.promising);
        promising.sort_unstable();
        promising.dedup();
        if promising.is_empty() || self.setup.search.keep == 0 {
            return Vec::new();
        }
        let budget = self.setup.search.budget_edges;
        let max_hops = self.setup.search.max_hops;
        let (graph, potentials) = (&self.market.graph, &self.market.potentials);
        let ranking = Ranking::new(&self.setup, &self.market, &self.judge, bases, hops);
        let rank = ranking.by_money();
        let mut search = Search::new(graph, potentials, rank, max_hops, promising.len());
        let mut cut: Vec<&[EdgeId]> = Vec::new();
        for pool in promising.chunk_by(|a, b| a / 2 == b / 2) {
            if search.through(pool, budget) {
                cut.push(pool);
            }
        }
        let (rank, expanded) = (search.rank, search.expanded);
        let mut found = rank.paying;
        found.extend(rank.losing);
        found.extend(rank.unvalued);
        self.counters.budget_cuts += cut.len() as u64;
        self.market.promising = cut.concat();
        self.counters.cycles += found.len() as u64;
        self.counters.expanded_edges += expanded;
        found
    }

    /// Returns the cycles that have moved, estimated anew, and the keys of those that wait for their state to become
    /// consistent, which are put back.
    fn estimate_again(
        &mut self,
        moment: Moment,
        bases: &Bases,
        hops: &mut Hops,
        moved: Vec<Box<Cycle>>,
    ) -> (Vec<Box<Cycle>>, Vec<Encoded<String>>) {
        let (mut cycles, mut waiting) = (Vec::with_capacity(moved.len()), Vec::new());
        let ranking = Ranking::new(&self.setup, &self.market, &self.judge, bases, hops);
        let mut rank = ranking.by_money();
        for mut cycle in moved {
            if cycle.edges.iter().any(|&edge| self.market.waits(edge)) {
                waiting.push(cycle.names.key.clone());
                self.standing.put(cycle);
                continue;
            }
            let weight = self.market.graph.total(&cycle.edges);
            match weight.and_then(|weight| rank.rank(&cycle.edges, weight)) {
                None => {
                    let cx = (&self.setup, &self.market);
                    self.standing.end(cx, moment, cycle, End::Gone);
                }
                Some(found) => {
                    self.standing
                        .estimate(&self.setup, moment, &mut cycle, &found);
                    cycles.push(cycle);
                }
            }
        }
        (cycles, waiting)
    }

    /// Sizes the cycles that may be among the `keep` that earn most. The `REQUOTED` best of the others that may pay, or
    /// did, are quoted at one size.
    ///
    /// Of those that can't pay, and didn't, as many are quoted as are missing to `keep`; the rest is known by its
    /// estimate alone: to quote each of them again took a fifth of a busy market's time.
    fn judge_all(
        &mut self,
        moment: Moment,
        bases: &Bases,
        hops: &mut Hops,
        cycles: Vec<Box<Cycle>>,
        out: &mut Ingested,
    ) {
        let keep = self.setup.search.keep;
        let ordered = cycles.into_iter();
        let mut ranked: Vec<(Order, Box<Cycle>)> = ordered
            .map(|cycle| (order(&self.market, bases, &cycle), cycle))
            .collect();
        ranked.sort_by(|(a, one), (b, other)| {
            a.first(*b)
                .then_with(|| one.names.key.cmp(&*other.names.key))
        });
        let mut earned: Vec<f64> = Vec::new();
        let (mut losing, mut again) = (0, 0);
        for (order, mut cycle) in ranked {
            let reach = match order {
                Order::Money(_) => bases.reach(&self.market, &cycle),
                Order::Weight(_) => 0.0,
            };
            let mut stands = true;
            // Of equals the first by key stays: what only reaches the least of those kept is not sized.
            if reach > 0.0 && (earned.len() < keep || reach > earned[keep - 1]) {
                stands = self.size(moment, bases, hops, &mut cycle, out);
                if stands
                    && let Order::Money(money) = super::ranking::order(&self.market, bases, &cycle)
                {
                    let at = earned.partition_point(|&more| {
                        more.partial_cmp(&money).unwrap_or(Ordering::Equal) != Ordering::Less
                    });
                    earned.insert(at, money);
                }
            } else if reach <= 0.0 && !paid(&cycle) {
                if earned.len() + losing < keep {
                    losing += 1;
                    stands = self.requote(moment, bases, hops, &mut cycle, out);
                }
            } else if again < REQUOTED {
                again += 1;
                stands = self.requote(moment, bases, hops, &mut cycle, out);
            }
            if !cycle.sized {
                cycle.last = None;
                let ends = &mut self.standing.ends;
                ends.overlook(&self.market, moment, &mut cycle);
            }
            if stands {
                self.standing.put(cycle);
            } else {
                let cx = (&self.setup, &self.market);
                self.standing.end(cx, moment, cycle, End::Unsized);
            }
        }
    }

    /// Quotes a cycle at one size and decides on it; sizes it where that is not enough. Returns whether it can be traded
    /// at any size.
    fn requote(
        &mut self,
        moment: Moment,
        bases: &Bases,
        hops: &mut Hops,
        cycle: &mut Cycle,
        out: &mut Ingested,
    ) -> bool {
        let Some(sizing) = self.at_one_size(bases, cycle) else {
            return self.size(moment, bases, hops, cycle, out);
        };
        (cycle.sizing, cycle.sized) = (sizing, true);
        self.decide(moment, cycle, Says::Verdicts, out);
        true
    }

    /// Returns what a cycle pays at the size that it has, or where it is estimated to earn most; `None` if that is
    /// refused, or loses though another size may pay.
    fn at_one_size(&self, bases: &Bases, cycle: &Cycle) -> Option<Sizing> {
        let sizing = if cycle.last.is_some() {
            requoted(&self.market, &cycle.edges, &cycle.sizing)
        } else {
            glanced(
                &self.market,
                &cycle.edges,
                cycle.cap,
                cycle.estimate.amount_in,
            )
        }?;
        if bases.reach(&self.market, cycle) <= 0.0 {
            return Some(sizing);
        }
        let cost = self.judge.cost(self.context(), cycle, &sizing);
        let left = net(&sizing, &cost).unwrap_or_else(|| gross(&sizing));
        (left > 0).then_some(sizing)
    }

    /// Sizes a cycle and decides on it. Returns whether it can be traded at any size.
    fn size(
        &mut self,
        moment: Moment,
        bases: &Bases,
        hops: &mut Hops,
        cycle: &mut Cycle,
        out: &mut Ingested,
    ) -> bool {
        let mut ranking = Ranking::new(&self.setup, &self.market, &self.judge, bases, hops);
        let starts = ranking.starts(cycle);
        let Some(sizing) = size(&self.market, &cycle.edges, cycle.cap, &starts) else {
            return false;
        };
        self.counters.opportunities += 1;
        (cycle.sizing, cycle.sized) = (sizing, true);
        self.decide(moment, cycle, Says::Amounts, out);
        true
    }

    /// Lets go of what has not paid for long, and decides again on all else that stands.
    pub(super) fn review_all(&mut self, moment: Moment, out: &mut Ingested) {
        let cx = Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        };
        self.standing.expire(cx, moment);
        self.review(moment, |_| true, out);
        self.standing
            .ends
            .tell(moment, &mut self.judge, &mut out.ends);
        self.ask_transactions();
    }

    /// Decides again on the standing cycles that wait for a second endpoint.
    pub(super) fn review_unconfirmed(&mut self, moment: Moment, out: &mut Ingested) {
        let waits = |cycle: &Cycle| {
            let last = cycle.last.as_ref();
            last.is_some_and(|last| *last.reason == *Reason::Unconfirmed.as_str())
        };
        self.review(moment, waits, out);
    }

    /// Decides again on standing cycles of which something holds, if they are sized, at the sizes they have; once at a
    /// moment.
    fn review(&mut self, moment: Moment, holds: impl Fn(&Cycle) -> bool, out: &mut Ingested) {
        let due =
            |cycle: &Cycle| cycle.last.is_some() && cycle.judged < moment.number && holds(cycle);
        for at in self.standing.places_of(due) {
            if let Some(mut cycle) = self.standing.take_at(at) {
                self.decide(moment, &mut cycle, Says::Amounts, out);
                self.standing.put(cycle);
            }
        }
    }

    /// Decides, and hands the decision out if it is another.
    fn decide(&mut self, moment: Moment, cycle: &mut Cycle, says: Says, out: &mut Ingested) {
        let cx = Context {
            setup: &self.setup,
            channels: &self.channels,
            market: &self.market,
            prices: &self.prices,
        };
        let opportunity = self.judge.decide(cx, moment, cycle);
        let before = cycle.last.as_ref();
        let is_new = before.is_none_or(|before| match says {
            Says::Amounts => before.decision() != opportunity.decision(),
            Says::Verdicts => (&before.reason, before.go) != (&opportunity.reason, opportunity.go),
        });
        cycle.take(moment, opportunity);
        self.standing.ends.look(&self.market, moment, cycle);
        let Some(opportunity) = cycle.last.as_ref().filter(|_| is_new) else {
            self.counters.unchanged += 1;
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
