//! Accounts that the token programs derive for a wallet, and how an address is derived.

use crate::chain::base58::Pubkey;
use crate::chain::pda::{self, PdaError};
use crate::chain::program::{ASSOCIATED_TOKEN, WRAPPED_SOL};

/// Returns the associated token account of a wallet.
///
/// # Errors
/// Those of `pda::find`.
pub fn associated_token_address(
    owner: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
) -> Result<Pubkey, PdaError> {
    derived(&[owner, token_program, mint], &ASSOCIATED_TOKEN)
}

/// Returns a wallet's account for wrapped SOL.
pub(crate) fn wrapped_sol_address(owner: &Pubkey) -> Result<Pubkey, PdaError> {
    associated_token_address(owner, &WRAPPED_SOL, &crate::chain::program::TOKEN)
}

/// Returns the address that a program derives from seeds.
///
/// # Errors
/// Those of `pda::find`.
pub(crate) fn derived(seeds: &[&[u8]], program: &Pubkey) -> Result<Pubkey, PdaError> {
    Ok(pda::find(seeds, program)?.0)
}
