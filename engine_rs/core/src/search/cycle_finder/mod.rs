//! Negative cycles: Bellman-Ford with subtree disassembly, and node potentials that are kept warm.
//!
//! The *reduced cost* of an edge a→b is `weight + potential(a) − potential(b)`. Around a cycle potentials cancel, so a
//! cycle's total weight is the sum of its reduced costs.
//!
//! **Invariant** after `cold`, and after each `update`: every edge that has a weight and is not in the `violated` set
//! has a reduced cost ≥ 0. So the rest of a path with at most h hops left weighs at least
//! `potential(end) − potential(start) + min(h, |violated|) · min(0, worst)`, `worst` being the most negative reduced
//! cost among violated edges. It holds whatever the reason an edge is in the set, so giving up on a repair is safe.
//!
//! A change that leaves the edge's reduced cost ≥ 0 needs no work. One that makes it negative is repaired by a Dijkstra
//! on reduced costs that lowers potentials (Cotton and Maler 2006). If that comes back to the edge's tail the edge
//! closes a negative cycle: nothing is changed, and the edge joins the set together with that cycle. It is tried again
//! when an edge of the cycle moves so that the cycle's total is ≥ 0, and leaves when its reduced cost is ≥ 0.
//!
//! A pool moves both its edges at once: they join the set before either is repaired, since a repair that meets an edge
//! of negative reduced cost outside the set need not end.
//!
//! One file, as its twin is: every update has to restore the invariant, so all that may break it is in sight.

mod cold;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

pub use self::cold::find_negative_cycles;
use self::cold::shortest;
use crate::search::graph::{EdgeId, Graph, NodeId};

/// Most edges that the repairs of one update relax; an edge whose repair does not fit stays violated until a later one.
pub const REPAIR_EDGES: u64 = 1 << 16;
/// Most negative cycles that one pass over the whole graph collects.
pub const EVIDENCE: usize = 16;
/// Repairs only ever lower potentials; at this depth they are computed afresh, long before an i64 could wrap.
const FLOOR: i64 = -(1 << 61);

/// An edge outside the invariant, with the negative cycle it closed when last tried (empty if the work ran out).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    pub edge: EdgeId,
    pub cycle: Vec<EdgeId>,
}

/// What a snapshot keeps of [`Potentials`]; the same in both engines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotentialsState {
    pub values: Vec<i64>,
    pub violated: Vec<Violation>,
}

/// One potential per node, in units of 2^-40 of log2, kept so that a search can prune exactly.
#[derive(Clone, Debug, Default)]
pub struct Potentials {
    values: Vec<i64>,
    violated: Vec<Violation>,
    worst: i64,
    relaxed: u64,
    /// A potential went below the floor.
    deep: bool,
    scratch: Scratch,
}

/// Working memory of a repair; entries are valid where the stamp is the present one.
#[derive(Clone, Debug, Default)]
struct Scratch {
    stamp: u64,
    stamps: Vec<u64>,
    drop: Vec<i64>,
    parent: Vec<EdgeId>,
    settled: Vec<NodeId>,
    heap: BinaryHeap<Reverse<(i64, NodeId)>>,
}

enum Repair {
    Done,
    Cycle(Vec<EdgeId>),
    OutOfWork,
}

impl Potentials {
    /// Returns all-zero potentials of a graph in which no edge has a weight yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns potentials of the whole graph from nothing, and the first negative cycle met, canonical.
    pub fn cold(graph: &Graph) -> (Self, Option<Vec<EdgeId>>) {
        let (values, violated, first) = shortest(graph);
        let mut this = Self {
            values,
            violated,
            ..Self::default()
        };
        this.violated.sort_by_key(|violation| violation.edge);
        this.sweep(graph);
        (this, first.map(|cycle| graph.canonical(&cycle)))
    }

    /// Restores a snapshot. `None` if it can't be of this graph, or breaks the invariant.
    pub fn from_state(graph: &Graph, state: PotentialsState) -> Option<Self> {
        let known = |edge: EdgeId| (edge as usize) < graph.edge_count();
        let sound = state.values.len() <= graph.node_count()
            && state
                .values
                .iter()
                .all(|value| value.unsigned_abs() <= FLOOR.unsigned_abs())
            && state.violated.is_sorted_by(|a, b| a.edge < b.edge)
            && state
                .violated
                .iter()
                .all(|v| known(v.edge) && v.cycle.iter().all(|&edge| known(edge)));
        if !sound {
            return None;
        }
        let mut this = Self {
            values: state.values,
            violated: state.violated,
            ..Self::default()
        };
        this.fit(graph);
        let holds = |edge| this.reduced(graph, edge).is_none_or(|cost| cost >= 0);
        if !(0..graph.edge_count() as EdgeId).all(|edge| holds(edge) || this.is_violated(edge)) {
            return None;
        }
        this.worst = this
            .violated
            .iter()
            .filter_map(|v| this.reduced(graph, v.edge))
            .min()
            .unwrap_or(0)
            .min(0);
        Some(this)
    }

    /// Returns what a snapshot keeps; nodes after the last one whose potential isn't 0 need no mention.
    pub fn state(&self) -> PotentialsState {
        let known = self.values.iter().rposition(|&value| value != 0);
        PotentialsState {
            values: self.values[..known.map_or(0, |at| at + 1)].to_vec(),
            violated: self.violated.clone(),
        }
    }

    /// Returns the potential of a node, 0 if no update has met it yet.
    pub fn value(&self, node: NodeId) -> i64 {
        self.values.get(node as usize).copied().unwrap_or(0)
    }

    /// Returns the edges outside the invariant, ascending.
    pub fn violated(&self) -> impl ExactSizeIterator<Item = EdgeId> {
        self.violated.iter().map(|violation| violation.edge)
    }

    /// Returns the negative cycle that one of `edges` closes, else one that any closes; `None` if there is none. Empty
    /// if the work ran out before it was known.
    #[inline]
    pub fn evidence(&self, edges: [EdgeId; 2]) -> Option<&[EdgeId]> {
        let own = |violation: &&Violation| edges.contains(&violation.edge);
        let found = self.violated.iter().find(own);
        found
            .or_else(|| self.violated.first())
            .map(|violation| &*violation.cycle)
    }

    /// Returns the most negative reduced cost among violated edges, 0 if there are none.
    #[inline]
    pub fn worst(&self) -> i64 {
        self.worst
    }

    /// Returns how many edges repairs have relaxed since this was made.
    pub fn relaxed(&self) -> u64 {
        self.relaxed
    }

    /// Returns whether an edge is outside the invariant.
    #[inline]
    pub fn is_violated(&self, edge: EdgeId) -> bool {
        !self.violated.is_empty()
            && self
                .violated
                .binary_search_by_key(&edge, |v| v.edge)
                .is_ok()
    }

    /// Returns the reduced cost of an edge, `None` if it has no weight.
    #[inline]
    pub fn reduced(&self, graph: &Graph, edge: EdgeId) -> Option<i64> {
        let (weight, from, to) = graph.edge(edge);
        Some(weight? + self.values[from as usize] - self.values[to as usize])
    }

    /// The potentials by node; [`Self::fit`] or an update has given each node one.
    #[inline]
    pub(crate) fn values(&self) -> &[i64] {
        &self.values
    }

    /// Takes over a changed weight. Returns whether a cycle lighter than `margin` may go through the edge.
    #[inline]
    pub fn update(&mut self, graph: &Graph, edge: EdgeId, margin: i64) -> bool {
        self.move_edges(graph, [edge], margin)[0]
    }

    /// Takes over both weights of a pool, whose edges are `first` and the next one, as [`Self::update`] does.
    #[inline]
    pub fn update_pool(&mut self, graph: &Graph, first: EdgeId, margin: i64) -> [bool; 2] {
        self.move_edges(graph, [first, first + 1], margin)
    }

    #[inline]
    fn move_edges<const N: usize>(
        &mut self,
        graph: &Graph,
        edges: [EdgeId; N],
        margin: i64,
    ) -> [bool; N] {
        if self.values.len() < graph.node_count() {
            self.fit(graph);
        }
        if !self.violated.is_empty() || edges.iter().any(|&edge| self.breaks(graph, edge)) {
            self.settle(graph, &edges);
        }
        edges.map(|edge| {
            let cost = self.reduced(graph, edge);
            cost.is_some_and(|cost| cost + self.slack(usize::MAX, self.is_violated(edge)) < margin)
        })
    }

    /// Returns whether the reduced cost of an edge is negative.
    #[inline]
    fn breaks(&self, graph: &Graph, edge: EdgeId) -> bool {
        self.reduced(graph, edge).is_some_and(|cost| cost < 0)
    }

    /// Returns the least that `hops` further hops can add, ≤ 0; `inside` if a violated edge is on the path already.
    #[inline]
    pub fn slack(&self, hops: usize, inside: bool) -> i64 {
        let others = self.violated.len() - usize::from(inside && !self.violated.is_empty());
        self.worst.saturating_mul(hops.min(others) as i64)
    }

    /// Gives each node of the graph a potential.
    pub fn fit(&mut self, graph: &Graph) {
        if self.values.len() < graph.node_count() {
            self.values.resize(graph.node_count(), 0);
        }
    }

    /// Restores the invariant after the weights of `moved` changed.
    #[cold]
    fn settle(&mut self, graph: &Graph, moved: &[EdgeId]) {
        let mut work = REPAIR_EDGES;
        for &edge in moved {
            self.forgive(edge);
            if self.breaks(graph, edge) {
                self.blame(edge, Vec::new());
            }
        }
        for &edge in moved {
            self.try_again(graph, edge, &mut work);
        }
        let due: Vec<EdgeId> = self
            .violated
            .iter()
            .filter(|v| !moved.contains(&v.edge) && v.is_due(graph, moved))
            .map(|v| v.edge)
            .collect();
        for edge in due {
            self.try_again(graph, edge, &mut work);
        }
        self.sweep(graph);
        if self.deep {
            let relaxed = self.relaxed;
            *self = Self::cold(graph).0;
            self.relaxed += relaxed;
        }
    }

    fn blame(&mut self, edge: EdgeId, cycle: Vec<EdgeId>) {
        match self.violated.binary_search_by_key(&edge, |v| v.edge) {
            Ok(at) => self.violated[at].cycle = cycle,
            Err(at) => self.violated.insert(at, Violation { edge, cycle }),
        }
    }

    fn forgive(&mut self, edge: EdgeId) {
        if let Ok(at) = self.violated.binary_search_by_key(&edge, |v| v.edge) {
            self.violated.remove(at);
        }
    }

    /// Repairs the potentials around a violated edge, which then is one no more, or notes why it still is. Does nothing
    /// if its reduced cost isn't negative.
    fn try_again(&mut self, graph: &Graph, edge: EdgeId, work: &mut u64) {
        if !self.breaks(graph, edge) {
            return;
        }
        match self.repair(graph, edge, work) {
            Repair::Done => self.forgive(edge),
            Repair::Cycle(cycle) => self.blame(edge, cycle),
            Repair::OutOfWork => self.blame(edge, Vec::new()),
        }
    }

    /// Lowers potentials so that the reduced cost of `edge` is 0, over the edges that are not violated.
    fn repair(&mut self, graph: &Graph, edge: EdgeId, work: &mut u64) -> Repair {
        let (Some(weight), tail, head) = graph.edge(edge) else {
            return Repair::Done;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.begin(self.values.len());
        scratch.offer(
            head,
            weight + self.values[tail as usize] - self.values[head as usize],
            edge,
        );
        let outcome = self.lower(graph, tail, edge, work, &mut scratch);
        if matches!(outcome, Repair::Done) {
            for &node in &scratch.settled {
                let value = &mut self.values[node as usize];
                *value += scratch.drop[node as usize];
                self.deep |= *value < FLOOR;
            }
        }
        self.scratch = scratch;
        outcome
    }

    fn lower(
        &mut self,
        graph: &Graph,
        tail: NodeId,
        edge: EdgeId,
        work: &mut u64,
        scratch: &mut Scratch,
    ) -> Repair {
        while let Some(Reverse((drop, node))) = scratch.heap.pop() {
            if drop != scratch.drop[node as usize] {
                continue;
            }
            scratch.settled.push(node);
            let base = self.values[node as usize] + drop;
            for arc in graph.out_arcs(node) {
                if *work == 0 {
                    return Repair::OutOfWork;
                }
                *work -= 1;
                self.relaxed += 1;
                let Some(weight) = arc.weight() else { continue };
                let drop = base + weight - self.values[arc.node as usize];
                if drop >= scratch.drop_of(arc.node) || self.is_violated(arc.edge) {
                    continue;
                }
                scratch.offer(arc.node, drop, arc.edge);
                if arc.node == tail {
                    let cycle = scratch.walk_back(graph, tail, edge);
                    return cycle.map_or(Repair::OutOfWork, Repair::Cycle);
                }
            }
        }
        Repair::Done
    }

    /// Lets edges go that keep to the invariant again, and measures the rest.
    fn sweep(&mut self, graph: &Graph) {
        let values = &self.values;
        let cost = |edge| {
            let (weight, from, to) = graph.edge(edge);
            weight.map_or(0, |weight| {
                weight + values[from as usize] - values[to as usize]
            })
        };
        let mut worst = 0;
        self.violated.retain(|violation| {
            let cost = cost(violation.edge);
            worst = worst.min(cost);
            cost < 0
        });
        self.worst = worst;
    }
}

impl Violation {
    /// Returns whether it should be tried again, now that `moved` have other weights.
    fn is_due(&self, graph: &Graph, moved: &[EdgeId]) -> bool {
        self.cycle.is_empty()
            || (moved.iter().any(|edge| self.cycle.contains(edge))
                && graph.total(&self.cycle).is_none_or(|total| total >= 0))
    }
}

impl Scratch {
    fn begin(&mut self, nodes: usize) {
        self.stamp += 1;
        self.stamps.resize(nodes, 0);
        self.drop.resize(nodes, 0);
        self.parent.resize(nodes, 0);
        self.settled.clear();
        self.heap.clear();
    }

    #[inline]
    fn drop_of(&self, node: NodeId) -> i64 {
        if self.stamps[node as usize] == self.stamp {
            self.drop[node as usize]
        } else {
            0
        }
    }

    fn offer(&mut self, node: NodeId, drop: i64, parent: EdgeId) {
        self.stamps[node as usize] = self.stamp;
        self.drop[node as usize] = drop;
        self.parent[node as usize] = parent;
        self.heap.push(Reverse((drop, node)));
    }

    /// Returns the cycle that ends in `tail`, `edge` (which leaves it) first. `None` if the parents lead round and
    /// round, which the invariant rules out: a fault elsewhere must not eat the memory.
    fn walk_back(&self, graph: &Graph, tail: NodeId, edge: EdgeId) -> Option<Vec<EdgeId>> {
        let mut cycle = Vec::new();
        let mut node = tail;
        while cycle.len() < self.parent.len() {
            let parent = self.parent[node as usize];
            cycle.push(parent);
            if parent == edge {
                cycle.reverse();
                return Some(cycle);
            }
            node = graph.from(parent);
        }
        None
    }
}
