//! The equity curve of a signal traded one bar later, as the adaptive trend system computes it.
//!
//! Only + × and comparisons are used, in the order written: the twin gives the same bits.

use crate::technical::{MAX_VALUE, ParameterError, is_usable};

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

/// Returns equity after each return, NaN in the cutout; signals past the last return are not read.
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
    if sig_prev.len() < r_values.len() {
        return Err(ParameterError::Lengths {
            what: "signals",
            found: sig_prev.len(),
            expected: r_values.len(),
        });
    }
    let mut curve = Equity::new(starting_equity, decay, cutout)?;
    let bars = r_values.iter().zip(sig_prev);
    Ok(bars
        .map(|(&r, &signal)| curve.update(r, signal).unwrap_or(f64::NAN))
        .collect())
}
