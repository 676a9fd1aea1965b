//! Accounts that programs derive for a wallet or a pool.

use crate::accounts::program::{
    ASSOCIATED_TOKEN, METEORA_DLMM, PUMP_AMM, RAYDIUM_CLMM, SABER, WRAPPED_SOL,
};
use crate::base58::Pubkey;
use crate::pda::{self, PdaError};

/// Returns the associated token account of a wallet.
///
/// # Errors
/// Those of `pda::find`.
pub fn associated_token_address(
    owner: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
) -> Result<Pubkey, PdaError> {
    at(&[owner, token_program, mint], &ASSOCIATED_TOKEN)
}

/// Returns a Whirlpool's tick array by its first tick; `program` is the mutable or the immutable deployment.
///
/// # Errors
/// Those of `pda::find`.
pub fn whirlpool_tick_array(
    program: &Pubkey,
    pool: &Pubkey,
    start: i32,
) -> Result<Pubkey, PdaError> {
    at(
        &[b"tick_array", pool, start.to_string().as_bytes()],
        program,
    )
}

/// Returns a Whirlpool's oracle, which exists iff its fees adapt.
///
/// # Errors
/// Those of `pda::find`.
pub fn whirlpool_oracle(program: &Pubkey, pool: &Pubkey) -> Result<Pubkey, PdaError> {
    at(&[b"oracle", pool], program)
}

/// Returns a Raydium CLMM pool's tick array by its first tick.
///
/// # Errors
/// Those of `pda::find`.
pub fn clmm_tick_array(pool: &Pubkey, start: i32) -> Result<Pubkey, PdaError> {
    at(&[b"tick_array", pool, &start.to_be_bytes()], &RAYDIUM_CLMM)
}

/// Returns where a Raydium CLMM pool marks tick arrays that its own bitmap doesn't cover.
///
/// # Errors
/// Those of `pda::find`.
pub fn clmm_bitmap_extension(pool: &Pubkey) -> Result<Pubkey, PdaError> {
    at(&[b"pool_tick_array_bitmap_extension", pool], &RAYDIUM_CLMM)
}

/// Returns a DLMM pair's bin array.
///
/// # Errors
/// Those of `pda::find`.
pub fn dlmm_bin_array(pair: &Pubkey, index: i64) -> Result<Pubkey, PdaError> {
    at(&[b"bin_array", pair, &index.to_le_bytes()], &METEORA_DLMM)
}

/// Returns who signs for the vaults of a Saber pool.
///
/// # Errors
/// `OnCurve` if the pool has another nonce.
pub fn saber_authority(pool: &Pubkey, nonce: u8) -> Result<Pubkey, PdaError> {
    pda::create(&[pool, &[nonce]], &SABER)
}

/// Returns who holds the fees of a coin's creator.
pub(super) fn pump_creator_vault(creator: &Pubkey) -> Result<Pubkey, PdaError> {
    at(&[b"creator_vault", creator], &PUMP_AMM)
}

/// Returns where a trader's volume is added up.
pub(super) fn pump_user_volume(user: &Pubkey) -> Result<Pubkey, PdaError> {
    at(&[b"user_volume_accumulator", user], &PUMP_AMM)
}

/// Returns the second account of a coin's pools.
pub(super) fn pump_pool_v2(base_mint: &Pubkey) -> Result<Pubkey, PdaError> {
    at(&[b"pool-v2", base_mint], &PUMP_AMM)
}

/// Returns a wallet's account for wrapped SOL.
pub(super) fn wrapped_sol_address(owner: &Pubkey) -> Result<Pubkey, PdaError> {
    associated_token_address(owner, &WRAPPED_SOL, &crate::accounts::program::TOKEN)
}

fn at(seeds: &[&[u8]], program: &Pubkey) -> Result<Pubkey, PdaError> {
    Ok(pda::find(seeds, program)?.0)
}
