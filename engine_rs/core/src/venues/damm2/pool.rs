//! A Meteora DAMM v2 pool.

use crate::chain::base58::Pubkey;
use crate::venues::damm2::fee::FEE_DENOMINATOR;
use crate::venues::damm2::layout::DammV2Pool;
use crate::venues::damm2::maths::{DammV2Fill, SwapMode, fee_rate_at, swap};
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, Quote, TransferFees, VaultFill, after_transfers, root_rate,
    root_reserves, shares, sides,
};
use crate::venues::quote_error::QuoteError;
use crate::venues::vault_pool::{VaultAsk, VaultPool, quotes_between_vaults};

/// Its liquidity has 64 bits more than a Whirlpool's.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// A Meteora DAMM v2 pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DammV2State {
    pub account: DammV2Pool,
    pub transfer_fees: TransferFees,
}

impl DammV2State {
    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let whole = FEE_DENOMINATOR * BASIS_POINTS * BASIS_POINTS;
        let net = self.kept(a_to_b, time)? * share_in * share_out;
        root_rate(self.account.sqrt_price, a_to_b, net, whole)
    }

    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        let kept = self.kept(a_to_b, time)? as f64 / FEE_DENOMINATOR as f64;
        let liquidity = self.account.liquidity as f64 / TWO_64;
        let reserves = root_reserves(liquidity, self.account.sqrt_price, a_to_b);
        let shares = shares(&self.transfer_fees, a_to_b, time)?;
        Some(after_transfers(reserves, kept, shares))
    }

    /// Returns what is kept of 10⁹ atoms, at the margin; `None` if a swap would fail.
    fn kept(&self, a_to_b: bool, time: &ChainTime) -> Option<u64> {
        let rate = fee_rate_at(&self.account, a_to_b, time.slot, time.unix_timestamp).ok()?;
        FEE_DENOMINATOR.checked_sub(rate).filter(|&kept| kept > 0)
    }
}

impl VaultPool for DammV2State {
    type Fill = DammV2Fill;

    fn transfer_fees(&self) -> &TransferFees {
        &self.transfer_fees
    }

    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        time: &ChainTime,
    ) -> Result<DammV2Fill, QuoteError> {
        let mode = if ask.exact_in {
            SwapMode::ExactIn
        } else {
            SwapMode::ExactOut
        };
        let (slot, now) = (time.slot, time.unix_timestamp);
        swap(&self.account, mode, ask.amount, ask.a_to_b, slot, now)
    }

    fn moved(_: bool, fill: &DammV2Fill) -> Result<VaultFill, QuoteError> {
        Ok(VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: sides(fill.fee_on_input, (fill.fee, 0)),
            ticks_crossed: 0,
        })
    }

    fn state_after(&self, _: bool, fill: DammV2Fill) -> Result<Self, QuoteError> {
        Ok(Self {
            account: fill.pool,
            transfer_fees: self.transfer_fees,
        })
    }
}

impl PoolState for DammV2State {
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

impl Pool {
    /// Returns a Meteora DAMM v2 pool.
    pub fn damm_v2(account: &DammV2Pool) -> Self {
        Self::from(DammV2State {
            account: account.clone(),
            transfer_fees: [None, None],
        })
    }
}
