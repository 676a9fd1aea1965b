//! Limit orders that rest on a tick: what a swap that gets there takes of them, at the tick's price.

use super::step::{Part, Terms, fee_of_gross, fee_on_net, gross_of_net};
use crate::venues::clmm::layout::ClmmOrders;
use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::wide::Wide;

/// Returns the orders after a swap of at most `amount` took of them, and what it moved.
///
/// # Errors
/// `Overflow`
pub(super) fn take(
    orders: &ClmmOrders,
    amount: u64,
    rate: u64,
    sqrt_price: u128,
    terms: Terms,
) -> Result<(ClmmOrders, Part), QuoteError> {
    let price = price(sqrt_price, !terms.zero_for_one)?;
    let held = to_u64(u128::from(orders.amount) + u128::from(orders.part_filled))?;
    let (paid, got, fee) = if terms.exact_in {
        exact_in(amount, held, rate, price, terms)?
    } else {
        exact_out(amount, held, rate, price, terms)?
    };
    let after = consume(orders, got)?;
    let part = if terms.fee_on_input {
        Part {
            amount_in: paid.checked_add(fee).ok_or(QuoteError::Overflow)?,
            amount_out: got,
            fee,
        }
    } else {
        let fee = fee_of_gross(got, rate);
        Part {
            amount_in: paid,
            amount_out: got - fee,
            fee,
        }
    };
    Ok((after, part))
}

/// Returns atoms of token 1 per atom of token 0 in Q64.64.
fn price(sqrt_price: u128, up: bool) -> Result<u128, QuoteError> {
    let Wide { high, low } = Wide::product(sqrt_price, sqrt_price);
    if high >> 64 != 0 {
        return Err(QuoteError::Overflow);
    }
    ((high << 64) | (low >> 64))
        .checked_add(u128::from(up && low as u64 != 0))
        .ok_or(QuoteError::Overflow)
}

/// Returns (paid without fee, taken of the orders, fee on the input).
fn exact_in(
    amount: u64,
    held: u64,
    rate: u64,
    price: u128,
    terms: Terms,
) -> Result<(u64, u64, u64), QuoteError> {
    let fee = if terms.fee_on_input {
        fee_of_gross(amount, rate)
    } else {
        0
    };
    let paid = amount - fee;
    let got = if terms.zero_for_one {
        times_price(paid, price).0
    } else {
        (u128::from(paid) << 64)
            .checked_div(price)
            .ok_or(QuoteError::Overflow)?
    };
    if let Ok(got) = u64::try_from(got)
        && got <= held
    {
        return Ok((paid, got, fee));
    }
    let paid = cost(held, price, terms)?;
    Ok((paid, held, fee_on_input(paid, rate, terms)?))
}

/// Returns (paid without fee, taken of the orders, fee on the input).
fn exact_out(
    amount: u64,
    held: u64,
    rate: u64,
    price: u128,
    terms: Terms,
) -> Result<(u64, u64, u64), QuoteError> {
    let mut got = amount.min(held);
    if !terms.fee_on_input {
        got = gross_of_net(got, rate)?.min(held);
    }
    let paid = cost(got, price, terms)?;
    Ok((paid, got, fee_on_input(paid, rate, terms)?))
}

fn fee_on_input(paid: u64, rate: u64, terms: Terms) -> Result<u64, QuoteError> {
    if terms.fee_on_input {
        fee_on_net(paid, rate)
    } else {
        Ok(0)
    }
}

/// Returns ⌊amount · price / 2^64⌋, and whether there is a rest.
fn times_price(amount: u64, price: u128) -> (u128, bool) {
    let Wide { high, low } = Wide::product(amount.into(), price);
    ((high << 64) | (low >> 64), low as u64 != 0)
}

/// Returns what buys `taken`, rounded up.
fn cost(taken: u64, price: u128, terms: Terms) -> Result<u64, QuoteError> {
    if terms.zero_for_one {
        if price == 0 {
            return Err(QuoteError::Overflow);
        }
        return to_u64((u128::from(taken) << 64).div_ceil(price));
    }
    let (floor, rest) = times_price(taken, price);
    to_u64(floor.checked_add(rest.into()).ok_or(QuoteError::Overflow)?)
}

/// Returns the orders without `taken`: begun ones first, then untouched ones, which are begun by it.
fn consume(orders: &ClmmOrders, taken: u64) -> Result<ClmmOrders, QuoteError> {
    let mut after = *orders;
    let begun = orders.part_filled.min(taken);
    if begun > 0 {
        after.part_filled = orders.part_filled - begun;
        let share = Wide::product(orders.unfilled_ratio, after.part_filled.into());
        let whole = Wide {
            high: 0,
            low: orders.part_filled.into(),
        };
        after.unfilled_ratio = share.two_digits(whole).ok_or(QuoteError::Overflow)?.0;
    }
    let opened = taken - begun;
    if opened > 0 {
        let left = orders.amount - opened;
        after = ClmmOrders {
            amount: 0,
            part_filled: left,
            phase: orders.phase.checked_add(1).ok_or(QuoteError::Overflow)?,
            unfilled_ratio: (u128::from(left) << 64) / u128::from(orders.amount),
        };
    }
    Ok(after)
}
