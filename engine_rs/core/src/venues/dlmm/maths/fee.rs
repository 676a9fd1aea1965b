//! The fee of a DLMM pair: a base, and a part that follows volatility from bin to bin.

use crate::venues::dlmm::layout::{LbPair, StaticParameters, VariableParameters};
use crate::venues::quote_error::{QuoteError, to_u64};

/// What a fee rate is a share of.
pub const FEE_PRECISION: u64 = 1_000_000_000;
pub const MAX_FEE_RATE: u64 = 100_000_000;
const BASIS_POINTS: u32 = 10_000;
const VARIABLE_SCALE: u128 = 100_000_000_000;

/// Returns the volatility with its references as of `now` (unix s), as a swap begins with: within the filter period
/// they stay; within the decay period the accumulator, reduced, becomes the reference.
///
/// # Errors
/// `Overflow`
pub(super) fn update_references(
    parameters: &StaticParameters,
    volatility: &VariableParameters,
    active_id: i32,
    now: i64,
) -> Result<VariableParameters, QuoteError> {
    let elapsed = i128::from(now) - i128::from(volatility.last_update_timestamp);
    if elapsed < parameters.filter_period.into() {
        return Ok(*volatility);
    }
    let mut volatility_reference = 0;
    if elapsed < parameters.decay_period.into() {
        let product = volatility
            .volatility_accumulator
            .checked_mul(parameters.reduction_factor.into());
        volatility_reference = product.ok_or(QuoteError::Overflow)? / BASIS_POINTS;
    }
    Ok(VariableParameters {
        index_reference: active_id,
        volatility_reference,
        ..*volatility
    })
}

/// Returns the accumulator of the active bin.
pub(super) fn accumulator(
    parameters: &StaticParameters,
    volatility: &VariableParameters,
    active_id: i32,
) -> u32 {
    let distance = u64::from(volatility.index_reference.abs_diff(active_id));
    let wanted = u64::from(volatility.volatility_reference) + distance * u64::from(BASIS_POINTS);
    u32::try_from(wanted).map_or(parameters.max_volatility_accumulator, |wanted| {
        wanted.min(parameters.max_volatility_accumulator)
    })
}

/// Returns base and variable fee together, in 10⁻⁹, at most a tenth.
///
/// # Errors
/// `Overflow`
pub fn fee_rate(pair: &LbPair, volatility_accumulator: u32) -> Result<u64, QuoteError> {
    let parameters = &pair.parameters;
    let base = 10u128
        .checked_pow(parameters.base_fee_power_factor.into())
        .and_then(|scale| {
            scale.checked_mul(u128::from(parameters.base_factor) * u128::from(pair.bin_step) * 10)
        })
        .ok_or(QuoteError::Overflow)?;
    let variable = match parameters.variable_fee_control {
        0 => 0,
        control => {
            let volatility = u128::from(volatility_accumulator) * u128::from(pair.bin_step);
            // Below 2^(48 + 48 + 32).
            (volatility * volatility * u128::from(control)).div_ceil(VARIABLE_SCALE)
        }
    };
    let total = base.checked_add(variable).ok_or(QuoteError::Overflow)?;
    Ok(u64::try_from(total).map_or(MAX_FEE_RATE, |total| total.min(MAX_FEE_RATE)))
}

/// Returns the fee inside `amount`, rounded up.
pub(super) fn fee_of_gross(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    to_u64((u128::from(amount) * u128::from(rate)).div_ceil(FEE_PRECISION.into()))
}

/// Returns the fee to add to `amount`, rounded up. `rate` is at most a tenth.
///
/// # Errors
/// `Overflow`
pub(super) fn fee_on_net(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    let share = FEE_PRECISION
        .checked_sub(rate)
        .filter(|&share| share > 0)
        .ok_or(QuoteError::Overflow)?;
    to_u64((u128::from(amount) * u128::from(rate)).div_ceil(share.into()))
}
