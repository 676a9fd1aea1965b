//! Tick arrays, fixed and dynamic, as one sorted run of initialised ticks.
