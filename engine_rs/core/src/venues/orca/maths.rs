//! A Whirlpool swap: steps from tick to tick until the amount is used up.

use crate::venues::adaptive_fee::{FEE_RATE_DENOMINATOR, FeeRate};
use crate::venues::orca::layout::{AdaptiveFeeVariables, Oracle, Whirlpool};
use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::sqrt_price::{
    Delta, MAX_SQRT_PRICE, MIN_SQRT_PRICE, next_sqrt_price, tick_from_sqrt_price,
};
use crate::venues::tick_array_manager::Ticks;

const BASIS_POINTS: u16 = 10_000;
/// A √price limit that isn't one.
pub const NO_LIMIT: u128 = 0;

/// The part of a Whirlpool that a swap reads and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curve {
    pub sqrt_price: u128,
    pub tick: i32,
    pub liquidity: u128,
    pub fee_rate: u16,
    pub protocol_fee_rate: u16,
    pub fee_growth_a: u128,
    pub fee_growth_b: u128,
}

impl Curve {
    /// Returns the curve of a decoded pool.
    pub fn of(pool: &Whirlpool) -> Self {
        Self {
            sqrt_price: pool.sqrt_price,
            tick: pool.tick,
            liquidity: pool.liquidity,
            fee_rate: pool.fee_rate,
            protocol_fee_rate: pool.protocol_fee_rate,
            fee_growth_a: pool.fee_growth_a,
            fee_growth_b: pool.fee_growth_b,
        }
    }
}

/// What is asked of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// In, or out if not `exact_in`.
    pub amount: u64,
    pub exact_in: bool,
    pub a_to_b: bool,
    /// A √price that is not passed, or `NO_LIMIT`.
    pub limit: u128,
    /// Unix seconds.
    pub now: i64,
}

/// What one swap moves. Amounts are atoms inside the vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhirlpoolFill {
    /// Fee included.
    pub amount_in: u64,
    pub amount_out: u64,
    pub fee: u64,
    /// Part of `fee`.
    pub protocol_fee: u64,
    /// What was asked and not done, because the price limit or the end of the price range came first.
    pub left: u64,
    /// After the swap.
    pub curve: Curve,
    /// After the swap, of a pool with adaptive fees.
    pub variables: Option<AdaptiveFeeVariables>,
    pub ticks_crossed: u32,
    pub steps: u32,
}

/// One step inside a range of constant liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub amount_in: u64,
    pub amount_out: u64,
    pub sqrt_price: u128,
    pub fee: u64,
}

/// Returns the step from √price `start` towards `target` that uses at most `amount`.
///
/// # Errors
/// `Overflow`, where the program's integers do.
#[inline]
pub fn step(
    amount: u64,
    rate: u64,
    liquidity: u128,
    (start, target): (u128, u128),
    exact_in: bool,
    a_to_b: bool,
) -> Result<Step, QuoteError> {
    let fixed_is_a = exact_in == a_to_b;
    let delta = |is_a, end| {
        if is_a {
            Delta::a(start, end, liquidity)
        } else {
            Ok(Delta::b(start, end, liquidity))
        }
    };
    let usable = if exact_in { keep(amount, rate) } else { amount };
    let whole = delta(fixed_is_a, target)?;
    let end = if whole.is_at_most(usable, exact_in) {
        target
    } else {
        next_sqrt_price(start, liquidity, usable, exact_in, a_to_b)?
    };
    let reached = end == target;
    let other = delta(!fixed_is_a, end)?
        .atoms(!exact_in)
        .ok_or(QuoteError::Overflow)?;
    let moved = if reached {
        whole
    } else {
        delta(fixed_is_a, end)?
    };
    let fixed = moved.atoms(exact_in).ok_or(QuoteError::Overflow)?;
    let (amount_in, amount_out) = if exact_in {
        (fixed, other)
    } else {
        (other, fixed.min(amount))
    };
    let fee = if exact_in && !reached {
        amount.checked_sub(amount_in).ok_or(QuoteError::Overflow)?
    } else {
        fee_on_net(amount_in, rate)?
    };
    Ok(Step {
        amount_in,
        amount_out,
        sqrt_price: end,
        fee,
    })
}

/// Returns ⌊amount · (10⁶ − rate) / 10⁶⌋.
fn keep(amount: u64, rate: u64) -> u64 {
    let kept = FEE_RATE_DENOMINATOR - rate;
    amount / FEE_RATE_DENOMINATOR * kept
        + amount % FEE_RATE_DENOMINATOR * kept / FEE_RATE_DENOMINATOR
}

/// Returns ⌈amount · rate / (10⁶ − rate)⌉.
fn fee_on_net(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    let kept = FEE_RATE_DENOMINATOR - rate;
    let whole = (amount / kept)
        .checked_mul(rate)
        .ok_or(QuoteError::Overflow)?;
    whole
        .checked_add((amount % kept * rate).div_ceil(kept))
        .ok_or(QuoteError::Overflow)
}

/// One swap under way. While it is `between` ticks, its tick is the last one it was at. Fee growth is followed only
/// for a swap whose state after it is wanted: it costs a 128-bit division a step.
struct Run<const TRACK: bool> {
    ask: Ask,
    curve: Curve,
    rate: FeeRate,
    between: bool,
    amount_in: u64,
    amount_out: u64,
    fee: u64,
    protocol_fee: u64,
    ticks_crossed: u32,
    steps: u32,
}

impl<const TRACK: bool> Run<TRACK> {
    /// Swaps up to √price `limit`; returns what is left of the amount.
    fn walk(&mut self, ticks: &Ticks, limit: u128) -> Result<u64, QuoteError> {
        let a_to_b = self.ask.a_to_b;
        let mut amount = self.ask.amount;
        let mut reach = ticks.reach(self.curve.tick, a_to_b)?;
        while amount > 0 && self.curve.sqrt_price != limit {
            let stop = reach.next_stop(self.curve.tick)?;
            let target = if a_to_b {
                stop.sqrt_price.max(limit)
            } else {
                stop.sqrt_price.min(limit)
            };
            loop {
                self.rate.update();
                let (bounded, skipped) = self.rate.bounded_target(target, self.curve.liquidity)?;
                let before = self.curve.sqrt_price;
                amount = self.step(amount, bounded)?;
                let arrived = self.curve.sqrt_price == stop.sqrt_price;
                self.between = !arrived && (self.between || self.curve.sqrt_price != before);
                if arrived {
                    if stop.is_wall {
                        return Err(QuoteError::Liquidity);
                    }
                    if let Some(net) = stop.net {
                        self.cross(net)?;
                    }
                    self.curve.tick = if a_to_b { stop.tick - 1 } else { stop.tick };
                }
                self.rate
                    .advance(self.curve.sqrt_price, arrived.then_some(stop.tick), skipped);
                if amount == 0 || self.curve.sqrt_price == target {
                    break;
                }
            }
        }
        Ok(amount)
    }

    fn step(&mut self, amount: u64, target: u128) -> Result<u64, QuoteError> {
        let Ask {
            exact_in, a_to_b, ..
        } = self.ask;
        let prices = (self.curve.sqrt_price, target);
        let done = step(
            amount,
            self.rate.rate(),
            self.curve.liquidity,
            prices,
            exact_in,
            a_to_b,
        )?;
        let gross = done
            .amount_in
            .checked_add(done.fee)
            .ok_or(QuoteError::Overflow)?;
        let used = if exact_in { gross } else { done.amount_out };
        let left = amount.checked_sub(used).ok_or(QuoteError::Overflow)?;
        self.amount_in = self
            .amount_in
            .checked_add(gross)
            .ok_or(QuoteError::Overflow)?;
        self.amount_out = self
            .amount_out
            .checked_add(done.amount_out)
            .ok_or(QuoteError::Overflow)?;
        self.fee += done.fee;
        self.steps += 1;
        if TRACK {
            self.grow(done.fee)?;
        }
        self.curve.sqrt_price = done.sqrt_price;
        Ok(left)
    }

    fn grow(&mut self, fee: u64) -> Result<(), QuoteError> {
        let share =
            u128::from(fee) * u128::from(self.curve.protocol_fee_rate) / u128::from(BASIS_POINTS);
        let protocol = to_u64(share)?;
        self.protocol_fee += protocol;
        if let Some(growth) = (u128::from(fee - protocol) << 64).checked_div(self.curve.liquidity) {
            let side = if self.ask.a_to_b {
                &mut self.curve.fee_growth_a
            } else {
                &mut self.curve.fee_growth_b
            };
            *side = side.wrapping_add(growth);
        }
        Ok(())
    }

    fn cross(&mut self, net: i128) -> Result<(), QuoteError> {
        let (liquidity, size) = (self.curve.liquidity, net.unsigned_abs());
        let down = self.ask.a_to_b == (net >= 0);
        let after = if down {
            liquidity.checked_sub(size)
        } else {
            liquidity.checked_add(size)
        };
        self.curve.liquidity = after.ok_or(QuoteError::Overflow)?;
        self.ticks_crossed += 1;
        Ok(())
    }
}

/// Returns the swap, as the program does it. With a limit, or when the input exhausts all prices, it may be partial.
/// Without `TRACK` the curve's tick, fee growths, the protocol fee and the fee variables are left as they were.
///
/// # Errors
/// `QuoteError`, where the program fails or a tick array is missing.
pub fn swap<const TRACK: bool>(
    curve: &Curve,
    ticks: &Ticks,
    oracle: Option<&Oracle>,
    ask: &Ask,
) -> Result<WhirlpoolFill, QuoteError> {
    if oracle.is_some_and(|oracle| i128::from(oracle.trade_enable_timestamp) > i128::from(ask.now))
    {
        return Err(QuoteError::NotTradable);
    }
    let bound = check_limit(curve.sqrt_price, ask)?;
    if ask.amount == 0 {
        return Err(QuoteError::ZeroAmount);
    }
    if curve.protocol_fee_rate > BASIS_POINTS {
        return Err(QuoteError::Overflow);
    }
    let adaptive = oracle.map(|oracle| (&oracle.constants, &oracle.variables));
    let rate = FeeRate::new(curve.fee_rate, adaptive, curve.tick, ask.now, ask.a_to_b)?;
    let mut run = Run::<TRACK> {
        ask: *ask,
        curve: *curve,
        rate,
        between: false,
        amount_in: 0,
        amount_out: 0,
        fee: 0,
        protocol_fee: 0,
        ticks_crossed: 0,
        steps: 0,
    };
    let left = run.walk(ticks, bound)?;
    if left > 0 && !ask.exact_in && ask.limit == NO_LIMIT {
        return Err(QuoteError::Liquidity);
    }
    let mut variables = None;
    if TRACK {
        variables = run
            .rate
            .finish(curve.sqrt_price, run.curve.sqrt_price, ask.now)?;
        if run.between {
            run.curve.tick = tick_from_sqrt_price(run.curve.sqrt_price);
        }
    }
    Ok(WhirlpoolFill {
        amount_in: run.amount_in,
        amount_out: run.amount_out,
        fee: run.fee,
        protocol_fee: run.protocol_fee,
        left,
        curve: run.curve,
        variables,
        ticks_crossed: run.ticks_crossed,
        steps: run.steps,
    })
}

fn check_limit(sqrt_price: u128, ask: &Ask) -> Result<u128, QuoteError> {
    let bound = match (ask.limit, ask.a_to_b) {
        (NO_LIMIT, true) => MIN_SQRT_PRICE,
        (NO_LIMIT, false) => MAX_SQRT_PRICE,
        (limit, _) => limit,
    };
    let behind = if ask.a_to_b {
        bound >= sqrt_price
    } else {
        bound <= sqrt_price
    };
    if behind || !(MIN_SQRT_PRICE..=MAX_SQRT_PRICE).contains(&bound) {
        return Err(QuoteError::PriceLimit);
    }
    Ok(bound)
}
