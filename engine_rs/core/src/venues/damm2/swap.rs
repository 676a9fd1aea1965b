//! Swaps of Meteora DAMM v2.

use crate::build::instruction_builder::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, known_token_program, readonly, signer,
    tagged, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::program::INSTRUCTIONS;
use crate::venues::damm2::owned::{
    METEORA_DAMM_V2, METEORA_DAMM_V2_AUTHORITY, METEORA_DAMM_V2_EVENTS,
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];

const SWAP2: [u8; 8] = [0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88];

/// A DAMM v2 pool's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DammV2Accounts {
    pub pool: Pubkey,
    pub vaults: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    pub programs: [Pubkey; 2],
    /// A token account that gets a part of the fee.
    pub referral: Option<Pubkey>,
}

/// Returns the older swap on DAMM v2, of an exact amount in. The direction is that of the user's accounts.
///
/// # Errors
/// `TokenProgram` for a program that is no token program, `ExactOut` for an exact amount out.
pub fn damm_v2_swap(
    pool: &DammV2Accounts,
    user: &User,
    amounts: SwapAmounts,
) -> Result<Instruction, BuildError> {
    if !amounts.exact_in {
        return Err(BuildError::ExactOut("swap of DAMM v2"));
    }
    Ok(Instruction {
        program: METEORA_DAMM_V2,
        accounts: damm_v2_accounts(pool, user)?,
        data: tagged(&SWAP, amounts.in_and_out()),
    })
}

/// Returns the newer swap on DAMM v2; `partial` fills as much of an exact amount in as the price range allows.
///
/// Of a pool whose rate limiter runs a transaction may buy once only: `limited` adds the instructions sysvar, by which
/// the program checks that. By its source, not recorded.
///
/// # Errors
/// `TokenProgram` for a program that is no token program, `Partial` for a part of an exact amount out.
pub fn damm_v2_swap2(
    pool: &DammV2Accounts,
    user: &User,
    amounts: SwapAmounts,
    partial: bool,
    limited: bool,
) -> Result<Instruction, BuildError> {
    let mode = match (amounts.exact_in, partial) {
        (true, partial) => u8::from(partial),
        (false, false) => 2,
        (false, true) => return Err(BuildError::Partial("an exact amount out of DAMM v2")),
    };
    let mut data = tagged(&SWAP2, [amounts.amount, amounts.limit]);
    data.push(mode);
    let mut accounts = damm_v2_accounts(pool, user)?;
    accounts.extend(limited.then_some(readonly(INSTRUCTIONS)));
    Ok(Instruction {
        program: METEORA_DAMM_V2,
        accounts,
        data,
    })
}

fn damm_v2_accounts(pool: &DammV2Accounts, user: &User) -> Result<Vec<AccountMeta>, BuildError> {
    for program in pool.programs {
        known_token_program(program)?;
    }
    let mut accounts = vec![
        readonly(METEORA_DAMM_V2_AUTHORITY),
        writable(pool.pool),
        writable(user.source),
        writable(user.target),
    ];
    accounts.extend(pool.vaults.map(writable));
    accounts.extend(pool.mints.map(readonly));
    accounts.push(signer(user.owner));
    accounts.extend(pool.programs.map(readonly));
    accounts.push(pool.referral.map_or(readonly(METEORA_DAMM_V2), writable));
    accounts.extend([METEORA_DAMM_V2_EVENTS, METEORA_DAMM_V2].map(readonly));
    Ok(accounts)
}
