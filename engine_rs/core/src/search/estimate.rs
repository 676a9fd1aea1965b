//! What a cycle can earn, before any hop is quoted: the arithmetic of one written order that both engines share.
//!
//! Near a state every hop pays about `s·x / (1 + c·x)` for x: `s` is its slope, `c` its *bend*, in 1/atom of what it
//! takes. Chained, `s = s₁·s₂` and `c = c₁ + c₂·s₁`. A cycle's slope is known exactly, as its weight; with `g = √s − 1`
//! its best input is `g / c` and earns `g² / c`. An input x earns `x·(g·(2 + g) − c·x) / (1 + c·x)`.
//!
//! A hop may have more regimes. A transfer fee that stops growing leaves the slope of no fee, and a fixed part that is
//! lost before or after the hop; a book and a pool of bins pay their best level in full as far as that goes, and beyond it
//! no more than bends say that go with other sizes. What such a hop pays is no less than each of its regimes of a fee says,
//! and no more than the best of all where their bends bound it, so the best combination is taken. It is that which gains
//! most: costs that grow with the input may make a smaller one leave more.
//!
//! Only + − × ÷ on doubles, in the order written here.

use std::cmp::Ordering;
use std::sync::Arc;

/// ln 2 of a unit of weight, halved.
pub(crate) const HALF_UNIT: f64 = std::f64::consts::LN_2 / (1_u64 << 41) as f64;
/// Weights of a path stay within ±5·2⁴⁷: their halved powers of two never leave a double's range.
const DEEPEST: i64 = 512;
/// Inputs of one piece that are tried.
const MOST_STARTS: usize = 4;

/// A hop near its present price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regime {
    /// −log2 of the slope, in 2⁻⁴⁰.
    pub weight: i64,
    /// Atoms out per atom in, the same as a real number.
    pub slope: f64,
    /// 1/atom of the token in, ≥ 0.
    pub bend: f64,
    /// Atoms that are lost of what goes in, whatever the size.
    pub lost_in: f64,
    /// Atoms that are lost of what comes out.
    pub lost_out: f64,
    /// Atoms of the token in that it takes.
    pub room: f64,
}

impl Regime {
    /// Returns one that loses nothing and has room for all.
    pub fn new(weight: i64, slope: f64, bend: f64) -> Self {
        Self {
            weight,
            slope,
            bend,
            lost_in: 0.0,
            lost_out: 0.0,
            room: f64::INFINITY,
        }
    }

    /// Returns it as it is at its present price, as far as that holds.
    #[must_use]
    pub fn level(self, room: f64) -> Self {
        Self {
            bend: 0.0,
            room,
            ..self
        }
    }
}

/// What a hop may be: its regimes, and what bounds them all.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub first: Regime,
    /// Those besides the first; shared, as a hop is copied for each cycle that is ranked.
    pub more: Option<Arc<[Regime]>>,
    /// The least.
    pub slope: f64,
    /// The least.
    pub bend: f64,
    /// The most.
    pub room: f64,
}

impl Hop {
    /// Returns the hop of one regime.
    pub fn one(first: Regime) -> Self {
        Self {
            first,
            more: None,
            slope: first.slope,
            bend: first.bend,
            room: first.room,
        }
    }

    /// Returns the hop of these regimes.
    ///
    /// # Panics
    /// Without any.
    pub fn new(regimes: &[Regime]) -> Self {
        let (first, more) = regimes.split_first().expect("a hop has a regime");
        let mut hop = Self::one(*first);
        for regime in more {
            hop.slope = hop.slope.min(regime.slope);
            hop.bend = hop.bend.min(regime.bend);
            hop.room = hop.room.max(regime.room);
        }
        hop.more = (!more.is_empty()).then(|| more.into());
        hop
    }

    /// Returns the greatest slope of its regimes.
    pub fn steepest(&self) -> f64 {
        let slopes = self.more().iter().map(|regime| regime.slope);
        slopes.fold(self.first.slope, f64::max)
    }

    fn more(&self) -> &[Regime] {
        self.more.as_deref().unwrap_or_default()
    }
}

/// Inputs of a base token between which a size is chosen, in atoms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub least: f64,
    pub most: f64,
}

/// What a cycle may earn, in atoms of its base token; real numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    pub amount_in: f64,
    /// Before costs.
    pub gain: f64,
    /// What capped fees take, which is off the gain.
    pub lost: f64,
}

/// Returns √s − 1 of a slope of this weight, right to about 1e-15 of itself.
///
/// ```
/// use cambist_core::search::estimate::root_gain;
/// assert_eq!([root_gain(-(1 << 41)), root_gain(0), root_gain(1 << 41)], [1.0, 0.0, -0.5]);
/// ```
pub fn root_gain(weight: i64) -> f64 {
    let (scale, rest) = root(weight);
    scale * rest + (scale - 1.0)
}

/// Returns the slope of a weight as a real number.
pub fn slope_of(weight: i64) -> f64 {
    let (scale, rest) = root(weight);
    let root = scale + scale * rest;
    root * root
}

/// Returns a power of two and what is left, so that √s is the power times one and that.
fn root(weight: i64) -> (f64, f64) {
    let whole = ((-weight + (1 << 40)) >> 41).clamp(-DEEPEST, DEEPEST);
    let part = (-weight - (whole << 41)) as f64 * HALF_UNIT;
    let mut value = 1.0;
    for n in (2..14).rev() {
        value = 1.0 + part * value * (1.0 / f64::from(n));
    }
    (f64::from_bits(((1023 + whole) as u64) << 52), part * value)
}

/// Returns what a cycle earns at the best size of its best combination of regimes, hops as they are executed.
pub fn estimate(hops: &[Hop], within: Range) -> Estimate {
    let mut best: Option<Estimate> = None;
    for choice in 0..combinations(hops) {
        let found = estimate_of(hops, choice, within);
        if best.is_none_or(|best| found.gain > best.gain) {
            best = Some(found);
        }
    }
    best.unwrap_or_default()
}

/// Returns inputs near which a cycle's profit may be best, the best first, by the pieces in which it is concave.
///
/// A fee that stops growing makes a piece of its own; what a hop pays in full and what it pays beyond is one piece.
pub fn starts(hops: &[Hop], within: Range) -> Vec<Vec<f64>> {
    let mut found: Vec<Estimate> = (0..combinations(hops))
        .map(|choice| estimate_of(hops, choice, within))
        .collect();
    found.sort_by(|a, b| b.gain.partial_cmp(&a.gain).unwrap_or(Ordering::Equal));
    let mut pieces: Vec<(u64, Vec<f64>)> = Vec::new();
    for each in found {
        let lost = each.lost.to_bits();
        match pieces.iter_mut().find(|(other, _)| *other == lost) {
            Some((_, starts)) if starts.len() >= MOST_STARTS => {}
            Some((_, starts)) => starts.push(each.amount_in),
            None => pieces.push((lost, vec![each.amount_in])),
        }
    }
    pieces.into_iter().map(|(_, starts)| starts).collect()
}

/// Returns how many choices of regimes there are: that of the first hop changes fastest.
fn combinations(hops: &[Hop]) -> u32 {
    let counts = hops.iter().map(|hop| 1 + hop.more().len() as u32);
    counts.product()
}

fn estimate_of(hops: &[Hop], mut choice: u32, within: Range) -> Estimate {
    let (mut weight, mut slope, mut bend, mut lost) = (0_i64, 1.0_f64, 0.0_f64, 0.0_f64);
    let mut room = within.most;
    for hop in hops {
        let mut regime = &hop.first;
        if let Some(more) = &hop.more {
            let count = 1 + more.len() as u32;
            let number = (choice % count) as usize;
            choice /= count;
            if number > 0 {
                regime = &more[number - 1];
            }
        }
        room = room.min(regime.room / slope);
        weight += regime.weight;
        bend += regime.bend * slope;
        if regime.lost_in > 0.0 {
            lost += regime.lost_in / slope;
        }
        slope *= regime.slope;
        if regime.lost_out > 0.0 {
            lost += regime.lost_out / slope;
        }
    }
    let gain = root_gain(weight);
    let amount = if bend > 0.0 {
        (gain / bend).max(within.least).min(room)
    } else if gain > 0.0 {
        room
    } else {
        within.least.min(room)
    };
    let earned = amount * (gain * (2.0 + gain) - bend * amount) / (1.0 + bend * amount);
    Estimate {
        amount_in: amount + lost,
        gain: earned - lost,
        lost,
    }
}
