//! An Orca Whirlpool.

use crate::chain::base58::Pubkey;
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use crate::venues::vault_pool::{VaultAsk, VaultPool, quotes_between_vaults};
use std::sync::Arc;

use crate::venues::adaptive_fee::FeeRate;
use crate::venues::orca::layout::{Oracle, Whirlpool};
use crate::venues::orca::maths::{Ask, Curve, NO_LIMIT, WhirlpoolFill, swap};
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, PPM, Quote, TransferFees, VaultFill, after_transfers, root_rate,
    root_reserves, shares,
};
use crate::venues::quote_error::QuoteError;
use crate::venues::tick_array_manager::Ticks;

/// An Orca Whirlpool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhirlpoolState {
    pub account: Whirlpool,
    pub ticks: Arc<Ticks>,
    pub oracle: Option<Oracle>,
    pub transfer_fees: TransferFees,
}

impl WhirlpoolState {
    /// Returns the swap as the program does it, partial ones included; amounts are inside the vaults. Without `TRACK`
    /// the state after it is not computed.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn fill<const TRACK: bool>(&self, ask: &Ask) -> Result<WhirlpoolFill, QuoteError> {
        if self.oracle.is_none() && self.account.has_adaptive_fee() {
            return Err(QuoteError::MissingAccount);
        }
        swap::<TRACK>(
            &Curve::of(&self.account),
            &self.ticks,
            self.oracle.as_ref(),
            ask,
        )
    }

    /// Returns the pool after `fill`, which was computed with `TRACK`.
    #[must_use]
    pub fn after(&self, a_to_b: bool, fill: &WhirlpoolFill) -> Self {
        let mut after = self.clone();
        let account = &mut after.account;
        account.sqrt_price = fill.curve.sqrt_price;
        account.tick = fill.curve.tick;
        account.liquidity = fill.curve.liquidity;
        account.fee_growth_a = fill.curve.fee_growth_a;
        account.fee_growth_b = fill.curve.fee_growth_b;
        let owed = if a_to_b {
            &mut account.protocol_owed_a
        } else {
            &mut account.protocol_owed_b
        };
        *owed = owed.wrapping_add(fill.protocol_fee);
        if let (Some(oracle), Some(variables)) = (&mut after.oracle, fill.variables) {
            oracle.variables = variables;
        }
        after
    }

    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let kept = self.kept(a_to_b, time)?;
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let whole = PPM * BASIS_POINTS * BASIS_POINTS;
        let net = kept * share_in * share_out;
        root_rate(self.account.sqrt_price, a_to_b, net, whole)
    }

    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        let kept = self.kept(a_to_b, time)? as f64 / PPM as f64;
        let liquidity = self.account.liquidity as f64;
        let reserves = root_reserves(liquidity, self.account.sqrt_price, a_to_b);
        let shares = shares(&self.transfer_fees, a_to_b, time)?;
        Some(after_transfers(reserves, kept, shares))
    }

    /// Returns what is kept of a million atoms in, at the margin; `None` if a swap would fail.
    fn kept(&self, a_to_b: bool, time: &ChainTime) -> Option<u64> {
        let (account, now) = (&self.account, time.unix_timestamp);
        if account.liquidity == 0 || account.sqrt_price == 0 {
            return None;
        }
        let Some(oracle) = &self.oracle else {
            return (!account.has_adaptive_fee()).then(|| PPM - u64::from(account.fee_rate));
        };
        if i128::from(oracle.trade_enable_timestamp) > i128::from(now) {
            return None;
        }
        let adaptive = Some((&oracle.constants, &oracle.variables));
        let rate = FeeRate::new(account.fee_rate, adaptive, account.tick, now, a_to_b).ok()?;
        Some(PPM - rate.rate())
    }
}

impl VaultPool for WhirlpoolState {
    type Fill = WhirlpoolFill;

    fn transfer_fees(&self) -> &TransferFees {
        &self.transfer_fees
    }

    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        time: &ChainTime,
    ) -> Result<WhirlpoolFill, QuoteError> {
        let asked = Ask {
            amount: ask.amount,
            exact_in: ask.exact_in,
            a_to_b: ask.a_to_b,
            limit: NO_LIMIT,
            now: time.unix_timestamp,
        };
        let fill = Self::fill::<TRACK>(self, &asked)?;
        if ask.exact_in && fill.left > 0 {
            return Err(QuoteError::Liquidity);
        }
        Ok(fill)
    }

    fn moved(_: bool, fill: &WhirlpoolFill) -> Result<VaultFill, QuoteError> {
        Ok(VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: (fill.fee, 0),
            ticks_crossed: fill.ticks_crossed,
        })
    }

    fn state_after(&self, a_to_b: bool, fill: WhirlpoolFill) -> Result<Self, QuoteError> {
        Ok(self.after(a_to_b, &fill))
    }
}

impl PoolState for WhirlpoolState {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mint_a, self.account.mint_b)
    }

    quotes_between_vaults!();

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }
}

impl Pool {
    /// Returns an Orca Whirlpool. `oracle` is needed iff `account.has_adaptive_fee()`.
    pub fn whirlpool(account: &Whirlpool, ticks: Arc<Ticks>, oracle: Option<Oracle>) -> Self {
        Self::from(WhirlpoolState {
            account: account.clone(),
            ticks,
            oracle,
            transfer_fees: [None, None],
        })
    }
}
