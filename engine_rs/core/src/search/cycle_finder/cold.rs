//! The whole graph from nothing: Bellman-Ford with a queue and Tarjan's subtree disassembly.

use std::cmp::Reverse;
use std::collections::VecDeque;

use super::{EVIDENCE, FLOOR, Violation};
use crate::search::graph::{EdgeId, Graph, NodeId};

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
pub(super) fn shortest(graph: &Graph) -> (Vec<i64>, Vec<Violation>, Option<Vec<EdgeId>>) {
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
            parent: vec![EdgeId::MAX; nodes],
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
