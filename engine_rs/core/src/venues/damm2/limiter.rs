//! The rate limiter of DAMM v2: the more is paid in at once, the higher the fee.
//!
//! Of an input the first `reference` atoms x₀ pay the cliff c, each further x₀ pay i more than those before them, up to
//! the most m; what is beyond pays m. With 10⁹ for the whole, an input x = (k + 1)·x₀ of no more than ⌊(m − c)/i⌋ + 1
//! such parts pays x·(c + i·k/2) in all, so what is left of it is a parabola in x and the inverse a square root.
//! While it runs, a transaction may buy from the pool once only, and `damm_v2_swap2` must be built as `limited`.
//! `Option` is `None` where the program's integers fail. By the published formula only: no execution was recorded.

use super::fee::{Charged, FEE_DENOMINATOR, fee_on_gross, fee_on_net};
use crate::venues::damm2::layout::DammV2BaseFee;
use crate::venues::wide::Wide;

const BPS: u64 = FEE_DENOMINATOR / 10_000;
/// A root of two factors of 98 bits: the discriminant's are below that.
const ROOT_BITS: u32 = 98;

/// A rate limiter that is on. Rates are 10⁻⁹.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limiter {
    cliff: u64,
    increment: u64,
    most: u64,
    reference: u64,
}

impl Limiter {
    /// Returns the limiter of a fee by amount, `None` if it is off.
    pub(super) fn of(fee: &DammV2BaseFee) -> Option<Self> {
        let DammV2BaseFee::ByAmount {
            cliff,
            increment_bps,
            max_fee_bps,
            reference,
            duration,
        } = *fee
        else {
            return None;
        };
        if (increment_bps, max_fee_bps, reference, duration) == (0, 0, 0, 0) {
            return None;
        }
        Some(Self {
            cliff,
            increment: u64::from(increment_bps) * BPS,
            most: u64::from(max_fee_bps) * BPS,
            reference,
        })
    }

    /// Returns the rate that a swap pays on all of its input.
    pub(super) fn rate(&self, amount: Charged) -> Option<u64> {
        match amount {
            Charged::Gross(gross) => self.rate_of_gross(gross),
            Charged::Net(net) => self.rate_of_net(net),
        }
    }

    /// Returns how many parts after the first pay less than the most.
    fn last_step(&self) -> Option<u64> {
        self.most
            .checked_sub(self.cliff)?
            .checked_div(self.increment)
    }

    fn rate_of_gross(&self, gross: u64) -> Option<u64> {
        let Some(beyond) = gross.checked_sub(self.reference).filter(|&rest| rest > 0) else {
            return Some(self.cliff);
        };
        let full = u128::from(beyond.checked_div(self.reference)?);
        let last = u128::from(self.last_step()?);
        let (cliff, increment) = (u128::from(self.cliff), u128::from(self.increment));
        // No product passes 2^113: (parts · x₀) is at most the input, and a part's rate at most 2^49.
        let stepped = full.min(last);
        let of_parts = (stepped + 1) * cliff + stepped * (stepped + 1) / 2 * increment;
        let parts = u128::from(self.reference) * (stepped + 1);
        let rest = u128::from(gross) - parts;
        let rate = if full < last {
            cliff + increment * (stepped + 1)
        } else {
            u128::from(self.most)
        };
        let charged = u128::from(self.reference) * of_parts + rest * rate;
        let fee = u64::try_from(charged.div_ceil(FEE_DENOMINATOR.into())).ok()?;
        rate_of(fee, gross)
    }

    fn net(&self, gross: u64) -> Option<u64> {
        gross.checked_sub(fee_on_gross(gross, self.rate_of_gross(gross)?).ok()?)
    }

    fn rate_of_net(&self, net: u64) -> Option<u64> {
        if net <= self.net(self.reference)? {
            return Some(self.cliff);
        }
        let parts = u128::from(self.last_step()?) + 1;
        let stepped = u64::try_from(parts * u128::from(self.reference));
        let whole = stepped.unwrap_or(u64::MAX);
        let of_whole = self.net(whole)?;
        if net == of_whole {
            return self.rate_of_gross(whole);
        }
        let gross = if net < of_whole {
            self.gross_on_steps(net)?
        } else {
            stepped.ok()?;
            let rest = net - of_whole;
            rest.checked_add(fee_on_net(rest, self.most).ok()?)?
                .checked_add(whole)?
        };
        rate_of(gross.checked_sub(net)?, gross).filter(|&rate| rate >= self.cliff)
    }

    /// Solves i·x² − y·x + z = 0 for the input x, with y = (2·10⁹ + i − 2c)·x₀ and z = 2·10⁹·net·x₀; the part that is
    /// begun then pays its own rate on what the root leaves.
    fn gross_on_steps(&self, net: u64) -> Option<u64> {
        let (cliff, increment) = (u128::from(self.cliff), u128::from(self.increment));
        let (reference, whole) = (u128::from(self.reference), u128::from(FEE_DENOMINATOR));
        let y = (2 * whole + increment).checked_sub(2 * cliff)? * reference;
        let four_xz = Wide::product(8 * whole * increment, u128::from(net) * reference);
        let under = Wide::product(y, y).checked_sub(four_xz)?;
        let gross = (y - root(under)).checked_div(2 * increment)?;
        let gross = u64::try_from(gross).ok()?;
        let rate = self.cliff.checked_add(
            self.increment
                .checked_mul(gross.checked_div(self.reference)?)?,
        )?;
        let rest = net.checked_sub(self.net(gross)?)?;
        let rest = rest.checked_add(fee_on_net(rest, rate).ok()?)?;
        gross.checked_add(rest)
    }
}

/// Returns ⌈fee · 10⁹ / gross⌉.
fn rate_of(fee: u64, gross: u64) -> Option<u64> {
    let fee = u128::from(fee) * u128::from(FEE_DENOMINATOR);
    (gross > 0).then(|| u64::try_from(fee.div_ceil(gross.into())).ok())?
}

/// Returns ⌊√value⌋ of a value below 2^196.
fn root(value: Wide) -> u128 {
    let mut found = 0;
    for bit in (0..ROOT_BITS).rev() {
        let next = found | 1 << bit;
        if Wide::product(next, next) <= value {
            found = next;
        }
    }
    found
}
