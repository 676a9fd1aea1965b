//! Prices of bins, and what an amount is worth at one.

use crate::venues::quote_error::{QuoteError, to_u64};
use crate::venues::wide::Wide;

const ONE: u128 = 1 << 64;
const BASIS_POINTS: u128 = 10_000;
const MAX_EXPONENT: u32 = 1 << 19;

/// Returns the price of a bin, Q64.64 atoms of Y per atom of X: `(1 + bin_step / 10⁴)^bin_id` as the program rounds.
///
/// # Errors
/// `Overflow` where it leaves 128 bits or a bin id its range.
///
/// ```
/// use cambist_core::venues::dlmm::maths::price::bin_price;
/// assert_eq!(bin_price(-1, 10), Ok(18_428_315_757_951_600_016));
/// ```
pub fn bin_price(bin_id: i32, bin_step: u16) -> Result<u128, QuoteError> {
    let mut power = bin_id.unsigned_abs();
    if power >= MAX_EXPONENT {
        return Err(QuoteError::Overflow);
    }
    if power == 0 {
        return Ok(ONE);
    }
    // The base is at least 1; its inverse keeps every square within 128 bits.
    let mut base = u128::MAX / (ONE + (u128::from(bin_step) << 64) / BASIS_POINTS);
    let mut result = ONE;
    while power > 0 {
        if power & 1 == 1 {
            result = multiply(result, base)?;
        }
        base = multiply(base, base)?;
        power >>= 1;
    }
    if result == 0 {
        return Err(QuoteError::Overflow);
    }
    Ok(if bin_id > 0 {
        u128::MAX / result
    } else {
        result
    })
}

fn multiply(a: u128, b: u128) -> Result<u128, QuoteError> {
    a.checked_mul(b)
        .map(|product| product >> 64)
        .ok_or(QuoteError::Overflow)
}

/// Returns what `amount_in` buys at `price`, rounded down.
///
/// # Errors
/// `Overflow`
pub(super) fn amount_out(amount_in: u64, price: u128, x_to_y: bool) -> Result<u64, QuoteError> {
    if x_to_y {
        return Ok(scaled(price, amount_in)?.0);
    }
    let whole = (u128::from(amount_in) << 64).checked_div(price);
    to_u64(whole.ok_or(QuoteError::Overflow)?)
}

/// Returns what buys `amount_out` at `price`, rounded up.
///
/// # Errors
/// `Overflow`
pub(super) fn amount_in(amount_out: u64, price: u128, x_to_y: bool) -> Result<u64, QuoteError> {
    if !x_to_y {
        let (whole, rest) = scaled(price, amount_out)?;
        return whole
            .checked_add(u64::from(rest))
            .ok_or(QuoteError::Overflow);
    }
    if price == 0 {
        return Err(QuoteError::Overflow);
    }
    to_u64((u128::from(amount_out) << 64).div_ceil(price))
}

/// Returns ⌊price · amount / 2⁶⁴⌋ and whether that is less than the exact value.
fn scaled(price: u128, amount: u64) -> Result<(u64, bool), QuoteError> {
    let product = Wide::product(price, amount.into());
    if product.high != 0 {
        return Err(QuoteError::Overflow);
    }
    Ok(((product.low >> 64) as u64, product.low as u64 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_the_programs() {
        for (bin_id, bin_step, price) in [
            (1, 10, 18_465_190_817_783_261_167),
            (-1, 10, 18_428_315_757_951_600_016),
            (100, 25, 23_678_699_809_202_413_098),
            (-100, 25, 14_370_821_441_331_513_819),
            (5_000, 20, 402_279_015_521_692_294_533_900),
            (15, 250, 26_716_385_619_813_447_402),
            (0, 1, ONE),
        ] {
            assert_eq!(
                bin_price(bin_id, bin_step),
                Ok(price),
                "{bin_id} {bin_step}"
            );
        }
    }

    #[test]
    fn a_price_beyond_its_integer_is_refused() {
        assert_eq!(bin_price(443_636, 100), Err(QuoteError::Overflow));
        assert_eq!(bin_price(-443_636, 100), Err(QuoteError::Overflow));
        assert_eq!(bin_price(1 << 19, 1), Err(QuoteError::Overflow));
        assert_eq!(bin_price(i32::MIN, 1), Err(QuoteError::Overflow));
    }

    #[test]
    fn amounts_that_leave_their_integer_are_refused() {
        assert_eq!(
            amount_out(u64::MAX, u128::MAX, true),
            Err(QuoteError::Overflow)
        );
        assert_eq!(amount_out(2, 1, false), Err(QuoteError::Overflow));
        assert_eq!(amount_out(1, 0, false), Err(QuoteError::Overflow));
        assert_eq!(amount_in(1, 0, true), Err(QuoteError::Overflow));
        assert_eq!(
            amount_in(u64::MAX, ONE + 1, false),
            Err(QuoteError::Overflow)
        );
        assert_eq!(amount_in(u64::MAX, ONE, false), Ok(u64::MAX));
    }
}
