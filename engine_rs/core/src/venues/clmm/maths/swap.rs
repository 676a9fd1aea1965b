//! A CLMM swap: steps from tick to tick, and the limit orders on them, until the amount is used up.

use super::fee::ClmmFeeRate;
use super::orders::take;
use super::step::{PPM, Part, Terms, step};
use super::ticks::{ClmmStop, ClmmTicks};
use crate::venues::clmm::layout::{ClmmConfig, ClmmDynamicFee, ClmmOrders, ClmmPool};
use crate::venues::quote_error::QuoteError;
use crate::venues::raydium_price::{MAX_SQRT_PRICE, MIN_SQRT_PRICE, tick_from_sqrt_price};

/// A √price limit that isn't one.
pub const NO_LIMIT: u128 = 0;

/// What is asked of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// In, or out if not `exact_in`.
    pub amount: u64,
    pub exact_in: bool,
    pub zero_for_one: bool,
    /// A √price that is not passed, or `NO_LIMIT`.
    pub limit: u128,
    /// Unix seconds.
    pub now: i64,
}

/// What one swap moves. Amounts are atoms inside the vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClmmFill {
    /// Fee included, if it is on the input.
    pub amount_in: u64,
    /// Fee taken off, if it is on the output.
    pub amount_out: u64,
    pub fee: u64,
    pub fee_on_input: bool,
    /// Part of `fee`.
    pub protocol_fee: u64,
    /// Part of `fee`.
    pub fund_fee: u64,
    /// What was asked and not done, because the price limit came first.
    pub left: u64,
    /// After the swap.
    pub sqrt_price: u128,
    /// After the swap.
    pub tick: i32,
    /// After the swap.
    pub liquidity: u128,
    /// Of the token that pays the fee, after the swap.
    pub fee_growth: u128,
    /// After the swap.
    pub dynamic_fee: Option<ClmmDynamicFee>,
    pub ticks_crossed: u32,
    pub orders_matched: u32,
    pub steps: u32,
    /// The orders that the swap took of, after it, by tick.
    pub changed: Vec<(i32, ClmmOrders)>,
}

/// One swap under way. While it is `between` ticks, its tick is the last one it was at. Fee growth is followed only
/// for a swap whose state after it is wanted: it costs a 128-bit division a step.
struct Run<'a, const TRACK: bool> {
    config: &'a ClmmConfig,
    terms: Terms,
    rate: ClmmFeeRate,
    between: bool,
    done: ClmmFill,
}

impl<const TRACK: bool> Run<'_, TRACK> {
    /// Swaps `done.left` up to √price `limit`.
    fn walk(&mut self, ticks: &ClmmTicks, limit: u128) -> Result<(), QuoteError> {
        let down = self.terms.zero_for_one;
        let mut reach = ticks.reach(self.done.tick, down);
        while self.done.left > 0 && self.done.sqrt_price != limit {
            let stop = reach.next_stop(self.done.tick)?;
            let target = if down {
                stop.sqrt_price.max(limit)
            } else {
                stop.sqrt_price.min(limit)
            };
            loop {
                self.rate.update();
                let (bounded, skipped) = self.rate.bounded_target(target, self.done.liquidity)?;
                self.step(bounded)?;
                let reached = self.settle(stop, skipped)?;
                self.rate.advance(reached, skipped);
                if self.done.left == 0 || self.done.sqrt_price == target {
                    break;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, target: u128) -> Result<(), QuoteError> {
        let before = self.done.sqrt_price;
        let (end, part) = step(
            self.done.left,
            self.rate.rate(),
            self.done.liquidity,
            (before, target),
            self.terms,
        )?;
        self.done.sqrt_price = end;
        self.done.steps += 1;
        self.between |= end != before;
        self.add(part)
    }

    /// Takes of the orders at the stop and crosses it, if it is reached; returns the tick that the step got to.
    fn settle(&mut self, stop: &ClmmStop, skipped: bool) -> Result<i32, QuoteError> {
        if self.done.sqrt_price != stop.sqrt_price {
            let is_wanted = TRACK && skipped && self.between;
            return Ok(if is_wanted {
                tick_from_sqrt_price(self.done.sqrt_price)
            } else {
                self.done.tick
            });
        }
        self.between = false;
        let mut orders = stop.entry.orders;
        if !orders.is_empty() && self.done.left > 0 {
            let price = self.done.sqrt_price;
            let (after, part) = take(&orders, self.done.left, self.rate.rate(), price, self.terms)?;
            orders = after;
            self.done.orders_matched += 1;
            if TRACK {
                self.done.changed.push((stop.tick, orders));
            }
            self.add(part)?;
        }
        let passed = orders.is_empty();
        if passed && stop.entry.gross > 0 {
            self.cross(stop.entry.net)?;
        }
        self.done.tick = stop.tick - i32::from(passed == self.terms.zero_for_one);
        Ok(stop.tick)
    }

    fn add(&mut self, part: Part) -> Result<(), QuoteError> {
        let used = if self.terms.exact_in {
            part.amount_in
        } else {
            part.amount_out
        };
        let done = &mut self.done;
        done.left = done.left.checked_sub(used).ok_or(QuoteError::Overflow)?;
        let sum = |total: u64, part| total.checked_add(part).ok_or(QuoteError::Overflow);
        done.amount_in = sum(done.amount_in, part.amount_in)?;
        done.amount_out = sum(done.amount_out, part.amount_out)?;
        done.fee = sum(done.fee, part.fee)?;
        if TRACK {
            self.share(part.fee);
        }
        Ok(())
    }

    /// Shares a fee out. The parts are at most the fee: `swap` checked the rates.
    fn share(&mut self, fee: u64) {
        let of = |rate: u32| (u128::from(fee) * u128::from(rate) / u128::from(PPM)) as u64;
        let (protocol, fund) = (
            of(self.config.protocol_fee_rate),
            of(self.config.fund_fee_rate),
        );
        let makers = fee - protocol - fund;
        let done = &mut self.done;
        done.protocol_fee += protocol;
        done.fund_fee += fund;
        match (u128::from(makers) << 64).checked_div(done.liquidity) {
            Some(growth) => done.fee_growth = done.fee_growth.wrapping_add(growth),
            None => done.protocol_fee += makers,
        }
    }

    fn cross(&mut self, net: i128) -> Result<(), QuoteError> {
        let (liquidity, size) = (self.done.liquidity, net.unsigned_abs());
        let falls = self.terms.zero_for_one == (net >= 0);
        let after = if falls {
            liquidity.checked_sub(size)
        } else {
            liquidity.checked_add(size)
        };
        self.done.liquidity = after.ok_or(QuoteError::Overflow)?;
        self.done.ticks_crossed += 1;
        Ok(())
    }
}

/// Returns the swap as the program of 2026 does it; with a limit it may be partial. That of 2024 panics where the amount
/// to a step's target leaves u64, and takes any rest for a partial swap. Without `TRACK` the pool's tick, fee growth,
/// shares of the fee, dynamic fee and changed orders are not computed.
///
/// # Errors
/// `NotTradable`, `ZeroAmount`, `PriceLimit`, `MissingAccount` if a tick array isn't loaded, `Liquidity` if the ticks
/// or, without a limit, the prices run out, `ZeroOutput` if nothing would go in or out, `Overflow`.
pub fn swap<const TRACK: bool>(
    pool: &ClmmPool,
    config: &ClmmConfig,
    ticks: &ClmmTicks,
    ask: &Ask,
) -> Result<ClmmFill, QuoteError> {
    if !pool.is_open(ask.now) {
        return Err(QuoteError::NotTradable);
    }
    if ask.amount == 0 {
        return Err(QuoteError::ZeroAmount);
    }
    let shares = u64::from(config.protocol_fee_rate) + u64::from(config.fund_fee_rate);
    if u64::from(config.trade_fee_rate) >= PPM || shares > PPM {
        return Err(QuoteError::Overflow);
    }
    let bound = check_limit(pool.sqrt_price, ask)?;
    let mut run = Run::<TRACK> {
        config,
        terms: Terms {
            exact_in: ask.exact_in,
            zero_for_one: ask.zero_for_one,
            fee_on_input: pool.fee_on_input(ask.zero_for_one),
        },
        rate: ClmmFeeRate::new(
            config.trade_fee_rate,
            pool.dynamic_fee.as_ref(),
            (pool.tick, ticks.tick_spacing()),
            ask.now,
            ask.zero_for_one,
        )?,
        between: false,
        done: begin(pool, ask),
    };
    run.walk(ticks, bound)?;
    if TRACK {
        if run.between {
            run.done.tick = tick_from_sqrt_price(run.done.sqrt_price);
        }
        run.done.dynamic_fee = run.rate.dynamic();
    }
    let done = run.done;
    if done.left > 0 && ask.limit == NO_LIMIT {
        return Err(QuoteError::Liquidity);
    }
    if done.amount_in == 0 || done.amount_out == 0 {
        return Err(QuoteError::ZeroOutput);
    }
    Ok(done)
}

fn begin(pool: &ClmmPool, ask: &Ask) -> ClmmFill {
    let fee_on_input = pool.fee_on_input(ask.zero_for_one);
    let [growth_0, growth_1] = pool.fee_growths;
    ClmmFill {
        amount_in: 0,
        amount_out: 0,
        fee: 0,
        fee_on_input,
        protocol_fee: 0,
        fund_fee: 0,
        left: ask.amount,
        sqrt_price: pool.sqrt_price,
        tick: pool.tick,
        liquidity: pool.liquidity,
        fee_growth: if fee_on_input == ask.zero_for_one {
            growth_0
        } else {
            growth_1
        },
        dynamic_fee: pool.dynamic_fee,
        ticks_crossed: 0,
        orders_matched: 0,
        steps: 0,
        changed: Vec::new(),
    }
}

fn check_limit(sqrt_price: u128, ask: &Ask) -> Result<u128, QuoteError> {
    let limit = match (ask.limit, ask.zero_for_one) {
        (NO_LIMIT, true) => MIN_SQRT_PRICE + 1,
        (NO_LIMIT, false) => MAX_SQRT_PRICE - 1,
        (limit, _) => limit,
    };
    let is_ahead = if ask.zero_for_one {
        MIN_SQRT_PRICE < limit && limit < sqrt_price
    } else {
        sqrt_price < limit && limit < MAX_SQRT_PRICE
    };
    if is_ahead {
        Ok(limit)
    } else {
        Err(QuoteError::PriceLimit)
    }
}
