//! The market state of cambist: frames in, exactly sized and scored cycles out.
//!
//! Deterministic by construction: no clock, no I/O, no randomness, no observable hash order. Each module has a twin of
//! the same name in `cambist/engine/reference`.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod adaptive_trend;
pub mod amm_math;
pub mod balance_scanner;
pub mod bars;
pub mod base58;
pub mod cycle_finder;
pub mod decode;
pub mod engine;
pub mod equity;
pub mod fees;
pub mod graph;
pub mod indicator_table;
pub mod instruction_builder;
pub mod jit_compiler;
pub mod kama;
pub mod kept_graph;
pub mod log2;
pub mod log_parser;
pub mod merkle;
pub mod moving_averages;
pub mod multiverse;
pub mod order_book;
pub mod pda;
pub mod pool;
pub mod pool_graph;
pub mod quote_codec;
pub mod quotes;
pub mod scan;
pub mod scorer;
pub mod signal_persistence;
pub mod signal_scorer;
pub mod sizing;
pub mod slab_decoder;
pub mod spread;
pub mod streams;
pub mod technical;
pub mod tick_array_manager;
pub mod tx_parser;
pub mod wss_aggregator;
