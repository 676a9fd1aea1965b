//! What a cycle is worth after every cost, and whether it may be traded.

pub mod scorer;
