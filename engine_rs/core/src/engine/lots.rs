//! The size of a route whose venues take orders in whole steps only.
//!
//! Steps make saw teeth of a route's curve, on which no search for its top can rest. So the best input is found as if
//! orders could be of any quantity, and moved from there to where a tooth begins: the least input that pays as much. Where
//! that is far below, the steps are coarse, and the next tooth above may earn more.

use crate::search::sizing::{Hops, chain_out};

/// A tooth's beginning is found to 2^-this of the input.
const PRECISION_BITS: u32 = 20;
/// Steps are coarse if the tooth begins more than 2^-this of the input below it.
const COARSE_BITS: u32 = 4;

/// Returns the input to trade near `start`, the best one but for the steps, and not above `cap`; `None` if every one tried
/// is refused.
pub(super) fn in_lots<H: Hops>(orders: &H, start: u64, cap: u64) -> Option<u64> {
    let paid = chain_out(orders, start).unwrap_or(0);
    let down = (paid > 0).then(|| least_that_pays(orders, start, paid));
    if down.is_some_and(|least| start - least <= start >> COARSE_BITS) {
        return down;
    }
    let up = more(orders, start, cap, paid);
    let profit =
        |amount: &u64| chain_out(orders, *amount).map(|out| i128::from(out) - i128::from(*amount));
    match (down, up) {
        (Some(less), Some(more)) if profit(&more) > profit(&less) => Some(more),
        _ => down.or(up),
    }
}

/// Returns the least input that pays `paid` as `start` does.
fn least_that_pays<H: Hops>(orders: &H, start: u64, paid: u64) -> u64 {
    let (mut enough, mut reach) = (start, (start >> PRECISION_BITS).max(1));
    let mut short = start.saturating_sub(reach);
    while short > 0 && pays(orders, short, paid) {
        enough = short;
        reach = reach.saturating_mul(4);
        short = start.saturating_sub(reach);
    }
    close(orders, short, enough, paid)
}

/// Returns the least input above `start`, which pays `paid` or is refused, that pays more; `None` if none is met.
fn more<H: Hops>(orders: &H, start: u64, cap: u64, paid: u64) -> Option<u64> {
    let better = paid.checked_add(1)?;
    let (mut short, mut reach) = (start, (start >> COARSE_BITS).max(1));
    while short < cap {
        let enough = start.saturating_add(reach).min(cap);
        if pays(orders, enough, better) {
            return Some(close(orders, short, enough, better));
        }
        (short, reach) = (enough, reach.saturating_mul(2));
    }
    None
}

/// Halves the gap between an input that pays less and one that pays enough. Returns the latter.
fn close<H: Hops>(orders: &H, mut short: u64, mut enough: u64, paid: u64) -> u64 {
    while enough - short > (enough >> PRECISION_BITS).max(1) {
        let middle = short + (enough - short) / 2;
        if pays(orders, middle, paid) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    enough
}

fn pays<H: Hops>(orders: &H, amount: u64, paid: u64) -> bool {
    chain_out(orders, amount).is_some_and(|out| out >= paid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A pool, then orders in whole steps that are worth no less than `least`, with `depth` at one price.
    struct Route {
        reserves: (u64, u64),
        step: u64,
        least: u64,
        depth: u64,
    }

    impl Hops for Route {
        fn len(&self) -> usize {
            2
        }

        fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
            if hop == 0 {
                let (reserve_in, reserve_out) = self.reserves;
                return Some(reserve_out * amount_in / (reserve_in + amount_in));
            }
            let sold = amount_in - amount_in % self.step;
            (sold > 0 && sold >= self.least && sold <= self.depth).then_some(sold)
        }

        fn virtual_reserves(&self, _: usize) -> Option<(f64, f64, f64)> {
            None
        }
    }

    proptest! {
        #[test]
        fn a_size_begins_a_tooth_and_loses_nothing(
            reserves in (1_000_u64..100_000, 1_000_u64..200_000),
            step in 1_u64..3_000,
            least in 0_u64..4_000,
            depth in 0_u64..100_000,
            cap in 1_u64..20_000,
            start in any::<prop::sample::Index>(),
        ) {
            let route = Route { reserves, step, least, depth };
            let start = start.index(cap as usize) as u64 + 1;
            let profit = |amount| chain_out(&route, amount).map(|out| i128::from(out) - i128::from(amount));
            let found = in_lots(&route, start, cap);
            if let Some(amount) = found {
                prop_assert!((1..=cap).contains(&amount));
                prop_assert!(profit(amount) >= profit(start) || profit(start).is_none());
                // These inputs are so small that a tooth's beginning is found to the unit.
                prop_assert!(amount == 1 || chain_out(&route, amount - 1) < chain_out(&route, amount));
            } else {
                prop_assert_eq!(profit(start), None);
            }
            // Beyond the depth the next tooth may be stepped over.
            let coarse = start.abs_diff(found.unwrap_or(start)) > start >> COARSE_BITS;
            if (coarse || found > Some(start)) && chain_out(&route, cap).is_some() {
                let paid = chain_out(&route, start).unwrap_or(0);
                let next = (start..=cap).find(|&amount| chain_out(&route, amount).unwrap_or(0) > paid);
                prop_assert!(found.and_then(profit) >= next.and_then(profit));
            }
        }
    }

    #[test]
    fn a_start_below_the_least_order_is_raised_to_it() {
        let route = Route {
            reserves: (1_000_000, 2_000_000),
            step: 100,
            least: 5_000,
            depth: 50_000,
        };
        let amount = in_lots(&route, 10, 1_000_000).unwrap();
        assert_eq!(
            (chain_out(&route, amount), chain_out(&route, amount - 1)),
            (Some(5_000), None)
        );
        assert_eq!(in_lots(&route, 10, amount - 1), None);
    }
}
