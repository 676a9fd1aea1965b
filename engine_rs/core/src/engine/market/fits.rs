//! The least bends with which a price pays what a curve does.
//!
//! `s·x / (1 + c·x)` is no less than what is paid for x while `c` is no more than `(s·x / paid − 1) / x`. On one level, where
//! a price holds, that has no minimum within: it is least where a level or a range ends.

use crate::search::estimate::Regime;

/// Sizes that are quoted, besides those beside the least bend.
const POINTS: usize = 4;
/// From one size to the next.
const COARSE_BITS: u32 = 2;
/// From so many times a best level on what is beyond is fitted: what is paid up to there is within what is widened.
const BESIDE: f64 = 17.0 / 16.0;
/// From so many times a best level on it is fitted once more.
const NEAR: f64 = 4.0;
/// Most halvings of a size that a venue refuses.
const TRIES: usize = 13;

/// A bend and how far it goes, in units of what a walk takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    pub(super) bend: f64,
    pub(super) room: f64,
}

/// Returns the least bends with which `price` pays what levels of (in, out) do, the best first: from beside the first
/// level on, and from further on.
pub(super) fn beyond(
    levels: impl Iterator<Item = (f64, f64)>,
    price: f64,
    most: f64,
) -> impl Iterator<Item = Fit> {
    let (mut taken, mut paid, mut beside, mut near) = (0.0, 0.0, 0.0, 0.0);
    let mut bends = [f64::INFINITY; 2];
    for (more, pays) in levels.filter(|&(more, pays)| more > 0.0 && pays > 0.0) {
        let mut see = |end: f64, got: f64| {
            let bend = (price * end / got - 1.0) / end;
            if beside <= end && end <= near && end <= most {
                bends[0] = bends[0].min(bend);
            }
            if near <= end && end <= most {
                bends[1] = bends[1].min(bend);
            }
        };
        if taken == 0.0 {
            (beside, near) = (more * BESIDE, more * NEAR);
        } else {
            see(taken + more, paid + pays);
            for stop in [beside, near, most] {
                if taken < stop && stop < taken + more {
                    see(stop, paid + pays * ((stop - taken) / more));
                }
            }
        }
        (taken, paid) = (taken + more, paid + pays);
        if taken >= most {
            break;
        }
    }
    let far = if taken >= most { f64::INFINITY } else { taken };
    let fits = [(bends[0], near.min(taken)), (bends[1], far)].into_iter();
    fits.filter(|fit| fit.0.is_finite())
        .map(|(bend, room)| Fit {
            bend: bend.max(0.0),
            room,
        })
}

/// Returns the regime that pays what an edge pays at some sizes, or more; `line` has the bend that is right at 0.
///
/// The sizes go down from `most` by quarters; then those beside the least bend are quoted. Where the greatest is refused
/// the room is the least that is.
pub(super) fn fitted(line: Regime, most: u64, paid: impl Fn(u64) -> Option<u64>) -> Regime {
    let (mut regime, mut amount) = (line, most);
    let mut out = paid(amount);
    for _ in 0..TRIES {
        if out.is_some() || amount <= 1 {
            break;
        }
        regime.room = amount as f64;
        amount >>= 1;
        out = paid(amount);
    }
    if out.is_none() {
        return regime;
    }
    let mut least = (line.bend, 0);
    for _ in 0..POINTS {
        let bend = out.map_or(f64::INFINITY, |out| bend_at(line.slope, amount, out));
        if bend < least.0 {
            least = (bend, amount);
        }
        amount >>= COARSE_BITS;
        if amount == 0 {
            break;
        }
        out = paid(amount);
    }
    let (mut bend, at) = least;
    for beside in [at.saturating_mul(2), at >> 1] {
        if 0 < beside
            && beside < most
            && let Some(out) = paid(beside)
        {
            bend = bend.min(bend_at(line.slope, beside, out));
        }
    }
    regime.bend = bend.max(0.0);
    regime
}

/// Returns the bend at which a slope pays `out` and the atom that was rounded off for `amount`.
fn bend_at(slope: f64, amount: u64, out: u64) -> f64 {
    (slope * amount as f64 / (out as f64 + 1.0) - 1.0) / amount as f64
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Returns what levels pay for `amount`, and what there is of them.
    fn walk(levels: &[(f64, f64)], amount: f64) -> (f64, f64) {
        let (mut taken, mut paid) = (0.0, 0.0);
        for &(more, pays) in levels {
            let part = more.min(amount - taken);
            (taken, paid) = (taken + part, paid + pays * (part / more));
        }
        (taken, paid)
    }

    proptest! {
        #[test]
        fn fits_beyond_a_best_level_pay_no_less_than_the_levels_do(
            quantities in vec(1_u32..1_000_000, 2..20),
            drops in vec(0.0_f64..0.01, 20),
            most in 1_u32..3_000_000,
            share in 0.0_f64..1.0,
        ) {
            let (mut price, mut levels) = (3.0, Vec::new());
            for (&quantity, drop) in quantities.iter().zip(drops) {
                levels.push((f64::from(quantity), f64::from(quantity) * price));
                price *= 1.0 - drop;
            }
            let most = f64::from(most);
            let depth: f64 = levels.iter().map(|level| level.0).sum();
            let fits: Vec<Fit> = beyond(levels.iter().copied(), 3.0, most).collect();
            let from = levels[0].0 * BESIDE;
            let to = most.min(depth);
            prop_assert_eq!(fits.is_empty(), from > to);
            if from <= to {
                let amount = from + (to - from) * share;
                let (_, paid) = walk(&levels, amount);
                let open = fits.iter().filter(|fit| amount <= fit.room);
                let best = open.map(|fit| 3.0 * amount / (1.0 + fit.bend * amount));
                prop_assert!(best.reduce(f64::max).is_some_and(|best| best >= paid * (1.0 - 1e-12)));
            }
        }
    }

    #[test]
    fn fits_of_two_levels_touch_what_is_paid_where_their_ranges_begin() {
        let levels = [(16.0, 48.0), (100.0, 200.0)];
        let found: Vec<Fit> = beyond(levels.into_iter(), 3.0, 80.0).collect();
        let bend = |amount: f64| (3.0 * amount / walk(&levels, amount).1 - 1.0) / amount;
        let room = f64::INFINITY;
        let near = Fit {
            bend: bend(17.0),
            room: 64.0,
        };
        let far = Fit {
            bend: bend(80.0),
            room,
        };
        assert_eq!(found, [near, far]);
        let all: Vec<Fit> = beyond(levels.into_iter(), 3.0, 200.0).collect();
        assert_eq!(
            all[1],
            Fit {
                bend: bend(116.0),
                room: 116.0
            }
        );
        let short = [levels[0], (20.0, 40.0)].into_iter();
        let found: Vec<Fit> = beyond(short, 3.0, 200.0).collect();
        assert_eq!(
            found,
            [Fit {
                bend: bend(17.0),
                room: 36.0
            }]
        );
    }

    #[test]
    fn fits_of_quotes_take_the_least_bend_and_the_sizes_beside_it() {
        let line = Regime::new(0, 1.0, 1.0);
        let bends = [
            (64, 0.5),
            (32, 0.2),
            (16, 0.3),
            (8, 0.25),
            (4, 0.6),
            (1, 0.9),
        ];
        let out = |amount: u64| {
            let (_, bend) = bends.iter().find(|each| each.0 == amount)?;
            Some((1e6 * amount as f64 / (1.0 + bend * amount as f64)) as u64)
        };
        let scaled = Regime { slope: 1e6, ..line };
        let found = fitted(scaled, 64, out);
        assert!((found.bend - 0.2).abs() < 1e-4, "{}", found.bend);
        assert!(found.room.is_infinite());
        let refused = fitted(scaled, 64, |amount| {
            (amount < 16).then(|| out(amount)).flatten()
        });
        assert!((refused.bend - 0.25).abs() < 1e-4, "{}", refused.bend);
        assert_eq!((refused.room, refused.weight), (16.0, 0));
        // The atom that a quote rounded off is paid too.
        let rounded = fitted(Regime::new(0, 2.0, 1.0), 64, |amount| {
            (amount == 64).then_some(100)
        });
        assert_eq!(
            (rounded.bend, rounded.weight),
            ((128.0 / 101.0 - 1.0) / 64.0, 0)
        );
        let nothing = fitted(scaled, 64, |_| None);
        assert_eq!((nothing.bend, nothing.room), (1.0, 2.0));
    }
}
