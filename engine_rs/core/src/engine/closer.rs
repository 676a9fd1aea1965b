//! Which of several landed transactions closed a gap: their swaps done again on its legs as they stood.
//!
//! Near a state a leg pays about `s·x / (1 + c·x)` for x, as `search::estimate` has it; `s` is its slope, known exactly as
//! its weight, and `c` its bend, which one exact quote gives. A swap of `d` in the leg's own direction leaves it a slope of
//! `s / (1 + c·d)²` and a bend of `c / (1 + c·d)`; one against it, that takes `d` out, the same with `−d`. Costs are held to
//! be what the gap was last decided to leave less than it earns by this.
//!
//! Only + − × ÷ √ on doubles, in the order written here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::search::estimate::slope_of;

/// What a swap against a leg leaves of its reserve at least: one that takes out more was no swap of the same state.
const LEAST_GROWN: f64 = 1.0 / 1024.0;

/// How a leg stands: the slot of its state and its weight, `None` where it can't be traded.
pub(crate) type Stand = (u64, Option<i64>);

/// A leg of a gap as it stood when that paid last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    /// Place of the pool, `None` off the chain.
    pub(crate) pool: Option<usize>,
    pub(crate) sells_a: bool,
    /// Of its state.
    pub(crate) slot: u64,
    /// −log2 of its slope, in 2⁻⁴⁰.
    pub(crate) weight: i64,
    pub(crate) amount_in: u64,
    /// Exact, for that.
    pub(crate) amount_out: u64,
}

/// A swap on a pool as logs tell it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Touch {
    pub(crate) pool: usize,
    /// `None` where the logs say that the pool's program ran and no more.
    pub(crate) sells_a: Option<bool>,
    pub(crate) amount_in: u64,
    pub(crate) amount_out: u64,
}

/// What is asked: a gap as it stood, and how it stood when it had ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closer<'a> {
    pub(crate) legs: &'a [Leg],
    pub(crate) after: &'a [Stand],
    pub(crate) amount_in: u64,
    pub(crate) last_net: i64,
}

/// A transaction that may have moved legs: its place, and its touches by leg.
type Step<'a> = (usize, Vec<(usize, &'a Touch)>);

/// The legs while swaps are done again.
struct State {
    slopes: Vec<f64>,
    bends: Vec<f64>,
    amount_in: f64,
    cost: f64,
}

impl State {
    fn new(asked: Closer<'_>) -> Self {
        let slopes: Vec<f64> = asked.legs.iter().map(|leg| slope_of(leg.weight)).collect();
        let legs = asked.legs.iter().zip(&slopes);
        let mut state = Self {
            bends: legs.map(|(leg, &slope)| bend(leg, slope)).collect(),
            slopes,
            amount_in: asked.amount_in as f64,
            cost: 0.0,
        };
        state.cost = state.earned() - asked.last_net as f64;
        state
    }

    /// Moves a leg on: its reserve of what it takes is so many times what it was.
    fn grow(&mut self, at: usize, grown: f64) {
        self.slopes[at] /= grown * grown;
        self.bends[at] /= grown;
    }

    /// Returns what the gap earns before costs, at the size it had or a smaller one that is better.
    fn earned(&self) -> f64 {
        let (mut slope, mut bend) = (1.0, 0.0);
        for (own, curve) in self.slopes.iter().zip(&self.bends) {
            bend += curve * slope;
            slope *= own;
        }
        let gain = f64::sqrt(slope) - 1.0;
        if gain <= 0.0 {
            return 0.0;
        }
        let mut amount = self.amount_in;
        if bend * amount > gain {
            amount = gain / bend;
        }
        amount * (gain * (2.0 + gain) - bend * amount) / (1.0 + bend * amount)
    }

    /// Returns what it leaves after costs.
    fn left(&self) -> f64 {
        self.earned() - self.cost
    }
}

/// Returns which landed transaction (slot, touches) closed a gap, by its place, and how many touched its legs.
///
/// `None` if none of them did: what they moved explains less than half of what the gap left.
pub(crate) fn closer_of(asked: Closer<'_>, landed: &[(u64, &[Touch])]) -> (Option<usize>, u64) {
    let mut contested = 0;
    if asked.legs.is_empty() || asked.after.len() != asked.legs.len() {
        return (None, contested);
    }
    for also_same_slot in [false, true] {
        // A node that tells a slot's states one by one may have told some of its swaps before the gap paid last.
        let steps = steps(asked, landed, also_same_slot);
        contested = steps.len() as u64;
        if let Some(found) = first(asked, &steps) {
            return (Some(found), contested);
        }
    }
    (None, contested)
}

/// Returns the transactions that may have moved legs meanwhile, each with its touches by leg, as they landed.
fn steps<'a>(
    asked: Closer<'_>,
    landed: &[(u64, &'a [Touch])],
    also_same_slot: bool,
) -> Vec<Step<'a>> {
    let mut order: Vec<usize> = (0..landed.len()).collect();
    order.sort_by_key(|&at| (landed[at].0, at));
    let mut steps = Vec::new();
    for at in order {
        let (slot, touches) = landed[at];
        let mut own = Vec::new();
        for (number, (leg, after)) in asked.legs.iter().zip(asked.after).enumerate() {
            let is_meanwhile =
                slot <= after.0 && (slot > leg.slot || (also_same_slot && slot == leg.slot));
            if is_meanwhile {
                let through = touches.iter().filter(|touch| Some(touch.pool) == leg.pool);
                own.extend(through.map(|touch| (number, touch)));
            }
        }
        if !own.is_empty() {
            steps.push((at, own));
        }
    }
    steps
}

/// Returns the transaction after which nothing is left, else the one that took most if that is half of it.
fn first(asked: Closer<'_>, steps: &[Step<'_>]) -> Option<usize> {
    let (mut state, bearers) = (State::new(asked), bearers(steps));
    let mut before = asked.last_net as f64;
    let (mut most, mut taker) = (0.0, None);
    for (at, own) in steps {
        for &(number, touch) in own {
            let Some(sells_a) = touch.sells_a else {
                if bearers.get(&number) == Some(at) {
                    state.grow(number, grown_unseen(asked, number));
                }
                continue;
            };
            let moved = if sells_a == asked.legs[number].sells_a {
                touch.amount_in as f64
            } else {
                -(touch.amount_out as f64)
            };
            state.grow(number, at_least(1.0 + state.bends[number] * moved));
        }
        let left = state.left();
        if left <= 0.0 {
            return Some(*at);
        }
        if before - left > most {
            (most, taker) = (before - left, Some(*at));
        }
        before = left;
    }
    taker.filter(|_| most * 2.0 >= asked.last_net as f64)
}

/// Returns, of each leg that is touched by swaps without amounts, whose doing its whole move is held to be: that of the
/// transaction that goes through most of the gap's legs, of equals the first.
fn bearers(steps: &[Step<'_>]) -> BTreeMap<usize, usize> {
    let mut bearers: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (at, own) in steps {
        let legs: BTreeSet<usize> = own.iter().map(|(number, _)| *number).collect();
        for (number, _) in own.iter().filter(|(_, touch)| touch.sells_a.is_none()) {
            let known = bearers.get(number);
            if known.is_none_or(|(most, _)| legs.len() > *most) {
                bearers.insert(*number, (legs.len(), *at));
            }
        }
    }
    let whose = bearers.into_iter();
    whose.map(|(number, (_, at))| (number, at)).collect()
}

/// Returns by what a leg's reserve grew, by its weights before and after.
fn grown_unseen(asked: Closer<'_>, number: usize) -> f64 {
    let Some(weight) = asked.after[number].1 else {
        return 1.0;
    };
    at_least((slope_of(asked.legs[number].weight) / slope_of(weight)).sqrt())
}

fn at_least(grown: f64) -> f64 {
    if LEAST_GROWN > grown {
        LEAST_GROWN
    } else {
        grown
    }
}

/// Returns the bend by which a leg pays what it was quoted to pay.
fn bend(leg: &Leg, slope: f64) -> f64 {
    if leg.amount_in == 0 || leg.amount_out == 0 {
        return 0.0;
    }
    let paid = leg.amount_in as f64;
    let bend = (slope * paid / leg.amount_out as f64 - 1.0) / paid;
    if 0.0 > bend { 0.0 } else { bend }
}
