//! The swap of Raydium CPMM.

use crate::build::instruction_builder::{
    BuildError, Instruction, SwapAmounts, User, known_token_program, readonly, signer, tagged,
    turned, writable,
};
use crate::chain::base58::Pubkey;
use crate::venues::cpmm::owned::{RAYDIUM_CPMM, RAYDIUM_CPMM_AUTHORITY};

/// A CPMM pool's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpmmAccounts {
    pub pool: Pubkey,
    pub config: Pubkey,
    pub observation: Pubkey,
    pub vaults: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    pub programs: [Pubkey; 2],
}

/// Returns a swap on CPMM.
///
/// # Errors
/// `TokenProgram` for a program that is no token program.
pub fn cpmm_swap(
    pool: &CpmmAccounts,
    user: &User,
    amounts: SwapAmounts,
    zero_for_one: bool,
) -> Result<Instruction, BuildError> {
    for program in pool.programs {
        known_token_program(program)?;
    }
    let mut accounts = vec![
        signer(user.owner),
        readonly(RAYDIUM_CPMM_AUTHORITY),
        readonly(pool.config),
        writable(pool.pool),
        writable(user.source),
        writable(user.target),
    ];
    accounts.extend(turned(pool.vaults, zero_for_one).map(writable));
    accounts.extend(turned(pool.programs, zero_for_one).map(readonly));
    accounts.extend(turned(pool.mints, zero_for_one).map(readonly));
    accounts.push(writable(pool.observation));
    let tag = if amounts.exact_in {
        [0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde]
    } else {
        [0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad]
    };
    Ok(Instruction {
        program: RAYDIUM_CPMM,
        accounts,
        data: tagged(&tag, amounts.in_and_out()),
    })
}
