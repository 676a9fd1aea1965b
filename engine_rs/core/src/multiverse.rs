//! Profitable 2-5 hop cycles around a touched edge, pruned by node potentials.
