//! One step of a CLMM swap inside a range of constant liquidity, and the fees of both sides.

use ruint::Uint;

use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::sqrt_price::{Delta, moved_by_a, next_from_b};
use crate::venues::wide::Wide;

type U512 = Uint<512, 8>;

/// What a fee rate is a share of.
pub(super) const PPM: u64 = 1_000_000;

/// What holds for a whole swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) exact_in: bool,
    pub(super) zero_for_one: bool,
    pub(super) fee_on_input: bool,
}

/// What one step or one tick's orders move. Amounts are what the trader pays and gets, inside the vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Fee included, if it is on the input.
    pub(super) amount_in: u64,
    /// Fee taken off, if it is on the output.
    pub(super) amount_out: u64,
    pub(super) fee: u64,
}

/// Returns the fee inside `amount`, rounded up. `rate` is below `PPM`.
pub(super) fn fee_of_gross(amount: u64, rate: u64) -> u64 {
    (u128::from(amount) * u128::from(rate)).div_ceil(PPM.into()) as u64
}

/// Returns the fee to add to `amount`, rounded up. `rate` is below `PPM`.
///
/// # Errors
/// `Overflow`
pub(super) fn fee_on_net(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    to_u64((u128::from(amount) * u128::from(rate)).div_ceil((PPM - rate).into()))
}

/// Returns what is `amount` without its fee, rounded up. `rate` is below `PPM`.
///
/// # Errors
/// `Overflow`
pub(super) fn gross_of_net(amount: u64, rate: u64) -> Result<u64, QuoteError> {
    to_u64((u128::from(amount) * u128::from(PPM)).div_ceil((PPM - rate).into()))
}

/// Returns √price after the step from `start` towards `target` that uses at most `amount`, and what it moves.
///
/// # Errors
/// `Overflow`
#[inline]
pub(super) fn step(
    amount: u64,
    rate: u64,
    liquidity: u128,
    (start, target): (u128, u128),
    terms: Terms,
) -> Result<(u128, Part), QuoteError> {
    let (end, paid, mut got) = walk(amount, rate, liquidity, (start, target), terms)?;
    let used_up = terms.exact_in && end != target;
    if terms.fee_on_input {
        if !terms.exact_in {
            got = got.min(amount);
        }
        let fee = if used_up {
            amount.checked_sub(paid).ok_or(QuoteError::Overflow)?
        } else {
            fee_on_net(paid, rate)?
        };
        let part = Part {
            amount_in: paid.checked_add(fee).ok_or(QuoteError::Overflow)?,
            amount_out: got,
            fee,
        };
        return Ok((end, part));
    }
    let mut fee = fee_of_gross(got, rate);
    if !terms.exact_in && got - fee > amount {
        fee = got - amount;
    }
    let part = Part {
        amount_in: if used_up { amount } else { paid },
        amount_out: got - fee,
        fee,
    };
    Ok((end, part))
}

/// Returns where the step ends, and the atoms in, rounded up, and out, rounded down, without fees: at the target if the
/// amount reaches it and both amounts there are u64.
fn walk(
    amount: u64,
    rate: u64,
    liquidity: u128,
    (start, target): (u128, u128),
    terms: Terms,
) -> Result<(u128, u64, u64), QuoteError> {
    let Terms {
        exact_in,
        zero_for_one,
        fee_on_input,
    } = terms;
    let usable = match (exact_in, fee_on_input) {
        (true, true) => keep(amount, rate),
        (false, false) => gross_of_net(amount, rate)?,
        _ => amount,
    };
    let fixed_is_0 = exact_in == zero_for_one;
    if let Some(fixed) = delta(fixed_is_0, start, target, liquidity)
        && fixed.is_at_most(usable, exact_in)
        && let Some(amounts) = amounts(start, target, liquidity, terms)
    {
        return Ok((target, amounts.0, amounts.1));
    }
    let end = if fixed_is_0 {
        next_from_0(start, liquidity, usable, exact_in)?
    } else {
        next_from_b(start, liquidity, usable, exact_in)?
    };
    let (paid, got) = amounts(start, end, liquidity, terms).ok_or(QuoteError::Overflow)?;
    Ok((end, paid, got))
}

/// Returns ⌊amount · (10⁶ − rate) / 10⁶⌋.
fn keep(amount: u64, rate: u64) -> u64 {
    (u128::from(amount) * u128::from(PPM - rate) / u128::from(PPM)) as u64
}

/// Returns the atoms in, rounded up, and out, rounded down; `None` if one is beyond a u64.
fn amounts(start: u128, end: u128, liquidity: u128, terms: Terms) -> Option<(u64, u64)> {
    let paid = delta(terms.zero_for_one, start, end, liquidity)?.atoms(true)?;
    let got = delta(!terms.zero_for_one, start, end, liquidity)?.atoms(false)?;
    Some((paid, got))
}

/// Returns the delta of a token. Where a numerator leaves 256 bits, the quotient is beyond a u64, as the denominator is
/// below 2^192: `None`.
fn delta(is_0: bool, start: u128, end: u128, liquidity: u128) -> Option<Delta> {
    if is_0 {
        Delta::a(start, end, liquidity).ok()
    } else {
        Some(Delta::b(start, end, liquidity))
    }
}

/// Returns the price after `amount` of token 0 moves.
///
/// # Errors
/// `Overflow` without the liquidity for it.
fn next_from_0(
    sqrt_price: u128,
    liquidity: u128,
    amount: u64,
    exact_in: bool,
) -> Result<u128, QuoteError> {
    if let Some(num) = Wide::product(liquidity, sqrt_price).shifted() {
        return moved_by_a(num, sqrt_price, liquidity, amount, exact_in);
    }
    // The program's numerator has 512 bits.
    let base: U512 = U512::from(liquidity) << 64;
    let moved: U512 = U512::from(sqrt_price) * U512::from(amount);
    let den = if exact_in {
        base.checked_add(moved)
    } else {
        base.checked_sub(moved)
    };
    let den = den
        .filter(|den| !den.is_zero())
        .ok_or(QuoteError::Overflow)?;
    let price = (base * U512::from(sqrt_price)).div_ceil(den);
    u128::try_from(price).map_err(|_| QuoteError::Overflow)
}
