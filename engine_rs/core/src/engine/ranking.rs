//! What cycles may earn at this moment: bases with their values, the costs that no quote is needed for.

use std::cmp::Ordering;

use super::book_scale::PPM;
use super::judging::{Judge, rent};
use super::market::{Hops, Kind, Market, Rebalancing};
use super::prices::Prices;
use super::route::cap;
use super::setup::EngineSetup;
use super::standing::{Cycle, MOST, UNVALUED};
use crate::fees::{base_fee, limit_of, priority_fee};
use crate::search::by_money::{self, Base, ByMoney, Limits, PROBE_SHARE, Places, money_of};
use crate::search::estimate::{Estimate, Hop, Range, starts};
use crate::search::graph::{EdgeId, NodeId};
use crate::search::log2::log2_ratio;

/// The part of its gain, before capped fees, that an estimate is raised by and then held against what was sized.
///
/// A cycle of constant products never earns more than its estimate. Of the cycles of every kind of pool and books fewer
/// than one in 200 earn more than that raised: those with a curve that was fitted to quotes and pays more between them,
/// and those whose costs grow with the input, where a smaller one leaves more than that of the most gain. `make ranking`
/// counts them.
const WIDENED: f64 = 1.0 / 16.0;
const WEIGHT_BITS: u32 = 40;
const MOST_BITS: i64 = 62;

/// What cycles may start from at a moment, and what a lamport costs in it.
#[derive(Debug)]
pub(super) struct Bases {
    pub(super) all: Vec<Base>,
    /// Atoms of a base token that cost what a lamport does, as they stand in `all`; `None` if unknown.
    per_lamport: Vec<Option<f64>>,
    /// What the cheapest trade costs in whole quote tokens; nothing where some settle off the chain.
    least_cost: f64,
}

impl Bases {
    pub(super) fn new(
        setup: &EngineSetup,
        market: &Market,
        prices: &Prices,
        judge: &Judge,
    ) -> Self {
        let (mut all, mut per_lamport) = (Vec::new(), Vec::new());
        for (mint, &rank) in &prices.ranks {
            if let Some(node) = market.graph.find_node(mint) {
                let inputs = cap(setup, mint).map(|cap| Range {
                    least: (cap / PROBE_SHARE).max(1) as f64,
                    most: cap as f64,
                });
                let log2 = |inputs: Range| log2_ratio(inputs.most as u128, 1).unwrap_or(0);
                all.push(Base {
                    node,
                    rank,
                    value: prices.atom_value(market, mint),
                    inputs,
                    cap_log2: inputs.map(log2),
                });
                per_lamport.push(prices.per_lamport(mint));
            }
        }
        let mut this = Self {
            all,
            per_lamport,
            least_cost: 0.0,
        };
        if market.edges.iter().all(|edge| edge.kind == Kind::Pool) {
            let lamports = (base_fee(setup.bidding.signatures) + judge.least_tip) as f64;
            let bases = this.all.iter().zip(&this.per_lamport);
            let costs = bases
                .filter_map(|(base, rate)| Some(lamports * rate.unwrap_or(0.0) * base.value?))
                .reduce(f64::min);
            this.least_cost = costs.unwrap_or(0.0);
        }
        this
    }

    fn at(&self, node: NodeId) -> Option<usize> {
        self.all.iter().position(|base| base.node == node)
    }

    /// Returns the base token of a cycle.
    pub(super) fn of(&self, market: &Market, cycle: &Cycle) -> Option<&Base> {
        let first = cycle.edges.first().filter(|_| !cycle.base.is_empty())?;
        Some(&self.all[self.at(market.graph.from(*first))?])
    }

    /// Returns the money that a cycle with a value may earn at most, by its estimate widened; see [`WIDENED`] for the few
    /// that earn more.
    pub(super) fn reach(&self, market: &Market, cycle: &Cycle) -> f64 {
        let value = self.of(market, cycle).and_then(|base| base.value);
        let more = (cycle.estimate.gain + cycle.estimate.lost).max(0.0) * WIDENED;
        let net = cycle.net.map(|net| net + more);
        money_of(value.unwrap_or(0.0), cycle.estimate.gain, net)
    }
}

/// What ranking asks of the market, at one moment.
pub(super) struct Ranking<'a> {
    setup: &'a EngineSetup,
    market: &'a Market,
    judge: &'a Judge,
    bases: &'a Bases,
    /// Those of the market, taken out of it as they grow while cycles are met.
    hops: &'a mut Hops,
}

impl<'a> Ranking<'a> {
    pub(super) fn new(
        setup: &'a EngineSetup,
        market: &'a Market,
        judge: &'a Judge,
        bases: &'a Bases,
        hops: &'a mut Hops,
    ) -> Self {
        Self {
            setup,
            market,
            judge,
            bases,
            hops,
        }
    }

    /// Returns what a search of this moment keeps.
    pub(super) fn by_money(self) -> ByMoney<'a, Self> {
        let search = &self.setup.search;
        let places = Places {
            paying: MOST,
            losing: search.keep,
            unvalued: UNVALUED,
        };
        let limits = Limits {
            places,
            max_hops: search.max_hops,
            margin: self.market.margin,
            least_cost: self.bases.least_cost,
        };
        let (market, bases) = (self.market, self.bases);
        ByMoney::new(&market.graph, &market.potentials, self, &bases.all, limits)
    }

    /// Returns log2 of the cap in a token, by the potentials; of bases with different caps the greatest.
    fn size_bits(&mut self, node: NodeId) -> u32 {
        if let Some(bits) = self.hops.size_bits[node as usize] {
            return bits;
        }
        let value = |node| self.market.potentials.value(node);
        let sizes = self
            .bases
            .all
            .iter()
            .filter_map(|base| Some(base.cap_log2? - value(node) + value(base.node)));
        let bits = (sizes.max().unwrap_or(0) >> WEIGHT_BITS).clamp(0, MOST_BITS) as u32;
        self.hops.size_bits[node as usize] = Some(bits);
        bits
    }

    /// Returns the sizes of a cycle that may earn most, by the pieces in which its profit is concave.
    pub(super) fn starts(&mut self, cycle: &Cycle) -> Vec<Vec<f64>> {
        let base = self.bases.of(self.market, cycle);
        let Some(inputs) = base.and_then(|base| base.inputs) else {
            return Vec::new();
        };
        let hops = cycle.edges.iter();
        let hops: Option<Vec<Hop>> = hops
            .map(|&edge| by_money::Market::hop(self, edge).cloned())
            .collect();
        hops.map(|hops| starts(&hops, inputs)).unwrap_or_default()
    }

    /// Returns the most atoms that a hop pays for one: what it is worth less can't cost more.
    fn steepest(&self, edge: EdgeId) -> f64 {
        let kept = self.hops.kept[edge as usize].as_ref();
        kept.and_then(|kept| kept.hop.as_ref())
            .map_or(f64::INFINITY, Hop::steepest)
    }

    /// Returns base fee, priority fee and rent of swaps that cross no tick, as far as they are known.
    fn lamports(&self, route: &[EdgeId]) -> u64 {
        let pools = route.iter().filter(|&&edge| self.market.on_chain(edge));
        let units = pools.map(|&edge| self.hops.kept[edge as usize].as_ref()?.units);
        let bid = self.judge.bid_on(self.market, route);
        let priority = bid.zip(limit_of(units));
        let priority = priority.and_then(|(bid, units)| priority_fee(bid, units));
        let rent = rent(self.setup, self.market, route);
        base_fee(self.setup.bidding.signatures) + priority.unwrap_or(0) + rent.unwrap_or(0)
    }
}

impl by_money::Market for Ranking<'_> {
    /// Returns what an edge pays near its price, at the size that a trade of the cap has there.
    fn hop(&mut self, edge: EdgeId) -> Option<&Hop> {
        let bits = self.size_bits(self.market.graph.from(edge));
        let kept = &mut self.hops.kept[edge as usize];
        if kept.as_ref().is_none_or(|kept| kept.size_bits != bits) {
            *kept = Some(self.market.keep(edge, bits));
        }
        kept.as_ref()?.hop.as_ref()
    }

    fn net(&self, route: &[EdgeId], base: NodeId, found: Estimate) -> Option<f64> {
        let (gates, bidding) = (&self.setup.gates, &self.setup.bidding);
        let pools = route.iter().filter(|&&edge| self.market.on_chain(edge));
        let pools = pools.count();
        let legged = pools < route.len();
        let loan = if gates.flash_loan {
            gates.flash_loan_ppm
        } else {
            Some(0)
        };
        let moving = legged.then(|| self.market.rebalancing(route));
        let rate = moving.as_ref().map_or(loan, Rebalancing::ppm)?;
        let ppm = PPM as f64;
        let mut net = found.gain - found.amount_in * rate as f64 / ppm;
        if let Some(moving) = moving {
            net -= moving.flat(|hop| self.steepest(route[hop]));
        }
        if pools > 0 {
            // Of the chain's costs those are nothing that are not known yet: they will be.
            let at = self.bases.at(base);
            let per_lamport = at.and_then(|at| self.bases.per_lamport[at]).unwrap_or(0.0);
            if !legged {
                let share = found.gain.max(0.0) * bidding.tip_ppm_of_gross as f64 / ppm;
                net -= share.max(self.judge.least_tip as f64 * per_lamport);
            }
            net -= self.lamports(route) as f64 * per_lamport;
        }
        Some(net)
    }
}

/// What cycles are ordered by: those with a value first, the most money first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Money(f64),
    Weight(i64),
}

impl Order {
    /// Returns which of two comes first.
    pub(crate) fn first(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Money(a), Self::Money(b)) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
            (Self::Weight(a), Self::Weight(b)) => a.cmp(&b),
            (Self::Money(_), Self::Weight(_)) => Ordering::Less,
            (Self::Weight(_), Self::Money(_)) => Ordering::Greater,
        }
    }
}

/// Returns what a cycle is ordered by.
pub(crate) fn order(market: &Market, bases: &Bases, cycle: &Cycle) -> Order {
    let value = bases.of(market, cycle).and_then(|base| base.value);
    let Some(value) = value.filter(|_| cycle.estimate.amount_in != 0.0) else {
        return Order::Weight(cycle.weight);
    };
    let exact = cycle.exact().and_then(|last| last.net);
    let net = exact.map(|net| net as f64).or(cycle.net);
    Order::Money(money_of(value, cycle.estimate.gain, net))
}
