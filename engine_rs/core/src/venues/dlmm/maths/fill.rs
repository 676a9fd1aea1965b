//! What one bin gives for an amount: makers first, then limit orders, begun ones before open ones.

use super::fee::{fee_of_gross, fee_on_net};
use super::price::{amount_in, amount_out};
use crate::venues::dlmm::layout::Bin;
use crate::venues::quote_error::{QuoteError, to_u64};

const BASIS_POINTS: u128 = 10_000;

/// What holds for a whole bin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) x_to_y: bool,
    pub(super) fee_on_input: bool,
    pub(super) takes_limit_orders: bool,
    pub(super) rate: u64,
    pub(super) protocol_share: u16,
}

/// A bin's part of a swap. Amounts are what the trader pays and gets, in atoms inside the vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinFill {
    /// Fee included, if it is on the input.
    pub amount_in: u64,
    /// Fee taken off, if it is on the output.
    pub amount_out: u64,
    pub fee: u64,
    /// Part of `fee`, half of the limit orders' fee included.
    pub protocol_fee: u64,
    /// Part of `fee` that the owners of limit orders get.
    pub limit_order_fee: u64,
    /// After the swap.
    pub bin: Bin,
}

/// Returns what the bin holds of the output token: makers', of begun orders, of open orders.
pub(super) fn layers(bin: &Bin, terms: &Terms) -> [u64; 3] {
    let held = if terms.x_to_y {
        bin.amount_y
    } else {
        bin.amount_x
    };
    if !terms.takes_limit_orders || bin.is_ask == terms.x_to_y {
        return [held, 0, 0];
    }
    [held, bin.processed_order_remaining, bin.open_order_amount]
}

/// Returns the exact-in swap of at most `amount` inside one bin.
///
/// # Errors
/// `Overflow`
pub(super) fn fill_bin(bin: &Bin, amount: u64, terms: &Terms) -> Result<BinFill, QuoteError> {
    let mut fee = if terms.fee_on_input {
        fee_of_gross(amount, terms.rate)?
    } else {
        0
    };
    let net = amount.checked_sub(fee).ok_or(QuoteError::Overflow)?;
    let (mut left, mut makers_paid, mut taken) = (net, 0, [0u64; 3]);
    for (layer, held) in layers(bin, terms).into_iter().enumerate() {
        if held == 0 || left == 0 {
            continue;
        }
        let whole = amount_in(held, bin.price, terms.x_to_y)?;
        let paid = left.min(whole);
        taken[layer] = if left >= whole {
            held
        } else {
            amount_out(left, bin.price, terms.x_to_y)?
        };
        if layer == 0 {
            makers_paid = paid;
        }
        left -= paid;
    }
    let used = net - left;
    let mut out = to_u64(taken.iter().copied().map(u128::from).sum())?;
    let mut gross = used;
    if terms.fee_on_input {
        if left > 0 {
            fee = fee_on_net(used, terms.rate)?;
        }
        gross = used.checked_add(fee).ok_or(QuoteError::Overflow)?;
    } else {
        fee = fee_of_gross(out, terms.rate)?;
        out = out.checked_sub(fee).ok_or(QuoteError::Overflow)?;
    }
    let (protocol_fee, limit_order_fee) = split(fee, makers_paid, used, terms.protocol_share)?;
    Ok(BinFill {
        amount_in: gross,
        amount_out: out,
        fee,
        protocol_fee,
        limit_order_fee,
        bin: after(bin, makers_paid, taken, terms.x_to_y)?,
    })
}

/// Returns (protocol's part, limit orders' part) of a fee.
fn split(
    fee: u64,
    makers_paid: u64,
    paid: u64,
    protocol_share: u16,
) -> Result<(u64, u64), QuoteError> {
    if paid == 0 {
        return Ok((fee, 0));
    }
    let makers = if makers_paid == paid {
        fee
    } else {
        to_u64((u128::from(fee) * u128::from(makers_paid)).div_ceil(paid.into()))?
    };
    let orders = fee.checked_sub(makers).ok_or(QuoteError::Overflow)?;
    let share = u128::from(makers) * u128::from(protocol_share) / BASIS_POINTS;
    let protocol = to_u64(share + u128::from(orders - orders / 2))?;
    Ok((protocol, orders / 2))
}

fn after(
    bin: &Bin,
    makers_paid: u64,
    [makers, processed, opened]: [u64; 3],
    x_to_y: bool,
) -> Result<Bin, QuoteError> {
    let (received, given) = if x_to_y {
        (bin.amount_x, bin.amount_y)
    } else {
        (bin.amount_y, bin.amount_x)
    };
    let received = received.checked_add(makers_paid);
    let (received, given) = received
        .zip(given.checked_sub(makers))
        .ok_or(QuoteError::Overflow)?;
    let mut new = *bin;
    (new.amount_x, new.amount_y) = if x_to_y {
        (received, given)
    } else {
        (given, received)
    };
    new.processed_order_remaining = bin
        .processed_order_remaining
        .checked_sub(processed)
        .ok_or(QuoteError::Overflow)?;
    if opened > 0 {
        new.processed_order_remaining = bin
            .open_order_amount
            .checked_sub(opened)
            .ok_or(QuoteError::Overflow)?;
        new.open_order_amount = 0;
    }
    Ok(new)
}
