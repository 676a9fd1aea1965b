//! Fixed-point base-2 logarithms, the same integers in both engines.
