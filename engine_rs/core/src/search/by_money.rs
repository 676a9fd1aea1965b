//! What a search keeps in the engine: the cycles that earn most after costs, in the value of their base token.
//!
//! A path is given up once it is bent so much, or has so little room, that what the rest can still add won't earn as
//! much as the least of those kept. With `s` the best slope of any cycle that begins with the path, `c` the path's bend,
//! `X` its room and `v` the most that an atom of its first token can be worth in a base token, no such cycle earns more
//! than `v·(√s − 1)²/c`, nor than `v·X·(s − 1)`: more hops add bend and never take it away.
//!
//! Cycles that lose are kept apart, a few; so are those without a base token that has a value: their weight ranks them.

use std::cmp::Ordering;

use crate::search::cycle_finder::Potentials;
use crate::search::estimate::{Estimate, HALF_UNIT, Hop, Range, estimate, slope_of};
use crate::search::graph::{EdgeId, Graph, NodeId};
use crate::search::multiverse::{Rank, names};

/// The smallest size tried is the cap over this, so that a near miss shows a size one would trade.
pub const PROBE_SHARE: u64 = 1_000;

/// A token that cycles may start from.
#[derive(Clone, Copy, Debug)]
pub struct Base {
    pub node: NodeId,
    /// The lowest of a cycle's base tokens starts it.
    pub rank: i64,
    /// Of one atom, in whole quote tokens; `None` if unknown.
    pub value: Option<f64>,
    /// In atoms; `None` if nothing may be put in.
    pub inputs: Option<Range>,
    /// log2 of the most of them, in 2⁻⁴⁰.
    pub cap_log2: Option<i64>,
}

impl Base {
    /// Returns value and inputs if both are known.
    fn valued(&self) -> Option<(f64, Range)> {
        Some((self.value?, self.inputs?))
    }
}

/// A cycle that was met, and what it may earn.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// In the order of execution: the first edge sells the base token, if there is one.
    pub route: Vec<EdgeId>,
    /// Its node.
    pub base: Option<NodeId>,
    pub weight: i64,
    pub estimate: Estimate,
    /// What is left of the estimate after costs, in atoms of the base token; `None` if a cost is unknown.
    pub net: Option<f64>,
    /// See [`money_of`]; `None` where the base token has no value, or there is none.
    pub money: Option<f64>,
}

/// Returns what a cycle is ranked by: its net in whole quote tokens. With a cost that is unknown it ranks after all that
/// pay, the nearer to 0 the more it gains before costs.
pub fn money_of(value: f64, gain: f64, net: Option<f64>) -> f64 {
    match net {
        Some(net) => net * value,
        None => -1.0 / (1.0 + gain.max(0.0) * value),
    }
}

/// What ranking asks of the market.
pub trait Market {
    /// Returns what an edge pays near its price.
    fn hop(&mut self, edge: EdgeId) -> Option<&Hop>;
    /// Returns what an estimate leaves after costs, in atoms of the base token; `None` if a cost is unknown.
    fn net(&self, route: &[EdgeId], base: NodeId, found: Estimate) -> Option<f64>;
}

/// How many cycles of a kind are kept.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub paying: usize,
    pub losing: usize,
    pub unvalued: usize,
}

/// What can be kept at all.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub places: Places,
    pub max_hops: usize,
    /// A cycle must weigh less, in 2⁻⁴⁰ of log2.
    pub margin: i64,
    /// What the cheapest trade costs, in whole quote tokens.
    pub least_cost: f64,
}

/// A path as far as it bounds what a cycle can earn; amounts are of the token that its first edge sells.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    slope: f64,
    bend: f64,
    room: f64,
    /// The most that an atom of that token can be worth, in whole quote tokens.
    worth: f64,
    /// Whether it passes a base token with a value.
    has_value: bool,
}

/// Keeps what earns most.
pub struct ByMoney<'a, M> {
    graph: &'a Graph,
    potentials: &'a Potentials,
    pub market: M,
    bases: &'a [Base],
    limits: Limits,
    least_probe: f64,
    limit: f64,
    /// Those of the cycle that is ranked.
    hops: Vec<Hop>,
    /// What a cycle without a value must be lighter than.
    least_weight: i64,
    /// The most money first, of equals the first by edge names.
    pub paying: Vec<Ranked>,
    pub losing: Vec<Ranked>,
    /// The lightest first.
    pub unvalued: Vec<Ranked>,
}

impl<'a, M: Market> ByMoney<'a, M> {
    /// Returns one that has met nothing.
    pub fn new(
        graph: &'a Graph,
        potentials: &'a Potentials,
        market: M,
        bases: &'a [Base],
        limits: Limits,
    ) -> Self {
        let probes = bases.iter().filter_map(Base::valued);
        let least = probes
            .map(|(value, inputs)| value * inputs.least)
            .reduce(f64::min);
        Self {
            graph,
            potentials,
            market,
            bases,
            limits,
            least_probe: least.unwrap_or(0.0),
            limit: f64::NEG_INFINITY,
            hops: Vec::with_capacity(limits.max_hops),
            least_weight: limits.margin,
            paying: Vec::new(),
            losing: Vec::new(),
            unvalued: Vec::new(),
        }
    }

    fn is_valued(&self, node: NodeId) -> bool {
        let own = |base: &&Base| base.node == node;
        let base = self.bases.iter().find(own);
        base.is_some_and(|base| base.valued().is_some())
    }

    /// Returns what a cycle may earn, from its base token on; `None` if a hop is in no state to say.
    pub fn rank(&mut self, edges: &[EdgeId], weight: i64) -> Option<Ranked> {
        let (route, base) = self.rotate(edges);
        let known = base.and_then(|base| Some((base, base.inputs?)));
        let Some((base, inputs)) = known else {
            return Some(Ranked {
                route,
                base: base.map(|base| base.node),
                weight,
                estimate: Estimate::default(),
                net: None,
                money: None,
            });
        };
        self.hops.clear();
        for &edge in &route {
            self.hops.push(self.market.hop(edge)?.clone());
        }
        let found = estimate(&self.hops, inputs);
        let net = self.market.net(&route, base.node, found);
        Some(Ranked {
            route,
            base: Some(base.node),
            weight,
            estimate: found,
            net,
            money: base.value.map(|value| money_of(value, found.gain, net)),
        })
    }

    /// Returns the route that starts with the best-ranked base token in it, and that token.
    fn rotate(&self, edges: &[EdgeId]) -> (Vec<EdgeId>, Option<Base>) {
        let base_of = |edge: EdgeId| {
            let node = self.graph.from(edge);
            self.bases.iter().find(|base| base.node == node)
        };
        let starts = edges.iter().enumerate();
        let ranked = starts.filter_map(|(at, &edge)| Some((base_of(edge)?, at)));
        let Some((base, at)) = ranked.min_by_key(|&(base, at)| (base.rank, at)) else {
            return (self.graph.canonical(edges), None);
        };
        let mut route = edges.to_vec();
        route.rotate_left(at);
        (route, Some(*base))
    }

    /// Returns the money below which no further cycle can be kept.
    fn lowest(&self) -> f64 {
        let places = self.limits.places;
        let least = |kept: &[Ranked]| kept.last().and_then(|last| last.money).unwrap_or(0.0);
        if self.paying.len() >= places.paying {
            least(&self.paying)
        } else if self.losing.len() >= places.losing {
            least(&self.losing)
        } else {
            f64::NEG_INFINITY
        }
    }
}

/// Keeps one of a kind in its place, if that is among the first `most`.
fn put(graph: &Graph, kept: &mut Vec<Ranked>, found: Ranked, most: usize) {
    let at = kept.partition_point(|each| order(graph, each, &found) != Ordering::Greater);
    if at < most {
        kept.insert(at, found);
        kept.truncate(most);
    }
}

/// Returns how cycles of a kind are ordered.
fn order(graph: &Graph, a: &Ranked, b: &Ranked) -> Ordering {
    let by_money = match (a.money, b.money) {
        (Some(a), Some(b)) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        _ => a.weight.cmp(&b.weight),
    };
    by_money.then_with(|| {
        let canonical = |each: &Ranked| graph.canonical(&each.route);
        let (a, b) = (canonical(a), canonical(b));
        names(graph, &a).cmp(&names(graph, &b))
    })
}

impl<M: Market> Rank for ByMoney<'_, M> {
    type Path = Path;

    fn begin(&mut self, edge: EdgeId) -> Option<Path> {
        let hop = self.market.hop(edge)?;
        let (slope, bend, takes) = (hop.slope, hop.bend, hop.room);
        let (tail, head) = (self.graph.from(edge), self.graph.to(edge));
        let (mut worth, mut room) = (0.0_f64, 0.0_f64);
        let potential = |node: NodeId| self.potentials.value(node);
        let slack = self.potentials.slack(self.limits.max_hops, false);
        for base in self.bases {
            if let Some((value, inputs)) = base.valued() {
                let there = potential(base.node) - potential(tail) + slack;
                let back = potential(tail) - potential(base.node) + slack;
                worth = worth.max(value * slope_of(there));
                room = room.max(inputs.most * slope_of(back));
            }
        }
        Some(Path {
            slope,
            bend,
            room: takes.min(room),
            worth,
            has_value: self.is_valued(tail) || self.is_valued(head),
        })
    }

    fn follow(&mut self, path: Path, edge: EdgeId) -> Path {
        let Some(hop) = self.market.hop(edge) else {
            return Path { room: 0.0, ..path };
        };
        Path {
            slope: path.slope * hop.slope,
            bend: path.bend + hop.bend * path.slope,
            room: path.room.min(hop.room / path.slope),
            worth: path.worth,
            has_value: path.has_value || self.is_valued(self.graph.to(edge)),
        }
    }

    #[inline]
    fn is_open(&self, path: Path, least: i64) -> bool {
        if least >= self.limits.margin {
            return false;
        }
        if !path.has_value && least < self.least_weight {
            return true;
        }
        let need = self.limit + self.limits.least_cost;
        if need < 0.0 {
            // What loses is kept too. At the least size tried it loses 1 − e⁻²ʰ of that, h its halved weight.
            let half = least as f64 * HALF_UNIT;
            return least < 0 || self.least_probe * half.min(0.5) + need < 0.0;
        }
        let half = -least as f64 * HALF_UNIT;
        if half > 1.0 {
            return true;
        }
        let gain = half * (1.0 + half);
        least < 0
            && path.worth * gain * gain > path.bend * need
            && path.worth * path.room * gain * (2.0 + gain) > need
    }

    fn meet(&mut self, edges: &[EdgeId], weight: i64) {
        let Some(found) = self.rank(edges, weight) else {
            return;
        };
        let places = self.limits.places;
        let Some(money) = found.money else {
            if weight < self.least_weight {
                put(self.graph, &mut self.unvalued, found, places.unvalued);
                if let Some(last) = self.unvalued.get(places.unvalued - 1) {
                    self.least_weight = self.limits.margin.min(last.weight + 1);
                }
            }
            return;
        };
        if money >= self.limit {
            if money > 0.0 {
                put(self.graph, &mut self.paying, found, places.paying);
            } else {
                put(self.graph, &mut self.losing, found, places.losing);
            }
            self.limit = self.lowest();
        }
    }
}
