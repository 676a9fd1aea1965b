//! One stream out of many endpoints: first copy wins.

pub mod wss_aggregator;
