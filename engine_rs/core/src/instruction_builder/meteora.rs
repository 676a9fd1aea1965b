//! Swaps of Meteora: DLMM and DAMM v2.

use super::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, first_token_program,
    known_token_program, readonly, signer, tagged, writable,
};
use crate::accounts::program::{
    INSTRUCTIONS, MEMO, METEORA_DAMM_V2, METEORA_DAMM_V2_AUTHORITY, METEORA_DAMM_V2_EVENTS,
    METEORA_DLMM, METEORA_DLMM_EVENTS,
};
use crate::base58::Pubkey;

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP2: [u8; 8] = [0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88];
const SWAP_EXACT_OUT: [u8; 8] = [0xfa, 0x49, 0x65, 0x21, 0x26, 0xcf, 0x4b, 0xb8];
const SWAP_EXACT_OUT2: [u8; 8] = [0x2b, 0xd7, 0xf7, 0x84, 0x89, 0x3c, 0xf3, 0x51];

/// A DLMM pair's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DlmmAccounts {
    pub pair: Pubkey,
    pub oracle: Pubkey,
    pub reserves: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    pub programs: [Pubkey; 2],
    /// Needed where bins lie beyond the pair's own bitmap.
    pub bitmap_extension: Option<Pubkey>,
    /// A front end's token account that gets a part of the fee.
    pub host_fee: Option<Pubkey>,
}

/// Returns the older swap on DLMM, of SPL Token mints only.
///
/// The direction is that of the user's accounts; `bin_arrays` come in the order in which the price passes them.
///
/// # Errors
/// `OldSwap` for a Token-2022 mint, `NoArrays` without a bin array.
pub fn dlmm_swap(
    pair: &DlmmAccounts,
    bin_arrays: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
) -> Result<Instruction, BuildError> {
    first_token_program(&pair.programs)?;
    let tag = if amounts.exact_in {
        SWAP
    } else {
        SWAP_EXACT_OUT
    };
    let accounts = dlmm_accounts(pair, bin_arrays, user, None)?;
    Ok(Instruction {
        program: METEORA_DLMM,
        accounts,
        data: tagged(&tag, amounts.in_and_out()),
    })
}

/// Returns the newer swap on DLMM, which also takes Token-2022 mints without transfer hooks; arguments as of `dlmm_swap`.
///
/// # Errors
/// `TokenProgram` for a program that is no token program, `NoArrays` without a bin array.
pub fn dlmm_swap2(
    pair: &DlmmAccounts,
    bin_arrays: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
) -> Result<Instruction, BuildError> {
    for program in pair.programs {
        known_token_program(program)?;
    }
    let tag = if amounts.exact_in {
        SWAP2
    } else {
        SWAP_EXACT_OUT2
    };
    let accounts = dlmm_accounts(pair, bin_arrays, user, Some(MEMO))?;
    let mut data = tagged(&tag, amounts.in_and_out());
    data.extend_from_slice(&[0; 4]);
    Ok(Instruction {
        program: METEORA_DLMM,
        accounts,
        data,
    })
}

fn dlmm_accounts(
    pair: &DlmmAccounts,
    bin_arrays: &[Pubkey],
    user: &User,
    memo: Option<Pubkey>,
) -> Result<Vec<AccountMeta>, BuildError> {
    if bin_arrays.is_empty() {
        return Err(BuildError::NoArrays);
    }
    let none = readonly(METEORA_DLMM);
    let mut accounts = vec![
        writable(pair.pair),
        pair.bitmap_extension.map_or(none, writable),
    ];
    accounts.extend(pair.reserves.map(writable));
    accounts.extend([user.source, user.target].map(writable));
    accounts.extend(pair.mints.map(readonly));
    accounts.extend([
        writable(pair.oracle),
        pair.host_fee.map_or(none, writable),
        signer(user.owner),
    ]);
    accounts.extend(pair.programs.map(readonly));
    accounts.extend(memo.map(readonly));
    accounts.extend([METEORA_DLMM_EVENTS, METEORA_DLMM].map(readonly));
    accounts.extend(bin_arrays.iter().copied().map(writable));
    Ok(accounts)
}

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
