//! Swaps of Whirlpools.

use crate::build::instruction_builder::addresses::derived;
use crate::build::instruction_builder::{
    BuildError, Instruction, SwapAmounts, User, first_token_program, known_token_program, readonly,
    signer, tagged, turned, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::pda::PdaError;
use crate::chain::program::{MEMO, TOKEN};

const ARRAYS: usize = 3;
const SUPPLEMENTAL: u8 = 6;

/// A Whirlpool's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhirlpoolAccounts {
    /// The mutable or the immutable deployment.
    pub program: Pubkey,
    pub pool: Pubkey,
    pub oracle: Pubkey,
    pub vaults: [Pubkey; 2],
    pub mints: [Pubkey; 2],
    pub programs: [Pubkey; 2],
}

/// Returns the older swap on a Whirlpool, of SPL Token mints only.
///
/// `tick_arrays` are one to three in the order in which the price passes them; the last fills up. `sqrt_price_limit` 0
/// means none; the oracle is written iff fees adapt.
///
/// # Errors
/// `OldSwap` for a Token-2022 mint, `NoArrays` and `TooManyArrays` for another number of tick arrays.
pub fn whirlpool_swap(
    pool: &WhirlpoolAccounts,
    tick_arrays: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
    sqrt_price_limit: u128,
    a_to_b: bool,
    is_adaptive: bool,
) -> Result<Instruction, BuildError> {
    first_token_program(&pool.programs)?;
    let arrays = three(tick_arrays)?;
    let mut accounts = vec![readonly(TOKEN), signer(user.owner), writable(pool.pool)];
    accounts.extend(sides(pool, user, a_to_b).map(writable));
    accounts.extend(arrays.map(writable));
    accounts.push(if is_adaptive {
        writable(pool.oracle)
    } else {
        readonly(pool.oracle)
    });
    let tag = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
    Ok(Instruction {
        program: pool.program,
        accounts,
        data: arguments(&tag, amounts, sqrt_price_limit, a_to_b),
    })
}

/// Returns the newer swap on a Whirlpool, which also takes Token-2022 mints; arguments as of `whirlpool_swap`.
///
/// Up to three `supplemental` tick arrays let the price go farther.
///
/// # Errors
/// `TokenProgram` for a program that is no token program, `NoArrays` and `TooManyArrays` for another number of arrays.
pub fn whirlpool_swap_v2(
    pool: &WhirlpoolAccounts,
    tick_arrays: &[Pubkey],
    supplemental: &[Pubkey],
    user: &User,
    amounts: SwapAmounts,
    sqrt_price_limit: u128,
    a_to_b: bool,
) -> Result<Instruction, BuildError> {
    for program in pool.programs {
        known_token_program(program)?;
    }
    let arrays = three(tick_arrays)?;
    let more = at_most_three(supplemental.len())?;
    let [program_a, program_b] = pool.programs;
    let mut accounts = vec![
        readonly(program_a),
        readonly(program_b),
        readonly(MEMO),
        signer(user.owner),
        writable(pool.pool),
    ];
    accounts.extend(pool.mints.map(readonly));
    accounts.extend(sides(pool, user, a_to_b).map(writable));
    accounts.extend(arrays.map(writable));
    accounts.push(writable(pool.oracle));
    accounts.extend(supplemental.iter().copied().map(writable));
    let tag = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
    let mut data = arguments(&tag, amounts, sqrt_price_limit, a_to_b);
    if more == 0 {
        data.push(0);
    } else {
        data.extend_from_slice(&[1, 1, 0, 0, 0, SUPPLEMENTAL, more]);
    }
    Ok(Instruction {
        program: pool.program,
        accounts,
        data,
    })
}

/// Returns the user's and the pool's account of token A, then of B.
fn sides(pool: &WhirlpoolAccounts, user: &User, a_to_b: bool) -> [Pubkey; 4] {
    let [user_a, user_b] = turned([user.source, user.target], a_to_b);
    let [vault_a, vault_b] = pool.vaults;
    [user_a, vault_a, user_b, vault_b]
}

fn three(tick_arrays: &[Pubkey]) -> Result<[Pubkey; ARRAYS], BuildError> {
    at_most_three(tick_arrays.len())?;
    match *tick_arrays {
        [first] => Ok([first; ARRAYS]),
        [first, second] => Ok([first, second, second]),
        [first, second, third] => Ok([first, second, third]),
        _ => Err(BuildError::NoArrays),
    }
}

fn at_most_three(count: usize) -> Result<u8, BuildError> {
    if count > ARRAYS {
        return Err(BuildError::TooManyArrays {
            count,
            most: ARRAYS,
        });
    }
    Ok(count as u8)
}

fn arguments(tag: &[u8], amounts: SwapAmounts, sqrt_price_limit: u128, a_to_b: bool) -> Vec<u8> {
    let mut data = tagged(tag, [amounts.amount, amounts.limit]);
    data.extend_from_slice(&sqrt_price_limit.to_le_bytes());
    data.extend_from_slice(&[u8::from(amounts.exact_in), u8::from(a_to_b)]);
    data
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
    derived(
        &[b"tick_array", pool, start.to_string().as_bytes()],
        program,
    )
}

/// Returns a Whirlpool's oracle, which exists iff its fees adapt.
///
/// # Errors
/// Those of `pda::find`.
pub fn whirlpool_oracle(program: &Pubkey, pool: &Pubkey) -> Result<Pubkey, PdaError> {
    derived(&[b"oracle", pool], program)
}
