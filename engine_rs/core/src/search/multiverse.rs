//! Profitable 2-5 hop cycles around a touched edge, pruned by node potentials, best K kept.
//!
//! A cycle's weight is the sum of its reduced costs, and outside the violated set these are ≥ 0
//! (see [`crate::search::cycle_finder`]), so a path is given up as soon as what it has used, plus the least the rest can cost,
//! reaches the limit. The limit is the margin, and once `keep` cycles are held, the worst of them.

use crate::search::cycle_finder::Potentials;
use crate::search::graph::{EdgeId, Graph, NodeId};

/// How far to look. `margin` is in units of 2^-40 of log2: a cycle is found iff its weight is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    pub max_hops: usize,
    pub keep: usize,
    pub budget_edges: u64,
    pub margin: i64,
}

/// A simple cycle, smallest edge name first, and its total weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub edges: Vec<EdgeId>,
    pub weight: i64,
}

/// What a search cost: edges looked at, and whether the budget ended it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pub expanded: u64,
    pub cut: bool,
}

/// A way back into the tail of the touched edge.
#[derive(Clone, Copy, Debug)]
struct Closer {
    from: NodeId,
    edge: EdgeId,
    cost: i64,
    /// The next closer that leaves the same node, in edge-id order.
    next: u32,
}

/// What is known of the ways from a node back into the tail.
#[derive(Clone, Copy, Debug)]
struct Way {
    /// The first closer that leaves it.
    first: u32,
    /// What the cheapest of them costs.
    cost: i64,
    /// The least that one more hop and a closer cost, once all were looked at.
    onward: i64,
}

/// So many banned edges are found faster one by one than looked up in a table of all edges.
const FEW: usize = 16;
const NONE: u32 = u32::MAX;
const NEVER: i64 = i64::MAX;
const UNKNOWN: i64 = i64::MIN;

/// Returns the best `keep` simple cycles of 2..=`max_hops` hops through a touched edge with a weight below the margin,
/// sorted by weight, then by edge names. No cycle uses both directions of one pool. Complete unless the budget cut it.
pub fn search(
    graph: &Graph,
    potentials: &Potentials,
    touched: &[EdgeId],
    params: &Params,
) -> (Vec<Found>, Work) {
    let mut search = Search {
        graph,
        potentials,
        params,
        banned: Vec::new(),
        is_banned: Vec::new(),
        closers: Vec::new(),
        ways: Vec::new(),
        cheapest: 0,
        others: 0,
        worst: 0,
        path: Vec::new(),
        nodes: Vec::new(),
        found: Vec::new(),
        limit: params.margin,
        work: Work::default(),
    };
    if touched.len() > FEW {
        search.is_banned.resize(graph.edge_count(), false);
    }
    if params.keep > 0 {
        for &edge in touched {
            if !search.bars(edge) {
                search.through(edge);
                search.ban(edge);
            }
        }
    }
    (search.found, search.work)
}

struct Search<'a> {
    graph: &'a Graph,
    potentials: &'a Potentials,
    params: &'a Params,
    /// Touched edges searched before: their cycles are found already.
    banned: Vec<EdgeId>,
    /// The same by edge; empty where few are touched.
    is_banned: Vec<bool>,
    closers: Vec<Closer>,
    /// By node.
    ways: Vec<Way>,
    cheapest: i64,
    /// Violated edges that may share a cycle with the touched one, and the most negative reduced cost among them.
    others: usize,
    worst: i64,
    path: Vec<EdgeId>,
    nodes: Vec<NodeId>,
    found: Vec<Found>,
    limit: i64,
    work: Work,
}

impl Search<'_> {
    #[inline]
    fn bars(&self, edge: EdgeId) -> bool {
        match self.is_banned.get(edge as usize) {
            Some(&banned) => banned,
            None => self.banned.contains(&edge),
        }
    }

    fn ban(&mut self, edge: EdgeId) {
        if let Some(banned) = self.is_banned.get_mut(edge as usize) {
            *banned = true;
        }
        self.banned.push(edge);
    }

    /// Finds the cycles through one edge.
    fn through(&mut self, edge: EdgeId) {
        let Some(cost) = self.potentials.reduced(self.graph, edge) else {
            return;
        };
        let hops = self.params.max_hops;
        self.measure_others(edge);
        if hops < 2 || cost + self.slack(hops - 1) >= self.limit {
            return;
        }
        let (start, end) = (self.graph.to(edge), self.graph.from(edge));
        if !self.collect_closers(end, edge, cost) {
            return;
        }
        self.path.push(edge);
        self.nodes.extend([end, start]);
        self.visit(start, cost);
        self.path.clear();
        self.nodes.clear();
    }

    fn measure_others(&mut self, edge: EdgeId) {
        (self.others, self.worst) = (0, 0);
        let twin = self.graph.twin(edge);
        for other in self.potentials.violated() {
            if other != edge && Some(other) != twin && !self.bars(other) {
                let cost = self.potentials.reduced(self.graph, other).unwrap_or(0);
                self.others += 1;
                self.worst = self.worst.min(cost);
            }
        }
    }

    /// Returns the least that `hops` further hops can add, ≤ 0.
    #[inline]
    fn slack(&self, hops: usize) -> i64 {
        self.worst * hops.min(self.others) as i64
    }

    /// Counts one edge looked at; false once the budget is used up.
    #[inline]
    fn spend(&mut self) -> bool {
        if self.work.expanded >= self.params.budget_edges {
            self.work.cut = true;
            return false;
        }
        self.work.expanded += 1;
        true
    }

    /// Lists the edges into `end` that can still close a cycle; false if none can or the budget is used up.
    fn collect_closers(&mut self, end: NodeId, edge: EdgeId, cost: i64) -> bool {
        self.closers.clear();
        let (graph, values) = (self.graph, self.potentials.values());
        let twin = graph.twin(edge);
        let before = cost + self.slack(self.params.max_hops - 2);
        for arc in graph.in_arcs(end) {
            if !self.spend() {
                return false;
            }
            let Some(weight) = arc.weight() else { continue };
            let cost = weight + values[arc.node as usize] - values[end as usize];
            let barred = Some(arc.edge) == twin || self.bars(arc.edge);
            if before + cost < self.limit && !barred {
                self.closers.push(Closer {
                    from: arc.node,
                    edge: arc.edge,
                    cost,
                    next: NONE,
                });
            }
        }
        self.ways.clear();
        self.ways.resize(
            graph.node_count(),
            Way {
                first: NONE,
                cost: NEVER,
                onward: UNKNOWN,
            },
        );
        for (at, closer) in self.closers.iter_mut().enumerate().rev() {
            let way = &mut self.ways[closer.from as usize];
            closer.next = std::mem::replace(&mut way.first, at as u32);
            way.cost = way.cost.min(closer.cost);
        }
        self.cheapest = self
            .closers
            .iter()
            .map(|closer| closer.cost)
            .min()
            .unwrap_or(0);
        !self.closers.is_empty()
    }

    /// Closes the path at its last node and, if hops are left, goes on from there.
    fn visit(&mut self, node: NodeId, cost: i64) {
        self.close(node, cost);
        match (self.params.max_hops - self.path.len()).saturating_sub(1) {
            0 => {}
            1 => self.last(node, cost),
            left => self.extend(node, cost, left),
        }
    }

    /// Records a cycle for each closer that leaves `node`.
    fn close(&mut self, node: NodeId, cost: i64) {
        let mut at = self.ways[node as usize].first;
        while at != NONE {
            if !self.spend() {
                return;
            }
            let closer = self.closers[at as usize];
            if cost + closer.cost < self.limit {
                self.record(closer.edge, cost + closer.cost);
            }
            at = closer.next;
        }
    }

    /// Tries the edges out of `node`, cheapest first so that the limit falls early; `left` hops may follow the present
    /// path before the closing one.
    fn extend(&mut self, node: NodeId, cost: i64, left: usize) {
        let (graph, values) = (self.graph, self.potentials.values());
        let least = cost + self.slack(left - 1) + self.cheapest;
        let base = values[node as usize];
        let mut steps = Vec::new();
        for arc in graph.out_arcs(node) {
            if !self.spend() {
                return;
            }
            let Some(weight) = arc.weight() else { continue };
            let step = weight + base - values[arc.node as usize];
            if least + step < self.limit {
                steps.push((step, arc.edge));
            }
        }
        steps.sort_unstable();
        for (step, edge) in steps {
            if self.work.cut || least + step >= self.limit {
                return;
            }
            self.step(edge, graph.to(edge), cost + step, left);
        }
    }

    /// Tries the edges out of `node` as the last hop before the closing one, unless it is known that none can do.
    fn last(&mut self, node: NodeId, cost: i64) {
        let known = self.ways[node as usize].onward;
        if known != UNKNOWN && (known == NEVER || cost + known >= self.limit) {
            return;
        }
        let onward = if self.closers.len() * 4 < self.graph.out_arcs(node).len() {
            self.last_by_closers(node, cost)
        } else {
            self.last_by_edges(node, cost)
        };
        if let Some(onward) = onward {
            self.ways[node as usize].onward = onward;
        }
    }

    /// Returns the least that an edge out of `node` and a closer cost together; `None` if the budget is used up.
    fn last_by_edges(&mut self, node: NodeId, cost: i64) -> Option<i64> {
        let (graph, values) = (self.graph, self.potentials.values());
        let base = values[node as usize];
        let mut onward = NEVER;
        for arc in graph.out_arcs(node) {
            if !self.spend() {
                return None;
            }
            let (Some(weight), way) = (arc.weight(), self.ways[arc.node as usize]) else {
                continue;
            };
            if way.first == NONE {
                continue;
            }
            let step = weight + base - values[arc.node as usize];
            onward = onward.min(step + way.cost);
            if cost + step + way.cost < self.limit {
                self.step(arc.edge, arc.node, cost + step, 1);
            }
        }
        Some(onward)
    }

    /// The same from the closers' side: cheaper at a hub.
    fn last_by_closers(&mut self, node: NodeId, cost: i64) -> Option<i64> {
        let graph = self.graph;
        let mut onward = NEVER;
        for at in 0..self.closers.len() {
            let from = self.closers[at].from;
            let way = self.ways[from as usize];
            if way.first != at as u32 {
                continue;
            }
            if !self.spend() {
                return None;
            }
            for &(_, edge) in graph.between(node, from) {
                if !self.spend() {
                    return None;
                }
                let Some(step) = self.potentials.reduced(graph, edge) else {
                    continue;
                };
                onward = onward.min(step + way.cost);
                if cost + step + way.cost < self.limit {
                    self.step(edge, from, cost + step, 1);
                }
            }
        }
        Some(onward)
    }

    /// Follows one edge, unless it leads back or is barred.
    fn step(&mut self, edge: EdgeId, to: NodeId, cost: i64, left: usize) {
        if self.nodes.contains(&to) || self.bars(edge) {
            return;
        }
        self.path.push(edge);
        self.nodes.push(to);
        if left == 1 {
            self.close(to, cost);
        } else {
            self.visit(to, cost);
        }
        self.path.pop();
        self.nodes.pop();
    }

    /// Keeps a cycle if it is among the best.
    fn record(&mut self, closer: EdgeId, weight: i64) {
        self.path.push(closer);
        let edges = self.graph.canonical(&self.path);
        self.path.pop();
        let graph = self.graph;
        let names = |edges: &[EdgeId]| {
            edges
                .iter()
                .map(|&edge| graph.name(edge))
                .collect::<Vec<_>>()
        };
        let at = self.found.partition_point(|held| {
            held.weight < weight || (held.weight == weight && names(&held.edges) < names(&edges))
        });
        if at >= self.params.keep {
            return;
        }
        self.found.insert(at, Found { edges, weight });
        self.found.truncate(self.params.keep);
        if self.found.len() == self.params.keep {
            self.limit = self
                .params
                .margin
                .min(self.found[self.params.keep - 1].weight + 1);
        }
    }
}
