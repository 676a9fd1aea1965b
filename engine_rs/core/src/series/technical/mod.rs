//! RSI, EMA, SMA, Bollinger bands, MACD, ATR, VWAP: streaming and batch, equal.
//!
//! Decisions and rules may read these, so only + − × ÷ √ are used, in the order written: the twin gives the same bits.
//! A value that is no number in range is ignored and counted; the indicator then stays as it was. Where several values
//! come together (a bar, a trade), one unusable value makes all of them unusable. There is no result, `None` (NaN in
//! arrays), until there were enough usable values; no values give no results.
//!
//! One file: seven indicators of one shape, to be compared line by line with their twins.

pub mod arrays;
mod macd;
mod range;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use macd::{Macd, MacdLines, Sma, macd, sma};
pub use range::{Atr, Vwap, atr, vwap};

/// A parameter that no series can be computed with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    #[error("period {0} is not positive")]
    Period(u32),
    #[error("{name} {value} is no number in range")]
    Number { name: &'static str, value: f64 },
    #[error("{what}: {found} for {expected}")]
    Lengths {
        what: &'static str,
        found: usize,
        expected: usize,
    },
    #[error("windows of {numbers} numbers, at most {most} are kept")]
    Memory { numbers: u64, most: u64 },
    #[error("token {token} of {tokens}")]
    Token { token: u64, tokens: u64 },
}

/// Returns a period that is not 0.
///
/// # Errors
/// If it is 0.
pub(crate) fn positive(period: u32) -> Result<u32, ParameterError> {
    if period == 0 {
        return Err(ParameterError::Period(period));
    }
    Ok(period)
}

/// Returns the sum, added from the first to the last. The total starts at +0: `Iterator::sum` starts at −0.
pub(crate) fn add_up(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The last `period` usable values, and how many weren't.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    size: usize,
    values: VecDeque<f64>,
    pub(crate) ignored: u64,
}

impl Window {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            values: VecDeque::new(),
            ignored: 0,
        }
    }

    pub(crate) fn push(&mut self, value: f64) {
        if !is_usable(value) {
            self.ignored += 1;
            return;
        }
        if self.values.len() == self.size {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Returns the values from the oldest on, `None` until there are enough.
    pub(crate) fn full(
        &self,
    ) -> Option<impl ExactSizeIterator<Item = f64> + DoubleEndedIterator + Clone + '_> {
        (self.values.len() == self.size).then(|| self.values.iter().copied())
    }
}

/// Largest magnitude that is taken: its square is still finite.
pub const MAX_VALUE: f64 = 1e150;

/// Returns whether indicators take this value.
#[inline]
pub fn is_usable(value: f64) -> bool {
    (-MAX_VALUE..=MAX_VALUE).contains(&value)
}

/// Relative strength index after Wilder: seeded with means over the first `period` changes, then smoothed by 1/period.
#[derive(Clone, Debug, PartialEq)]
pub struct Rsi {
    period: u32,
    last: Option<f64>,
    changes: u32,
    gain: f64,
    loss: f64,
    ignored: u64,
}

impl Rsi {
    /// Returns an empty index, `None` if `period` is 0.
    pub fn new(period: u32) -> Option<Self> {
        (period > 0).then_some(Self {
            period,
            last: None,
            changes: 0,
            gain: 0.0,
            loss: 0.0,
            ignored: 0,
        })
    }

    /// Takes a price; returns the index, 0–100, `None` until `period` changes were seen.
    pub fn update(&mut self, price: f64) -> Option<f64> {
        if !is_usable(price) {
            self.ignored += 1;
            return self.value();
        }
        if let Some(last) = self.last.replace(price) {
            let change = price - last;
            self.take(rise(change), rise(-change));
        }
        self.value()
    }

    fn take(&mut self, gain: f64, loss: f64) {
        let period = f64::from(self.period);
        if self.changes < self.period {
            self.changes += 1;
            self.gain += gain;
            self.loss += loss;
            if self.changes == self.period {
                self.gain /= period;
                self.loss /= period;
            }
        } else {
            self.gain = (self.gain * (period - 1.0) + gain) / period;
            self.loss = (self.loss * (period - 1.0) + loss) / period;
        }
    }

    /// Returns the index as it is: 100 if nothing fell, 50 if nothing moved at all.
    pub fn value(&self) -> Option<f64> {
        (self.changes == self.period).then(|| strength(self.gain, self.loss))
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    pub fn parts(&self) -> RsiParts {
        RsiParts {
            period: self.period,
            last_bits: self.last.map(f64::to_bits),
            changes: self.changes,
            gain_bits: self.gain.to_bits(),
            loss_bits: self.loss.to_bits(),
            ignored: self.ignored,
        }
    }

    /// Returns the index that these parts describe, `None` if they are none.
    pub fn from_parts(parts: &RsiParts) -> Option<Self> {
        (parts.period > 0 && parts.changes <= parts.period).then(|| Self {
            period: parts.period,
            last: parts.last_bits.map(f64::from_bits),
            changes: parts.changes,
            gain: f64::from_bits(parts.gain_bits),
            loss: f64::from_bits(parts.loss_bits),
            ignored: parts.ignored,
        })
    }
}

/// Returns a change where it is positive, else 0, to the bit and without a branch: of prices nobody guesses the next one's
/// way, and a wrong guess costs as much as ten points.
#[inline]
pub(crate) fn rise(change: f64) -> f64 {
    0.5 * (change + change.abs())
}

#[inline]
pub(crate) fn strength(gain: f64, loss: f64) -> f64 {
    if loss > 0.0 {
        100.0 - 100.0 / (1.0 + gain / loss)
    } else if gain > 0.0 {
        100.0
    } else {
        50.0
    }
}

/// Returns the index after each price, as `Rsi` gives it.
pub fn rsi(prices: &[f64], period: u32) -> Vec<Option<f64>> {
    if period == 0 {
        return vec![None; prices.len()];
    }
    let count = f64::from(period);
    let skip = period as usize;
    let mut values = vec![None];
    let good: Vec<f64> = prices
        .iter()
        .copied()
        .filter(|price| is_usable(*price))
        .collect();
    let changes: Vec<f64> = good.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (mut gain, mut loss) = (0.0, 0.0);
    for (at, &change) in changes.iter().enumerate() {
        let (up, down) = if change > 0.0 {
            (change, 0.0)
        } else {
            (0.0, 0.0 - change)
        };
        if at < skip {
            gain += up;
            loss += down;
            if at + 1 == skip {
                gain /= count;
                loss /= count;
            }
        } else {
            gain = (gain * (count - 1.0) + up) / count;
            loss = (loss * (count - 1.0) + down) / count;
        }
        values.push((at + 1 >= skip).then(|| strength(gain, loss)));
    }
    spread(prices, &values)
}

/// Returns the index that the system before this one showed: of the list's first `period` changes, never its newest.
///
/// Only for comparison with its figures. A list of `period` prices or fewer gives the index of all its changes, one price
/// or a flat list 50. `None` if a price is unusable or there is none.
///
/// # Errors
/// A period of 0.
pub fn rsi_of_oldest(prices: &[f64], period: u32) -> Result<Option<f64>, ParameterError> {
    let size = positive(period)? as usize;
    if prices.is_empty() || !prices.iter().all(|price| is_usable(*price)) {
        return Ok(None);
    }
    let enough = prices.len() > size;
    let used = if enough { &prices[..=size] } else { prices };
    let changes = used.windows(2).map(|pair| pair[1] - pair[0]);
    let gain = add_up(changes.clone().map(|change| change.max(0.0)));
    let loss = add_up(changes.map(|change| (-change).max(0.0)));
    Ok(Some(if loss > 0.0 {
        100.0 - 100.0 / (1.0 + gain / loss)
    } else if enough || gain > 0.0 {
        100.0
    } else {
        50.0
    }))
}

/// Exponential moving average, seeded with the mean of the first `period` values; weight 2/(period+1).
#[derive(Clone, Debug, PartialEq)]
pub struct Ema {
    period: u32,
    count: u32,
    value: f64,
    ignored: u64,
}

impl Ema {
    /// Returns an empty average, `None` if `period` is 0.
    pub fn new(period: u32) -> Option<Self> {
        (period > 0).then_some(Self {
            period,
            count: 0,
            value: 0.0,
            ignored: 0,
        })
    }

    /// Takes a value; returns the average, `None` until `period` values were seen.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        let period = f64::from(self.period);
        if !is_usable(value) {
            self.ignored += 1;
        } else if self.count < self.period {
            self.count += 1;
            self.value += value;
            if self.count == self.period {
                self.value /= period;
            }
        } else {
            self.value += 2.0 / (period + 1.0) * (value - self.value);
        }
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        (self.count == self.period).then_some(self.value)
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    pub fn parts(&self) -> EmaParts {
        EmaParts {
            period: self.period,
            count: self.count,
            value_bits: self.value.to_bits(),
            ignored: self.ignored,
        }
    }

    /// Returns the average that these parts describe, `None` if they are none.
    pub fn from_parts(parts: &EmaParts) -> Option<Self> {
        (parts.period > 0 && parts.count <= parts.period).then(|| Self {
            period: parts.period,
            count: parts.count,
            value: f64::from_bits(parts.value_bits),
            ignored: parts.ignored,
        })
    }
}

/// Returns the average after each value, as `Ema` gives it.
pub fn ema(values: &[f64], period: u32) -> Vec<Option<f64>> {
    let good: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| is_usable(*value))
        .collect();
    let seed = period as usize;
    let mut found = vec![None; good.len()];
    if period > 0 && good.len() >= seed {
        let weight = 2.0 / (f64::from(period) + 1.0);
        let mut average =
            good[..seed].iter().fold(0.0, |sum, value| sum + value) / f64::from(period);
        found[seed - 1] = Some(average);
        for at in seed..good.len() {
            average += weight * (good[at] - average);
            found[at] = Some(average);
        }
    }
    spread(values, &found)
}

/// Mean of a window and the lines `width` standard deviations (of the population) off it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    pub low: f64,
    pub middle: f64,
    pub high: f64,
}

/// Bollinger bands. Both sums run over the window from its oldest value each time, so that errors can't pile up.
#[derive(Clone, Debug, PartialEq)]
pub struct Bollinger {
    period: u32,
    width: f64,
    window: VecDeque<f64>,
    ignored: u64,
}

impl Bollinger {
    /// Returns empty bands, `None` if `period` is 0 or `width` isn't a number in range.
    pub fn new(period: u32, width: f64) -> Option<Self> {
        (period > 0 && is_usable(width)).then(|| Self {
            period,
            width,
            window: VecDeque::new(),
            ignored: 0,
        })
    }

    /// Takes a value; returns the bands, `None` until `period` values were seen.
    pub fn update(&mut self, value: f64) -> Option<Bands> {
        if is_usable(value) {
            self.window.push_back(value);
            if self.window.len() > self.period as usize {
                self.window.pop_front();
            }
        } else {
            self.ignored += 1;
        }
        self.value()
    }

    /// Returns the bands as they are.
    pub fn value(&self) -> Option<Bands> {
        (self.window.len() == self.period as usize)
            .then(|| bands(self.window.iter().copied(), self.period, self.width))
    }

    /// Returns how many values were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    pub fn parts(&self) -> BollingerParts {
        BollingerParts {
            period: self.period,
            width_bits: self.width.to_bits(),
            window_bits: self.window.iter().map(|value| value.to_bits()).collect(),
            ignored: self.ignored,
        }
    }

    /// Returns the bands that these parts describe, `None` if they are none.
    pub fn from_parts(parts: &BollingerParts) -> Option<Self> {
        let mut bands = Self::new(parts.period, f64::from_bits(parts.width_bits))?;
        bands.window = parts
            .window_bits
            .iter()
            .copied()
            .map(f64::from_bits)
            .collect();
        bands.ignored = parts.ignored;
        (bands.window.len() <= parts.period as usize).then_some(bands)
    }
}

fn bands(window: impl Iterator<Item = f64> + Clone, period: u32, width: f64) -> Bands {
    let count = f64::from(period);
    let middle = window.clone().fold(0.0, |sum, value| sum + value) / count;
    let squares = window.fold(0.0, |sum, value| sum + (value - middle) * (value - middle));
    let away = width * (squares / count).sqrt();
    Bands {
        low: middle - away,
        middle,
        high: middle + away,
    }
}

/// Returns the bands after each value, as `Bollinger` gives them.
pub fn bollinger(values: &[f64], period: u32, width: f64) -> Vec<Option<Bands>> {
    let good: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| is_usable(*value))
        .collect();
    let size = period as usize;
    let at_each = |end: usize| {
        (size > 0 && end >= size)
            .then(|| bands(good[end - size..end].iter().copied(), period, width))
    };
    spread(values, &(1..=good.len()).map(at_each).collect::<Vec<_>>())
}

/// Returns results of the usable values at the places of all values: an ignored one repeats what was before it.
fn spread<T: Copy>(values: &[f64], found: &[Option<T>]) -> Vec<Option<T>> {
    let mut seen = 0;
    let mut at_each = |value: &f64| {
        seen += usize::from(is_usable(*value));
        seen.checked_sub(1)
            .and_then(|at| found.get(at).copied().flatten())
    };
    values.iter().map(&mut at_each).collect()
}

/// An `Rsi` as plain fields; floats as their bits, so that text can't round them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RsiParts {
    pub period: u32,
    pub last_bits: Option<u64>,
    pub changes: u32,
    pub gain_bits: u64,
    pub loss_bits: u64,
    pub ignored: u64,
}

/// An `Ema` as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmaParts {
    pub period: u32,
    pub count: u32,
    pub value_bits: u64,
    pub ignored: u64,
}

/// A `Bollinger` as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BollingerParts {
    pub period: u32,
    pub width_bits: u64,
    pub window_bits: Vec<u64>,
    pub ignored: u64,
}
