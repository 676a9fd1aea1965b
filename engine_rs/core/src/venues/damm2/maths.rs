//! Meteora DAMM v2: one price range of constant liquidity, with fees that fall by schedule and rise with volatility.
//!
//! With √price s in Q64.64 and liquidity L scaled by 2^128 in all: Δa = L·(hi − lo) / (lo·hi), Δb = L·(hi − lo) / 2^128.
//! Amounts are atoms inside the vaults, that is after the transfer fee of the token in and before that of the token out;
//! fees are 10⁻⁹. Fees that stay and those that fall by time in equal steps are proved by the program; exponential ones,
//! the rate limiter and fees by price by their formulas only.

use super::fee::{
    Charged, Taken, fee_on_gross, fee_on_net, fee_rate, volatility_after, with_references,
};
use crate::venues::damm2::layout::DammV2Pool;
use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::wide::Wide;

/// What the amount of a swap means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapMode {
    ExactIn,
    /// In, but what the price range can't take is left.
    PartialIn,
    ExactOut,
}

/// What one swap moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DammV2Fill {
    /// Fee included, if it is charged on the input.
    pub amount_in: u64,
    /// After the fee, if it is charged on the output.
    pub amount_out: u64,
    /// In atoms of the token in if `fee_on_input`, else of the token out.
    pub fee: u64,
    /// Part of `fee`.
    pub protocol_fee: u64,
    pub fee_on_input: bool,
    /// What was not taken of a partial input, before its fee.
    pub left: u64,
    /// After the swap.
    pub pool: DammV2Pool,
}

/// What the curve takes and pays on its way to `sqrt_price`.
struct Moved {
    amount_in: u64,
    amount_out: u64,
    sqrt_price: u128,
}

/// What is charged beside the curve.
struct Charge {
    fee: u64,
    on_input: bool,
    left: u64,
}

/// Returns the swap of `amount` at `slot` and `now` (Unix seconds).
///
/// # Errors
/// `NotTradable` where it is off or before its activation, `InvalidTime` before its last update, `Liquidity` where the
/// price would leave its range or the pool lacks the tokens.
pub fn swap(
    pool: &DammV2Pool,
    mode: SwapMode,
    amount: u64,
    a_to_b: bool,
    slot: u64,
    now: i64,
) -> Result<DammV2Fill, QuoteError> {
    check_open(pool, slot, now)?;
    if amount == 0 {
        return Err(QuoteError::ZeroAmount);
    }
    let order = Order {
        pool: &at(pool, now)?,
        a_to_b,
        on_input: pool.collect_fee_mode == 1 && !a_to_b,
        point: point(pool, slot, now)?,
    };
    let (moved, charged) = if mode == SwapMode::ExactOut {
        order.exact_out(amount)?
    } else {
        order.exact_in(amount, mode == SwapMode::PartialIn)?
    };
    done(order.pool.clone(), &moved, &charged, a_to_b, seconds(now)?)
}

/// Returns the fee of the first atom of a swap at `slot` and `now` (Unix seconds), in 10⁻⁹.
///
/// # Errors
/// As `swap`.
pub fn fee_rate_at(
    pool: &DammV2Pool,
    a_to_b: bool,
    slot: u64,
    now: i64,
) -> Result<u64, QuoteError> {
    check_open(pool, slot, now)?;
    let taken = Taken {
        point: point(pool, slot, now)?,
        a_to_b,
        amount: Charged::Gross(1),
    };
    fee_rate(&at(pool, now)?, taken)
}

fn check_open(pool: &DammV2Pool, slot: u64, now: i64) -> Result<(), QuoteError> {
    let point = point(pool, slot, now)?;
    if pool.is_disabled || point < pool.activation_point {
        return Err(QuoteError::NotTradable);
    }
    Ok(())
}

/// Returns the pool as a swap finds it.
fn at(pool: &DammV2Pool, now: i64) -> Result<DammV2Pool, QuoteError> {
    if pool.liquidity == 0 {
        return Err(QuoteError::EmptyPool);
    }
    with_references(pool, seconds(now)?)
}

fn seconds(now: i64) -> Result<u64, QuoteError> {
    u64::try_from(now).map_err(|_| QuoteError::InvalidTime)
}

fn point(pool: &DammV2Pool, slot: u64, now: i64) -> Result<u64, QuoteError> {
    let now = seconds(now)?;
    Ok(if pool.activation_by_time { now } else { slot })
}

/// A swap on its way.
struct Order<'a> {
    pool: &'a DammV2Pool,
    a_to_b: bool,
    on_input: bool,
    point: u64,
}

impl Order<'_> {
    fn rate(&self, amount: Charged) -> Result<u64, QuoteError> {
        let taken = Taken {
            point: self.point,
            a_to_b: self.a_to_b,
            amount,
        };
        fee_rate(self.pool, taken)
    }

    fn exact_out(&self, amount: u64) -> Result<(Moved, Charge), QuoteError> {
        let fee_of = |net| fee_on_net(net, self.rate(Charged::Net(net))?);
        let on_output = if self.on_input { 0 } else { fee_of(amount)? };
        let gross = amount.checked_add(on_output).ok_or(QuoteError::Overflow)?;
        let moved = curve_out(self.pool, gross, self.a_to_b)?;
        let fee = if self.on_input {
            fee_of(moved.amount_in)?
        } else {
            on_output
        };
        let charged = Charge {
            fee,
            on_input: self.on_input,
            left: 0,
        };
        Ok((moved, charged))
    }

    fn exact_in(&self, amount: u64, partial: bool) -> Result<(Moved, Charge), QuoteError> {
        let rate = self.rate(Charged::Gross(amount))?;
        let mut fee = if self.on_input {
            fee_on_gross(amount, rate)?
        } else {
            0
        };
        let kept = amount.checked_sub(fee).ok_or(QuoteError::Overflow)?;
        let moved = curve_in(self.pool, kept, self.a_to_b, partial)?;
        let left = kept
            .checked_sub(moved.amount_in)
            .ok_or(QuoteError::Overflow)?;
        if !self.on_input {
            fee = fee_on_gross(moved.amount_out, rate)?;
        } else if left > 0 {
            fee = fee_on_net(moved.amount_in, self.rate(Charged::Net(moved.amount_in))?)?;
        }
        let charged = Charge {
            fee,
            on_input: self.on_input,
            left,
        };
        Ok((moved, charged))
    }
}

/// Returns the atoms of token A between two √prices, `None` from 2^128 on.
pub fn delta_a(low: u128, high: u128, liquidity: u128, up: bool) -> Option<u128> {
    let den = Wide::product(low, high);
    if den == Wide::ZERO {
        return None;
    }
    let num = Wide::product(liquidity, high.checked_sub(low)?);
    let (floor, rest) = num.two_digits(den)?;
    floor.checked_add((up && rest).into())
}

/// Returns the atoms of token B between two √prices, `None` if they are the wrong way round.
pub fn delta_b(low: u128, high: u128, liquidity: u128, up: bool) -> Option<u128> {
    let Wide {
        high: floor,
        low: rest,
    } = Wide::product(liquidity, high.checked_sub(low)?);
    floor.checked_add((up && rest != 0).into())
}

fn curve_in(
    pool: &DammV2Pool,
    amount: u64,
    a_to_b: bool,
    partial: bool,
) -> Result<Moved, QuoteError> {
    let (start, liquidity) = (pool.sqrt_price, pool.liquidity);
    let end = if partial {
        to_the_end(pool, a_to_b)
    } else {
        None
    };
    if let Some((most, end)) = end.filter(|&(most, _)| amount >= most) {
        return moved_in(pool, most, end, a_to_b);
    }
    let end = if a_to_b {
        let den = Wide::product(start, amount.into()).checked_add(whole(liquidity));
        ceil(Wide::product(liquidity, start), den)
    } else {
        let added = Wide {
            high: amount.into(),
            low: 0,
        };
        let added = added.two_digits(whole(liquidity));
        added.and_then(|(added, _)| start.checked_add(added))
    };
    moved_in(pool, amount, in_range(pool, end)?, a_to_b)
}

/// Returns what takes the price to the end of its range, and that end; `None` if it is more than any amount.
fn to_the_end(pool: &DammV2Pool, a_to_b: bool) -> Option<(u64, u128)> {
    let (start, liquidity) = (pool.sqrt_price, pool.liquidity);
    let (most, end) = if a_to_b {
        let end = pool.min_sqrt_price;
        (delta_a(end, start, liquidity, true), end)
    } else {
        let end = pool.max_sqrt_price;
        (delta_b(start, end, liquidity, true), end)
    };
    Some((u64::try_from(most?).ok()?, end))
}

fn moved_in(pool: &DammV2Pool, amount: u64, end: u128, a_to_b: bool) -> Result<Moved, QuoteError> {
    let (start, liquidity) = (pool.sqrt_price, pool.liquidity);
    let paid = if a_to_b {
        delta_b(end, start, liquidity, false)
    } else {
        delta_a(start, end, liquidity, false)
    };
    Ok(Moved {
        amount_in: amount,
        amount_out: to_u64(paid.ok_or(QuoteError::Overflow)?)?,
        sqrt_price: end,
    })
}

fn curve_out(pool: &DammV2Pool, amount: u64, a_to_b: bool) -> Result<Moved, QuoteError> {
    let (start, liquidity) = (pool.sqrt_price, pool.liquidity);
    let (end, taken) = if a_to_b {
        let gone = Wide {
            high: amount.into(),
            low: 0,
        };
        let end = ceil(gone, Some(whole(liquidity))).and_then(|gone| start.checked_sub(gone));
        let end = in_range(pool, end)?;
        (end, delta_a(end, start, liquidity, true))
    } else {
        let gone = Wide::product(start, amount.into());
        let den = whole(liquidity).checked_sub(gone);
        let end = in_range(pool, ceil(Wide::product(liquidity, start), den))?;
        (end, delta_b(start, end, liquidity, true))
    };
    Ok(Moved {
        amount_in: to_u64(taken.ok_or(QuoteError::Overflow)?)?,
        amount_out: amount,
        sqrt_price: end,
    })
}

fn whole(value: u128) -> Wide {
    Wide {
        high: 0,
        low: value,
    }
}

/// Returns ⌈num / den⌉, `None` without a positive `den` or from 2^128 on.
fn ceil(num: Wide, den: Option<Wide>) -> Option<u128> {
    let (floor, rest) = num.two_digits(den.filter(|&den| den != Wide::ZERO)?)?;
    floor.checked_add(rest.into())
}

fn in_range(pool: &DammV2Pool, sqrt_price: Option<u128>) -> Result<u128, QuoteError> {
    let range = pool.min_sqrt_price..=pool.max_sqrt_price;
    sqrt_price
        .filter(|price| range.contains(price))
        .ok_or(QuoteError::Liquidity)
}

fn done(
    mut pool: DammV2Pool,
    moved: &Moved,
    charged: &Charge,
    a_to_b: bool,
    now: u64,
) -> Result<DammV2Fill, QuoteError> {
    let (fee, on_input) = (charged.fee, charged.on_input);
    let protocol_fee = to_u64(u128::from(fee) * u128::from(pool.protocol_fee_percent) / 100)?;
    if protocol_fee > fee {
        return Err(QuoteError::Overflow);
    }
    let owed = &mut pool.protocol_fees[usize::from(a_to_b != on_input)];
    *owed = owed.checked_add(protocol_fee).ok_or(QuoteError::Overflow)?;
    if let Some(amounts) = &mut pool.token_amounts {
        move_amounts(amounts, moved, a_to_b)?;
    }
    if let Some(dynamic) = &mut pool.dynamic_fee {
        *dynamic = volatility_after(dynamic, pool.sqrt_price, moved.sqrt_price, now)?;
    }
    pool.sqrt_price = moved.sqrt_price;
    let (on_in, on_out) = if on_input { (fee, 0) } else { (0, fee) };
    let amount_in = moved.amount_in.checked_add(on_in);
    let amount_out = moved.amount_out.checked_sub(on_out);
    Ok(DammV2Fill {
        amount_in: amount_in.ok_or(QuoteError::Overflow)?,
        amount_out: amount_out.ok_or(QuoteError::Overflow)?,
        fee,
        protocol_fee,
        fee_on_input: on_input,
        left: charged.left,
        pool,
    })
}

/// Fees leave what the pool may pay at once: they are owed to positions and the protocol.
fn move_amounts(amounts: &mut [u64; 2], moved: &Moved, a_to_b: bool) -> Result<(), QuoteError> {
    let (side, other) = if a_to_b { (0, 1) } else { (1, 0) };
    let paid = amounts[other].checked_sub(moved.amount_out);
    amounts[other] = paid.ok_or(QuoteError::Liquidity)?;
    let held = amounts[side].checked_add(moved.amount_in);
    amounts[side] = held.ok_or(QuoteError::Overflow)?;
    Ok(())
}
