//! Weighted, double exponential, least-squares and Hull moving averages: streaming and batch, equal.
//!
//! Source of the formulas: the adaptive trend system's averages, equal to its figures for series of usable numbers.
//! Only + − × ÷ are used, in the order written: the twin gives the same bits. A value that is no number in range is ignored
//! and counted, the average then stays as it was (there, such a value spoils the average for its window, or for ever);
//! there is none, `None` (NaN in arrays), until there were enough values.

use crate::series::technical::{Ema, ParameterError, Window, add_up, is_usable, positive};

/// An average that takes one value after the other.
trait Average {
    fn take(&mut self, value: f64) -> Option<f64>;
}

fn over(values: &[f64], mut average: impl Average) -> Vec<f64> {
    values
        .iter()
        .map(|value| average.take(*value).unwrap_or(f64::NAN))
        .collect()
}

macro_rules! average {
    ($name:ident, $batch:ident) => {
        impl Average for $name {
            fn take(&mut self, value: f64) -> Option<f64> {
                self.update(value)
            }
        }

        #[doc = concat!("Returns the average after each value, as `", stringify!($name), "` gives it, NaN where it gives none.")]
        ///
        /// # Errors
        /// A period of 0.
        pub fn $batch(values: &[f64], period: u32) -> Result<Vec<f64>, ParameterError> {
            Ok(over(values, $name::new(period)?))
        }
    };
}

average!(Wma, wma);
average!(Lsma, lsma);
average!(Dema, dema);
average!(Hma, hma);

/// Mean of the last `period` values with weights 1 for the oldest to `period` for the newest.
#[derive(Clone, Debug, PartialEq)]
pub struct Wma {
    window: Window,
}

impl Wma {
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
        let weighted = window
            .enumerate()
            .map(|(at, value)| (at + 1) as f64 * value);
        Some(add_up(weighted) / (count * (count + 1.0) / 2.0))
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.window.ignored
    }
}

/// The newest point of the line of least squares through the last `period` values.
#[derive(Clone, Debug, PartialEq)]
pub struct Lsma {
    window: Window,
}

impl Lsma {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            window: Window::new(positive(period)? as usize),
        })
    }

    /// Takes a value; returns the point, `None` until `period` values were seen.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.window.push(value);
        self.value()
    }

    /// Returns the point as it is.
    pub fn value(&self) -> Option<f64> {
        let window = self.window.full()?;
        let count = window.len() as f64;
        let half = (count - 1.0) / 2.0;
        let mean = add_up(window.clone()) / count;
        if window.len() == 1 {
            return Some(mean);
        }
        // Places are counted from the middle, so that no large sums cancel.
        let slope = add_up(
            window
                .enumerate()
                .map(|(place, value)| (place as f64 - half) * value),
        );
        Some(mean + slope / (count * (count * count - 1.0) / 12.0) * half)
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.window.ignored
    }
}

/// Double exponential average: 2·EMA − EMA(EMA). The outer one starts at the first value of the inner one.
#[derive(Clone, Debug, PartialEq)]
pub struct Dema {
    inner: Ema,
    weight: f64,
    outer: Option<f64>,
}

impl Dema {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            inner: Ema::new(period).ok_or(ParameterError::Period(period))?,
            weight: 2.0 / (f64::from(period) + 1.0),
            outer: None,
        })
    }

    /// Takes a value; returns the average, `None` until `period` values were seen.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        if let Some(inner) = self.inner.update(value)
            && is_usable(value)
        {
            self.outer = Some(
                self.outer
                    .map_or(inner, |outer| outer + self.weight * (inner - outer)),
            );
        }
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        Some(2.0 * self.inner.value()? - self.outer?)
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.inner.ignored()
    }
}

/// Hull average: WMA over ⌊√period⌋ of 2·WMA(⌊period ÷ 2⌋, at least 1) − WMA(period).
#[derive(Clone, Debug, PartialEq)]
pub struct Hma {
    half: Wma,
    whole: Wma,
    root: Wma,
}

impl Hma {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            half: Wma::new((positive(period)? / 2).max(1))?,
            whole: Wma::new(period)?,
            root: Wma::new(period.isqrt())?,
        })
    }

    /// Takes a value; returns the average, `None` until `period` + ⌊√period⌋ − 1 values were seen.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        let (half, whole) = (self.half.update(value), self.whole.update(value));
        if let (Some(half), Some(whole)) = (half, whole)
            && is_usable(value)
        {
            self.root.update(2.0 * half - whole);
        }
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        self.root.value()
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.whole.ignored()
    }
}
