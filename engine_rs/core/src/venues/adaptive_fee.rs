//! The fee rate of a Whirlpool while one swap runs: static, or following volatility by tick groups.

use crate::venues::orca::layout::{AdaptiveFeeConstants, AdaptiveFeeVariables};
use crate::venues::quote_error::QuoteError;
use crate::venues::sqrt_price::{MAX_TICK, MIN_TICK, sqrt_price_from_tick, tick_from_sqrt_price};
use crate::venues::wide::Wide;

pub const FEE_RATE_DENOMINATOR: u64 = 1_000_000;
pub const FEE_RATE_LIMIT: u64 = 100_000;

const SCALE: u64 = 10_000;
const CONTROL_DENOMINATOR: u128 = 100_000;
const REFERENCE_MAX_AGE_S: i128 = 3_600;

/// Returns the part of a fee rate that follows volatility, in ppm, rounded up.
#[inline]
pub(super) fn variable_rate(control: u32, accumulator: u32, group_size: u16) -> u128 {
    let crossed = u128::from(accumulator) * u128::from(group_size);
    // At most (2^32−1)·((2^32−1)·(2^16−1))², below 2^128.
    let scaled = u128::from(control) * crossed * crossed;
    scaled.div_ceil(CONTROL_DENOMINATOR * u128::from(SCALE) * u128::from(SCALE))
}

/// Fee rate in ppm at the tick group where the price is. Lives for one swap.
#[derive(Debug, Clone)]
pub struct FeeRate {
    rate: u64,
    adaptive: Option<Adaptive>,
}

#[derive(Debug, Clone)]
struct Adaptive {
    constants: AdaptiveFeeConstants,
    variables: AdaptiveFeeVariables,
    static_rate: u64,
    group: i64,
    core: i64,
    a_to_b: bool,
}

impl FeeRate {
    /// Takes the references over as of `now` (unix s).
    ///
    /// # Errors
    /// `InvalidTime` if the clock is before the last update, `Overflow` if the stored state can't be.
    pub fn new(
        static_rate: u16,
        adaptive: Option<(&AdaptiveFeeConstants, &AdaptiveFeeVariables)>,
        tick: i32,
        now: i64,
        a_to_b: bool,
    ) -> Result<Self, QuoteError> {
        let static_rate = u64::from(static_rate);
        let Some((constants, variables)) = adaptive else {
            return Ok(Self {
                rate: static_rate,
                adaptive: None,
            });
        };
        let group = tick.div_euclid(constants.tick_group_size.into());
        let variables = update_reference(constants, variables, group, now)?;
        let spare = constants
            .max_volatility_accumulator
            .checked_sub(variables.volatility_reference);
        let core = spare
            .ok_or(QuoteError::Overflow)?
            .div_ceil(SCALE as u32)
            .into();
        let adaptive = Adaptive {
            constants: *constants,
            variables,
            static_rate,
            group: group.into(),
            core,
            a_to_b,
        };
        let mut this = Self {
            rate: static_rate,
            adaptive: Some(adaptive),
        };
        this.update();
        Ok(this)
    }

    /// Returns the rate in ppm.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Takes the accumulator and the rate to the group where the price is.
    pub fn update(&mut self) {
        if let Some(adaptive) = &mut self.adaptive {
            self.rate = adaptive.update();
        }
    }

    /// Returns how far a step at this rate may go, and whether the walk by groups is skipped.
    ///
    /// # Errors
    /// `PriceLimit` if the oracle's reference is off the price range.
    pub fn bounded_target(
        &self,
        target: u128,
        liquidity: u128,
    ) -> Result<(u128, bool), QuoteError> {
        self.adaptive
            .as_ref()
            .map_or(Ok((target, false)), |adaptive| {
                adaptive.bounded_target(target, liquidity)
            })
    }

    /// Goes on to the next group. `reached` is the next tick if `sqrt_price` is its price.
    pub fn advance(&mut self, sqrt_price: u128, reached: Option<i32>, skipped: bool) {
        let Some(adaptive) = &mut self.adaptive else {
            return;
        };
        if skipped {
            let last = adaptive.last_group(sqrt_price, reached);
            if if adaptive.a_to_b {
                last < adaptive.group
            } else {
                last > adaptive.group
            } {
                adaptive.group = last;
                self.rate = adaptive.update();
            }
        }
        adaptive.group += if adaptive.a_to_b { -1 } else { 1 };
    }

    /// Returns the variables to store after a swap from √price `before` to `after`.
    ///
    /// # Errors
    /// None that valid constants can cause.
    pub fn finish(
        &self,
        before: u128,
        after: u128,
        now: i64,
    ) -> Result<Option<AdaptiveFeeVariables>, QuoteError> {
        let Some(adaptive) = &self.adaptive else {
            return Ok(None);
        };
        let (low, high) = (before.min(after), before.max(after));
        let factor = sqrt_price_from_tick(adaptive.constants.major_swap_threshold_ticks.into())?;
        let Wide {
            high: over,
            low: product,
        } = Wide::product(low, factor);
        let mut variables = adaptive.variables;
        if over >> 64 == 0 && high >= (over << 64) | (product >> 64) {
            variables.last_major_swap = u64::try_from(now).map_err(|_| QuoteError::InvalidTime)?;
        }
        Ok(Some(variables))
    }
}

impl Adaptive {
    fn update(&mut self) -> u64 {
        let distance = i64::from(self.variables.tick_group_index_reference).abs_diff(self.group);
        let raw = u64::from(self.variables.volatility_reference) + distance * SCALE;
        let accumulator = u32::try_from(raw)
            .unwrap_or(u32::MAX)
            .min(self.constants.max_volatility_accumulator);
        self.variables.volatility_accumulator = accumulator;
        let adaptive = variable_rate(
            self.constants.control_factor,
            accumulator,
            self.constants.tick_group_size,
        );
        (u128::from(self.static_rate) + adaptive).min(FEE_RATE_LIMIT.into()) as u64
    }

    fn bounded_target(&self, target: u128, liquidity: u128) -> Result<(u128, bool), QuoteError> {
        if self.constants.control_factor == 0 || liquidity == 0 {
            return Ok((target, true));
        }
        let nearer = |edge: u128| {
            if self.a_to_b {
                target.max(edge)
            } else {
                target.min(edge)
            }
        };
        match self.core_bound() {
            Some((true, _)) => Ok((target, true)),
            Some((false, tick)) => Ok((nearer(sqrt_price_from_tick(bounded_tick(tick)?)?), true)),
            None => {
                let boundary = (self.group + i64::from(!self.a_to_b))
                    * i64::from(self.constants.tick_group_size);
                let tick = boundary.clamp(MIN_TICK.into(), MAX_TICK.into());
                Ok((nearer(sqrt_price_from_tick(bounded_tick(tick)?)?), false))
            }
        }
    }

    /// Returns, if the group is outside the range where the accumulator varies: (moving away?, edge tick).
    fn core_bound(&self) -> Option<(bool, i64)> {
        let reference = i64::from(self.variables.tick_group_index_reference);
        let size = i64::from(self.constants.tick_group_size);
        let (low, high) = (reference - self.core, reference + self.core);
        if low * size > MIN_TICK.into() && self.group < low {
            return Some((self.a_to_b, low * size));
        }
        if (high + 1) * size < MAX_TICK.into() && self.group > high {
            return Some((!self.a_to_b, (high + 1) * size));
        }
        None
    }

    fn last_group(&self, sqrt_price: u128, reached: Option<i32>) -> i64 {
        let size = i64::from(self.constants.tick_group_size);
        let tick = reached.unwrap_or_else(|| tick_from_sqrt_price(sqrt_price));
        let exact = || reached.is_some() || sqrt_price_from_tick(tick) == Ok(sqrt_price);
        let on_boundary = i64::from(tick) % size == 0 && exact();
        i64::from(tick).div_euclid(size) - i64::from(on_boundary && !self.a_to_b)
    }
}

fn bounded_tick(tick: i64) -> Result<i32, QuoteError> {
    i32::try_from(tick).map_err(|_| QuoteError::PriceLimit)
}

fn update_reference(
    constants: &AdaptiveFeeConstants,
    variables: &AdaptiveFeeVariables,
    group: i32,
    now: i64,
) -> Result<AdaptiveFeeVariables, QuoteError> {
    let newest = variables
        .last_reference_update
        .max(variables.last_major_swap);
    let elapsed = i128::from(now) - i128::from(newest);
    if elapsed < 0 {
        return Err(QuoteError::InvalidTime);
    }
    let age = i128::from(now) - i128::from(variables.last_reference_update);
    let volatility_reference = if age > REFERENCE_MAX_AGE_S {
        0
    } else if elapsed < constants.filter_period.into() {
        return Ok(*variables);
    } else if elapsed < constants.decay_period.into() {
        let reduced = u64::from(variables.volatility_accumulator)
            * u64::from(constants.reduction_factor)
            / SCALE;
        u32::try_from(reduced).map_err(|_| QuoteError::Overflow)?
    } else {
        0
    };
    Ok(AdaptiveFeeVariables {
        last_reference_update: u64::try_from(now).map_err(|_| QuoteError::InvalidTime)?,
        volatility_reference,
        tick_group_index_reference: group,
        ..*variables
    })
}
