//! Swaps of Saber's stable pools.

use crate::build::instruction_builder::{
    BuildError, Instruction, SwapAmounts, User, readonly, signer, tagged, turned, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::pda::{self, PdaError};
use crate::chain::program::TOKEN;
use crate::venues::saber::owned::SABER;

/// A stable pool's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaberAccounts {
    pub pool: Pubkey,
    pub authority: Pubkey,
    pub vaults: [Pubkey; 2],
    pub admin_vaults: [Pubkey; 2],
}

/// Returns a swap of an exact amount in on a stable pool; the admin's fee is of the token that comes out.
///
/// # Errors
/// `ExactOut` for an exact amount out.
pub fn saber_swap(
    pool: &SaberAccounts,
    user: &User,
    amounts: SwapAmounts,
    a_to_b: bool,
) -> Result<Instruction, BuildError> {
    if !amounts.exact_in {
        return Err(BuildError::ExactOut("Saber"));
    }
    let [vault_in, vault_out] = turned(pool.vaults, a_to_b);
    let [_, admin_vault] = turned(pool.admin_vaults, a_to_b);
    let mut accounts = vec![
        readonly(pool.pool),
        readonly(pool.authority),
        signer(user.owner),
    ];
    accounts.extend([user.source, vault_in, vault_out, user.target, admin_vault].map(writable));
    accounts.push(readonly(TOKEN));
    Ok(Instruction {
        program: SABER,
        accounts,
        data: tagged(&[1], amounts.in_and_out()),
    })
}

/// Returns who signs for the vaults of a Saber pool.
///
/// # Errors
/// `OnCurve` if the pool has another nonce.
pub fn saber_authority(pool: &Pubkey, nonce: u8) -> Result<Pubkey, PdaError> {
    pda::create(&[pool, &[nonce]], &SABER)
}
