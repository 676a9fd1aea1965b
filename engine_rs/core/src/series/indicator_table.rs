//! RSI, EMA, Bollinger bands and Kaufman's average of many tokens, a price of each at a time.
//!
//! Each token's figures have the bits of `Rsi`, `Ema`, `Bollinger` and `Kama`: the same sums in the same order, with eight
//! tokens side by side. A price that is no number in range is ignored and counted, and the token's figures then stay.
//!
//! One file: a group of eight tokens is one block of memory, which every figure's step reads and writes.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use crate::series::technical::{ParameterError, is_usable, positive, rise, strength};

/// Tokens computed side by side: four of the machine's vectors, enough to hide the time an addition takes.
const LANES: usize = 8;

/// Figures of a token: RSI, EMA, low, middle and high band, Kaufman's average; NaN where there were too few prices.
pub const FIELDS: usize = 6;

/// Most numbers that the windows of all tokens may hold together: 1 GiB.
pub const MAX_NUMBERS: u64 = 1 << 27;

type Lanes = [f64; LANES];

/// The periods of all figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Periods {
    pub rsi: u32,
    pub ema: u32,
    pub bands: u32,
    /// Deviations from the middle to a band.
    pub width: f64,
    pub kama: u32,
    pub fast: u32,
    pub slow: u32,
}

impl Default for Periods {
    fn default() -> Self {
        Self {
            rsi: 14,
            ema: 20,
            bands: 20,
            width: 2.0,
            kama: 10,
            fast: 2,
            slow: 30,
        }
    }
}

/// What the periods amount to in the formulas.
#[derive(Clone, Debug)]
struct Rates {
    rsi: f64,
    ema: f64,
    bands: f64,
    width: f64,
    slow: f64,
    /// Fast weight minus slow one.
    span: f64,
}

/// Figures of many tokens.
#[derive(Clone, Debug)]
pub struct IndicatorTable {
    tokens: usize,
    periods: Periods,
    rates: Rates,
    groups: Vec<Group>,
}

impl IndicatorTable {
    /// Returns a table without a price.
    ///
    /// # Errors
    /// A period of 0; a width that is no number in range; windows of more than `MAX_NUMBERS` numbers.
    pub fn new(tokens: usize, periods: Periods) -> Result<Self, ParameterError> {
        for period in [periods.rsi, periods.ema, periods.bands] {
            positive(period)?;
        }
        if !is_usable(periods.width) {
            return Err(ParameterError::Number {
                name: "width",
                value: periods.width,
            });
        }
        for period in [periods.kama, periods.fast, periods.slow] {
            positive(period)?;
        }
        let each = u64::from(periods.bands) + 2 * u64::from(periods.kama);
        let numbers = each.saturating_mul(tokens as u64);
        if numbers > MAX_NUMBERS {
            return Err(ParameterError::Memory {
                numbers,
                most: MAX_NUMBERS,
            });
        }
        let slow = 2.0 / (f64::from(periods.slow) + 1.0);
        let rates = Rates {
            rsi: f64::from(periods.rsi),
            ema: 2.0 / (f64::from(periods.ema) + 1.0),
            bands: f64::from(periods.bands),
            width: periods.width,
            slow,
            span: 2.0 / (f64::from(periods.fast) + 1.0) - slow,
        };
        let groups = (0..tokens.div_ceil(LANES))
            .map(|_| Group::new(&periods))
            .collect();
        Ok(Self {
            tokens,
            periods,
            rates,
            groups,
        })
    }

    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Returns how many prices of a token were no number in range, `None` for a token that there isn't.
    pub fn ignored(&self, token: usize) -> Option<u64> {
        let group = self
            .groups
            .get(token / LANES)
            .filter(|_| token < self.tokens)?;
        Some(group.ignored[token % LANES])
    }

    /// Takes a token's price; returns its figures.
    ///
    /// # Errors
    /// A token that there isn't.
    pub fn update(&mut self, token: usize, price: f64) -> Result<[f64; FIELDS], ParameterError> {
        if token >= self.tokens {
            return Err(ParameterError::Token {
                token: token as u64,
                tokens: self.tokens as u64,
            });
        }
        let group = &mut self.groups[token / LANES];
        let lane = token % LANES;
        group.is_even = false;
        group.take(lane, price, &self.periods, &self.rates);
        Ok(group.figures(lane, &self.periods, &self.rates))
    }

    /// Takes a price of each token; writes figure f of token t to `out[f × tokens + t]`.
    ///
    /// # Errors
    /// Prices or places of another number; nothing is taken then.
    #[inline(always)]
    pub fn tick(&mut self, prices: &[f64], out: &mut [f64]) -> Result<(), ParameterError> {
        for (what, found, expected) in [
            ("prices", prices.len(), self.tokens),
            ("places", out.len(), FIELDS * self.tokens),
        ] {
            if found != expected {
                return Err(ParameterError::Lengths {
                    what,
                    found,
                    expected,
                });
            }
        }
        let (mut start, mut figures) = (0, [[0.0; LANES]; FIELDS]);
        for (group, part) in self.groups.iter_mut().zip(prices.chunks(LANES)) {
            let each = part.first_chunk().copied().unwrap_or_else(|| {
                // A lane without a token follows the first one, so that it never holds up the others.
                let mut each = [part[0]; LANES];
                each[..part.len()].copy_from_slice(part);
                each
            });
            group.tick(&each, &self.periods, &self.rates, &mut figures);
            for (row, figures) in out.chunks_exact_mut(self.tokens).zip(&figures) {
                match row[start..].first_chunk_mut() {
                    Some(places) => *places = *figures,
                    None => row[start..].copy_from_slice(&figures[..part.len()]),
                }
            }
            start += part.len();
        }
        Ok(())
    }
}

/// Eight tokens. Windows are rings: a row holds one price of each token, and a token's oldest is in the row of its head.
#[derive(Clone, Debug)]
struct Group {
    /// Usable prices so far, as far as it matters.
    seen: [u64; LANES],
    ignored: [u64; LANES],
    last: Lanes,
    gain: Lanes,
    loss: Lanes,
    ema: Lanes,
    kama: Lanes,
    /// Last prices, for the bands.
    window: Box<[Lanes]>,
    /// Last prices and the steps to them, for Kaufman's average.
    prices: Box<[Lanes]>,
    steps: Box<[Lanes]>,
    window_head: [usize; LANES],
    prices_head: [usize; LANES],
    /// Whether all tokens have all their figures, and their heads in the same rows.
    is_even: bool,
}

impl Group {
    fn new(periods: &Periods) -> Self {
        let ring = |size: u32| vec![[0.0; LANES]; size as usize].into_boxed_slice();
        Self {
            seen: [0; LANES],
            ignored: [0; LANES],
            last: [0.0; LANES],
            gain: [0.0; LANES],
            loss: [0.0; LANES],
            ema: [0.0; LANES],
            kama: [0.0; LANES],
            window: ring(periods.bands),
            prices: ring(periods.kama),
            steps: ring(periods.kama),
            window_head: [0; LANES],
            prices_head: [0; LANES],
            is_even: false,
        }
    }

    #[inline(always)]
    fn tick(
        &mut self,
        each: &Lanes,
        periods: &Periods,
        rates: &Rates,
        found: &mut [Lanes; FIELDS],
    ) {
        let usable = each
            .iter()
            .fold(true, |usable, price| usable & is_usable(*price));
        if usable && (self.is_even || self.even_out(periods)) {
            return self.take_all(each, rates, found);
        }
        self.is_even = false;
        for (lane, &price) in each.iter().enumerate() {
            self.take(lane, price, periods, rates);
            for (row, figure) in found.iter_mut().zip(self.figures(lane, periods, rates)) {
                row[lane] = figure;
            }
        }
    }

    /// Brings the heads of all tokens to the same rows; returns `false` if one has too few prices yet.
    fn even_out(&mut self, periods: &Periods) -> bool {
        let enough = [
            periods.rsi,
            periods.kama,
            periods.ema - 1,
            periods.bands - 1,
        ];
        let enough = enough.into_iter().fold(0, u32::max);
        if self.seen.iter().any(|seen| *seen <= u64::from(enough)) {
            return false;
        }
        for lane in 1..LANES {
            rotate(&mut self.window, lane, &mut self.window_head);
            let mut heads = self.prices_head;
            rotate(&mut self.steps, lane, &mut heads);
            rotate(&mut self.prices, lane, &mut self.prices_head);
        }
        self.is_even = true;
        true
    }

    /// Takes a usable price of each token, all of which have all their figures, and writes these: row by row, since all of
    /// them at once would be built elsewhere and then copied.
    #[inline(always)]
    fn take_all(&mut self, each: &Lanes, rates: &Rates, found: &mut [Lanes; FIELDS]) {
        let (mut change, mut step) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            change[lane] = each[lane] - self.last[lane];
            step[lane] = change[lane].abs();
            let (gain, loss) = (rise(change[lane]), rise(-change[lane]));
            self.gain[lane] = (self.gain[lane] * (rates.rsi - 1.0) + gain) / rates.rsi;
            self.loss[lane] = (self.loss[lane] * (rates.rsi - 1.0) + loss) / rates.rsi;
            self.ema[lane] += rates.ema * (each[lane] - self.ema[lane]);
        }
        let rsi = strengths(&self.gain, &self.loss);
        self.last = *each;
        [found[2], found[3], found[4]] = self.bands_of_all(each, rates);
        let (head, size) = (self.prices_head[0], self.prices.len());
        let oldest = std::mem::replace(&mut self.prices[head], *each);
        self.steps[head] = step;
        let next = if head + 1 == size { 0 } else { head + 1 };
        self.prices_head = [next; LANES];
        let (newer, older) = self.steps.split_at(next);
        let mut noise = [0.0; LANES];
        for rows in [older, newer] {
            for row in rows {
                for lane in 0..LANES {
                    noise[lane] += row[lane];
                }
            }
        }
        for lane in 0..LANES {
            let way = (each[lane] - oldest[lane]).abs();
            let share = way / noise[lane];
            let efficiency = if noise[lane] == 0.0 { 0.0 } else { share };
            let smoothing = efficiency * rates.span + rates.slow;
            self.kama[lane] += smoothing * smoothing * (each[lane] - self.kama[lane]);
        }
        (found[0], found[1], found[5]) = (rsi, self.ema, self.kama);
    }

    #[inline(always)]
    fn bands_of_all(&mut self, each: &Lanes, rates: &Rates) -> [Lanes; 3] {
        let (head, size) = (self.window_head[0], self.window.len());
        self.window[head] = *each;
        let next = if head + 1 == size { 0 } else { head + 1 };
        self.window_head = [next; LANES];
        let (newer, older) = self.window.split_at(next);
        let mut middle = [0.0; LANES];
        for rows in [older, newer] {
            for row in rows {
                for lane in 0..LANES {
                    middle[lane] += row[lane];
                }
            }
        }
        for sum in &mut middle {
            *sum /= rates.bands;
        }
        let mut squares = [0.0; LANES];
        for rows in [older, newer] {
            for row in rows {
                for lane in 0..LANES {
                    let off = row[lane] - middle[lane];
                    squares[lane] += off * off;
                }
            }
        }
        let (mut low, mut high) = (middle, middle);
        for lane in 0..LANES {
            let away = rates.width * (squares[lane] / rates.bands).sqrt();
            low[lane] -= away;
            high[lane] += away;
        }
        [low, middle, high]
    }

    /// Takes a price of one token.
    fn take(&mut self, lane: usize, price: f64, periods: &Periods, rates: &Rates) {
        if !is_usable(price) {
            self.ignored[lane] += 1;
            return;
        }
        let seen = self.seen[lane];
        let change = price - self.last[lane];
        if seen > 0 {
            self.take_change(lane, change, u64::from(periods.rsi), rates);
        }
        let count = u64::from(periods.ema);
        if seen < count {
            self.ema[lane] += price;
            if seen + 1 == count {
                self.ema[lane] /= f64::from(periods.ema);
            }
        } else {
            self.ema[lane] += rates.ema * (price - self.ema[lane]);
        }
        let head = self.window_head[lane];
        self.window[head][lane] = price;
        self.window_head[lane] = (head + 1) % self.window.len();
        let head = self.prices_head[lane];
        let oldest = std::mem::replace(&mut self.prices[head][lane], price);
        self.steps[head][lane] = change.abs();
        let next = (head + 1) % self.prices.len();
        self.prices_head[lane] = next;
        if seen < u64::from(periods.kama) {
            self.kama[lane] = price;
        } else {
            let (newer, older) = self.steps.split_at(next);
            let noise = over(older, newer, lane, |step| step);
            let way = (price - oldest).abs();
            let efficiency = if noise == 0.0 { 0.0 } else { way / noise };
            let smoothing = efficiency * rates.span + rates.slow;
            self.kama[lane] += smoothing * smoothing * (price - self.kama[lane]);
        }
        self.last[lane] = price;
        self.seen[lane] = seen + 1;
    }

    /// Takes a change; `seed` of them make the first means.
    fn take_change(&mut self, lane: usize, change: f64, seed: u64, rates: &Rates) {
        let (gain, loss) = (rise(change), rise(-change));
        if self.seen[lane] <= seed {
            self.gain[lane] += gain;
            self.loss[lane] += loss;
            if self.seen[lane] == seed {
                self.gain[lane] /= rates.rsi;
                self.loss[lane] /= rates.rsi;
            }
        } else {
            self.gain[lane] = (self.gain[lane] * (rates.rsi - 1.0) + gain) / rates.rsi;
            self.loss[lane] = (self.loss[lane] * (rates.rsi - 1.0) + loss) / rates.rsi;
        }
    }

    /// Returns the figures of one token as they are.
    fn figures(&self, lane: usize, periods: &Periods, rates: &Rates) -> [f64; FIELDS] {
        let seen = self.seen[lane];
        let from = |count: u64, figure: f64| if seen >= count { figure } else { f64::NAN };
        let (newer, older) = self.window.split_at(self.window_head[lane]);
        let count = u64::from(periods.bands);
        let [low, middle, high] = if seen >= count {
            let middle = over(older, newer, lane, |price| price) / rates.bands;
            let square = |price: f64| (price - middle) * (price - middle);
            let squares = over(older, newer, lane, square);
            let away = rates.width * (squares / rates.bands).sqrt();
            [middle - away, middle, middle + away]
        } else {
            [f64::NAN; 3]
        };
        [
            from(
                u64::from(periods.rsi) + 1,
                strength(self.gain[lane], self.loss[lane]),
            ),
            from(u64::from(periods.ema), self.ema[lane]),
            low,
            middle,
            high,
            from(u64::from(periods.kama) + 1, self.kama[lane]),
        ]
    }
}

/// Returns the sum of what `each` makes of a token's values, from the oldest to the newest.
#[inline(always)]
fn over(older: &[Lanes], newer: &[Lanes], lane: usize, each: impl Fn(f64) -> f64) -> f64 {
    // A chain of two iterators would ask at each value which of them it is in.
    let mut sum = 0.0;
    for rows in [older, newer] {
        for row in rows {
            sum += each(row[lane]);
        }
    }
    sum
}

/// Returns `strength` of each, without a branch.
#[inline(always)]
fn strengths(gain: &Lanes, loss: &Lanes) -> Lanes {
    let mut index = [0.0; LANES];
    for lane in 0..LANES {
        index[lane] = 100.0 - 100.0 / (1.0 + gain[lane] / loss[lane]);
    }
    for lane in 0..LANES {
        let still = if gain[lane] > 0.0 { 100.0 } else { 50.0 };
        index[lane] = if loss[lane] > 0.0 { index[lane] } else { still };
    }
    index
}

/// Moves a token's column of a ring so that its head is where the first token's is.
fn rotate(ring: &mut [Lanes], lane: usize, heads: &mut [usize; LANES]) {
    let size = ring.len();
    let shift = (heads[0] + size - heads[lane]) % size;
    if shift == 0 {
        return;
    }
    let column: Vec<f64> = ring.iter().map(|row| row[lane]).collect();
    for (at, value) in column.into_iter().enumerate() {
        ring[(at + shift) % size][lane] = value;
    }
    heads[lane] = heads[0];
}
