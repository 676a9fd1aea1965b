//! Pools as a graph of fixed shape that is weighed anew at each call: the whole graph from nothing.
//!
//! Edges 2k and 2k+1 are the two directions of pool k. Weights come as a column, in units of 2^-40 of −log2 of the
//! rate; [`NO_WEIGHT`] takes an edge out.
//!
//! **Negative cycles.** Prices of one market nearly agree, so a spanning tree from the token with most pools prices all
//! others almost right. One pass over the pools then tells which edges would lower a price. None does: there is no
//! negative cycle. Else Bellman-Ford goes on from the tails of those alone, with Tarjan's subtree disassembly: an edge
//! into an ancestor of its own tail closes a negative cycle.
//!
//! One file: the pass over the pools, the forest it falls back to and the walk share the columns of one graph.

use std::cmp::Reverse;
use std::collections::VecDeque;

use thiserror::Error;

use crate::search::graph::{MAX_NODES, MAX_WEIGHT};

/// The weight of an edge that is out of detection.
pub const NO_WEIGHT: i64 = i64::MAX;
/// Most hops that an enumeration takes.
pub const MAX_HOPS: usize = 5;

/// Why a graph refused its shape or a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PoolGraphError {
    #[error("edges were {tails} tails and {heads} heads, expected two directions of each pool")]
    Edges { tails: usize, heads: usize },
    #[error("pool {0} does not join two tokens both ways")]
    NotAPool(usize),
    #[error("token was {0}, expected less than 16384")]
    Token(u32),
    #[error("{was} weights for {edges} edges")]
    Weights { was: usize, edges: usize },
    #[error("weight was {0}, expected within 2^47")]
    Weight(i64),
    #[error("pool was {0}")]
    Pool(u32),
    #[error("hops were {0}, expected 2 to 5")]
    Hops(usize),
    #[error("no weights were loaded")]
    NotLoaded,
}

#[derive(Clone, Copy, Debug)]
struct Arc {
    head: u32,
    edge: u32,
}

/// An edge by which a token is priced through its parent in the spanning tree; parallel ones follow each other.
#[derive(Clone, Copy, Debug)]
struct Branch {
    parent: u32,
    child: u32,
    edge: u32,
}

/// The shape of a market: which pools join which tokens.
#[derive(Clone, Debug)]
pub struct PoolGraph {
    /// (token a, token b) by pool.
    pools: Vec<[u32; 2]>,
    /// Where each token's arcs begin; they are sorted by head, then edge.
    first: Vec<u32>,
    arcs: Vec<Arc>,
    tree: Vec<Branch>,
    roots: Vec<u32>,
}

/// What an enumeration found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// How many cycles of 2, 3, … hops there are.
    pub counts: Vec<u64>,
    /// The best below the margin by weight, then by edges; each starts at the base token.
    pub best: Vec<(Vec<u32>, i64)>,
}

impl PoolGraph {
    /// Takes the ends of each edge.
    ///
    /// # Errors
    /// `Edges`, `NotAPool` or `Token`.
    pub fn new(tails: &[u32], heads: &[u32]) -> Result<Self, PoolGraphError> {
        if tails.len() != heads.len() || !tails.len().is_multiple_of(2) {
            return Err(PoolGraphError::Edges {
                tails: tails.len(),
                heads: heads.len(),
            });
        }
        let mut pools = Vec::with_capacity(tails.len() / 2);
        for (at, (tail, head)) in tails.chunks_exact(2).zip(heads.chunks_exact(2)).enumerate() {
            if let Some(&token) = tail.iter().find(|&&token| token as usize >= MAX_NODES) {
                return Err(PoolGraphError::Token(token));
            }
            if tail[0] == head[0] || tail[0] != head[1] || tail[1] != head[0] {
                return Err(PoolGraphError::NotAPool(at));
            }
            pools.push([tail[0], tail[1]]);
        }
        let nodes = tails.iter().map(|&token| token as usize + 1).max();
        let mut sorted: Vec<(u32, u32, u32)> = (0..tails.len())
            .map(|edge| (tails[edge], heads[edge], edge as u32))
            .collect();
        sorted.sort_unstable();
        let mut first = vec![0; nodes.unwrap_or(0) + 1];
        for &(tail, ..) in &sorted {
            first[tail as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let arcs = sorted.iter().map(|&(_, head, edge)| Arc { head, edge });
        let mut this = Self {
            pools,
            first,
            arcs: arcs.collect(),
            tree: Vec::new(),
            roots: Vec::new(),
        };
        this.grow_tree();
        Ok(this)
    }

    /// Returns how many tokens there are.
    pub fn tokens(&self) -> usize {
        self.first.len() - 1
    }

    /// Returns how many pools there are.
    pub fn pools(&self) -> usize {
        self.pools.len()
    }

    /// Returns the tokens that a pool joins.
    pub fn ends(&self, pool: usize) -> [u32; 2] {
        self.pools[pool]
    }

    /// Returns the token that an edge sells.
    pub fn tail(&self, edge: u32) -> u32 {
        self.pools[edge as usize / 2][edge as usize % 2]
    }

    /// Returns the edges that sell a token, by the token bought, then by number.
    pub fn edges_from(&self, token: u32) -> impl Iterator<Item = u32> {
        self.arcs_of(token).iter().map(|arc| arc.edge)
    }

    /// Returns the parallel edges of each pair of tokens and direction.
    pub(crate) fn parallel(&self) -> impl Iterator<Item = impl Iterator<Item = u32>> {
        let tails = (0..self.tokens() as u32).map(|token| self.arcs_of(token));
        tails
            .flat_map(|arcs| arcs.chunk_by(|a, b| a.head == b.head))
            .map(|arcs| arcs.iter().map(|arc| arc.edge))
    }

    fn arcs_of(&self, token: u32) -> &[Arc] {
        let at = token as usize;
        &self.arcs[self.first[at] as usize..self.first[at + 1] as usize]
    }

    /// Lists the branches of a spanning forest, breadth first, each tree from its token with most edges.
    fn grow_tree(&mut self) {
        let mut tokens: Vec<u32> = (0..self.tokens() as u32).collect();
        tokens.sort_by_key(|&token| (Reverse(self.arcs_of(token).len()), token));
        let (mut tree, mut roots) = (Vec::new(), Vec::new());
        let mut met = vec![false; self.tokens()];
        for root in tokens {
            if std::mem::replace(&mut met[root as usize], true) {
                continue;
            }
            roots.push(root);
            let mut row = VecDeque::from([root]);
            while let Some(parent) = row.pop_front() {
                for parallel in self.arcs_of(parent).chunk_by(|a, b| a.head == b.head) {
                    let child = parallel[0].head;
                    if std::mem::replace(&mut met[child as usize], true) {
                        continue;
                    }
                    tree.extend(parallel.iter().map(|arc| Branch {
                        parent,
                        child,
                        edge: arc.edge,
                    }));
                    row.push_back(child);
                }
            }
        }
        (self.tree, self.roots) = (tree, roots);
    }

    pub(crate) fn check(&self, weights: &[i64]) -> Result<(), PoolGraphError> {
        if weights.len() != 2 * self.pools.len() {
            return Err(PoolGraphError::Weights {
                was: weights.len(),
                edges: 2 * self.pools.len(),
            });
        }
        // Without a branch, so that it is done several weights at a time: the bits in which a weight differs from its
        // sign. None beyond the 47th: all are in range and there.
        let bits = weights
            .iter()
            .fold(0, |bits, &weight| bits | (weight ^ (weight >> 63)));
        if bits < MAX_WEIGHT {
            return Ok(());
        }
        let is_wrong =
            |weight: &i64| *weight != NO_WEIGHT && !(-MAX_WEIGHT..=MAX_WEIGHT).contains(weight);
        if let Some(&weight) = weights.iter().find(|weight| is_wrong(weight)) {
            return Err(PoolGraphError::Weight(weight));
        }
        Ok(())
    }

    /// Returns one simple negative cycle, its lowest edge first; `None` if and only if there is none.
    ///
    /// # Errors
    /// `Weights` or `Weight`.
    pub fn negative_cycle(&self, weights: &[i64]) -> Result<Option<Vec<u32>>, PoolGraphError> {
        self.check(weights)?;
        let distance = self.first_prices(weights);
        let mut tails = Vec::new();
        for (&[a, b], pair) in self.pools.iter().zip(weights.as_chunks::<2>().0) {
            let rise = distance[b as usize].wrapping_sub(distance[a as usize]);
            if pair[0] < rise {
                tails.push(a);
            }
            if pair[1] < rise.wrapping_neg() {
                tails.push(b);
            }
        }
        if tails.is_empty() {
            return Ok(None);
        }
        Ok(Forest::new(&distance, tails).relax(self, weights))
    }

    /// Returns each token's price through the spanning tree; an edge without a weight counts as the dearest. With 2^14
    /// tokens and weights within 2^47 no sum here or in the forest overflows.
    fn first_prices(&self, weights: &[i64]) -> Vec<i64> {
        let mut distance = vec![i64::MAX; self.tokens()];
        for &root in &self.roots {
            distance[root as usize] = 0;
        }
        for branch in &self.tree {
            let weight = weights[branch.edge as usize].min(MAX_WEIGHT);
            let price = distance[branch.parent as usize].wrapping_add(weight);
            let child = &mut distance[branch.child as usize];
            *child = price.min(*child);
        }
        distance
    }

    /// Returns the simple cycles of 2 to `max_hops` hops through `base`, over the best pool of each pair of tokens (the
    /// lowest edge of equals): how many there are, and the best `keep` below `margin`. No cycle uses both directions of
    /// one pool. The time grows with what there is: see [`crate::search::multiverse`] for a search that is pruned.
    ///
    /// # Errors
    /// `Weights`, `Weight`, `Token` or `Hops`.
    pub fn cycles_through(
        &self,
        weights: &[i64],
        base: u32,
        max_hops: usize,
        keep: usize,
        margin: i64,
    ) -> Result<Through, PoolGraphError> {
        self.check(weights)?;
        if base as usize >= self.tokens() {
            return Err(PoolGraphError::Token(base));
        }
        if !(2..=MAX_HOPS).contains(&max_hops) {
            return Err(PoolGraphError::Hops(max_hops));
        }
        let mut walk = Walk::new(self, weights, base);
        walk.found.counts.resize(max_hops - 1, 0);
        (walk.keep, walk.limit) = (keep, if keep == 0 { i64::MIN } else { margin });
        walk.visit(base, 0, max_hops);
        Ok(walk.found)
    }
}

/// A node of the shortest-path forest, a preorder list; depth 0 is outside it, the virtual root is the last node.
#[derive(Clone, Copy)]
struct Node {
    distance: i64,
    depth: u32,
    next: u32,
    previous: u32,
    /// The edge it was reached by.
    parent: u32,
    queued: bool,
}

struct Forest {
    nodes: Vec<Node>,
    queue: VecDeque<u32>,
}

impl Forest {
    /// Hangs all nodes under the root; `tails` has those with an edge that lowers its head, maybe more than once.
    fn new(distance: &[i64], mut tails: Vec<u32>) -> Self {
        let root = distance.len() as u32;
        let mut nodes: Vec<Node> = (0..=root)
            .map(|at| Node {
                distance: distance.get(at as usize).copied().unwrap_or(0),
                depth: u32::from(at != root),
                next: if at == root { 0 } else { at + 1 },
                previous: at.checked_sub(1).unwrap_or(root),
                parent: u32::MAX,
                queued: false,
            })
            .collect();
        tails.retain(|&tail| !std::mem::replace(&mut nodes[tail as usize].queued, true));
        Self {
            nodes,
            queue: tails.into(),
        }
    }

    /// Lowers distances until every edge holds, or one closes a negative cycle.
    fn relax(mut self, graph: &PoolGraph, weights: &[i64]) -> Option<Vec<u32>> {
        while let Some(tail) = self.queue.pop_front() {
            let node = &mut self.nodes[tail as usize];
            node.queued = false;
            if node.depth == 0 {
                continue;
            }
            let base = node.distance;
            for arc in graph.arcs_of(tail) {
                let weight = weights[arc.edge as usize];
                if weight == NO_WEIGHT {
                    continue;
                }
                let distance = base.wrapping_add(weight);
                if distance < self.nodes[arc.head as usize].distance
                    && !self.hang(arc.head, tail, arc.edge, distance)
                {
                    return Some(self.cycle(graph, arc.head, arc.edge));
                }
            }
        }
        None
    }

    /// Takes the subtree of `head` apart and hangs it alone under `tail`; false if `tail` is in that subtree.
    fn hang(&mut self, head: u32, tail: u32, edge: u32, distance: i64) -> bool {
        let floor = self.nodes[head as usize].depth;
        if floor > 0 {
            let before = self.nodes[head as usize].previous;
            let mut after = self.nodes[head as usize].next;
            while self.nodes[after as usize].depth > floor {
                if after == tail {
                    return false;
                }
                self.nodes[after as usize].depth = 0;
                after = self.nodes[after as usize].next;
            }
            self.nodes[before as usize].next = after;
            self.nodes[after as usize].previous = before;
        }
        let Node { next, depth, .. } = self.nodes[tail as usize];
        self.nodes[tail as usize].next = head;
        self.nodes[next as usize].previous = head;
        let node = &mut self.nodes[head as usize];
        let queued = node.queued;
        *node = Node {
            distance,
            depth: depth + 1,
            next,
            previous: tail,
            parent: edge,
            queued: true,
        };
        if !queued {
            self.queue.push_back(head);
        }
        true
    }

    /// Returns the cycle of the tree path from `top` to the tail of `edge`, and `edge`.
    fn cycle(&self, graph: &PoolGraph, top: u32, edge: u32) -> Vec<u32> {
        let mut cycle = vec![edge];
        let mut at = graph.tail(edge);
        while at != top {
            let parent = self.nodes[at as usize].parent;
            cycle.push(parent);
            at = graph.tail(parent);
        }
        cycle.reverse();
        let lowest = (0..cycle.len()).min_by_key(|&at| cycle[at]).unwrap_or(0);
        cycle.rotate_left(lowest);
        cycle
    }
}

#[derive(Clone, Copy)]
struct Best {
    weight: i64,
    head: u32,
    edge: u32,
}

/// A walk over the best pool of each pair.
struct Walk {
    first: Vec<u32>,
    best: Vec<Best>,
    /// The way back to the base, by token; of no weight where there is none or the token is on the path.
    back: Vec<(i64, u32)>,
    on_path: Vec<bool>,
    path: Vec<u32>,
    keep: usize,
    limit: i64,
    found: Through,
}

impl Walk {
    fn new(graph: &PoolGraph, weights: &[i64], base: u32) -> Self {
        let mut this = Self {
            first: vec![0],
            best: Vec::with_capacity(graph.arcs.len()),
            back: vec![(NO_WEIGHT, 0); graph.tokens()],
            on_path: vec![false; graph.tokens()],
            path: Vec::new(),
            keep: 0,
            limit: 0,
            found: Through {
                counts: Vec::new(),
                best: Vec::new(),
            },
        };
        for tail in 0..graph.tokens() as u32 {
            for parallel in graph.arcs_of(tail).chunk_by(|a, b| a.head == b.head) {
                let best = parallel
                    .iter()
                    .map(|arc| (weights[arc.edge as usize], arc.edge))
                    .min();
                let Some((weight, edge)) = best.filter(|best| best.0 != NO_WEIGHT) else {
                    continue;
                };
                let head = parallel[0].head;
                if head == base {
                    this.back[tail as usize] = (weight, edge);
                } else {
                    this.best.push(Best { weight, head, edge });
                }
            }
            this.first.push(this.best.len() as u32);
        }
        this
    }

    /// Closes and goes on from each token after `token`; `left` hops are left.
    fn visit(&mut self, token: u32, cost: i64, left: usize) {
        let range = self.first[token as usize] as usize..self.first[token as usize + 1] as usize;
        self.close(range.clone(), cost);
        if left == 2 {
            return;
        }
        for at in range {
            let Best { weight, head, .. } = self.best[at];
            let place = head as usize;
            if std::mem::replace(&mut self.on_path[place], true) {
                continue;
            }
            let back = std::mem::replace(&mut self.back[place].0, NO_WEIGHT);
            self.path.push(at as u32);
            self.visit(head, cost + weight, left - 1);
            self.path.pop();
            self.back[place].0 = back;
            self.on_path[place] = false;
        }
    }

    /// Counts the cycles that one more hop over each of `range` and the way back make, and keeps the best.
    fn close(&mut self, range: std::ops::Range<usize>, cost: i64) {
        let hops = self.path.len();
        let mut count = 0;
        for at in range {
            let Best { weight, head, edge } = self.best[at];
            let (back, home) = self.back[head as usize];
            if back == NO_WEIGHT || (hops == 0 && edge ^ 1 == home) {
                continue;
            }
            count += 1;
            let total = cost.wrapping_add(weight).wrapping_add(back);
            if total < self.limit {
                self.record(at as u32, home, total);
            }
        }
        self.found.counts[hops] += count;
    }

    #[cold]
    fn record(&mut self, last: u32, home: u32, total: i64) {
        let on = self.path.iter().chain([&last]);
        let mut edges: Vec<u32> = on.map(|&at| self.best[at as usize].edge).collect();
        edges.push(home);
        let best = &mut self.found.best;
        let at = best.partition_point(|held| (held.1, &held.0) < (total, &edges));
        if at >= self.keep {
            return;
        }
        best.insert(at, (edges, total));
        best.truncate(self.keep);
        if best.len() == self.keep {
            self.limit = self.limit.min(best[self.keep - 1].1 + 1);
        }
    }
}
