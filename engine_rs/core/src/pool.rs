//! A pool's state and its quotes.
