//! The fee rate of a CLMM while one swap runs: that of its configuration, and a part that follows volatility.

use crate::venues::adaptive_fee::{FEE_RATE_LIMIT, variable_rate};
use crate::venues::clmm::layout::ClmmDynamicFee;
use crate::venues::quote_error::QuoteError;
use crate::venues::raydium_price::{MAX_TICK, MIN_TICK, sqrt_price_from_tick};

const SCALE: u64 = 10_000;

/// Fee rate in ppm at the spacing where the price is. Lives for one swap.
#[derive(Debug, Clone)]
pub struct ClmmFeeRate {
    rate: u64,
    base: u64,
    dynamic: Option<ClmmDynamicFee>,
    spacing: u16,
    index: i64,
    down: bool,
}

impl ClmmFeeRate {
    /// Takes the references over as of `now` (unix s). `tick_spacing` is not 0.
    ///
    /// # Errors
    /// `Overflow` if the stored state can't be.
    pub fn new(
        base_rate: u32,
        dynamic: Option<&ClmmDynamicFee>,
        (tick, tick_spacing): (i32, u16),
        now: i64,
        zero_for_one: bool,
    ) -> Result<Self, QuoteError> {
        let index = tick.div_euclid(tick_spacing.into());
        let dynamic = dynamic
            .map(|dynamic| update_references(dynamic, index, now))
            .transpose()?;
        let mut this = Self {
            rate: base_rate.into(),
            base: base_rate.into(),
            dynamic,
            spacing: tick_spacing,
            index: index.into(),
            down: zero_for_one,
        };
        this.update();
        Ok(this)
    }

    /// Returns the rate in ppm.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Returns the volatility where the swap is now.
    pub fn dynamic(&self) -> Option<ClmmDynamicFee> {
        self.dynamic
    }

    /// Takes the accumulator and the rate to the spacing where the price is.
    pub fn update(&mut self) {
        let Some(dynamic) = &mut self.dynamic else {
            return;
        };
        let distance = i64::from(dynamic.index_reference).abs_diff(self.index);
        let wanted = u64::from(dynamic.volatility_reference) + distance * SCALE;
        let accumulator = u32::try_from(wanted)
            .unwrap_or(u32::MAX)
            .min(dynamic.max_volatility_accumulator);
        dynamic.volatility_accumulator = accumulator;
        let variable = variable_rate(dynamic.control, accumulator, self.spacing);
        self.rate = (u128::from(self.base) + variable).min(FEE_RATE_LIMIT.into()) as u64;
    }

    /// Returns how far a step at this rate may go, and whether the walk by spacings is skipped.
    ///
    /// # Errors
    /// None that a tick in range can cause.
    pub fn bounded_target(
        &self,
        target: u128,
        liquidity: u128,
    ) -> Result<(u128, bool), QuoteError> {
        let Some(dynamic) = &self.dynamic else {
            return Ok((target, false));
        };
        if liquidity == 0 || is_full(dynamic) {
            return Ok((target, true));
        }
        let boundary = (self.index + i64::from(!self.down)) * i64::from(self.spacing);
        let edge = boundary.clamp(MIN_TICK.into(), MAX_TICK.into()) as i32;
        let edge = sqrt_price_from_tick(edge)?;
        Ok(if self.down {
            (target.max(edge), false)
        } else {
            (target.min(edge), false)
        })
    }

    /// Goes on to the next spacing. `tick` is the next tick if its price was reached, else that of the price.
    pub fn advance(&mut self, tick: i32, skipped: bool) {
        let Some(dynamic) = &self.dynamic else {
            return;
        };
        if skipped {
            let spacing = i32::from(self.spacing);
            let on_edge = !self.down && tick % spacing == 0;
            self.index = i64::from(tick.div_euclid(spacing)) - i64::from(on_edge);
            if !is_full(dynamic) {
                self.update();
            }
        }
        self.index += if self.down { -1 } else { 1 };
    }
}

fn is_full(dynamic: &ClmmDynamicFee) -> bool {
    dynamic.volatility_accumulator == dynamic.max_volatility_accumulator
}

/// Returns the volatility a swap begins with: as it is within the filter period, then reduced, then none.
fn update_references(
    dynamic: &ClmmDynamicFee,
    index: i32,
    now: i64,
) -> Result<ClmmDynamicFee, QuoteError> {
    let elapsed = i128::from(now) - i128::from(dynamic.last_update_timestamp);
    if elapsed < dynamic.filter_period.into() {
        return Ok(*dynamic);
    }
    let mut volatility_reference = 0;
    if elapsed < dynamic.decay_period.into() {
        let reduced =
            u64::from(dynamic.volatility_accumulator) * u64::from(dynamic.reduction_factor) / SCALE;
        volatility_reference = u32::try_from(reduced).map_err(|_| QuoteError::Overflow)?;
    }
    Ok(ClmmDynamicFee {
        index_reference: index,
        volatility_reference,
        last_update_timestamp: u64::try_from(now).map_err(|_| QuoteError::Overflow)?,
        ..*dynamic
    })
}
