//! Swaps of Meteora DLMM.

use crate::build::instruction_builder::addresses::derived;
use crate::build::instruction_builder::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, first_token_program,
    known_token_program, readonly, signer, tagged, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::pda::PdaError;
use crate::chain::program::MEMO;
use crate::venues::dlmm::owned::{METEORA_DLMM, METEORA_DLMM_EVENTS};

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

/// Returns a DLMM pair's bin array.
///
/// # Errors
/// Those of `pda::find`.
pub fn dlmm_bin_array(pair: &Pubkey, index: i64) -> Result<Pubkey, PdaError> {
    derived(&[b"bin_array", pair, &index.to_le_bytes()], &METEORA_DLMM)
}
