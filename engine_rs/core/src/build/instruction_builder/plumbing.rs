//! What goes around swaps: compute budget, token accounts, wrapped SOL, tips, memos.

use super::addresses::{associated_token_address, wrapped_sol_address};
use super::{BuildError, Instruction, known_token_program, payer, readonly, signer, writable};
use crate::chain::base58::Pubkey;
use crate::chain::program::{ASSOCIATED_TOKEN, COMPUTE_BUDGET, MEMO, SYSTEM, TOKEN, WRAPPED_SOL};

/// Returns what sets the compute units a transaction may use.
pub fn compute_unit_limit(units: u32) -> Instruction {
    budget(2, &units.to_le_bytes())
}

/// Returns what sets the priority fee, in micro-lamports for each compute unit asked for.
pub fn compute_unit_price(micro_lamports: u64) -> Instruction {
    budget(3, &micro_lamports.to_le_bytes())
}

/// Returns what sets how many bytes of accounts a transaction may load; fewer cost less of a block.
///
/// # Errors
/// `LoadedData` for 0, with which no transaction runs.
pub fn loaded_data_limit(bytes: u32) -> Result<Instruction, BuildError> {
    if bytes == 0 {
        return Err(BuildError::LoadedData);
    }
    Ok(budget(4, &bytes.to_le_bytes()))
}

fn budget(tag: u8, value: &[u8]) -> Instruction {
    let mut data = Vec::with_capacity(1 + value.len());
    data.push(tag);
    data.extend_from_slice(value);
    Instruction {
        program: COMPUTE_BUDGET,
        accounts: Vec::new(),
        data,
    }
}

/// Returns what creates a wallet's associated token account, or does nothing where it exists.
///
/// # Errors
/// `TokenProgram` unless the program is SPL Token or Token-2022; those of `pda::find`.
pub fn create_associated_token(
    funder: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
) -> Result<Instruction, BuildError> {
    known_token_program(token_program)?;
    let account = associated_token_address(&owner, &mint, &token_program)?;
    Ok(Instruction {
        program: ASSOCIATED_TOKEN,
        accounts: vec![
            payer(funder),
            writable(account),
            readonly(owner),
            readonly(mint),
            readonly(SYSTEM),
            readonly(token_program),
        ],
        data: vec![1],
    })
}

/// Returns what sends lamports: to a wrapped SOL account, or as a tip.
///
/// A tip account must not be read from a lookup table: pin it when the message is compiled.
pub fn transfer(from: Pubkey, to: Pubkey, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    Instruction {
        program: SYSTEM,
        accounts: vec![payer(from), writable(to)],
        data,
    }
}

/// Returns what makes a wrapped SOL account's amount its lamports.
pub fn sync_native(account: Pubkey) -> Instruction {
    Instruction {
        program: TOKEN,
        accounts: vec![writable(account)],
        data: vec![17],
    }
}

/// Returns what closes a token account; its lamports, wrapped SOL included, go to `target`.
///
/// # Errors
/// `TokenProgram` unless the program is SPL Token or Token-2022.
pub fn close_account(
    account: Pubkey,
    target: Pubkey,
    owner: Pubkey,
    token_program: Pubkey,
) -> Result<Instruction, BuildError> {
    known_token_program(token_program)?;
    Ok(Instruction {
        program: token_program,
        accounts: vec![writable(account), writable(target), signer(owner)],
        data: vec![9],
    })
}

/// Returns what wraps lamports: creates the owner's account where it is missing, pays in, syncs.
///
/// # Errors
/// Those of `pda::find`.
pub fn wrap_sol(owner: Pubkey, lamports: u64) -> Result<[Instruction; 3], BuildError> {
    let account = wrapped_sol_address(&owner)?;
    Ok([
        create_associated_token(owner, owner, WRAPPED_SOL, TOKEN)?,
        transfer(owner, account, lamports),
        sync_native(account),
    ])
}

/// Returns what turns all of the owner's wrapped SOL, and the account's rent, into lamports.
///
/// # Errors
/// Those of `pda::find`.
pub fn unwrap_sol(owner: Pubkey) -> Result<Instruction, BuildError> {
    close_account(wrapped_sol_address(&owner)?, owner, owner, TOKEN)
}

/// Returns a note in the log, vouched for by the signers.
pub fn memo(text: &str, signers: &[Pubkey]) -> Instruction {
    Instruction {
        program: MEMO,
        accounts: signers.iter().copied().map(signer).collect(),
        data: text.as_bytes().to_vec(),
    }
}
