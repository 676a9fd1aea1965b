//! Swaps of Raydium: AMM v4, CPMM and CLMM.

use super::{
    AccountMeta, BuildError, Instruction, SwapAmounts, User, known_token_program, readonly, signer,
    tagged, turned, writable,
};
use crate::accounts::program::{
    MEMO, RAYDIUM_CLMM, RAYDIUM_CPMM, RAYDIUM_CPMM_AUTHORITY, RAYDIUM_V4, RAYDIUM_V4_AUTHORITY,
    TOKEN, TOKEN_2022,
};
use crate::base58::Pubkey;

/// An AMM v4 pool's own accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaydiumV4Accounts {
    pub pool: Pubkey,
    pub coin_vault: Pubkey,
    pub pc_vault: Pubkey,
}

/// The order book an AMM v4 pool was opened on, which the older swap still names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerumAccounts {
    pub open_orders: Pubkey,
    /// Named in a swap of 18 accounts, not of 17.
    pub target_orders: Option<Pubkey>,
    pub program: Pubkey,
    pub market: Pubkey,
    pub bids: Pubkey,
    pub asks: Pubkey,
    pub event_queue: Pubkey,
    pub coin_vault: Pubkey,
    pub pc_vault: Pubkey,
    pub vault_signer: Pubkey,
}

/// Returns a swap on AMM v4: with a market the older one of 17 or 18 accounts, without one of 8.
///
/// The direction is that of the user's accounts.
pub fn raydium_v4_swap(
    pool: &RaydiumV4Accounts,
    market: Option<&SerumAccounts>,
    user: &User,
    amounts: SwapAmounts,
) -> Instruction {
    let mut accounts = vec![
        readonly(TOKEN),
        writable(pool.pool),
        readonly(RAYDIUM_V4_AUTHORITY),
    ];
    let vaults = [writable(pool.coin_vault), writable(pool.pc_vault)];
    let tag = if let Some(market) = market {
        accounts.push(writable(market.open_orders));
        accounts.extend(market.target_orders.map(writable));
        accounts.extend(vaults);
        accounts.push(readonly(market.program));
        accounts.extend(
            [
                market.market,
                market.bids,
                market.asks,
                market.event_queue,
                market.coin_vault,
                market.pc_vault,
            ]
            .map(writable),
        );
        accounts.push(readonly(market.vault_signer));
        [11, 9]
    } else {
        accounts.extend(vaults);
        [17, 16]
    }[usize::from(amounts.exact_in)];
    accounts.extend([
        writable(user.source),
        writable(user.target),
        signer(user.owner),
    ]);
    Instruction {
        program: RAYDIUM_V4,
        accounts,
        data: tagged(&[tag], amounts.in_and_out()),
    }
}

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
