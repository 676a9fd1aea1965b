//! A Saber stable swap.

use crate::chain::base58::Pubkey;
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use ruint::aliases::U512;

use crate::venues::quote::{ChainTime, Quote, fit, moved, sides};
use crate::venues::quote_error::QuoteError;
use crate::venues::saber::layout::StableSwap;
use crate::venues::saber::maths::{self, StableFill};

/// A Saber stable swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StablePool {
    pub account: StableSwap,
    /// Balances of the vaults of A and B.
    pub amounts: [u64; 2],
}

impl StablePool {
    pub(super) fn fill(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<StableFill, QuoteError> {
        if amount_in == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        let reserves = (self.amounts[0], self.amounts[1]);
        maths::swap(
            &self.account,
            reserves,
            amount_in,
            time.unix_timestamp,
            a_to_b,
        )
    }

    /// Returns the swap of the least input that buys `amount_out`; the program itself swaps exact in only, so that it
    /// may pay more than was asked for.
    pub(super) fn fill_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<StableFill, QuoteError> {
        if amount_out == 0 {
            return Err(QuoteError::ZeroAmount);
        }
        if amount_out >= sides(a_to_b, (self.amounts[1], self.amounts[0])).0 {
            return Err(QuoteError::Liquidity);
        }
        let pays = |amount_in| match self.fill(a_to_b, amount_in, time) {
            Ok(fill) => Ok(fill.amount_out >= amount_out),
            Err(QuoteError::ZeroOutput) => Ok(false),
            Err(error) => Err(error),
        };
        let (mut low, mut high) = (0, amount_out);
        while !pays(high)? {
            low = high;
            high = high.checked_mul(2).ok_or(QuoteError::Liquidity)?;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if pays(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.fill(a_to_b, high, time)
    }

    pub(super) fn after(&self, a_to_b: bool, fill: &StableFill) -> Result<Self, QuoteError> {
        let mut after = self.clone();
        let taken = fill.amount_out.checked_add(fill.admin_fee);
        let taken = taken.ok_or(QuoteError::Overflow)?;
        after.amounts = moved(self.amounts, a_to_b, fill.amount_in, taken)?;
        Ok(after)
    }

    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let (num, den) = self.slope(a_to_b, time)?;
        let (fee, whole) = self.account.trade_fee;
        let kept = whole.checked_sub(fee).filter(|&kept| kept > 0)?;
        // Below 2^(323 + 64).
        fit(num * U512::from(kept), den * U512::from(whole))
    }

    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        self.slope(a_to_b, time)?;
        let (fee, whole) = self.account.trade_fee;
        let kept = whole.checked_sub(fee).filter(|&kept| kept > 0)?;
        let (x, y) = sides(a_to_b, (self.amounts[0], self.amounts[1]));
        let amp = maths::amplification(&self.account, time.unix_timestamp).ok()?;
        let d = u128::try_from(maths::invariant(amp, (x, y)).ok()?).ok()?;
        let (reserve_in, reserve_out) = osculating(amp, x as f64, y as f64, d as f64);
        Some((reserve_in, reserve_out, kept as f64 / whole as f64))
    }

    fn slope(&self, a_to_b: bool, time: &ChainTime) -> Option<(U512, U512)> {
        if self.account.is_paused {
            return None;
        }
        let amp = maths::amplification(&self.account, time.unix_timestamp).ok()?;
        maths::slope(amp, sides(a_to_b, (self.amounts[0], self.amounts[1]))).ok()
    }
}

impl StableFill {
    pub(super) fn quote(&self) -> Quote {
        Quote {
            amount_in: self.amount_in,
            amount_out: self.amount_out,
            fee: 0,
            fee_out: self.fee,
            transfer_fee_in: 0,
            transfer_fee_out: 0,
            ticks_crossed: 0,
        }
    }
}

/// Returns the reserves of the constant product with the same slope and bend as the curve has at (x, y).
fn osculating(amp: u64, x: f64, y: f64, d: f64) -> (f64, f64) {
    let (ann, k) = (2.0 * amp as f64, d * d * d / 4.0);
    let (in_x, in_y) = (ann + k / (x * x * y), ann + k / (x * y * y));
    let (bend_x, bend_xy, bend_y) = (
        0.0 - 2.0 * k / (x * x * x * y),
        0.0 - k / (x * x * y * y),
        0.0 - 2.0 * k / (x * y * y * y),
    );
    let slope = in_x / in_y;
    let bend = 0.0 - (bend_x - 2.0 * bend_xy * slope + bend_y * slope * slope) / in_y;
    let reserve_in = 2.0 * slope / bend;
    (reserve_in, slope * reserve_in)
}

impl PoolState for StablePool {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mints[0], self.account.mints[1])
    }

    #[inline]
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError> {
        Ok(self.fill(a_to_b, amount_in, time)?.quote())
    }

    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        Ok(self.fill_exact_out(a_to_b, amount_out, time)?.quote())
    }

    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let fill = self.fill(a_to_b, amount_in, time)?;
        Ok((fill.quote(), self.after(a_to_b, &fill)?))
    }

    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let fill = self.fill_exact_out(a_to_b, amount_out, time)?;
        Ok((fill.quote(), self.after(a_to_b, &fill)?))
    }

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }
}

impl Pool {
    /// Returns a Saber stable swap; the amounts are its vaults' balances.
    pub fn stable(account: &StableSwap, amounts: [u64; 2]) -> Self {
        Self::from(StablePool {
            account: account.clone(),
            amounts,
        })
    }
}
