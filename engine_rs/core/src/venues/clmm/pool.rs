//! A Raydium CLMM pool.

use crate::chain::base58::Pubkey;
use crate::venues::program::PoolState;
use crate::venues::vault_pool::{VaultAsk, VaultPool, quotes_between_vaults};
use std::sync::Arc;

use crate::venues::clmm::layout::{ClmmConfig, ClmmPool};
use crate::venues::clmm::maths::fee::ClmmFeeRate;
use crate::venues::clmm::maths::swap::{Ask, ClmmFill, NO_LIMIT, swap};
use crate::venues::clmm::maths::ticks::ClmmTicks;
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, PPM, Quote, TransferFees, VaultFill, after_transfers, root_rate,
    root_reserves, shares, sides,
};
use crate::venues::quote_error::QuoteError;

/// A Raydium CLMM pool; token 0 is token A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmState {
    pub account: ClmmPool,
    pub config: ClmmConfig,
    pub ticks: Arc<ClmmTicks>,
    pub transfer_fees: TransferFees,
}

impl ClmmState {
    /// Returns the pool after `fill`, which was computed with `TRACK`.
    #[must_use]
    pub fn after(&self, a_to_b: bool, fill: &ClmmFill) -> Self {
        let mut after = self.clone();
        let account = &mut after.account;
        let side = usize::from(fill.fee_on_input != a_to_b);
        account.sqrt_price = fill.sqrt_price;
        account.tick = fill.tick;
        account.liquidity = fill.liquidity;
        account.fee_growths[side] = fill.fee_growth;
        account.protocol_fees[side] = account.protocol_fees[side].wrapping_add(fill.protocol_fee);
        account.fund_fees[side] = account.fund_fees[side].wrapping_add(fill.fund_fee);
        account.dynamic_fee = fill.dynamic_fee;
        if !fill.changed.is_empty() {
            let ticks = self.ticks.after(&fill.changed);
            account.bitmap = ticks.bitmap();
            after.ticks = Arc::new(ticks);
        }
        after
    }

    /// Returns the marginal rate as (num, den), within 10⁻¹⁵; `None` if not tradable.
    pub fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let kept = self.kept(a_to_b, time)?;
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let whole = PPM * BASIS_POINTS * BASIS_POINTS;
        root_rate(
            self.account.sqrt_price,
            a_to_b,
            kept * share_in * share_out,
            whole,
        )
    }

    /// Returns (reserve in, reserve out, share kept of the input) within the current tick range.
    pub fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        let kept = self.kept(a_to_b, time)? as f64 / PPM as f64;
        let shares = shares(&self.transfer_fees, a_to_b, time)?;
        let liquidity = self.account.liquidity as f64;
        let (reserve_in, reserve_out) = root_reserves(liquidity, self.account.sqrt_price, a_to_b);
        Some(if self.account.fee_on_input(a_to_b) {
            after_transfers((reserve_in, reserve_out), kept, shares)
        } else {
            after_transfers((reserve_in, reserve_out * kept), 1.0, shares)
        })
    }

    /// Returns what is kept of a million atoms, at the margin; `None` if a swap would fail.
    fn kept(&self, a_to_b: bool, time: &ChainTime) -> Option<u64> {
        let (account, now) = (&self.account, time.unix_timestamp);
        if account.liquidity == 0 || !account.is_open(now) {
            return None;
        }
        let rate = ClmmFeeRate::new(
            self.config.trade_fee_rate,
            account.dynamic_fee.as_ref(),
            (account.tick, self.ticks.tick_spacing()),
            now,
            a_to_b,
        );
        PPM.checked_sub(rate.ok()?.rate()).filter(|&kept| kept > 0)
    }
}

impl VaultPool for ClmmState {
    type Fill = ClmmFill;

    fn transfer_fees(&self) -> &TransferFees {
        &self.transfer_fees
    }

    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        time: &ChainTime,
    ) -> Result<ClmmFill, QuoteError> {
        let ask = Ask {
            amount: ask.amount,
            exact_in: ask.exact_in,
            zero_for_one: ask.a_to_b,
            limit: NO_LIMIT,
            now: time.unix_timestamp,
        };
        swap::<TRACK>(&self.account, &self.config, &self.ticks, &ask)
    }

    fn moved(_: bool, fill: &ClmmFill) -> Result<VaultFill, QuoteError> {
        Ok(VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: sides(fill.fee_on_input, (fill.fee, 0)),
            ticks_crossed: fill.ticks_crossed,
        })
    }

    fn state_after(&self, a_to_b: bool, fill: ClmmFill) -> Result<Self, QuoteError> {
        Ok(self.after(a_to_b, &fill))
    }
}

impl PoolState for ClmmState {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mints[0], self.account.mints[1])
    }

    quotes_between_vaults!();

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }
}
