//! Instructions, messages and transactions.

pub mod instruction_builder;
