//! A Raydium CLMM pool.

use crate::chain::base58::Pubkey;
use crate::venues::program::PoolState;
use std::sync::Arc;

use crate::venues::clmm::layout::{ClmmConfig, ClmmPool};
use crate::venues::clmm::maths::fee::ClmmFeeRate;
use crate::venues::clmm::maths::swap::{Ask, ClmmFill, NO_LIMIT, swap};
use crate::venues::clmm::maths::ticks::ClmmTicks;
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, PPM, Quote, TransferFees, VaultFill, after_transfers, root_rate,
    root_reserves, shares, sides, transfer_fees,
};
use crate::venues::quote_error::{QuoteError, to_u64};

/// A Raydium CLMM pool; token 0 is token A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmState {
    pub account: ClmmPool,
    pub config: ClmmConfig,
    pub ticks: Arc<ClmmTicks>,
    pub transfer_fees: TransferFees,
}

impl ClmmState {
    /// Returns the exact-in quote, and the fill inside the vaults. Without `TRACK` the state after it is not computed.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn fill<const TRACK: bool>(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, ClmmFill), QuoteError> {
        let (fee_in, _) = transfer_fees(&self.transfer_fees, a_to_b, time);
        let kept = amount_in - fee_in.fee(amount_in);
        let fill = self.swap::<TRACK>(&ask(kept, true, a_to_b, time))?;
        Ok((self.quote_of(a_to_b, &fill, time, Some(amount_in))?, fill))
    }

    /// Returns the exact-out quote, and the fill inside the vaults.
    ///
    /// # Errors
    /// `QuoteError`
    pub fn fill_exact_out<const TRACK: bool>(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, ClmmFill), QuoteError> {
        let (_, fee_out) = transfer_fees(&self.transfer_fees, a_to_b, time);
        let gross = to_u64(fee_out.gross(amount_out))?;
        let fill = self.swap::<TRACK>(&ask(gross, false, a_to_b, time))?;
        Ok((self.quote_of(a_to_b, &fill, time, None)?, fill))
    }

    fn swap<const TRACK: bool>(&self, ask: &Ask) -> Result<ClmmFill, QuoteError> {
        swap::<TRACK>(&self.account, &self.config, &self.ticks, ask)
    }

    fn quote_of(
        &self,
        a_to_b: bool,
        fill: &ClmmFill,
        time: &ChainTime,
        sent: Option<u64>,
    ) -> Result<Quote, QuoteError> {
        let filled = VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: sides(fill.fee_on_input, (fill.fee, 0)),
            ticks_crossed: fill.ticks_crossed,
        };
        filled.quote(&self.transfer_fees, a_to_b, time, sent)
    }

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

fn ask(amount: u64, exact_in: bool, zero_for_one: bool, time: &ChainTime) -> Ask {
    Ask {
        amount,
        exact_in,
        zero_for_one,
        limit: NO_LIMIT,
        now: time.unix_timestamp,
    }
}

impl PoolState for ClmmState {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mints[0], self.account.mints[1])
    }

    #[inline]
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError> {
        Ok(self.fill::<false>(a_to_b, amount_in, time)?.0)
    }

    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        Ok(self.fill_exact_out::<false>(a_to_b, amount_out, time)?.0)
    }

    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let (quote, fill) = self.fill::<true>(a_to_b, amount_in, time)?;
        Ok((quote, self.after(a_to_b, &fill)))
    }

    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let (quote, fill) = self.fill_exact_out::<true>(a_to_b, amount_out, time)?;
        Ok((quote, self.after(a_to_b, &fill)))
    }

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }

    fn take_transfer_fees(&mut self, fees: TransferFees) {
        self.transfer_fees = fees;
    }
}
