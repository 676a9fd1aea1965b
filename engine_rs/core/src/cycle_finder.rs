//! Negative cycles: Bellman-Ford with subtree disassembly, and node potentials.
