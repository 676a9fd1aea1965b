//! The swap of Raydium AMM v4.

use crate::build::instruction_builder::{
    Instruction, SwapAmounts, User, readonly, signer, tagged, writable,
};
use crate::chain::base58::Pubkey;
use crate::chain::program::TOKEN;
use crate::venues::ray4::owned::{RAYDIUM_V4, RAYDIUM_V4_AUTHORITY};

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
