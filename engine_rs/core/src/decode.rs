//! Wire frames to events.
