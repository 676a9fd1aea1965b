//! What is the same for all programs of the chain: keys, derived addresses, token accounts, frames of nodes, logs and
//! transactions.

pub mod base58;
pub mod blob;
pub(crate) mod fast;
pub mod log_parser;
pub mod pda;
pub mod program;
pub mod reader;
pub mod session;
pub mod solana;
pub mod tips;
pub mod token;
pub mod tx_parser;
