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

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::graph::{EdgeId, Graph, NodeId};

/// Most edges that the repairs of one update relax; an edge whose repair does not fit stays violated until a later one.
pub const REPAIR_EDGES: u64 = 1 << 16;
/// Most negative cycles that one pass over the whole graph collects.
pub const EVIDENCE: usize = 16;
/// Repairs only ever lower potentials; at this depth they are computed afresh, long before an i64 could wrap.
const FLOOR: i64 = -(1 << 61);
const NONE: u32 = u32::MAX;

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
        for edge in 0..graph.edge_count() as EdgeId {
            if this.reduced(graph, edge).is_some_and(|cost| cost < 0) && !this.is_violated(edge) {
                let mut work = REPAIR_EDGES;
                this.try_repair(graph, edge, &mut work);
            }
        }
        this.sweep(graph);
        (this, first.map(|cycle| graph.canonical(&cycle)))
    }

    /// Restores a snapshot. `None` if it can't be of this graph.
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
        this.worst = this
            .violated
            .iter()
            .filter_map(|v| this.reduced(graph, v.edge))
            .min()
            .unwrap_or(0)
            .min(0);
        Some(this)
    }

    /// Returns what a snapshot keeps.
    pub fn state(&self) -> PotentialsState {
        PotentialsState {
            values: self.values.clone(),
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
        if self.values.len() < graph.node_count() {
            self.fit(graph);
        }
        let mut cost = self.reduced(graph, edge);
        if !self.violated.is_empty() || cost.is_some_and(|cost| cost < 0) {
            self.settle(graph, edge);
            cost = self.reduced(graph, edge);
        }
        cost.is_some_and(|cost| cost + self.slack(usize::MAX, self.is_violated(edge)) < margin)
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

    /// Restores the invariant after the weight of `edge` changed.
    #[cold]
    fn settle(&mut self, graph: &Graph, edge: EdgeId) {
        let mut work = REPAIR_EDGES;
        if let Ok(at) = self.violated.binary_search_by_key(&edge, |v| v.edge) {
            self.violated.remove(at);
        }
        if self.reduced(graph, edge).is_some_and(|cost| cost < 0) {
            self.try_repair(graph, edge, &mut work);
        }
        let due: Vec<EdgeId> = self
            .violated
            .iter()
            .filter(|v| v.edge != edge && v.is_due(graph, edge))
            .map(|v| v.edge)
            .collect();
        for other in due {
            if self.reduced(graph, other).is_some_and(|cost| cost < 0) {
                self.try_repair(graph, other, &mut work);
            }
        }
        self.sweep(graph);
        if self.deep {
            let relaxed = self.relaxed;
            *self = Self::cold(graph).0;
            self.relaxed += relaxed;
        }
    }

    /// Repairs the potentials around an edge of negative reduced cost, or notes it as violated.
    fn try_repair(&mut self, graph: &Graph, edge: EdgeId, work: &mut u64) {
        let cycle = match self.repair(graph, edge, work) {
            Repair::Done => return,
            Repair::Cycle(cycle) => cycle,
            Repair::OutOfWork => Vec::new(),
        };
        match self.violated.binary_search_by_key(&edge, |v| v.edge) {
            Ok(at) => self.violated[at].cycle = cycle,
            Err(at) => self.violated.insert(at, Violation { edge, cycle }),
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
                    return Repair::Cycle(scratch.walk_back(graph, tail, edge));
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
    /// Returns whether it should be tried again, now that `moved` has another weight.
    fn is_due(&self, graph: &Graph, moved: EdgeId) -> bool {
        self.cycle.is_empty()
            || (self.cycle.contains(&moved)
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

    /// Returns the cycle that ends in `tail`, `edge` (which leaves it) first.
    fn walk_back(&self, graph: &Graph, tail: NodeId, edge: EdgeId) -> Vec<EdgeId> {
        let mut cycle = Vec::new();
        let mut node = tail;
        loop {
            let parent = self.parent[node as usize];
            cycle.push(parent);
            if parent == edge {
                break;
            }
            node = graph.from(parent);
        }
        cycle.reverse();
        cycle
    }
}

/// Returns up to [`EVIDENCE`] negative cycles of the whole graph, each simple and canonical, sorted by key. Empty exactly
/// if there is none.
pub fn find_negative_cycles(graph: &Graph) -> Vec<Vec<EdgeId>> {
    let mut excluded = vec![false; graph.edge_count()];
    let found = relax(
        graph,
        &mut Tree::new(vec![0; graph.node_count()]),
        &mut excluded,
    );
    let mut cycles: Vec<Vec<EdgeId>> = found.iter().map(|cycle| graph.canonical(cycle)).collect();
    cycles.sort_by(|a, b| {
        a.iter()
            .map(|&e| graph.name(e))
            .cmp(b.iter().map(|&e| graph.name(e)))
    });
    cycles.dedup();
    cycles
}

/// Returns potentials that hold for all edges but the violated ones, these in the order found, and the first cycle.
///
/// Each round leaves out the edge that most of the round's negative cycles share (the lowest id of equals): one
/// mispriced pool closes thousands of cycles and is to blame for all.
fn shortest(graph: &Graph) -> (Vec<i64>, Vec<Violation>, Option<Vec<EdgeId>>) {
    let mut tree = Tree::new(vec![0; graph.node_count()]);
    let mut excluded = vec![false; graph.edge_count()];
    let (mut violated, mut first) = (Vec::new(), None);
    loop {
        let cycles = relax(graph, &mut tree, &mut excluded);
        let mut edges: Vec<EdgeId> = cycles.iter().flatten().copied().collect();
        edges.sort_unstable();
        let shares = edges.chunk_by(|a, b| a == b);
        let Some(blamed) = shares
            .max_by_key(|share| (share.len(), Reverse(share[0])))
            .map(|share| share[0])
        else {
            return (tree.distance, violated, first);
        };
        for closing in cycles.iter().filter_map(|cycle| cycle.last()) {
            excluded[*closing as usize] = false;
        }
        excluded[blamed as usize] = true;
        if let Some(cycle) = cycles.iter().find(|cycle| cycle.contains(&blamed)) {
            let mut cycle = cycle.clone();
            let at = cycle.iter().position(|&edge| edge == blamed).unwrap_or(0);
            cycle.rotate_left(at);
            violated.push(Violation {
                edge: blamed,
                cycle,
            });
        }
        first = first.or_else(|| cycles.into_iter().next());
        let sunk = tree.distance.iter().any(|&distance| distance < FLOOR);
        tree = Tree::new(if sunk {
            vec![0; graph.node_count()]
        } else {
            tree.distance
        });
    }
}

/// Lowers the tree's distances until every edge but the excluded ones holds, or [`EVIDENCE`] negative cycles are met.
/// An edge that closes one (the last of its cycle) is excluded for the rest of the round. Bellman-Ford with a queue and
/// Tarjan's subtree disassembly.
fn relax(graph: &Graph, tree: &mut Tree, excluded: &mut [bool]) -> Vec<Vec<EdgeId>> {
    let mut cycles = Vec::new();
    while let Some(node) = tree.queue.pop_front() {
        tree.queued[node as usize] = false;
        if tree.depth[node as usize] == 0 {
            continue;
        }
        for arc in graph.out_arcs(node) {
            let (Some(weight), to, edge) = (arc.weight(), arc.node, arc.edge) else {
                continue;
            };
            let distance = tree.distance[node as usize] + weight;
            if distance >= tree.distance[to as usize] || excluded[edge as usize] {
                continue;
            }
            if !tree.holds(to, node) {
                tree.hang(to, node, edge, distance);
                continue;
            }
            excluded[edge as usize] = true;
            cycles.push(tree.walk_back(graph, to, edge));
            if cycles.len() == EVIDENCE {
                return cycles;
            }
        }
    }
    cycles
}

/// The shortest-path forest as a preorder list; depth 0 is outside the tree, the virtual root is the node `nodes`.
struct Tree {
    distance: Vec<i64>,
    depth: Vec<u32>,
    next: Vec<NodeId>,
    previous: Vec<NodeId>,
    parent: Vec<EdgeId>,
    queue: VecDeque<NodeId>,
    queued: Vec<bool>,
}

impl Tree {
    fn new(distance: Vec<i64>) -> Self {
        let nodes = distance.len();
        let root = nodes as NodeId;
        Self {
            distance,
            depth: vec![1; nodes],
            next: (0..=root)
                .map(|node| if node == root { 0 } else { node + 1 })
                .collect(),
            previous: (0..=root)
                .map(|node| node.checked_sub(1).unwrap_or(root))
                .collect(),
            parent: vec![NONE; nodes],
            queue: (0..root).collect(),
            queued: vec![true; nodes],
        }
    }

    fn depth_of(&self, node: NodeId) -> u32 {
        self.depth.get(node as usize).copied().unwrap_or(0)
    }

    /// Returns whether `node` is in the subtree under `top` (or is it).
    fn holds(&self, top: NodeId, node: NodeId) -> bool {
        let floor = self.depth[top as usize];
        if floor == 0 {
            return false;
        }
        let mut at = top;
        while at != node {
            at = self.next[at as usize];
            if self.depth_of(at) <= floor {
                return false;
            }
        }
        true
    }

    /// Takes the subtree of `node` apart and hangs the node alone under `parent`.
    fn hang(&mut self, node: NodeId, parent: NodeId, edge: EdgeId, distance: i64) {
        let floor = self.depth[node as usize];
        if floor > 0 {
            let before = self.previous[node as usize];
            let mut after = self.next[node as usize];
            while self.depth_of(after) > floor {
                self.depth[after as usize] = 0;
                after = self.next[after as usize];
            }
            self.next[before as usize] = after;
            self.previous[after as usize] = before;
        }
        let after = self.next[parent as usize];
        self.next[parent as usize] = node;
        self.previous[node as usize] = parent;
        self.next[node as usize] = after;
        self.previous[after as usize] = node;
        self.depth[node as usize] = self.depth[parent as usize] + 1;
        self.parent[node as usize] = edge;
        self.distance[node as usize] = distance;
        if !self.queued[node as usize] {
            self.queued[node as usize] = true;
            self.queue.push_back(node);
        }
    }

    /// Returns the tree path from `top` down to the tail of `edge`, then `edge`.
    fn walk_back(&self, graph: &Graph, top: NodeId, edge: EdgeId) -> Vec<EdgeId> {
        let mut cycle = vec![edge];
        let mut node = graph.from(edge);
        while node != top {
            let parent = self.parent[node as usize];
            cycle.push(parent);
            node = graph.from(parent);
        }
        cycle.reverse();
        cycle
    }
}
