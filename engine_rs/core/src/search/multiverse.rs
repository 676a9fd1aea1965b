//! Profitable 2-5 hop cycles around a touched edge, pruned by node potentials, the best kept.
//!
//! A cycle's weight is the sum of its reduced costs, and outside the violated set these are ≥ 0
//! (see [`crate::search::cycle_finder`]), so a path is given up as soon as what it has used, plus the least the rest can
//! cost, can't be kept any more. What is kept is for a [`Rank`] to say: the lightest here, in the engine what earns most
//! (see [`crate::search::by_money`]).
//!
//! One file: the walk and what it asks of a rank are read against each other, step by step.

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

/// What is kept of the cycles that a search meets.
pub trait Rank {
    /// What is known of a path besides its cost.
    type Path: Copy;

    /// Returns what is known of the path of one touched edge, `None` if no cycle through it can be kept.
    fn begin(&mut self, edge: EdgeId) -> Option<Self::Path>;
    /// Returns what is known of a path with one more edge.
    fn follow(&mut self, path: Self::Path, edge: EdgeId) -> Self::Path;
    /// Returns whether a cycle that begins with the path and weighs `least` or more may still be kept. What is false
    /// for a weight is false for each greater one.
    fn is_open(&self, path: Self::Path, least: i64) -> bool;
    /// Takes a simple cycle, the touched edge first.
    fn meet(&mut self, edges: &[EdgeId], weight: i64);
}

/// Keeps the lightest, and of equals the first by edge names.
struct ByWeight<'a> {
    graph: &'a Graph,
    keep: usize,
    margin: i64,
    limit: i64,
    found: Vec<Found>,
}

impl Rank for ByWeight<'_> {
    type Path = ();

    fn begin(&mut self, _edge: EdgeId) -> Option<()> {
        (self.keep > 0).then_some(())
    }

    #[inline]
    fn follow(&mut self, (): (), _edge: EdgeId) {}

    #[inline]
    fn is_open(&self, (): (), least: i64) -> bool {
        least < self.limit
    }

    fn meet(&mut self, edges: &[EdgeId], weight: i64) {
        let graph = self.graph;
        let edges = graph.canonical(edges);
        let at = self.found.partition_point(|held| {
            held.weight < weight
                || (held.weight == weight && names(graph, &held.edges) < names(graph, &edges))
        });
        if at >= self.keep {
            return;
        }
        self.found.insert(at, Found { edges, weight });
        self.found.truncate(self.keep);
        if self.found.len() == self.keep {
            self.limit = self.margin.min(self.found[self.keep - 1].weight + 1);
        }
    }
}

/// Returns what cycles of equal rank are ordered by.
pub(crate) fn names<'a>(graph: &'a Graph, edges: &[EdgeId]) -> Vec<&'a str> {
    edges.iter().map(|&edge| graph.name(edge)).collect()
}

/// Returns the best `keep` simple cycles of 2..=`max_hops` hops through a touched edge with a weight below the margin,
/// sorted by weight, then by edge names. No cycle uses both directions of one pool. Complete unless the budget cut it.
pub fn search(
    graph: &Graph,
    potentials: &Potentials,
    touched: &[EdgeId],
    params: &Params,
) -> (Vec<Found>, Work) {
    let rank = ByWeight {
        graph,
        keep: params.keep,
        margin: params.margin,
        limit: params.margin,
        found: Vec::new(),
    };
    let mut search = Search::new(graph, potentials, rank, params.max_hops, touched.len());
    let cut = search.through(touched, params.budget_edges);
    let expanded = search.expanded;
    (search.rank.found, Work { expanded, cut })
}

/// A search around what was touched, edge by edge: the path so far, the ways back.
pub struct Search<'a, R: Rank> {
    graph: &'a Graph,
    potentials: &'a Potentials,
    pub rank: R,
    max_hops: usize,
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
    /// Edges looked at.
    pub expanded: u64,
    budget: u64,
    is_cut: bool,
}

impl<'a, R: Rank> Search<'a, R> {
    /// Returns a search that has met nothing; `touched` edges will be searched around.
    pub fn new(
        graph: &'a Graph,
        potentials: &'a Potentials,
        rank: R,
        max_hops: usize,
        touched: usize,
    ) -> Self {
        let many = if touched > FEW { graph.edge_count() } else { 0 };
        Self {
            graph,
            potentials,
            rank,
            max_hops,
            banned: Vec::new(),
            is_banned: vec![false; many],
            closers: Vec::new(),
            ways: Vec::new(),
            cheapest: 0,
            others: 0,
            worst: 0,
            path: Vec::new(),
            nodes: Vec::new(),
            expanded: 0,
            budget: 0,
            is_cut: false,
        }
    }

    /// Finds the cycles through any of these edges. Returns whether the budget cut it; then some may be missing.
    pub fn through(&mut self, touched: &[EdgeId], budget_edges: u64) -> bool {
        self.budget = self.expanded.saturating_add(budget_edges);
        self.is_cut = false;
        for &edge in touched {
            if self.is_cut {
                break;
            }
            if !self.bars(edge) {
                self.through_edge(edge);
                if !self.is_cut {
                    self.ban(edge);
                }
            }
        }
        self.is_cut
    }

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

    fn through_edge(&mut self, edge: EdgeId) {
        let Some(cost) = self.potentials.reduced(self.graph, edge) else {
            return;
        };
        let Some(path) = self.rank.begin(edge) else {
            return;
        };
        let hops = self.max_hops;
        self.measure_others(edge);
        if hops < 2 || !self.rank.is_open(path, cost + self.slack(hops - 1)) {
            return;
        }
        let (start, end) = (self.graph.to(edge), self.graph.from(edge));
        if !self.collect_closers(end, edge, cost, path) {
            return;
        }
        self.path.push(edge);
        self.nodes.extend([end, start]);
        self.visit(start, cost, path);
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
        if self.expanded >= self.budget {
            self.is_cut = true;
            return false;
        }
        self.expanded += 1;
        true
    }

    /// Lists the edges into `end` that can still close a cycle; false if none can or the budget is used up.
    fn collect_closers(&mut self, end: NodeId, edge: EdgeId, cost: i64, path: R::Path) -> bool {
        self.closers.clear();
        let (graph, values) = (self.graph, self.potentials.values());
        let twin = graph.twin(edge);
        let before = cost + self.slack(self.max_hops - 2);
        for arc in graph.in_arcs(end) {
            if !self.spend() {
                return false;
            }
            let Some(weight) = arc.weight() else { continue };
            let cost = weight + values[arc.node as usize] - values[end as usize];
            let barred = Some(arc.edge) == twin || self.bars(arc.edge);
            if !barred && self.rank.is_open(path, before + cost) {
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
    fn visit(&mut self, node: NodeId, cost: i64, path: R::Path) {
        self.close(node, cost, path);
        match (self.max_hops - self.path.len()).saturating_sub(1) {
            0 => {}
            1 => self.last(node, cost, path),
            left => self.extend(node, cost, path, left),
        }
    }

    /// Meets a cycle for each closer that leaves `node`.
    fn close(&mut self, node: NodeId, cost: i64, path: R::Path) {
        let mut at = self.ways[node as usize].first;
        while at != NONE {
            if !self.spend() {
                return;
            }
            let closer = self.closers[at as usize];
            if self.rank.is_open(path, cost + closer.cost) {
                self.path.push(closer.edge);
                self.rank.meet(&self.path, cost + closer.cost);
                self.path.pop();
            }
            at = closer.next;
        }
    }

    /// Tries the edges out of `node`, cheapest first so that little is left to look for early; `left` hops may follow
    /// the present path before the closing one.
    fn extend(&mut self, node: NodeId, cost: i64, path: R::Path, left: usize) {
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
            if self.rank.is_open(path, least + step) {
                steps.push((step, arc.edge));
            }
        }
        steps.sort_unstable();
        for (step, edge) in steps {
            if self.is_cut || !self.rank.is_open(path, least + step) {
                return;
            }
            self.step(edge, [cost + step, least + step], path, left);
        }
    }

    /// Tries the edges out of `node` as the last hop before the closing one, unless it is known that none can do.
    fn last(&mut self, node: NodeId, cost: i64, path: R::Path) {
        let known = self.ways[node as usize].onward;
        if known != UNKNOWN && (known == NEVER || !self.rank.is_open(path, cost + known)) {
            return;
        }
        let onward = if self.closers.len() * 4 < self.graph.out_arcs(node).len() {
            self.last_by_closers(node, cost, path)
        } else {
            self.last_by_edges(node, cost, path)
        };
        if let Some(onward) = onward {
            self.ways[node as usize].onward = onward;
        }
    }

    /// Returns the least that an edge out of `node` and a closer cost together; `None` if the budget is used up.
    fn last_by_edges(&mut self, node: NodeId, cost: i64, path: R::Path) -> Option<i64> {
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
            self.through_last(arc.edge, cost + step, way.cost, path);
        }
        Some(onward)
    }

    /// The same from the closers' side: cheaper at a hub.
    fn last_by_closers(&mut self, node: NodeId, cost: i64, path: R::Path) -> Option<i64> {
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
                self.through_last(edge, cost + step, way.cost, path);
            }
        }
        Some(onward)
    }

    /// Closes the path by way of `edge` if that can do; `way` is the least that a closer behind it costs.
    #[inline]
    fn through_last(&mut self, edge: EdgeId, cost: i64, way: i64, path: R::Path) {
        if self.rank.is_open(path, cost + way) {
            self.step(edge, [cost, cost + way], path, 1);
        }
    }

    /// Follows one edge, unless it leads back, is barred, or bends the path so that nothing can come of it. `costs` are
    /// those with the edge: what was used, and the least that a cycle then costs.
    fn step(&mut self, edge: EdgeId, [cost, least]: [i64; 2], path: R::Path, left: usize) {
        let to = self.graph.to(edge);
        if self.nodes.contains(&to) || self.bars(edge) {
            return;
        }
        let path = self.rank.follow(path, edge);
        if !self.rank.is_open(path, least) {
            return;
        }
        self.path.push(edge);
        self.nodes.push(to);
        if left == 1 {
            self.close(to, cost, path);
        } else {
            self.visit(to, cost, path);
        }
        self.path.pop();
        self.nodes.pop();
    }
}
