//! A market whose weights and potentials are kept: one pool moves, and what that changes is all that is looked at.

use crate::search::cycle_finder::Potentials;
use crate::search::graph::{EdgeId, Graph, GraphError};
use crate::search::multiverse::{Found, Params, Work, search};
use crate::search::pool_graph::{NO_WEIGHT, PoolGraph, PoolGraphError};

/// Pools, their weights, and potentials that hold for them.
#[derive(Clone, Debug)]
pub struct KeptGraph {
    graph: Graph,
    potentials: Potentials,
}

impl From<GraphError> for PoolGraphError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::WeightOutOfRange(weight) => Self::Weight(weight),
            GraphError::UnknownEdge(edge) => Self::Pool(edge / 2),
            GraphError::UnknownNode(token) => Self::Token(token),
            // The shape was checked when it was made.
            _ => Self::NotAPool(0),
        }
    }
}

impl KeptGraph {
    /// Returns the pools of `shape` at these weights, edge by edge, with potentials from nothing.
    ///
    /// # Errors
    /// `Weights` or `Weight`.
    pub fn new(shape: &PoolGraph, weights: &[i64]) -> Result<Self, PoolGraphError> {
        shape.check(weights)?;
        let mut graph = Graph::new();
        for token in 0..shape.tokens() {
            graph.add_node(&token.to_string())?;
        }
        for pool in 0..shape.pools() {
            let [a, b] = shape.ends(pool);
            graph.add_edge(a, b, &format!("{pool}:0"))?;
            graph.add_edge(b, a, &format!("{pool}:1"))?;
        }
        for (edge, &weight) in weights.iter().enumerate() {
            graph.set_weight(edge as EdgeId, known(weight))?;
        }
        let (potentials, _) = Potentials::cold(&graph);
        Ok(Self { graph, potentials })
    }

    /// Returns whether any negative cycle is known, and takes over both weights of a pool at once: one at a time, the
    /// new price would close a cycle with the old one of its other direction.
    ///
    /// The cycle returned begins with the moved pool, or is one that was there before; `None` if there is none.
    ///
    /// # Errors
    /// `Pool` or `Weight`; nothing changed.
    pub fn move_pool(
        &mut self,
        pool: u32,
        weights: [i64; 2],
    ) -> Result<Option<&[EdgeId]>, PoolGraphError> {
        let first = pool
            .checked_mul(2)
            .filter(|&edge| (edge as usize) < self.graph.edge_count())
            .ok_or(PoolGraphError::Pool(pool))?;
        let before = self.graph.weight(first);
        self.graph.set_weight(first, known(weights[0]))?;
        if let Err(error) = self.graph.set_weight(first + 1, known(weights[1])) {
            self.graph.set_weight(first, before)?;
            return Err(error.into());
        }
        self.potentials.update_pool(&self.graph, first, 0);
        Ok(self.potentials.evidence([first, first + 1]))
    }

    /// Returns the best cycles through a pool; see [`search`].
    ///
    /// # Errors
    /// `Pool`.
    pub fn search(&self, pool: u32, params: &Params) -> Result<(Vec<Found>, Work), PoolGraphError> {
        let first = pool
            .checked_mul(2)
            .filter(|&edge| (edge as usize) < self.graph.edge_count())
            .ok_or(PoolGraphError::Pool(pool))?;
        Ok(self.search_edges(&[first, first + 1], params))
    }

    /// Returns the best cycles through any of these edges, which the graph has; see [`search`].
    pub(crate) fn search_edges(&self, touched: &[EdgeId], params: &Params) -> (Vec<Found>, Work) {
        search(&self.graph, &self.potentials, touched, params)
    }
}

fn known(weight: i64) -> Option<i64> {
    (weight != NO_WEIGHT).then_some(weight)
}
