//! Tokens as nodes, (pool, direction) as edges; parallel edges stay.
//!
//! An edge's weight is −log2 of its marginal rate net of fee in units of 2^-40, `None` while it is out of detection
//! (torn, stale, not tradable). An update touches only its own edge.

use hashbrown::HashMap;
use thiserror::Error;

pub type NodeId = u32;
pub type EdgeId = u32;

/// Largest magnitude of a weight: the log2 of any ratio of two u128 lies strictly inside.
pub const MAX_WEIGHT: i64 = 1 << 47;
/// Most nodes a graph takes, so that no sum of weights along a simple path can leave an i64.
pub const MAX_NODES: usize = 1 << 14;

const ABSENT: i64 = i64::MAX;
const NO_TWIN: EdgeId = EdgeId::MAX;

/// Why a graph refused a change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    #[error("too_many_nodes")]
    TooManyNodes,
    #[error("unknown_node: {0}")]
    UnknownNode(NodeId),
    #[error("unknown_edge: {0}")]
    UnknownEdge(EdgeId),
    #[error("self_loop: {0}")]
    SelfLoop(String),
    #[error("duplicate_edge: {0}")]
    DuplicateEdge(String),
    #[error("twin_ends_differ: {0}")]
    TwinEndsDiffer(String),
    #[error("weight_out_of_range: {0}")]
    WeightOutOfRange(i64),
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    weight: i64,
    from: NodeId,
    to: NodeId,
    /// Where its copies are in `out[from]` and `into[to]`.
    out_at: u32,
    into_at: u32,
}

/// A copy of an edge beside its neighbours, so that a scan of a hub reads memory in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arc {
    weight: i64,
    /// The other end.
    pub(crate) node: NodeId,
    pub(crate) edge: EdgeId,
}

impl Arc {
    #[inline]
    pub(crate) fn weight(self) -> Option<i64> {
        (self.weight != ABSENT).then_some(self.weight)
    }
}

/// A directed multigraph with string keys on nodes and names on edges.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    keys: Vec<String>,
    nodes: HashMap<String, NodeId>,
    edges: Vec<Edge>,
    names: Vec<String>,
    ids: HashMap<String, EdgeId>,
    twins: Vec<EdgeId>,
    out: Vec<Vec<Arc>>,
    into: Vec<Vec<Arc>>,
    /// Per node the out-edges sorted by (head, edge id), to find all edges between two nodes without a hash.
    toward: Vec<Vec<(NodeId, EdgeId)>>,
}

impl Graph {
    /// Returns an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the id of the node `key`, which is added if it is new.
    ///
    /// # Errors
    /// `TooManyNodes` beyond [`MAX_NODES`].
    pub fn add_node(&mut self, key: &str) -> Result<NodeId, GraphError> {
        if let Some(&id) = self.nodes.get(key) {
            return Ok(id);
        }
        if self.keys.len() >= MAX_NODES {
            return Err(GraphError::TooManyNodes);
        }
        let id = self.keys.len() as NodeId;
        self.nodes.insert(key.to_owned(), id);
        self.keys.push(key.to_owned());
        self.out.push(Vec::new());
        self.into.push(Vec::new());
        self.toward.push(Vec::new());
        Ok(id)
    }

    /// Returns the id of a new edge without a weight. Names that differ only in a final `:0` and `:1` are the two
    /// directions of one pool and become twins.
    ///
    /// # Errors
    /// `UnknownNode`, `SelfLoop`, `DuplicateEdge`, or `TwinEndsDiffer` if the other direction joins other nodes.
    pub fn add_edge(&mut self, from: NodeId, to: NodeId, name: &str) -> Result<EdgeId, GraphError> {
        for node in [from, to] {
            if node as usize >= self.keys.len() {
                return Err(GraphError::UnknownNode(node));
            }
        }
        if from == to {
            return Err(GraphError::SelfLoop(name.to_owned()));
        }
        if self.ids.contains_key(name) {
            return Err(GraphError::DuplicateEdge(name.to_owned()));
        }
        let id = self.edges.len() as EdgeId;
        let twin = sibling(name).and_then(|other| self.ids.get(&other).copied());
        if let Some(twin) = twin {
            let other = self.edges[twin as usize];
            if (other.from, other.to) != (to, from) {
                return Err(GraphError::TwinEndsDiffer(name.to_owned()));
            }
            self.twins[twin as usize] = id;
        }
        self.twins.push(twin.unwrap_or(NO_TWIN));
        self.edges.push(Edge {
            weight: ABSENT,
            from,
            to,
            out_at: self.out[from as usize].len() as u32,
            into_at: self.into[to as usize].len() as u32,
        });
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        self.out[from as usize].push(Arc {
            weight: ABSENT,
            node: to,
            edge: id,
        });
        self.into[to as usize].push(Arc {
            weight: ABSENT,
            node: from,
            edge: id,
        });
        let toward = &mut self.toward[from as usize];
        let at = toward.partition_point(|&entry| entry < (to, id));
        toward.insert(at, (to, id));
        Ok(id)
    }

    /// Sets an edge's weight; `None` takes it out of detection. Tell the potentials afterwards.
    ///
    /// # Errors
    /// `UnknownEdge`, or `WeightOutOfRange` beyond [`MAX_WEIGHT`]; nothing changed.
    #[inline]
    pub fn set_weight(&mut self, edge: EdgeId, weight: Option<i64>) -> Result<(), GraphError> {
        let slot = self
            .edges
            .get_mut(edge as usize)
            .ok_or(GraphError::UnknownEdge(edge))?;
        let weight = match weight {
            None => ABSENT,
            Some(weight) if (-MAX_WEIGHT..=MAX_WEIGHT).contains(&weight) => weight,
            Some(weight) => return Err(GraphError::WeightOutOfRange(weight)),
        };
        slot.weight = weight;
        self.out[slot.from as usize][slot.out_at as usize].weight = weight;
        self.into[slot.to as usize][slot.into_at as usize].weight = weight;
        Ok(())
    }

    /// Returns the weight, `None` while the edge is out of detection.
    #[inline]
    pub fn weight(&self, edge: EdgeId) -> Option<i64> {
        let weight = self.edges[edge as usize].weight;
        (weight != ABSENT).then_some(weight)
    }

    /// Returns (weight, tail, head).
    #[inline]
    pub(crate) fn edge(&self, edge: EdgeId) -> (Option<i64>, NodeId, NodeId) {
        let Edge {
            weight, from, to, ..
        } = self.edges[edge as usize];
        ((weight != ABSENT).then_some(weight), from, to)
    }

    /// Returns the node an edge leaves.
    #[inline]
    pub fn from(&self, edge: EdgeId) -> NodeId {
        self.edges[edge as usize].from
    }

    /// Returns the node an edge enters.
    #[inline]
    pub fn to(&self, edge: EdgeId) -> NodeId {
        self.edges[edge as usize].to
    }

    /// Returns the edges leaving a node, in edge-id order.
    pub fn out_edges(&self, node: NodeId) -> impl ExactSizeIterator<Item = EdgeId> {
        self.out[node as usize].iter().map(|arc| arc.edge)
    }

    /// Returns the edges entering a node, in edge-id order.
    pub fn in_edges(&self, node: NodeId) -> impl ExactSizeIterator<Item = EdgeId> {
        self.into[node as usize].iter().map(|arc| arc.edge)
    }

    #[inline]
    pub(crate) fn out_arcs(&self, node: NodeId) -> &[Arc] {
        &self.out[node as usize]
    }

    #[inline]
    pub(crate) fn in_arcs(&self, node: NodeId) -> &[Arc] {
        &self.into[node as usize]
    }

    /// Returns the parallel edges between two nodes as (head, id), in edge-id order.
    #[inline]
    pub fn between(&self, from: NodeId, to: NodeId) -> &[(NodeId, EdgeId)] {
        let toward = &self.toward[from as usize];
        let start = toward.partition_point(|&(head, _)| head < to);
        let length = toward[start..]
            .iter()
            .take_while(|&&(head, _)| head == to)
            .count();
        &toward[start..start + length]
    }

    /// Returns the other direction of the same pool or book.
    #[inline]
    pub fn twin(&self, edge: EdgeId) -> Option<EdgeId> {
        let twin = self.twins[edge as usize];
        (twin != NO_TWIN).then_some(twin)
    }

    /// Returns an edge's name.
    #[inline]
    pub fn name(&self, edge: EdgeId) -> &str {
        &self.names[edge as usize]
    }

    /// Returns the edge of that name.
    pub fn find_edge(&self, name: &str) -> Option<EdgeId> {
        self.ids.get(name).copied()
    }

    /// Returns a node's key.
    pub fn node_key(&self, node: NodeId) -> &str {
        &self.keys[node as usize]
    }

    /// Returns the node of that key.
    pub fn find_node(&self, key: &str) -> Option<NodeId> {
        self.nodes.get(key).copied()
    }

    /// Returns how many nodes there are.
    pub fn node_count(&self) -> usize {
        self.keys.len()
    }

    /// Returns how many edges there are.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// Returns the cycle rotated so that the smallest edge name (byte order) is first.
    pub fn canonical(&self, cycle: &[EdgeId]) -> Vec<EdgeId> {
        let mut rotated = cycle.to_vec();
        let first = (0..cycle.len())
            .min_by_key(|&at| self.name(cycle[at]))
            .unwrap_or(0);
        rotated.rotate_left(first);
        rotated
    }

    /// Returns the canonical key of a cycle in any rotation: its names in canonical order, joined by `|`.
    pub fn cycle_key(&self, cycle: &[EdgeId]) -> String {
        self.canonical(cycle)
            .iter()
            .map(|&edge| self.name(edge))
            .collect::<Vec<_>>()
            .join("|")
    }

    /// Returns the sum of the weights, `None` if an edge has none.
    pub fn total(&self, cycle: &[EdgeId]) -> Option<i64> {
        cycle.iter().map(|&edge| self.weight(edge)).sum()
    }
}

/// Returns the name of the other direction, if the name ends in one.
fn sibling(name: &str) -> Option<String> {
    let (stem, side) = name.rsplit_once(':')?;
    match side {
        "0" => Some(format!("{stem}:1")),
        "1" => Some(format!("{stem}:0")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle() -> Graph {
        let mut graph = Graph::new();
        let nodes: Vec<_> = ["a", "b", "c"]
            .iter()
            .map(|key| graph.add_node(key).unwrap())
            .collect();
        for (from, to, name) in [
            (0, 1, "p:0"),
            (1, 0, "p:1"),
            (0, 1, "q:0"),
            (1, 2, "r:0"),
            (2, 0, "B:0"),
        ] {
            graph.add_edge(nodes[from], nodes[to], name).unwrap();
        }
        graph
    }

    #[test]
    fn parallel_edges_stay_and_twins_find_each_other() {
        let graph = triangle();
        assert_eq!(graph.between(0, 1), &[(1, 0), (1, 2)]);
        assert_eq!(graph.between(0, 2), &[]);
        assert_eq!(
            (graph.twin(0), graph.twin(1), graph.twin(2)),
            (Some(1), Some(0), None)
        );
        assert_eq!(graph.out_edges(0).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(graph.in_edges(0).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(graph.find_edge("r:0"), Some(3));
    }

    #[test]
    fn a_key_starts_with_the_smallest_name_in_byte_order() {
        let graph = triangle();
        assert_eq!(graph.cycle_key(&[0, 3, 4]), "B:0|p:0|r:0");
        assert_eq!(graph.cycle_key(&[3, 4, 0]), "B:0|p:0|r:0");
    }

    #[test]
    fn bad_changes_are_named_and_change_nothing() {
        let mut graph = triangle();
        assert_eq!(
            graph.add_edge(0, 0, "x"),
            Err(GraphError::SelfLoop("x".into()))
        );
        assert_eq!(graph.add_edge(0, 9, "x"), Err(GraphError::UnknownNode(9)));
        assert_eq!(
            graph.add_edge(0, 1, "p:0"),
            Err(GraphError::DuplicateEdge("p:0".into()))
        );
        assert_eq!(
            graph.add_edge(0, 1, "r:1"),
            Err(GraphError::TwinEndsDiffer("r:1".into()))
        );
        assert_eq!(graph.set_weight(99, None), Err(GraphError::UnknownEdge(99)));
        assert_eq!(
            graph.set_weight(0, Some(MAX_WEIGHT + 1)),
            Err(GraphError::WeightOutOfRange(MAX_WEIGHT + 1))
        );
        assert_eq!((graph.edge_count(), graph.weight(0)), (5, None));
        assert_eq!(graph.add_node("a"), Ok(0));
    }
}
