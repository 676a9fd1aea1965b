//! Per-venue book state machine with that venue's sequence rule.
