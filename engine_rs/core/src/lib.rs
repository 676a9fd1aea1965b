//! The market state of cambist: frames in, exactly sized and scored cycles out; and what its public calls offer besides.
//!
//! Deterministic by construction: no clock, no I/O, no randomness, no observable hash order. One room for each subject, as
//! in the twin `cambist/engine/reference`; only `venues` and `exchanges` name a venue.
#![forbid(unsafe_code)]

pub mod aggregate;
pub mod book;
pub mod build;
pub mod chain;
pub mod engine;
pub mod exchanges;
pub mod fees;
pub mod judge;
pub mod library;
pub mod rules;
pub mod search;
pub mod series;
pub mod venues;
