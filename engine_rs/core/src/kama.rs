//! Kaufman's adaptive moving average in two forms: by periods, and with the constants of the adaptive trend system.
//!
//! Both smooth by (efficiency × (fast − slow) + slow)², where efficiency is the way made ÷ the way gone over a window, 0
//! where nothing moved. Only + − × ÷ are used, in the order written, and the way gone is added up from the oldest step
//! each time: the twin gives the same bits. The two treat unusable values differently: see each.

use std::collections::VecDeque;

use crate::technical::arrays::{BLOCK, on_usable, window_sums};
use crate::technical::{ParameterError, is_usable, positive};

/// The fast weight of the fixed form. 2 ÷ (2 + 1) is close to it, not it.
pub const FIXED_FAST: f64 = 0.666;
/// The slow weight of the fixed form. 2 ÷ (30 + 1) is close to it, not it.
pub const FIXED_SLOW: f64 = 0.064;

/// The last `period` + 1 prices and the weights.
#[derive(Clone, Debug, PartialEq)]
struct Prices {
    size: usize,
    window: VecDeque<f64>,
    fast: f64,
    slow: f64,
}

impl Prices {
    fn new(period: u32, fast: f64, slow: f64) -> Result<Self, ParameterError> {
        Ok(Self {
            size: positive(period)? as usize + 1,
            window: VecDeque::new(),
            fast,
            slow,
        })
    }

    fn push(&mut self, price: f64) {
        if self.window.len() == self.size {
            self.window.pop_front();
        }
        self.window.push_back(price);
    }

    fn is_full(&self) -> bool {
        self.window.len() == self.size
    }

    /// Returns the share of its distance to the newest price that the average moves.
    fn smoothing(&self) -> f64 {
        let later = self.window.iter().skip(1);
        let noise = self
            .window
            .iter()
            .zip(later)
            .fold(0.0, |sum, (before, after)| sum + (after - before).abs());
        let way = (self.window[self.size - 1] - self.window[0]).abs();
        smoothing(way, noise, self.fast, self.slow)
    }
}

fn smoothing(way: f64, noise: f64, fast: f64, slow: f64) -> f64 {
    let efficiency = if noise == 0.0 { 0.0 } else { way / noise };
    let smoothing = efficiency * (fast - slow) + slow;
    smoothing * smoothing
}

fn weight(period: u32) -> Result<f64, ParameterError> {
    Ok(2.0 / (f64::from(positive(period)?) + 1.0))
}

/// The average with weights 2 ÷ (fast + 1) and 2 ÷ (slow + 1) (Kaufman; TA-Lib, whose periods are 2 and 30).
///
/// It starts at the `period`-th price and is first given with the next one. A price that is no number in range is ignored
/// and counted; the average then stays as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Kama {
    prices: Prices,
    value: f64,
    ignored: u64,
}

impl Kama {
    /// Returns an empty average; the usual periods are 10, 2, 30.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32, fast: u32, slow: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            prices: Prices::new(period, weight(fast)?, weight(slow)?)?,
            value: 0.0,
            ignored: 0,
        })
    }

    /// Takes a price; returns the average, `None` until `period` + 1 prices were seen.
    pub fn update(&mut self, price: f64) -> Option<f64> {
        if !is_usable(price) {
            self.ignored += 1;
            return self.value();
        }
        self.prices.push(price);
        if self.prices.is_full() {
            self.value += self.prices.smoothing() * (price - self.value);
        } else {
            self.value = price;
        }
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        self.prices.is_full().then_some(self.value)
    }

    /// Returns how many prices were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns the average after each price, as `Kama` gives it, NaN where it gives none.
///
/// # Errors
/// A period of 0.
pub fn kama(
    prices: &[f64],
    period: u32,
    fast: u32,
    slow: u32,
) -> Result<[Vec<f64>; 1], ParameterError> {
    let size = positive(period)? as usize;
    let (fast, slow) = (weight(fast)?, weight(slow)?);
    Ok(on_usable(prices, |good, [out]| {
        let Some(out) = out.get_mut(size..) else {
            return;
        };
        shares(good, size, fast, slow, out);
        let Some(mut average) = good.get(size - 1).copied() else {
            return;
        };
        for (slot, price) in out.iter_mut().zip(&good[size..]) {
            average += *slot * (price - average);
            *slot = average;
        }
    }))
}

/// Writes the share that the average moves at each price from `prices[size]` on: only the average itself must wait.
fn shares(prices: &[f64], size: usize, fast: f64, slow: f64, out: &mut [f64]) {
    let mut steps = Vec::with_capacity(BLOCK + size);
    for (at, block) in out.chunks_mut(BLOCK).enumerate() {
        let prices = &prices[at * BLOCK..at * BLOCK + block.len() + size];
        steps.clear();
        steps.extend(prices.windows(2).map(|pair| (pair[1] - pair[0]).abs()));
        window_sums(&steps, size, block);
    }
    for ((slot, first), last) in out.iter_mut().zip(prices).zip(&prices[size..]) {
        *slot = smoothing((last - first).abs(), *slot, fast, slow);
    }
}

/// The average of the adaptive trend system: weights .666 and .064, equal to its figures.
///
/// It starts at the first price and stays there for `length` − 1 more bars. A price that is no number in range is counted;
/// from its bar on, or from bar `length` on if it came before, there is no average while the last `length` + 1 prices hold
/// it, and then it starts anew at the newest price.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedKama {
    prices: Prices,
    value: f64,
    ignored: u64,
}

impl FixedKama {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A length of 0.
    pub fn new(length: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            prices: Prices::new(length, FIXED_FAST, FIXED_SLOW)?,
            value: f64::NAN,
            ignored: 0,
        })
    }

    /// Takes a price; returns the average, `None` where an unusable price spoils it.
    pub fn update(&mut self, price: f64) -> Option<f64> {
        let usable = is_usable(price);
        self.ignored += u64::from(!usable);
        let price = if usable { price } else { f64::NAN };
        if self.prices.window.is_empty() {
            self.value = price;
        }
        self.prices.push(price);
        if self.prices.is_full() {
            let base = if self.value.is_nan() {
                price
            } else {
                self.value
            };
            self.value = base + self.prices.smoothing() * (price - base);
        }
        self.value()
    }

    /// Returns the average as it is.
    pub fn value(&self) -> Option<f64> {
        (!self.value.is_nan()).then_some(self.value)
    }

    /// Returns how many prices were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns the average after each price, as `FixedKama` gives it, NaN where it gives none.
///
/// # Errors
/// A length of 0.
pub fn fixed_kama(prices: &[f64], length: u32) -> Result<Vec<f64>, ParameterError> {
    let size = positive(length)? as usize;
    let clean: Vec<f64> = prices
        .iter()
        .map(|price| if is_usable(*price) { *price } else { f64::NAN })
        .collect();
    let Some(&first) = clean.first() else {
        return Ok(Vec::new());
    };
    let mut out = vec![first; clean.len()];
    let Some(later) = out.get_mut(size..) else {
        return Ok(out);
    };
    shares(&clean, size, FIXED_FAST, FIXED_SLOW, later);
    let mut average = first;
    for (slot, price) in later.iter_mut().zip(&clean[size..]) {
        let base = if average.is_nan() { *price } else { average };
        average = base + *slot * (price - base);
        *slot = average;
    }
    Ok(out)
}
