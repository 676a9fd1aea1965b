//! The equity curve of a signal traded one bar later, as the adaptive trend system computes it.
//!
//! Only + × and comparisons are used; streaming, in the order written: the twin gives the same bits.

use crate::series::technical::arrays::{BLOCK, larger};
use crate::series::technical::{MAX_VALUE, ParameterError, is_usable};

/// Equity never falls below this, whatever it started at.
pub const FLOOR: f64 = 0.25;

/// Equity after each bar: last equity × `decay` × (1 + return × sign of the signal), kept in 0.25 to 1e150.
///
/// The first `cutout` bars have none; the first after them has `starting_equity`, whatever its return. A bar whose return
/// is no number in range, or whose signal is NaN, is counted and earns nothing, like one of signal 0. `decay` is
/// 1 − De ÷ 100 in the trend system's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Equity {
    start: f64,
    decay: f64,
    wait: usize,
    value: Option<f64>,
    ignored: u64,
}

impl Equity {
    /// Returns a curve without a bar.
    ///
    /// # Errors
    /// A parameter that is no number in range.
    pub fn new(starting_equity: f64, decay: f64, cutout: usize) -> Result<Self, ParameterError> {
        for (name, value) in [("starting equity", starting_equity), ("decay", decay)] {
            if !is_usable(value) {
                return Err(ParameterError::Number { name, value });
            }
        }
        Ok(Self {
            start: starting_equity,
            decay,
            wait: cutout,
            value: None,
            ignored: 0,
        })
    }

    /// Takes a bar's return (a fraction) and the signal before it; returns equity, `None` in the cutout.
    pub fn update(&mut self, r: f64, sig_prev: f64) -> Option<f64> {
        let known = is_usable(r) && !sig_prev.is_nan();
        self.ignored += u64::from(!known);
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        let earned = if !known || sig_prev == 0.0 {
            0.0
        } else if sig_prev > 0.0 {
            r
        } else {
            -r
        };
        let value = self
            .value
            .map_or(self.start, |value| value * self.decay * (1.0 + earned));
        self.value = Some(value.clamp(FLOOR, MAX_VALUE));
        self.value
    }

    /// Returns equity as it is, in units of the starting equity.
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    /// Returns how many bars held no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns equity after each return, as `Equity` gives it but for rounding, NaN in the cutout; signals past the last
/// return are not read.
///
/// # Errors
/// Fewer signals than returns; a parameter that is no number in range.
pub fn equity(
    r_values: &[f64],
    sig_prev: &[f64],
    starting_equity: f64,
    decay: f64,
    cutout: usize,
) -> Result<Vec<f64>, ParameterError> {
    let Some(signals) = sig_prev.get(..r_values.len()) else {
        return Err(ParameterError::Lengths {
            what: "signals",
            found: sig_prev.len(),
            expected: r_values.len(),
        });
    };
    Equity::new(starting_equity, decay, cutout)?;
    let mut curve = vec![0.0; r_values.len()];
    let (before, live) = curve.split_at_mut(cutout.min(r_values.len()));
    before.fill(f64::NAN);
    if let Some((slot, rest)) = live.split_first_mut() {
        let mut value = starting_equity.clamp(FLOOR, MAX_VALUE);
        *slot = value;
        let bars = (&r_values[cutout + 1..], &signals[cutout + 1..]);
        let parts = bars.0.chunks(BLOCK).zip(bars.1.chunks(BLOCK));
        for ((returns, signals), block) in parts.zip(rest.chunks_mut(BLOCK)) {
            value = grow(value, decay, (returns, signals), block);
        }
    }
    Ok(curve)
}

/// Factors up to which four in a row leave room below the largest number.
const MAX_FACTOR: f64 = 1e10;

/// Writes equity after each bar of a block from `value` on; returns the last.
fn grow(value: f64, decay: f64, (returns, signals): (&[f64], &[f64]), out: &mut [f64]) -> f64 {
    let mut plain = true;
    for ((slot, r), signal) in out.iter_mut().zip(returns).zip(signals) {
        let factor = decay * (1.0 + earned(*r, *signal));
        plain &= factor >= 0.0;
        plain &= factor <= MAX_FACTOR;
        *slot = factor;
    }
    if plain {
        let last = scan(value, out);
        let within = out.iter().map(|value| *value <= MAX_VALUE);
        if within.fold(true, |all, within| all & within) {
            return last;
        }
    }
    let mut value = value;
    for ((slot, r), signal) in out.iter_mut().zip(returns).zip(signals) {
        value = (value * decay * (1.0 + earned(*r, *signal))).clamp(FLOOR, MAX_VALUE);
        *slot = value;
    }
    value
}

fn earned(r: f64, signal: f64) -> f64 {
    let with_sign = if signal > 0.0 { r } else { -r };
    let is_live = (signal.abs() > 0.0) & (r.abs() <= MAX_VALUE);
    if is_live { with_sign } else { 0.0 }
}

/// Writes x ← the larger of `FLOOR` and factor × x for each factor, none negative; returns the last x.
///
/// Steps of this form make one of the same form when they follow each other, so that three of four needn't wait for the
/// one before.
fn scan(x: f64, factors: &mut [f64]) -> f64 {
    let mut last = x;
    let (blocks, rest) = factors.as_chunks_mut::<4>();
    for block in blocks {
        let (mut all, mut least) = (*block, [FLOOR; 4]);
        for at in 1..4 {
            all[at] *= all[at - 1];
            least[at] = larger(FLOOR, block[at] * least[at - 1]);
        }
        for at in 0..4 {
            block[at] = larger(least[at], all[at] * last);
        }
        last = block[3];
    }
    for slot in rest {
        last = larger(FLOOR, *slot * last);
        *slot = last;
    }
    last
}
