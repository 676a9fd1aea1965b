//! A Meteora DLMM pair.

use crate::chain::base58::Pubkey;
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use crate::venues::vault_pool::{VaultAsk, VaultPool, quotes_between_vaults};
use ruint::aliases::U256;

use crate::venues::dlmm::layout::LbPair;
use crate::venues::dlmm::maths::bins::Bins;
use crate::venues::dlmm::maths::fee::FEE_PRECISION;
use crate::venues::dlmm::maths::swap::{Ask, DlmmFill, NextBin, levels, next_bin, swap};
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, Quote, TransferFees, VaultFill, after_transfers, fit, shares, sides,
};
use crate::venues::quote_error::QuoteError;

const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// A Meteora DLMM pair; X is token A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DlmmState {
    pub account: LbPair,
    pub bins: Bins,
    pub transfer_fees: TransferFees,
}

impl DlmmState {
    /// Returns the pair after `fill`, which was computed with `TRACK`.
    pub(super) fn after(&self, a_to_b: bool, fill: &DlmmFill) -> Result<Self, QuoteError> {
        let mut after = self.clone();
        (after.account.active_id, after.account.volatility) = (fill.active_id, fill.volatility);
        let owed = self.owed_after(a_to_b, fill)?;
        if a_to_b == fill.fee_on_input {
            after.account.protocol_fee_x = owed;
        } else {
            after.account.protocol_fee_y = owed;
        }
        after.bins = self.bins.after(fill.changed());
        Ok(after)
    }

    /// Returns what is owed to the protocol after `fill`, in the token that pays the fee.
    fn owed_after(&self, a_to_b: bool, fill: &DlmmFill) -> Result<u64, QuoteError> {
        let owed = if a_to_b == fill.fee_on_input {
            self.account.protocol_fee_x
        } else {
            self.account.protocol_fee_y
        };
        owed.checked_add(fill.protocol_fee)
            .ok_or(QuoteError::Overflow)
    }

    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let next = self.next(a_to_b, time)?;
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let net = U256::from(kept(&next)? * share_in * share_out);
        let whole = U256::from(FEE_PRECISION * BASIS_POINTS * BASIS_POINTS);
        let price = U256::from(next.bin.price);
        if a_to_b {
            fit(price * net, whole << 64)
        } else {
            fit(net << 64, price * whole)
        }
    }

    /// As if every bin held what the first one does: then the price moves by a bin for each.
    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        let next = self.next(a_to_b, time).filter(|next| next.bin.price > 0)?;
        let price = price_of(&next, a_to_b);
        let other = if a_to_b {
            next.bin.amount_x
        } else {
            next.bin.amount_y
        };
        let held = next.held as f64 + other as f64 * price;
        let reserve_out = held * 2.0 * BASIS_POINTS as f64 / f64::from(self.account.bin_step);
        let kept = kept(&next)? as f64 / FEE_PRECISION as f64;
        let shares = shares(&self.transfer_fees, a_to_b, time)?;
        let reserves = (reserve_out / price, reserve_out);
        Some(after_transfers(reserves, kept, shares))
    }

    fn next(&self, a_to_b: bool, time: &ChainTime) -> Option<NextBin<'_>> {
        next_bin(&self.account, &self.bins, &ask(0, true, a_to_b, time)).ok()
    }
}

/// Returns atoms out per atom in, before fees, of a bin that has a price.
fn price_of(next: &NextBin<'_>, a_to_b: bool) -> f64 {
    let price = next.bin.price as f64 / TWO_64;
    if a_to_b { price } else { 1.0 / price }
}

/// Returns what is kept of 10⁹ atoms in that bin.
fn kept(next: &NextBin<'_>) -> Option<u64> {
    FEE_PRECISION
        .checked_sub(next.fee_rate)
        .filter(|&kept| kept > 0)
}

fn ask(amount: u64, exact_in: bool, x_to_y: bool, time: &ChainTime) -> Ask {
    Ask {
        amount,
        exact_in,
        x_to_y,
        now: time.unix_timestamp,
        slot: time.slot,
    }
}

impl VaultPool for DlmmState {
    type Fill = DlmmFill;
    const PAYS_NOTHING: bool = false;

    fn transfer_fees(&self) -> &TransferFees {
        &self.transfer_fees
    }

    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        time: &ChainTime,
    ) -> Result<DlmmFill, QuoteError> {
        let fill = swap::<TRACK>(
            &self.account,
            &self.bins,
            &self::ask(ask.amount, ask.exact_in, ask.a_to_b, time),
        )?;
        self.owed_after(ask.a_to_b, &fill)?;
        Ok(fill)
    }

    fn moved(_: bool, fill: &DlmmFill) -> Result<VaultFill, QuoteError> {
        Ok(VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: sides(fill.fee_on_input, (fill.fee, 0)),
            ticks_crossed: fill.bins_filled.saturating_sub(1),
        })
    }

    fn state_after(&self, a_to_b: bool, fill: DlmmFill) -> Result<Self, QuoteError> {
        self.after(a_to_b, &fill)
    }
}

impl PoolState for DlmmState {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mint_x, self.account.mint_y)
    }

    quotes_between_vaults!();

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }

    fn levels(&self, a_to_b: bool, most: u64, time: &ChainTime) -> Option<Vec<(f64, f64)>> {
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let whole = BASIS_POINTS as f64;
        let (into, out) = (whole / share_in as f64, share_out as f64 / whole);
        let parts = levels(&self.account, &self.bins, &ask(most, true, a_to_b, time))
            .into_iter()
            .map(|(amount_in, amount_out)| (amount_in as f64 * into, amount_out as f64 * out));
        Some(parts.collect())
    }
}

impl Pool {
    /// Returns a Meteora DLMM pair.
    pub fn dlmm(account: &LbPair, bins: Bins) -> Self {
        Self::from(DlmmState {
            account: account.clone(),
            bins,
            transfer_fees: [None, None],
        })
    }
}
