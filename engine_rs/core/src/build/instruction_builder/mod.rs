//! Instructions of the programs we trade with, messages of them, and transactions around given signatures.
//!
//! Nothing here signs, asks a node or reads an account: callers name the accounts, this names their order and flags.

pub mod addresses;
mod error;
mod message;
mod plumbing;

pub use addresses::associated_token_address;
pub use error::BuildError;
pub use message::{LookupTable, MAX_TRANSACTION, Message, Signature, compile_legacy, compile_v0};
pub use plumbing::{
    close_account, compute_unit_limit, compute_unit_price, create_associated_token,
    loaded_data_limit, memo, sync_native, transfer, unwrap_sol, wrap_sol,
};

use crate::chain::base58::Pubkey;
use crate::chain::program::{TOKEN, TOKEN_2022};

/// An account that an instruction names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountMeta {
    pub key: Pubkey,
    pub signer: bool,
    pub writable: bool,
}

/// A call of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub program: Pubkey,
    pub accounts: Vec<AccountMeta>,
    pub data: Vec<u8>,
}

impl AsRef<Self> for Instruction {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Who swaps: the signer, and his token accounts that pay and are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    pub owner: Pubkey,
    pub source: Pubkey,
    pub target: Pubkey,
}

/// How much is swapped, in atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapAmounts {
    /// Whether `amount` goes in (then `limit` is the least that must come out), or comes out (the most that may go in).
    pub exact_in: bool,
    pub amount: u64,
    pub limit: u64,
}

impl SwapAmounts {
    /// Returns what goes in before what comes out.
    pub(crate) fn in_and_out(self) -> [u64; 2] {
        if self.exact_in {
            [self.amount, self.limit]
        } else {
            [self.limit, self.amount]
        }
    }
}

pub(crate) fn readonly(key: Pubkey) -> AccountMeta {
    AccountMeta {
        key,
        signer: false,
        writable: false,
    }
}

pub(crate) fn writable(key: Pubkey) -> AccountMeta {
    AccountMeta {
        key,
        signer: false,
        writable: true,
    }
}

pub(crate) fn signer(key: Pubkey) -> AccountMeta {
    AccountMeta {
        key,
        signer: true,
        writable: false,
    }
}

pub(crate) fn payer(key: Pubkey) -> AccountMeta {
    AccountMeta {
        key,
        signer: true,
        writable: true,
    }
}

/// Returns an instruction's data: its tag, then two amounts.
pub(crate) fn tagged(tag: &[u8], amounts: [u64; 2]) -> Vec<u8> {
    let mut data = Vec::with_capacity(tag.len() + 35);
    data.extend_from_slice(tag);
    for amount in amounts {
        data.extend_from_slice(&amount.to_le_bytes());
    }
    data
}

/// Returns the two, turned around unless `forward`.
pub(crate) fn turned<T>([first, second]: [T; 2], forward: bool) -> [T; 2] {
    if forward {
        [first, second]
    } else {
        [second, first]
    }
}

pub(crate) fn known_token_program(program: Pubkey) -> Result<(), BuildError> {
    if program == TOKEN || program == TOKEN_2022 {
        return Ok(());
    }
    Err(BuildError::TokenProgram(program))
}

pub(crate) fn first_token_program(programs: &[Pubkey]) -> Result<(), BuildError> {
    match programs.iter().find(|&&program| program != TOKEN) {
        Some(&other) => Err(BuildError::OldSwap(other)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
