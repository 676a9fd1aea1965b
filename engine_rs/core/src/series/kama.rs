//! Kaufman's adaptive moving average in two forms: by periods, and with the constants of the adaptive trend system.
//!
//! Both smooth by (efficiency × (fast − slow) + slow)², where efficiency is the way made ÷ the way gone over a window, 0
//! where nothing moved. Only + − × ÷ are used, in the order written, and the way gone is added up from the oldest step
//! each time: the twin gives the same bits. The two treat unusable values differently: see each.
//!
//! One file: two forms of one average, beside each other so that their differences are seen.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::series::technical::arrays::{BLOCK, Kernel, WindowSums, from_point, is_clean, run_up};
use crate::series::technical::{ParameterError, is_usable, positive};

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

#[inline(always)]
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
    from_zero: bool,
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
            from_zero: false,
            value: 0.0,
            ignored: 0,
        })
    }

    /// Returns an empty average with the trend system's weights that grows from 0, as that of its script does.
    ///
    /// # Errors
    /// A length of 0.
    pub fn from_zero(length: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            prices: Prices::new(length, FIXED_FAST, FIXED_SLOW)?,
            from_zero: true,
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
        } else if !self.from_zero {
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

    /// Returns all state as plain fields.
    pub fn parts(&self) -> KamaParts {
        let window = self.prices.window.iter();
        KamaParts {
            period: self.prices.size as u64 - 1,
            fast_bits: self.prices.fast.to_bits(),
            slow_bits: self.prices.slow.to_bits(),
            value_bits: self.value.to_bits(),
            window_bits: window.map(|price| price.to_bits()).collect(),
            ignored: self.ignored,
        }
    }

    /// Returns the average that these parts describe, `None` if they are none.
    pub fn from_parts(parts: &KamaParts) -> Option<Self> {
        let period = u32::try_from(parts.period).ok()?;
        let [fast, slow] = [parts.fast_bits, parts.slow_bits].map(f64::from_bits);
        let mut prices = Prices::new(period, fast, slow).ok()?;
        let window = parts.window_bits.iter().copied();
        prices.window = window.map(f64::from_bits).collect();
        (prices.window.len() <= prices.size).then_some(Self {
            from_zero: false,
            prices,
            value: f64::from_bits(parts.value_bits),
            ignored: parts.ignored,
        })
    }
}

/// A `Kama` as plain fields; floats as their bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KamaParts {
    pub period: u64,
    pub fast_bits: u64,
    pub slow_bits: u64,
    pub value_bits: u64,
    pub window_bits: Vec<u64>,
    pub ignored: u64,
}

/// Computes the average after each price, as `Kama` does but for rounding, NaN where it gives none.
#[derive(Clone, Debug)]
pub struct KamaKernel(Pulls);

/// Returns what computes the average after each price by `Kama`'s rules.
///
/// # Errors
/// A period of 0.
pub fn kama(period: u32, fast: u32, slow: u32) -> Result<KamaKernel, ParameterError> {
    let size = positive(period)? as usize;
    Ok(KamaKernel(Pulls::new(size, weight(fast)?, weight(slow)?)))
}

impl Kernel<1> for KamaKernel {
    #[inline(always)]
    fn run(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        let size = self.0.size;
        let out = from_point(out, size);
        if !out.is_empty() {
            self.0.follow::<true>(values[size - 1], values, out);
        }
    }
}

/// How far each price pulls the average: known for a whole block before the average itself.
#[derive(Clone, Debug)]
struct Pulls {
    size: usize,
    fast: f64,
    slow: f64,
    /// Ways between neighbours, and their sums up to each.
    steps: Vec<f64>,
    ways: Vec<f64>,
    sums: WindowSums,
}

/// Share of a block's way that a window must make to be told from the block's running sum: its digits lost are below 1e-9.
const LEAST_SHARE: f64 = 1e-4;

impl Pulls {
    fn new(size: usize, fast: f64, slow: f64) -> Self {
        Self {
            size,
            fast,
            slow,
            steps: Vec::new(),
            ways: Vec::new(),
            sums: WindowSums::default(),
        }
    }

    /// Writes the average after each price from `prices[size]` on.
    #[inline(always)]
    fn follow<const CLEAN: bool>(&mut self, average: f64, prices: &[f64], out: &mut [f64]) {
        let mut average = average;
        let mut keeps = [0.0; BLOCK];
        for (at, out) in out.chunks_mut(BLOCK).enumerate() {
            let prices = &prices[at * BLOCK..at * BLOCK + out.len() + self.size];
            let keeps = &mut keeps[..out.len()];
            self.write_noises(prices, keeps);
            let ends = prices.iter().zip(&prices[self.size..]);
            for ((keep, out), (first, last)) in keeps.iter_mut().zip(out.iter_mut()).zip(ends) {
                let share = smoothing((last - first).abs(), *keep, self.fast, self.slow);
                *out = share * last;
                *keep = 1.0 - share;
            }
            average = if CLEAN {
                chain(average, keeps, out)
            } else {
                restart(average, keeps, &prices[self.size..], out)
            };
        }
    }

    /// Writes the way gone in each window.
    #[inline(always)]
    fn write_noises(&mut self, prices: &[f64], noises: &mut [f64]) {
        let steps = prices.iter().zip(&prices[1..]);
        self.steps.clear();
        self.steps
            .extend(steps.map(|(before, after)| (after - before).abs()));
        self.ways.resize(self.steps.len() + 1, 0.0);
        self.ways[0] = 0.0;
        let all = run_up(0.0, &self.steps, &mut self.ways[1..]);
        let least = all * LEAST_SHARE;
        let mut precise = true;
        let ends = self.ways.iter().zip(&self.ways[self.size..]);
        for (noise, (start, end)) in noises.iter_mut().zip(ends) {
            *noise = end - start;
            // Of NaN this is not true.
            precise &= *noise >= least;
        }
        if !precise {
            self.sums.write(&self.steps, self.size, noises);
        }
    }
}

/// Writes x ← keep × x + add for each place, which holds what is added; returns the last x. Four at a time, so that three
/// of four needn't wait for the one before.
#[inline(always)]
fn chain(x: f64, keeps: &[f64], out: &mut [f64]) -> f64 {
    let mut last = x;
    let (blocks, rest) = keeps.as_chunks::<4>();
    let (places, rest_places) = out.as_chunks_mut::<4>();
    for (keep, place) in blocks.iter().zip(places) {
        let (mut part, mut all) = (*place, *keep);
        for at in 1..4 {
            part[at] += keep[at] * part[at - 1];
            all[at] *= all[at - 1];
        }
        for (slot, all) in part.iter_mut().zip(all) {
            *slot += all * last;
        }
        last = part[3];
        *place = part;
    }
    for (slot, keep) in rest_places.iter_mut().zip(rest) {
        *slot += keep * last;
        last = *slot;
    }
    last
}

/// Writes as `chain` does, from the price itself on where there is no average.
#[inline(always)]
fn restart(x: f64, keeps: &[f64], prices: &[f64], out: &mut [f64]) -> f64 {
    let mut last = x;
    for ((slot, keep), price) in out.iter_mut().zip(keeps).zip(prices) {
        let base = if last.is_nan() { *price } else { last };
        *slot += keep * base;
        last = *slot;
    }
    last
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

/// Computes the average after each price, as `FixedKama` does but for rounding, NaN where it gives none.
#[derive(Clone, Debug)]
pub struct FixedKamaKernel(Pulls);

/// Returns what computes the average after each price by `FixedKama`'s rules.
///
/// # Errors
/// A length of 0.
pub fn fixed_kama(length: u32) -> Result<FixedKamaKernel, ParameterError> {
    let size = positive(length)? as usize;
    Ok(FixedKamaKernel(Pulls::new(size, FIXED_FAST, FIXED_SLOW)))
}

impl FixedKamaKernel {
    #[inline(always)]
    fn write<const CLEAN: bool>(&mut self, prices: &[f64], out: &mut [f64]) {
        let start = self.0.size.min(out.len());
        let (before, out) = out.split_at_mut(start);
        if let Some(&first) = prices.first() {
            before.fill(first);
            self.0.follow::<CLEAN>(first, prices, out);
        }
    }
}

impl Kernel<1> for FixedKamaKernel {
    #[inline(always)]
    fn run(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        self.write::<true>(values, out);
    }

    #[inline(always)]
    fn over(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        if is_clean(values) {
            return self.write::<true>(values, out);
        }
        let known = |price: &f64| if is_usable(*price) { *price } else { f64::NAN };
        let marked: Vec<f64> = values.iter().map(known).collect();
        self.write::<false>(&marked, out);
    }
}
