//! A Raydium AMM v4 pool.

use crate::chain::base58::Pubkey;
use crate::venues::pool::Pool;
use crate::venues::program::PoolState;
use ruint::aliases::U256;

use crate::venues::constant_product;
use crate::venues::quote::{ChainTime, Quote, fit, moved, sides};
use crate::venues::quote_error::{QuoteError, RoundingRule};
use crate::venues::ray4::layout::AmmV4;

const INITIALIZED: u64 = 1;
const SWAP_ONLY: u64 = 6;
const WAITING_TRADE: u64 = 7;

/// A Raydium AMM v4 pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmmV4Pool {
    pub account: AmmV4,
    /// Balances of the coin and the pc vault.
    pub amounts: [u64; 2],
    pub rule: RoundingRule,
}

impl AmmV4Pool {
    pub(super) fn quote(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        let reserves = self.open_reserves(a_to_b, time)?;
        let (amount_out, fee) =
            constant_product::exact_in(reserves, self.fee(), amount_in, self.rule)?;
        self.done(a_to_b, amount_in, amount_out, fee)
    }

    pub(super) fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        let reserves = self.open_reserves(a_to_b, time)?;
        let (amount_in, fee) =
            constant_product::exact_out(reserves, self.fee(), amount_out, self.rule)?;
        self.done(a_to_b, amount_in, amount_out, fee)
    }

    pub(super) fn after(&self, a_to_b: bool, quote: &Quote) -> Result<Self, QuoteError> {
        let mut after = self.clone();
        after.amounts = moved(self.amounts, a_to_b, quote.amount_in, quote.amount_out)?;
        if after.account.status == WAITING_TRADE {
            after.account.status = SWAP_ONLY;
        }
        Ok(after)
    }

    pub(super) fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        let ((reserve_in, reserve_out), kept, den) = self.margin(a_to_b, time)?;
        fit(product(reserve_out, kept), product(reserve_in, den))
    }

    pub(super) fn virtual_reserves(
        &self,
        a_to_b: bool,
        time: &ChainTime,
    ) -> Option<(f64, f64, f64)> {
        let ((reserve_in, reserve_out), kept, den) = self.margin(a_to_b, time)?;
        Some((
            reserve_in as f64,
            reserve_out as f64,
            kept as f64 / den as f64,
        ))
    }

    /// Returns the reserves and the share kept of the input as (num, den), if a swap can be at all.
    fn margin(&self, a_to_b: bool, time: &ChainTime) -> Option<((u64, u64), u64, u64)> {
        let reserves = self
            .reserves(a_to_b)
            .filter(|reserves| reserves.0 > 0 && reserves.1 > 0)?;
        let (num, den) = self.fee();
        let kept = den.checked_sub(num).filter(|&kept| kept > 0)?;
        self.is_tradable(time).then_some((reserves, kept, den))
    }

    fn fee(&self) -> (u64, u64) {
        (
            self.account.swap_fee_numerator,
            self.account.swap_fee_denominator,
        )
    }

    /// Returns (reserve in, reserve out), `None` if more is owed from a vault than it holds.
    fn reserves(&self, a_to_b: bool) -> Option<(u64, u64)> {
        let coin = self.amounts[0].checked_sub(self.account.need_take_pnl_coin)?;
        let pc = self.amounts[1].checked_sub(self.account.need_take_pnl_pc)?;
        Some(sides(a_to_b, (coin, pc)))
    }

    fn open_reserves(&self, a_to_b: bool, time: &ChainTime) -> Result<(u64, u64), QuoteError> {
        if !self.is_tradable(time) {
            return Err(QuoteError::NotTradable);
        }
        // What is owed beyond a vault leaves nothing to trade; the maths tells that apart from an amount of nothing.
        Ok(self.reserves(a_to_b).unwrap_or((0, 0)))
    }

    fn is_tradable(&self, time: &ChainTime) -> bool {
        match self.account.status {
            INITIALIZED | SWAP_ONLY => true,
            WAITING_TRADE => {
                i128::from(time.unix_timestamp) >= i128::from(self.account.pool_open_time)
            }
            _ => false,
        }
    }

    fn done(
        &self,
        a_to_b: bool,
        amount_in: u64,
        amount_out: u64,
        fee: u64,
    ) -> Result<Quote, QuoteError> {
        moved(self.amounts, a_to_b, amount_in, amount_out)?;
        let none = Quote {
            amount_in: 0,
            amount_out: 0,
            fee: 0,
            fee_out: 0,
            transfer_fee_in: 0,
            transfer_fee_out: 0,
            ticks_crossed: 0,
        };
        Ok(Quote {
            amount_in,
            amount_out,
            fee,
            ..none
        })
    }
}

fn product(a: u64, b: u64) -> U256 {
    U256::from(u128::from(a) * u128::from(b))
}

impl PoolState for AmmV4Pool {
    fn is_product(&self) -> bool {
        true
    }

    fn mints(&self) -> (Pubkey, Pubkey) {
        (self.account.coin_mint, self.account.pc_mint)
    }

    #[inline]
    fn quote(&self, a_to_b: bool, amount_in: u64, time: &ChainTime) -> Result<Quote, QuoteError> {
        Self::quote(self, a_to_b, amount_in, time)
    }

    fn quote_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<Quote, QuoteError> {
        Self::quote_exact_out(self, a_to_b, amount_out, time)
    }

    fn swap(
        &self,
        a_to_b: bool,
        amount_in: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let quote = Self::quote(self, a_to_b, amount_in, time)?;
        let after = self.after(a_to_b, &quote)?;
        Ok((quote, after))
    }

    fn swap_exact_out(
        &self,
        a_to_b: bool,
        amount_out: u64,
        time: &ChainTime,
    ) -> Result<(Quote, Self), QuoteError> {
        let quote = Self::quote_exact_out(self, a_to_b, amount_out, time)?;
        let after = self.after(a_to_b, &quote)?;
        Ok((quote, after))
    }

    fn rate(&self, a_to_b: bool, time: &ChainTime) -> Option<(u128, u128)> {
        Self::rate(self, a_to_b, time)
    }

    fn virtual_reserves(&self, a_to_b: bool, time: &ChainTime) -> Option<(f64, f64, f64)> {
        Self::virtual_reserves(self, a_to_b, time)
    }

    fn take_rule(&mut self, rule: RoundingRule) {
        self.rule = rule;
    }
}

impl Pool {
    /// Returns a Raydium AMM v4 pool under today's rounding; the amounts are its vaults' balances.
    pub fn amm_v4(account: &AmmV4, coin_amount: u64, pc_amount: u64) -> Self {
        Self::from(AmmV4Pool {
            account: account.clone(),
            amounts: [coin_amount, pc_amount],
            rule: RoundingRule::TrueCeil,
        })
    }
}
