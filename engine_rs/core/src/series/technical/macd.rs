//! The plain moving average, and the distance of a fast and a slow exponential one.

use super::arrays::{BLOCK, Kernel, WindowSums};
use super::{Ema, ParameterError, Window, add_up, arrays, is_usable, positive};

/// Mean of the last `period` values, summed from the oldest each time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sma {
    window: Window,
}

impl Sma {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            window: Window::new(positive(period)? as usize),
        })
    }

    /// Takes a value; returns the average, `None` until `period` values were seen.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.window.push(value);
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        let window = self.window.full()?;
        let count = window.len() as f64;
        Some(add_up(window) / count)
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.window.ignored
    }
}

/// Returns the mean of the last `period` values after each value, NaN until there are as many.
///
/// # Errors
/// A period of 0.
pub fn sma(values: &[f64], period: u32) -> Result<Vec<f64>, ParameterError> {
    let size = positive(period)? as usize;
    let [averages] = arrays::one(
        values,
        &mut SmaKernel {
            size,
            sums: WindowSums::default(),
        },
    );
    Ok(averages)
}

struct SmaKernel {
    size: usize,
    sums: WindowSums,
}

impl Kernel<1> for SmaKernel {
    fn run(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        let out = arrays::from_point(out, self.size - 1);
        for (at, out) in out.chunks_mut(BLOCK).enumerate() {
            self.sums.write(&values[at * BLOCK..], self.size, out);
            for sum in out {
                *sum /= self.size as f64;
            }
        }
    }
}

/// Fast average minus slow one, an average of that, and their distance; the last two come later than the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacdLines {
    pub macd: f64,
    pub signal: Option<f64>,
    pub histogram: Option<f64>,
}

/// Moving average convergence/divergence (Appel). All averages are `Ema`; the signal is one of the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    ignored: u64,
}

impl Macd {
    /// Returns empty lines; the usual periods are 12, 26, 9.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(fast: u32, slow: u32, signal: u32) -> Result<Self, ParameterError> {
        let average = |period| Ema::new(period).ok_or(ParameterError::Period(period));
        Ok(Self {
            fast: average(fast)?,
            slow: average(slow)?,
            signal: average(signal)?,
            ignored: 0,
        })
    }

    /// Takes a value; returns the lines, `None` until both averages are there.
    pub fn update(&mut self, value: f64) -> Option<MacdLines> {
        if !is_usable(value) {
            self.ignored += 1;
            return self.value();
        }
        let (fast, slow) = (self.fast.update(value), self.slow.update(value));
        if let (Some(fast), Some(slow)) = (fast, slow) {
            self.signal.update(fast - slow);
        }
        self.value()
    }

    /// Returns the lines as they are.
    pub fn value(&self) -> Option<MacdLines> {
        let macd = self.fast.value()? - self.slow.value()?;
        let signal = self.signal.value();
        Some(MacdLines {
            macd,
            signal,
            histogram: signal.map(|signal| macd - signal),
        })
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns line, signal and histogram after each value, NaN where `Macd` gives none.
///
/// # Errors
/// A period of 0.
pub fn macd(
    values: &[f64],
    fast: u32,
    slow: u32,
    signal: u32,
) -> Result<[Vec<f64>; 3], ParameterError> {
    let mut state = Macd::new(fast, slow, signal)?;
    let mut lines = [const { Vec::new() }; 3];
    for &value in values {
        let found = state.update(value);
        let parts = [
            found.map(|found| found.macd),
            found.and_then(|found| found.signal),
            found.and_then(|found| found.histogram),
        ];
        for (line, part) in lines.iter_mut().zip(parts) {
            line.push(part.unwrap_or(f64::NAN));
        }
    }
    Ok(lines)
}
