//! Where the same money buys more of it: the graph, cycles in it, and their size.

pub mod by_money;
pub mod cycle_finder;
pub mod estimate;
pub mod graph;
pub mod kept_graph;
pub mod log2;
pub mod multiverse;
pub mod pool_graph;
pub mod sizing;
