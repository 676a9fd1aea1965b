//! The fees of DAMM v2 in 10⁻⁹: scheduled by time or price, by amount, and for volatility.

use super::limiter::Limiter;
use crate::venues::damm2::layout::{DammV2BaseFee, DammV2DynamicFee, DammV2Pool, DammV2Steps};
use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::wide::Wide;

pub const FEE_DENOMINATOR: u64 = 1_000_000_000;
const MAX_FEE: [u64; 2] = [500_000_000, 990_000_000];
const ONE: u128 = 1 << 64;
const BASIS_POINTS: u128 = 10_000;
const VARIABLE_FEE_SCALE: u128 = 100_000_000_000;

/// A swap, as far as its fee depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Slot or Unix seconds, whichever the pool counts.
    pub point: u64,
    pub a_to_b: bool,
    pub amount: Charged,
}

/// Atoms that the fee is taken from, with or without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    Gross(u64),
    Net(u64),
}

/// Returns the fee of a swap in 10⁻⁹, with the volatility stored in the pool.
///
/// # Errors
/// `Overflow`, where the program's integers do.
pub fn fee_rate(pool: &DammV2Pool, taken: Taken) -> Result<u64, QuoteError> {
    let base = base_fee(pool, taken)?;
    let variable = pool.dynamic_fee.as_ref().map_or(Ok(0), variable_fee)?;
    let total = variable.checked_add(base.into());
    let total = to_u64(total.ok_or(QuoteError::Overflow)?)?;
    Ok(total.min(MAX_FEE[usize::from(pool.fee_version != 0)]))
}

/// Returns the fee of a swap in 10⁻⁹ before volatility.
///
/// # Errors
/// `Overflow`, where the program's integers do, if it falls below 0 or a step has no length.
pub fn base_fee(pool: &DammV2Pool, taken: Taken) -> Result<u64, QuoteError> {
    let gone = taken.point.checked_sub(pool.activation_point);
    match pool.base_fee {
        DammV2BaseFee::ByTime {
            cliff,
            steps,
            frequency,
        } => {
            if frequency == 0 {
                return Ok(cliff);
            }
            let passed = gone.map_or(u64::MAX, |gone| gone / frequency);
            after_steps(cliff, steps, passed)
        }
        DammV2BaseFee::ByPrice {
            cliff,
            steps,
            step_bps,
            duration,
        } => {
            let end = pool.activation_point.checked_add(duration.into());
            let end = end.ok_or(QuoteError::Overflow)?;
            let passed = if gone.is_none() || taken.point > end {
                u64::MAX
            } else {
                steps_of_price(pool, step_bps)?
            };
            after_steps(cliff, steps, passed)
        }
        DammV2BaseFee::ByAmount {
            cliff, duration, ..
        } => {
            let limiter = Limiter::of(&pool.base_fee).filter(|_| !taken.a_to_b);
            let runs = gone.is_some_and(|gone| gone <= duration.into());
            match limiter.filter(|_| runs) {
                Some(limiter) => limiter.rate(taken.amount).ok_or(QuoteError::Overflow),
                None => Ok(cliff),
            }
        }
    }
}

/// Returns the fee after as many steps as `passed`, or as there are.
fn after_steps(cliff: u64, steps: DammV2Steps, passed: u64) -> Result<u64, QuoteError> {
    let (passed, reduction) = (passed.min(steps.periods.into()), steps.reduction);
    if !steps.exponential {
        let off = reduction.checked_mul(passed);
        let left = off.and_then(|off| cliff.checked_sub(off));
        return left.ok_or(QuoteError::Overflow);
    }
    if reduction == 0 {
        return Ok(cliff);
    }
    let kept = ONE.checked_sub((u128::from(reduction) << 64) / BASIS_POINTS);
    let kept = power(kept.ok_or(QuoteError::Overflow)?, passed).ok_or(QuoteError::Overflow)?;
    let fee = kept.checked_mul(cliff.into());
    to_u64(fee.ok_or(QuoteError::Overflow)? >> 64)
}

/// Returns ⌊⌊(s − s₀)·10⁴ / s₀⌋ / `step_bps`⌋ for a √price s above the first one s₀, 0 below it.
fn steps_of_price(pool: &DammV2Pool, step_bps: u32) -> Result<u64, QuoteError> {
    let (first, now) = (pool.first_sqrt_price, pool.sqrt_price);
    if now <= first {
        return Ok(0);
    }
    if first == 0 || step_bps == 0 {
        return Err(QuoteError::Overflow);
    }
    let grown = Wide::product(now - first, BASIS_POINTS);
    let den = Wide {
        high: 0,
        low: first,
    };
    // From 2^128 on it is more steps than there can be: a step is below 2^32.
    let grown = grown.two_digits(den).map_or(u128::MAX, |(grown, _)| grown);
    Ok(u64::try_from(grown / u128::from(step_bps)).unwrap_or(u64::MAX))
}

/// Returns base^exponent in Q64.64, rounded down at each step, `None` if nothing is left; `base` is at most 1.
fn power(mut base: u128, mut exponent: u64) -> Option<u128> {
    let mut result = ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.checked_mul(base)? >> 64;
        }
        base = base.checked_mul(base)? >> 64;
        exponent >>= 1;
    }
    Some(result).filter(|&result| result > 0)
}

/// Returns ⌈control · (volatility · bin step)² / 10¹¹⌉ in 10⁻⁹.
///
/// # Errors
/// `Overflow`, where the program's integers do.
pub fn variable_fee(fee: &DammV2DynamicFee) -> Result<u128, QuoteError> {
    let scaled = || {
        let crossed = fee
            .volatility_accumulator
            .checked_mul(fee.bin_step.into())?;
        let scaled = crossed
            .checked_mul(crossed)?
            .checked_mul(fee.variable_fee_control.into())?;
        Some(scaled.checked_add(VARIABLE_FEE_SCALE - 1)? / VARIABLE_FEE_SCALE)
    };
    scaled().ok_or(QuoteError::Overflow)
}

/// Returns the pool with its volatility references as a swap at `now` finds them.
///
/// # Errors
/// `InvalidTime` before the pool's last update, `Overflow`.
pub(super) fn with_references(pool: &DammV2Pool, now: u64) -> Result<DammV2Pool, QuoteError> {
    let mut found = pool.clone();
    let Some(fee) = &mut found.dynamic_fee else {
        return Ok(found);
    };
    let elapsed = now.checked_sub(fee.last_update);
    let elapsed = elapsed.ok_or(QuoteError::InvalidTime)?;
    if elapsed < fee.filter_period.into() {
        return Ok(found);
    }
    fee.volatility_reference = 0;
    if elapsed < fee.decay_period.into() {
        let reduced = fee
            .volatility_accumulator
            .checked_mul(fee.reduction_factor.into());
        fee.volatility_reference = reduced.ok_or(QuoteError::Overflow)? / BASIS_POINTS;
    }
    fee.sqrt_price_reference = pool.sqrt_price;
    Ok(found)
}

/// Returns the volatility after the price went from `start` to `end`.
///
/// # Errors
/// `Overflow`, where the program's integers do.
pub(super) fn volatility_after(
    fee: &DammV2DynamicFee,
    start: u128,
    end: u128,
    now: u64,
) -> Result<DammV2DynamicFee, QuoteError> {
    let update = || {
        let crossed = bins(fee, end, fee.sqrt_price_reference)?.checked_mul(BASIS_POINTS)?;
        let volatility = fee.volatility_reference.checked_add(crossed)?;
        let mut after = *fee;
        after.volatility_accumulator = volatility.min(fee.max_volatility_accumulator.into());
        if bins(fee, start, end)? > 0 {
            after.last_update = now;
        }
        Some(after)
    };
    update().ok_or(QuoteError::Overflow)
}

fn bins(fee: &DammV2DynamicFee, price: u128, other: u128) -> Option<u128> {
    let (low, high) = (price.min(other), price.max(other));
    if low == 0 {
        return None;
    }
    let num = Wide {
        high: high >> 64,
        low: high << 64,
    };
    let (ratio, _) = num.two_digits(Wide { high: 0, low })?;
    let crossed = ratio.checked_sub(ONE)?.checked_div(fee.bin_step_q64)?;
    crossed.checked_mul(2)
}

/// Returns ⌈amount · rate / 10⁹⌉.
pub(super) fn fee_on_gross(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    to_u64((u128::from(amount) * u128::from(rate)).div_ceil(FEE_DENOMINATOR.into()))
}

/// Returns ⌈amount · 10⁹ / (10⁹ − rate)⌉ − amount.
pub(super) fn fee_on_net(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    let kept = FEE_DENOMINATOR.checked_sub(rate).filter(|&kept| kept > 0);
    let kept = kept.ok_or(QuoteError::Overflow)?;
    let gross = u128::from(amount) * u128::from(FEE_DENOMINATOR);
    Ok(to_u64(gross.div_ceil(kept.into()))? - amount)
}
