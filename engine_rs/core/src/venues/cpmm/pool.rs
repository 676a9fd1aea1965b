//! A Raydium CPMM pool.

use crate::chain::base58::Pubkey;
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use ruint::aliases::U256;

use crate::venues::cpmm::layout::{CpmmConfig, CpmmPool};
use crate::venues::cpmm::maths::{self, CpmmFill, CpmmRates};
use crate::venues::quote::{
    BASIS_POINTS, ChainTime, PPM, Quote, TransferFees, fit, moved, sides, transfer_fees,
};
use crate::venues::quote_error::{QuoteError, RoundingRule, to_u64};

const SWAP_OFF: u8 = 4;

/// A Raydium CPMM pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpmmPoolState {
    pub account: CpmmPool,
    pub config: CpmmConfig,
    /// Balances of the two vaults.
    pub amounts: [u64; 2],
    pub transfer_fees: TransferFees,
    pub rule: RoundingRule,
}

/// A quote and what it leaves behind.
pub(super) struct Filled {
    pub(super) quote: Quote,
    amounts: [u64; 2],
    protocol_fees: [u64; 2],
    fund_fees: [u64; 2],
    creator_fees: [u64; 2],
}

impl CpmmPoolState {
    pub(super) fn fill(
        &self,
        a_to_b: bool,
        amount: u64,
        time: &ChainTime,
        exact_in: bool,
    ) -> Result<Filled, QuoteError> {
        if !self.is_tradable(time) {
            return Err(QuoteError::NotTradable);
        }
        let (fee_in, fee_out) = transfer_fees(&self.transfer_fees, a_to_b, time);
        let (reserves, rates) = (self.reserves(a_to_b).unwrap_or((0, 0)), self.rates(a_to_b));
        if exact_in {
            let withheld = fee_in.fee(amount);
            let fill = maths::exact_in(reserves, &rates, amount - withheld)?;
            return self.done(
                a_to_b,
                &rates,
                &fill,
                withheld,
                fee_out.fee(fill.amount_out),
            );
        }
        let gross_out = to_u64(fee_out.gross(amount))?;
        let fill = maths::exact_out(reserves, &rates, gross_out, self.rule)?;
        let withheld = to_u64(fee_in.gross(fill.amount_in))? - fill.amount_in;
        self.done(a_to_b, &rates, &fill, withheld, gross_out - amount)
    }

    pub(super) fn after(&self, filled: &Filled) -> Self {
        let mut after = self.clone();
        after.amounts = filled.amounts;
        after.account.protocol_fees = filled.protocol_fees;
        after.account.fund_fees = filled.fund_fees;
        after.account.creator_fees = filled.creator_fees;
        after
    }

    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let ((reserve_in, reserve_out), kept_in, kept_out) = self.margin(a_to_b, time)?;
        let whole = u128::from(PPM * BASIS_POINTS);
        let num = U256::from(reserve_out) * U256::from(u128::from(kept_in) * u128::from(kept_out));
        fit(num, U256::from(reserve_in) * U256::from(whole * whole))
    }

    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        let ((reserve_in, reserve_out), kept_in, kept_out) = self.margin(a_to_b, time)?;
        let whole = (PPM * BASIS_POINTS) as f64;
        Some((
            reserve_in as f64,
            reserve_out as f64 * kept_out as f64 / whole,
            kept_in as f64 / whole,
        ))
    }

    /// Returns the reserves and what is kept of an atom in and of an atom out, in 10⁻¹⁰, if a swap can be at all.
    fn margin(&self, a_to_b: bool, time: &ChainTime) -> Option<((u64, u64), u64, u64)> {
        let reserves = self
            .reserves(a_to_b)
            .filter(|reserves| reserves.0 > 0 && reserves.1 > 0)?;
        let rates = self.rates(a_to_b);
        let (fee_in, fee_out) = transfer_fees(&self.transfer_fees, a_to_b, time);
        let kept = |rate: u64, bps: u16| {
            let kept = PPM.checked_sub(rate)? * BASIS_POINTS.checked_sub(bps.into())?;
            Some(kept).filter(|&kept| kept > 0)
        };
        let kept_in = kept(rates.trade.checked_add(rates.creator_in())?, fee_in.bps)?;
        let kept_out = kept(rates.creator_out(), fee_out.bps)?;
        self.is_tradable(time)
            .then_some((reserves, kept_in, kept_out))
    }

    fn rates(&self, a_to_b: bool) -> CpmmRates {
        let mode = self.account.creator_fee_on;
        CpmmRates {
            trade: self.config.trade_fee_rate,
            protocol: self.config.protocol_fee_rate,
            fund: self.config.fund_fee_rate,
            creator: if self.account.enable_creator_fee {
                self.config.creator_fee_rate
            } else {
                0
            },
            creator_on_input: mode == 0 || (mode == 1) == a_to_b,
        }
    }

    /// Returns (reserve in, reserve out), `None` if more is owed from a vault than it holds.
    fn reserves(&self, a_to_b: bool) -> Option<(u64, u64)> {
        let account = &self.account;
        let reserve = |side: usize| {
            let free = self.amounts[side].checked_sub(account.protocol_fees[side])?;
            free.checked_sub(account.fund_fees[side])?
                .checked_sub(account.creator_fees[side])
        };
        Some(sides(a_to_b, (reserve(0)?, reserve(1)?)))
    }

    fn is_tradable(&self, time: &ChainTime) -> bool {
        self.account.status & SWAP_OFF == 0
            && i128::from(time.unix_timestamp) >= i128::from(self.account.open_time)
    }

    fn done(
        &self,
        a_to_b: bool,
        rates: &CpmmRates,
        fill: &CpmmFill,
        transfer_fee_in: u64,
        transfer_fee_out: u64,
    ) -> Result<Filled, QuoteError> {
        if fill.amount_out == transfer_fee_out {
            return Err(QuoteError::ZeroOutput);
        }
        let (creator_in, fee_out) = sides(rates.creator_on_input, (fill.creator_fee, 0));
        let quote = Quote {
            amount_in: fill.amount_in + transfer_fee_in,
            amount_out: fill.amount_out - transfer_fee_out,
            fee: fill.trade_fee + creator_in,
            fee_out,
            transfer_fee_in,
            transfer_fee_out,
            ticks_crossed: 0,
        };
        let mut creator_fees = moved(self.account.creator_fees, a_to_b, creator_in, 0)?;
        creator_fees = moved(creator_fees, !a_to_b, fee_out, 0)?;
        Ok(Filled {
            quote,
            amounts: moved(self.amounts, a_to_b, fill.amount_in, fill.amount_out)?,
            protocol_fees: moved(self.account.protocol_fees, a_to_b, fill.protocol_fee, 0)?,
            fund_fees: moved(self.account.fund_fees, a_to_b, fill.fund_fee, 0)?,
            creator_fees,
        })
    }
}

impl PoolState for CpmmPoolState {
    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.mints[0], self.account.mints[1])
    }

    #[inline]
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError> {
        Ok(self.fill(a_to_b, amount_in, time, true)?.quote)
    }

    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        Ok(self.fill(a_to_b, amount_out, time, false)?.quote)
    }

    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let fill = self.fill(a_to_b, amount_in, time, true)?;
        Ok((fill.quote, self.after(&fill)))
    }

    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let fill = self.fill(a_to_b, amount_out, time, false)?;
        Ok((fill.quote, self.after(&fill)))
    }

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }

    fn is_product(&self) -> bool {
        true
    }

    fn transfer_fees(&self) -> TransferFees {
        self.transfer_fees
    }

    fn take_transfer_fees(&mut self, fees: TransferFees) {
        self.transfer_fees = fees;
    }

    fn take_rule(&mut self, rule: RoundingRule) {
        self.rule = rule;
    }
}

impl Pool {
    /// Returns a Raydium CPMM pool under today's rounding; the amounts are its vaults' balances.
    pub fn cpmm(
        account: &CpmmPool,
        config: &CpmmConfig,
        amounts: [u64; 2],
        transfer_fees: TransferFees,
    ) -> Self {
        Self::from(CpmmPoolState {
            account: account.clone(),
            config: config.clone(),
            amounts,
            transfer_fees,
            rule: RoundingRule::TrueCeil,
        })
    }
}
