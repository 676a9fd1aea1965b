//! Graphs of pools for Python: the shape is kept, weights come as numpy columns and are read where they lie.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::search::kept_graph::KeptGraph;
use cambist_core::search::multiverse::Params;
use cambist_core::search::pool_graph::{NO_WEIGHT, PoolGraph as Shape, PoolGraphError};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::error::Fault;

type Weights<'py> = PyReadonlyArray1<'py, i64>;
/// (edges, weight)
type Cycle = (Vec<u32>, i64);

impl From<PoolGraphError> for Fault {
    fn from(error: PoolGraphError) -> Self {
        Self::input(error)
    }
}

/// Pools by number, tokens by number; see `cambist.engine.reference.pool_graph`.
#[pyclass(module = "cambist.engine._native")]
pub(crate) struct PoolGraph {
    shape: Shape,
    kept: Option<KeptGraph>,
}

impl PoolGraph {
    fn kept(&self) -> Result<&KeptGraph, Fault> {
        Ok(self.kept.as_ref().ok_or(PoolGraphError::NotLoaded)?)
    }
}

#[pymethods]
impl PoolGraph {
    /// Takes the tail and head of each edge; edges 2k and 2k+1 are the two directions of pool k. Raises `ValueError`.
    #[new]
    fn py_new(
        tails: PyReadonlyArray1<'_, u32>,
        heads: PyReadonlyArray1<'_, u32>,
    ) -> PyResult<Self> {
        let tails = tails.as_slice().map_err(Fault::input)?;
        let heads = heads.as_slice().map_err(Fault::input)?;
        let shape = Shape::new(tails, heads).map_err(Fault::from)?;
        Ok(Self { shape, kept: None })
    }

    /// Returns one negative cycle, `None` if and only if there is none. Raises `ValueError`.
    #[pyo3(name = "negative_cycle")]
    fn py_negative_cycle(
        &self,
        py: Python<'_>,
        weights: Weights<'_>,
    ) -> PyResult<Option<Vec<u32>>> {
        let weights = weights.as_slice().map_err(Fault::input)?;
        let found = py.detach(|| self.shape.negative_cycle(weights));
        Ok(found.map_err(Fault::from)?)
    }

    /// Returns (how many cycles of 2, 3, … hops there are, the best). Raises `ValueError`.
    #[pyo3(name = "cycles_through")]
    fn py_cycles_through(
        &self,
        py: Python<'_>,
        weights: Weights<'_>,
        base: u32,
        max_hops: usize,
        keep: usize,
        margin: i64,
    ) -> PyResult<(Vec<u64>, Vec<Cycle>)> {
        let weights = weights.as_slice().map_err(Fault::input)?;
        let found = py.detach(|| {
            self.shape
                .cycles_through(weights, base, max_hops, keep, margin)
        });
        let found = found.map_err(Fault::from)?;
        Ok((found.counts, found.best))
    }

    /// Loads all weights, and potentials from nothing. Raises `ValueError`.
    #[pyo3(name = "load")]
    fn py_load(&mut self, py: Python<'_>, weights: Weights<'_>) -> PyResult<()> {
        let weights = weights.as_slice().map_err(Fault::input)?;
        let kept = py.detach(|| KeptGraph::new(&self.shape, weights));
        self.kept = Some(kept.map_err(Fault::from)?);
        Ok(())
    }

    /// Moves a pool; returns a negative cycle, `None` if there is none. Raises `ValueError`.
    #[pyo3(name = "move")]
    fn py_move(
        &mut self,
        pool: u32,
        sell: Option<i64>,
        buy: Option<i64>,
    ) -> PyResult<Option<Vec<u32>>> {
        let kept = self.kept.as_mut().ok_or(PoolGraphError::NotLoaded);
        let weights = [sell, buy].map(|weight| weight.unwrap_or(NO_WEIGHT));
        let found = kept.and_then(|kept| kept.move_pool(pool, weights));
        Ok(found.map_err(Fault::from)?.map(<[u32]>::to_vec))
    }

    /// Returns (the best cycles through a pool, edges expanded, whether the budget cut it). Raises `ValueError`.
    #[pyo3(name = "search")]
    fn py_search(
        &self,
        py: Python<'_>,
        pool: u32,
        max_hops: usize,
        keep: usize,
        budget_edges: u64,
        margin: i64,
    ) -> PyResult<(Vec<Cycle>, u64, bool)> {
        let params = Params {
            max_hops,
            keep,
            budget_edges,
            margin,
        };
        let kept = self.kept()?;
        let found = py.detach(|| kept.search(pool, &params));
        let (found, work) = found.map_err(Fault::from)?;
        let found = found.into_iter().map(|each| (each.edges, each.weight));
        Ok((found.collect(), work.expanded, work.cut))
    }
}
