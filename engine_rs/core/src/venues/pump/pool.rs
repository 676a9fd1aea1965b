//! A Pump AMM pool.

use crate::venues::program::PoolState;
use crate::venues::vault_pool::{VaultAsk, VaultPool, quotes_between_vaults};
use ruint::aliases::U256;

use crate::chain::base58::Pubkey;
use crate::chain::pda::{self, PdaError};
use crate::venues::pump::layout::{PumpConfig, PumpFeeConfig, PumpFees, PumpPool};
use crate::venues::pump::maths::{PumpFill, PumpReserves};
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, Quote, TransferFees, VaultFill, after_transfers, fit, moved, shares,
    sides,
};
use crate::venues::quote_error::QuoteError;

const BUYS_ARE_OFF: u8 = 1 << 3;
const SELLS_ARE_OFF: u8 = 1 << 4;

/// Returns whether Pump made the pool itself, so that its fees go by market cap.
pub fn is_canonical(pool: &PumpPool) -> bool {
    is_canonical_by(pool, pda::find)
}

/// Returns the same; `find` derives the address, as `pda::find` does.
pub(crate) fn is_canonical_by(
    pool: &PumpPool,
    find: impl FnOnce(&[&[u8]], &Pubkey) -> Result<(Pubkey, u8), PdaError>,
) -> bool {
    let seeds: [&[u8]; 2] = [b"pool-authority", &pool.base_mint];
    find(&seeds, &crate::venues::pump_curve::PUMP)
        .is_ok_and(|(authority, _)| authority == pool.creator)
}

/// A Pump AMM pool; base is token A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PumpState {
    pub account: PumpPool,
    pub config: PumpConfig,
    /// Without it the configuration's own fees hold.
    pub fee_config: Option<PumpFeeConfig>,
    /// Atoms of the base mint, which the fees of a canonical pool need.
    pub base_supply: Option<u64>,
    /// As `is_canonical` says; kept, as it takes a derivation.
    pub canonical: bool,
    /// Balances of the base and the quote vault.
    pub amounts: [u64; 2],
    pub transfer_fees: TransferFees,
}

impl PumpState {
    fn swap(&self, a_to_b: bool, amount: u64, exact_in: bool) -> Result<PumpFill, QuoteError> {
        if self.is_off(a_to_b) {
            return Err(QuoteError::NotTradable);
        }
        let (reserves, fees) = (self.reserves()?, self.fees()?);
        let fill = match (a_to_b, exact_in) {
            (false, true) => reserves.buy_exact_in(&fees, amount)?,
            (false, false) => reserves.buy_exact_out(&fees, amount)?,
            (true, true) => reserves.sell_exact_in(&fees, amount)?,
            (true, false) => reserves.sell_exact_out(&fees, amount)?,
        };
        // Virtual reserves make a price, but don't pay.
        let paid = fill.amount_out.checked_add(fill.owed()?);
        if a_to_b && paid.is_none_or(|paid| paid > self.amounts[1]) {
            return Err(QuoteError::Liquidity);
        }
        self.balances_after(a_to_b, &fill)?;
        Ok(fill)
    }

    /// Returns the vaults' balances after a fill.
    fn balances_after(&self, a_to_b: bool, fill: &PumpFill) -> Result<[u64; 2], QuoteError> {
        let owed = fill.owed()?;
        let (put, taken) = if a_to_b {
            (Some(fill.amount_in), fill.amount_out.checked_add(owed))
        } else {
            (fill.amount_in.checked_sub(owed), Some(fill.amount_out))
        };
        let (put, taken) = put.zip(taken).ok_or(QuoteError::Overflow)?;
        moved(self.amounts, a_to_b, put, taken)
    }

    /// Returns the fees in bps that hold now.
    ///
    /// # Errors
    /// `MissingAccount` without the base supply that they need, `EmptyPool`.
    pub fn fees(&self) -> Result<PumpFees, QuoteError> {
        let mut fees = self.scheduled()?;
        if self.account.coin_creator == [0; 32] {
            fees.creator = 0;
        }
        Ok(fees)
    }

    fn scheduled(&self) -> Result<PumpFees, QuoteError> {
        let Some(schedule) = &self.fee_config else {
            return Ok(self.config.fees);
        };
        let Some(first) = schedule.tiers.first().filter(|_| self.canonical) else {
            return Ok(schedule.flat);
        };
        let supply = self.base_supply.ok_or(QuoteError::MissingAccount)?;
        let [base, quote] = self.amounts;
        let market_cap = (u128::from(quote) * u128::from(supply))
            .checked_div(base.into())
            .ok_or(QuoteError::EmptyPool)?;
        let reached = schedule
            .tiers
            .iter()
            .rfind(|(least, _)| *least <= market_cap);
        Ok(reached.unwrap_or(first).1)
    }

    /// Returns the pool after `fill`.
    ///
    /// # Errors
    /// `Overflow`
    pub fn after(&self, a_to_b: bool, fill: &PumpFill) -> Result<Self, QuoteError> {
        let mut after = self.clone();
        after.amounts = self.balances_after(a_to_b, fill)?;
        Ok(after)
    }

    /// Returns the marginal rate as (num, den); `None` if not tradable.
    pub fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let ((reserve_in, reserve_out), (kept, whole)) = self.margin(a_to_b)?;
        let (share_in, share_out) = shares(&self.transfer_fees, a_to_b, time)?;
        let net = kept * share_in * share_out;
        let whole = whole * BASIS_POINTS * BASIS_POINTS;
        fit(
            U256::from(reserve_out) * U256::from(net),
            U256::from(reserve_in) * U256::from(whole),
        )
    }

    /// Returns (reserve in, reserve out, share kept of the input), exact up to rounding.
    pub fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        let ((reserve_in, reserve_out), (kept, whole)) = self.margin(a_to_b)?;
        let share = kept as f64 / whole as f64;
        let shares = shares(&self.transfer_fees, a_to_b, time)?;
        let (reserve_in, reserve_out) = (reserve_in as f64, reserve_out as f64);
        Some(if a_to_b {
            after_transfers((reserve_in, reserve_out * share), 1.0, shares)
        } else {
            after_transfers((reserve_in, reserve_out), share, shares)
        })
    }

    fn reserves(&self) -> Result<PumpReserves, QuoteError> {
        let [base, quote] = self.amounts;
        PumpReserves::new(base, quote, self.account.virtual_quote_reserves)
    }

    fn is_off(&self, a_to_b: bool) -> bool {
        let flag = if a_to_b { SELLS_ARE_OFF } else { BUYS_ARE_OFF };
        self.config.disable_flags & flag != 0
    }

    /// Returns (reserve in, reserve out) and (kept, whole) of the quote, if a swap can be at all.
    fn margin(&self, a_to_b: bool) -> Option<((u64, u64), (u64, u64))> {
        if self.is_off(a_to_b) {
            return None;
        }
        let PumpReserves { base, quote } = self.reserves().ok()?;
        let total = self.fees().ok()?.total();
        if !a_to_b {
            return Some(((quote, base), (BASIS_POINTS, BASIS_POINTS + total)));
        }
        let kept = BASIS_POINTS.checked_sub(total).filter(|&kept| kept > 0)?;
        Some(((base, quote), (kept, BASIS_POINTS)))
    }
}

impl VaultPool for PumpState {
    type Fill = PumpFill;

    fn transfer_fees(&self) -> &TransferFees {
        &self.transfer_fees
    }

    fn fill_between<const TRACK: bool>(
        &self,
        ask: &VaultAsk,
        _: &ChainTime,
    ) -> Result<PumpFill, QuoteError> {
        self.swap(ask.a_to_b, ask.amount, ask.exact_in)
    }

    fn moved(a_to_b: bool, fill: &PumpFill) -> Result<VaultFill, QuoteError> {
        Ok(VaultFill {
            amount_in: fill.amount_in,
            amount_out: fill.amount_out,
            fees: sides(!a_to_b, (fill.fee()?, 0)),
            ticks_crossed: 0,
        })
    }

    fn state_after(&self, a_to_b: bool, fill: PumpFill) -> Result<Self, QuoteError> {
        self.after(a_to_b, &fill)
    }
}

impl PoolState for PumpState {
    fn is_product(&self) -> bool {
        true
    }

    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.base_mint, self.account.quote_mint)
    }

    quotes_between_vaults!();

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }
}
