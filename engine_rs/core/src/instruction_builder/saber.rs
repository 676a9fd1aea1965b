//! Swaps of Saber's stable pools.

use super::{
    BuildError, Instruction, SwapAmounts, User, readonly, signer, tagged, turned, writable,
};
use crate::accounts::program::{SABER, TOKEN};
use crate::base58::Pubkey;

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
