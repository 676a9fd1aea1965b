//! Why nothing can be built.

use thiserror::Error;

use super::message::MAX_TRANSACTION;
use crate::chain::base58::{self, Pubkey};
use crate::chain::pda::PdaError;

/// Why an instruction, a message or a transaction can't be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    #[error("{} is no token program", base58::encode(.0))]
    TokenProgram(Pubkey),
    #[error("a mint of {} needs version 2 of the swap", base58::encode(.0))]
    OldSwap(Pubkey),
    #[error("{0} has no swap of an exact amount out")]
    ExactOut(&'static str),
    #[error("{0} has no swap that fills in part")]
    Partial(&'static str),
    #[error("no tick or bin array")]
    NoArrays,
    #[error("{count} arrays, at most {most}")]
    TooManyArrays { count: usize, most: usize },
    #[error("limit of loaded data was 0")]
    LoadedData,
    #[error("{0} accounts in a transaction, at most 256")]
    TooManyAccounts(usize),
    #[error("{0} addresses in a lookup table, at most 256")]
    TooManyAddresses(usize),
    #[error("{0} bytes are no lookup table")]
    NoTable(usize),
    #[error("the lookup table closes since slot {0}")]
    TableClosed(u64),
    #[error("{given} signatures, expected {expected}")]
    Signatures { given: usize, expected: usize },
    #[error("transaction of {0} bytes, at most {MAX_TRANSACTION}")]
    TooLarge(usize),
    #[error(transparent)]
    Address(#[from] PdaError),
}
