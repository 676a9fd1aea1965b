//! Raydium CPMM: constant product with trade and creator fees.
//!
//! Amounts are atoms inside the vaults, that is after the transfer fee of the token in and before the transfer fee of
//! the token out. Rates are ppm.

use crate::venues::quote_error::{QuoteError, RoundingRule, to_u64};

pub const RATE_DENOMINATOR: u64 = 1_000_000;

/// The fees of a pool in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpmmRates {
    pub trade: u64,
    /// Share of the trade fee.
    pub protocol: u64,
    /// Share of the trade fee.
    pub fund: u64,
    /// 0 where it is switched off.
    pub creator: u64,
    pub creator_on_input: bool,
}

impl CpmmRates {
    pub(crate) fn creator_in(&self) -> u64 {
        if self.creator_on_input {
            self.creator
        } else {
            0
        }
    }

    pub(crate) fn creator_out(&self) -> u64 {
        if self.creator_on_input {
            0
        } else {
            self.creator
        }
    }

    /// Returns trade and creator fee on the input together.
    fn input(&self) -> Result<u64, QuoteError> {
        self.trade
            .checked_add(self.creator_in())
            .filter(|&rate| rate <= RATE_DENOMINATOR)
            .ok_or(QuoteError::Overflow)
    }
}

/// What one swap moves. `protocol_fee` and `fund_fee` are parts of `trade_fee`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpmmFill {
    /// Into the vault, fees included.
    pub amount_in: u64,
    /// Out of the vault.
    pub amount_out: u64,
    pub trade_fee: u64,
    pub protocol_fee: u64,
    pub fund_fee: u64,
    /// In atoms of the token in if it is charged on the input, else of the token out.
    pub creator_fee: u64,
}

/// Returns the swap of `amount_in` against (reserve in, reserve out).
///
/// # Errors
/// `QuoteError`, where the program fails.
pub fn exact_in(
    reserves: (u64, u64),
    rates: &CpmmRates,
    amount_in: u64,
) -> Result<CpmmFill, QuoteError> {
    let (reserve_in, reserve_out) = check(reserves, amount_in)?;
    let rate = rates.input()?;
    let total = ceil_ppm(amount_in, rate);
    let creator = share(total, rates.creator_in(), rate);
    let curve_in = u128::from(amount_in - total);
    let curve_out = to_u64(reserve_out * curve_in / (reserve_in + curve_in))?;
    if curve_out > 0 && rates.creator_out() > RATE_DENOMINATOR {
        return Err(QuoteError::Overflow);
    }
    let taken = ceil_ppm(curve_out, rates.creator_out().min(RATE_DENOMINATOR));
    if curve_out == taken {
        return Err(QuoteError::ZeroOutput);
    }
    fill(
        rates,
        amount_in,
        curve_out - taken,
        total - creator,
        creator + taken,
    )
}

/// Returns the swap that takes `amount_out` from (reserve in, reserve out).
///
/// # Errors
/// `QuoteError`, where the program fails.
pub fn exact_out(
    reserves: (u64, u64),
    rates: &CpmmRates,
    amount_out: u64,
    rule: RoundingRule,
) -> Result<CpmmFill, QuoteError> {
    let (reserve_in, reserve_out) = check(reserves, amount_out)?;
    let curve_out = gross_up(amount_out.into(), rates.creator_out())?;
    if curve_out >= reserve_out {
        return Err(QuoteError::Liquidity);
    }
    let curve_in = rule.divide(reserve_in * curve_out, reserve_out - curve_out)?;
    // A product beyond u128 is above every k that two u64 reserves can have.
    let after = curve_in
        .checked_add(reserve_in)
        .and_then(|side| side.checked_mul(reserve_out - curve_out));
    if after.is_some_and(|k| k < reserve_in * reserve_out) {
        return Err(QuoteError::Invariant);
    }
    let rate = rates.input()?;
    let amount_in = to_u64(gross_up(curve_in, rate)?)?;
    let total = amount_in - to_u64(curve_in)?;
    let creator = share(total, rates.creator_in(), rate);
    let creator_out = to_u64(curve_out)? - amount_out;
    fill(
        rates,
        amount_in,
        amount_out,
        total - creator,
        creator + creator_out,
    )
}

fn fill(
    rates: &CpmmRates,
    amount_in: u64,
    amount_out: u64,
    trade_fee: u64,
    creator_fee: u64,
) -> Result<CpmmFill, QuoteError> {
    let part = |rate| u128::from(trade_fee) * u128::from(rate) / u128::from(RATE_DENOMINATOR);
    let (protocol, fund) = (part(rates.protocol), part(rates.fund));
    if protocol + fund > trade_fee.into() {
        return Err(QuoteError::Overflow);
    }
    Ok(CpmmFill {
        amount_in,
        amount_out,
        trade_fee,
        protocol_fee: to_u64(protocol)?,
        fund_fee: to_u64(fund)?,
        creator_fee,
    })
}

fn check(reserves: (u64, u64), amount: u64) -> Result<(u128, u128), QuoteError> {
    if amount == 0 {
        return Err(QuoteError::ZeroAmount);
    }
    if reserves.0 == 0 || reserves.1 == 0 {
        return Err(QuoteError::EmptyPool);
    }
    Ok((reserves.0.into(), reserves.1.into()))
}

/// Returns ⌈amount · rate / 10⁶⌉ for a rate of at most 10⁶.
fn ceil_ppm(amount: u64, rate: u64) -> u64 {
    let (millions, rest) = (amount / RATE_DENOMINATOR, amount % RATE_DENOMINATOR);
    millions * rate + (rest * rate).div_ceil(RATE_DENOMINATOR)
}

/// Returns ⌊total · part / whole⌋, 0 if there is no whole; `part` is at most `whole`.
fn share(total: u64, part: u64, whole: u64) -> u64 {
    if part == 0 {
        return 0;
    }
    (u128::from(total) * u128::from(part) / u128::from(whole)) as u64
}

fn gross_up(net: u128, rate: u64) -> Result<u128, QuoteError> {
    if rate == 0 {
        return Ok(net);
    }
    let kept = RATE_DENOMINATOR
        .checked_sub(rate)
        .filter(|&kept| kept > 0)
        .ok_or(QuoteError::Overflow)?;
    let scaled = net
        .checked_mul(RATE_DENOMINATOR.into())
        .ok_or(QuoteError::Overflow)?;
    Ok(scaled.div_ceil(kept.into()))
}
