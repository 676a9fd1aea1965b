//! Constant product, the fee taken from the input. All amounts are atoms.

use super::quote_error::{QuoteError, RoundingRule, to_u64};

/// Returns (amount out, fee) for `amount_in` against (reserve in, reserve out).
///
/// # Errors
/// `QuoteError`, where the program fails.
pub fn exact_in(
    reserves: (u64, u64),
    fee: (u64, u64),
    amount_in: u64,
    rule: RoundingRule,
) -> Result<(u64, u64), QuoteError> {
    let (reserve_in, reserve_out) = check(reserves, amount_in)?;
    let charged = to_u64(rule.divide(u128::from(amount_in) * u128::from(fee.0), fee.1.into())?)?;
    let paid = u128::from(amount_in.checked_sub(charged).ok_or(QuoteError::Overflow)?);
    let amount_out = to_u64(reserve_out * paid / (reserve_in + paid))?;
    if amount_out == 0 {
        return Err(QuoteError::ZeroOutput);
    }
    Ok((amount_out, charged))
}

/// Returns (amount in, fee) that buy `amount_out` from (reserve in, reserve out).
///
/// # Errors
/// `QuoteError`, where the program fails.
pub fn exact_out(
    reserves: (u64, u64),
    fee: (u64, u64),
    amount_out: u64,
    rule: RoundingRule,
) -> Result<(u64, u64), QuoteError> {
    let (reserve_in, reserve_out) = check(reserves, amount_out)?;
    let wanted = u128::from(amount_out);
    if wanted >= reserve_out {
        return Err(QuoteError::Liquidity);
    }
    let raw = rule.divide(reserve_in * wanted, reserve_out - wanted)?;
    let kept = fee.1.checked_sub(fee.0).ok_or(QuoteError::Overflow)?;
    let gross = raw.checked_mul(fee.1.into()).ok_or(QuoteError::Overflow)?;
    let amount_in = to_u64(rule.divide(gross, kept.into())?)?;
    if amount_in == 0 {
        return Err(QuoteError::ZeroOutput);
    }
    Ok((amount_in, amount_in - to_u64(raw)?))
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
