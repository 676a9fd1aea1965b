//! Swaps of Raydium CLMM.

use crate::build::instruction_builder::addresses::derived;
use crate::build::instruction_builder::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, readonly, signer, tagged, turned,
    writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::pda::PdaError;
use crate::chain::program::{MEMO, TOKEN, TOKEN_2022};
use crate::venues::clmm::owned::RAYDIUM_CLMM;

/// A CLMM pool's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClmmAccounts {
    pub pool: Pubkey,
    pub config: Pubkey,
    pub observation: Pubkey,
    pub vaults: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    /// Always safe to name; needed where ticks lie beyond the pool's own bitmap.
    pub bitmap_extension: Option<Pubkey>,
}

/// Returns the older swap on CLMM, of SPL Token mints only.
///
/// `tick_arrays` come in the order in which the price passes them; `sqrt_price_limit` 0 means none.
///
/// # Errors
/// `NoArrays` without a tick array.
pub fn clmm_swap(
    pool: &ClmmAccounts,
    tick_arrays: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
    sqrt_price_limit: u128,
    zero_for_one: bool,
) -> Result<Instruction, BuildError> {
    let [first, others @ ..] = tick_arrays else {
        return Err(BuildError::NoArrays);
    };
    let mut accounts = clmm_head(pool, user, zero_for_one);
    accounts.extend([readonly(TOKEN), writable(*first)]);
    accounts.extend(pool.bitmap_extension.map(writable));
    accounts.extend(others.iter().copied().map(writable));
    let tag = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
    Ok(clmm(accounts, &tag, amounts, sqrt_price_limit))
}

/// Returns the newer swap on CLMM, which also takes Token-2022 mints; arguments as of `clmm_swap`.
///
/// # Errors
/// `NoArrays` without a tick array.
pub fn clmm_swap_v2(
    pool: &ClmmAccounts,
    tick_arrays: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
    sqrt_price_limit: u128,
    zero_for_one: bool,
) -> Result<Instruction, BuildError> {
    if tick_arrays.is_empty() {
        return Err(BuildError::NoArrays);
    }
    let mut accounts = clmm_head(pool, user, zero_for_one);
    accounts.extend([TOKEN, TOKEN_2022, MEMO].map(readonly));
    accounts.extend(turned(pool.mints, zero_for_one).map(readonly));
    accounts.extend(pool.bitmap_extension.map(writable));
    accounts.extend(tick_arrays.iter().copied().map(writable));
    let tag = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
    Ok(clmm(accounts, &tag, amounts, sqrt_price_limit))
}

fn clmm_head(pool: &ClmmAccounts, user: &User, zero_for_one: bool) -> Vec<AccountMeta> {
    let mut accounts = vec![
        signer(user.owner),
        readonly(pool.config),
        writable(pool.pool),
        writable(user.source),
        writable(user.target),
    ];
    accounts.extend(turned(pool.vaults, zero_for_one).map(writable));
    accounts.push(writable(pool.observation));
    accounts
}

fn clmm(
    accounts: Vec<AccountMeta>,
    tag: &[u8],
    amounts: SwapAmounts,
    sqrt_price_limit: u128,
) -> Instruction {
    let mut data = tagged(tag, [amounts.amount, amounts.limit]);
    data.extend_from_slice(&sqrt_price_limit.to_le_bytes());
    data.push(u8::from(amounts.exact_in));
    Instruction {
        program: RAYDIUM_CLMM,
        accounts,
        data,
    }
}

/// Returns a Raydium CLMM pool's tick array by its first tick.
///
/// # Errors
/// Those of `pda::find`.
pub fn clmm_tick_array(pool: &Pubkey, start: i32) -> Result<Pubkey, PdaError> {
    derived(&[b"tick_array", pool, &start.to_be_bytes()], &RAYDIUM_CLMM)
}

/// Returns where a Raydium CLMM pool marks tick arrays that its own bitmap doesn't cover.
///
/// # Errors
/// Those of `pda::find`.
pub fn clmm_bitmap_extension(pool: &Pubkey) -> Result<Pubkey, PdaError> {
    derived(&[b"pool_tick_array_bitmap_extension", pool], &RAYDIUM_CLMM)
}
