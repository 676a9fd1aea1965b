//! RSI, EMA and Bollinger bands over whole arrays, NaN where there is none: for one series or a row per token.
//!
//! They differ from `Rsi`, `Ema` and `Bollinger` by rounding, and no decision reads them: recurrences are regrouped in
//! blocks, so that a point needn't wait for the one before it, and windows are differences of running sums that start anew
//! every few hundred points. RSI and EMA stay within 1e-9 of the largest input, a band within 1e-9 of the window's mean or
//! deviation, whichever is larger: where a running sum can't promise that, the window is added up by itself.
//!
//! One file: three kernels that are read beside each other, for they share how running sums begin and end.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined is compiled for the machine's wide vectors"
)]

use super::{MAX_VALUE, ParameterError, is_usable, positive, rise, strength};

/// Windows added up side by side: enough to fill the machine's vectors and hide the time an addition takes.
const LANES: usize = 8;

/// Points whose intermediate values are kept at a time: they stay in the nearest cache, and need no memory of their own.
pub(crate) const BLOCK: usize = 256;

/// What computes `N` results for each value of a series.
pub trait Kernel<const N: usize> {
    /// Writes the results of usable values.
    fn run(&mut self, values: &[f64], out: [&mut [f64]; N]);

    /// Writes the results of any values; an unusable one repeats what was before it.
    #[inline(always)]
    fn over(&mut self, values: &[f64], mut out: [&mut [f64]; N]) {
        if is_clean(values) {
            return self.run(values, out);
        }
        let good = values.iter().copied().filter(|value| is_usable(*value));
        let good: Vec<f64> = good.collect();
        let mut found = out.each_ref().map(|_| vec![f64::NAN; good.len()]);
        self.run(&good, found.each_mut().map(Vec::as_mut_slice));
        for (out, found) in out.iter_mut().zip(&found) {
            let mut last = f64::NAN;
            let mut found = found.iter();
            for (value, slot) in values.iter().zip(out.iter_mut()) {
                if is_usable(*value) {
                    last = found.next().copied().unwrap_or(last);
                }
                *slot = last;
            }
        }
    }
}

/// Returns whether all values are usable. Without a way out of its loop this runs in vectors, which `all` doesn't.
#[inline(always)]
pub(crate) fn is_clean(values: &[f64]) -> bool {
    let usable = values.iter().map(|value| value.abs() <= MAX_VALUE);
    usable.fold(true, |clean, usable| clean & usable)
}

/// Writes what a kernel gives for each row of a matrix into places of the same shape.
#[inline(always)]
pub fn rows<const N: usize>(
    values: &[f64],
    columns: usize,
    kernel: &mut impl Kernel<N>,
    mut out: [&mut [f64]; N],
) {
    for row in values.chunks(columns.max(1)) {
        let places = out.each_mut().map(|left| {
            let (now, later) = std::mem::take(left).split_at_mut(row.len());
            *left = later;
            now
        });
        kernel.over(row, places);
    }
}

/// Returns the larger of two numbers: one instruction, which `f64::max` isn't for it minds NaN.
#[inline(always)]
pub(crate) fn larger(one: f64, other: f64) -> f64 {
    if one > other { one } else { other }
}

/// Returns what a kernel gives for one series.
#[inline(always)]
pub fn one<const N: usize>(values: &[f64], kernel: &mut impl Kernel<N>) -> [Vec<f64>; N] {
    let mut out = [const { Vec::new() }; N].map(|_: Vec<f64>| vec![0.0; values.len()]);
    kernel.over(values, out.each_mut().map(Vec::as_mut_slice));
    out
}

/// Writes NaN to the places before `start`; returns the others, of which there may be none.
#[inline(always)]
pub(crate) fn from_point(out: &mut [f64], start: usize) -> &mut [f64] {
    let start = start.min(out.len());
    let (before, from) = out.split_at_mut(start);
    before.fill(f64::NAN);
    from
}

/// Sums over windows of neighbours, from sums of 1, 2, 4 … of them: no value is ever taken off again.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowSums {
    sums: Vec<f64>,
    doubled: Vec<f64>,
}

impl WindowSums {
    /// Writes the sum of each `size` neighbours of `values`, as many as there are places.
    #[inline(always)]
    pub(crate) fn write(&mut self, values: &[f64], size: usize, out: &mut [f64]) {
        self.sums.clear();
        self.sums.extend_from_slice(&values[..out.len() + size - 1]);
        let (mut width, mut offset) = (1, 0);
        loop {
            if size & width != 0 {
                let part = &self.sums[offset..offset + out.len()];
                if offset == 0 {
                    out.copy_from_slice(part);
                } else {
                    for (sum, part) in out.iter_mut().zip(part) {
                        *sum += part;
                    }
                }
                offset += width;
            }
            if offset == size {
                return;
            }
            self.doubled.clear();
            let pairs = self.sums.iter().zip(&self.sums[width..]);
            self.doubled
                .extend(pairs.map(|(first, second)| first + second));
            std::mem::swap(&mut self.sums, &mut self.doubled);
            width *= 2;
        }
    }
}

/// Writes the sum of the values up to each place, from `sum` on; returns the last.
#[inline(always)]
pub(crate) fn run_up(sum: f64, values: &[f64], out: &mut [f64]) -> f64 {
    let mut sum = sum;
    let (blocks, rest) = values.as_chunks::<4>();
    let (places, rest_places) = out.as_chunks_mut::<4>();
    for (block, place) in blocks.iter().zip(places) {
        let (two, other) = (block[0] + block[1], block[2] + block[3]);
        *place = [
            sum + block[0],
            sum + two,
            sum + (two + block[2]),
            sum + (two + other),
        ];
        sum = place[3];
    }
    for (slot, value) in rest_places.iter_mut().zip(rest) {
        sum += value;
        *slot = sum;
    }
    sum
}

/// Writes x ← keep × x + weight × value for each value, from `x` on, four at a time.
#[inline(always)]
fn recur(x: f64, keep: f64, weight: f64, values: &[f64], out: &mut [f64]) {
    let square = keep * keep;
    let powers = [keep, square, square * keep, square * square];
    let mut last = x;
    let (blocks, rest) = values.as_chunks::<4>();
    let (places, rest_places) = out.as_chunks_mut::<4>();
    for (block, place) in blocks.iter().zip(places) {
        let mut part = block.map(|value| weight * value);
        part[1] += keep * part[0];
        part[2] += keep * part[1];
        part[3] += keep * part[2];
        for (slot, power) in part.iter_mut().zip(powers) {
            *slot += power * last;
        }
        last = part[3];
        *place = part;
    }
    for (slot, value) in rest_places.iter_mut().zip(rest) {
        last = weight * value + keep * last;
        *slot = last;
    }
}

/// Prices whose changes are weighted together: the weights of a period of 2 grow to 2⁶³, far from overflow.
const WEIGHTED: usize = 64;

/// Computes the relative strength index after each price, 0–100, as `Rsi` does but for rounding.
///
/// Wilder's averages fade by a constant factor at each price. In their ratio it is the same to let each change weigh more
/// than the one before it, and then they are plain running sums.
#[derive(Clone, Copy, Debug)]
pub struct RsiKernel {
    period: u32,
    /// What is left of an average after one price.
    keep: f64,
    weights: [f64; WEIGHTED],
}

/// Returns what computes the relative strength index.
///
/// # Errors
/// A period of 0.
pub fn rsi(period: u32) -> Result<RsiKernel, ParameterError> {
    let count = f64::from(positive(period)?);
    let keep = (count - 1.0) / count;
    let more = 1.0 / keep;
    let four = (more * more) * (more * more);
    let mut weights = [1.0; WEIGHTED];
    for at in 1..4 {
        weights[at] = weights[at - 1] * more;
    }
    for at in 4..WEIGHTED {
        weights[at] = weights[at - 4] * four;
    }
    Ok(RsiKernel {
        period,
        keep,
        weights,
    })
}

impl Kernel<1> for RsiKernel {
    #[inline(always)]
    fn run(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        let size = self.period as usize;
        let out = from_point(out, size);
        if let Some((slot, out)) = out.split_first_mut() {
            let (gain, loss) = seeds(&values[..=size]);
            *slot = strength(gain, loss);
            self.strengths(gain, gain + loss, &values[size..], out);
        }
    }
}

impl RsiKernel {
    /// Writes the index after each price but the first, from the sums of rises and of moves on.
    #[inline(always)]
    fn strengths(&self, gain: f64, all: f64, prices: &[f64], out: &mut [f64]) {
        // A period of 1 keeps nothing: no weight is large enough.
        let block = if self.keep > 0.0 { WEIGHTED } else { 1 };
        let (mut gain, mut all) = (gain, all);
        let [mut rises, mut moves, mut gains, mut alls] = [[0.0; WEIGHTED]; 4];
        for (at, out) in out.chunks_mut(block).enumerate() {
            let prices = &prices[at * block..=at * block + out.len()];
            let weighted = prices.iter().zip(&prices[1..]).zip(&self.weights);
            let places = rises.iter_mut().zip(&mut moves);
            for ((up, all), ((before, after), weight)) in places.zip(weighted) {
                let change = (after - before) * weight;
                (*up, *all) = (rise(change), change.abs());
            }
            let points = out.len();
            gain = run_up(self.keep * gain, &rises[..points], &mut gains[..points]);
            all = run_up(self.keep * all, &moves[..points], &mut alls[..points]);
            for ((slot, gain), all) in out.iter_mut().zip(&gains).zip(&alls) {
                let share = 100.0 * (gain / all);
                *slot = if *all > 0.0 { share } else { 50.0 };
            }
            let weight = self.weights[points - 1];
            (gain, all) = (gain / weight, all / weight);
        }
    }
}

/// Returns the sums of all rises and of all falls.
#[inline(always)]
fn seeds(prices: &[f64]) -> (f64, f64) {
    let changes = prices.windows(2).map(|pair| pair[1] - pair[0]);
    changes.fold((0.0, 0.0), |(gain, loss), change| {
        (gain + rise(change), loss + rise(-change))
    })
}

/// Computes the exponential moving average after each value, as `Ema` does but for rounding.
#[derive(Clone, Copy, Debug)]
pub struct EmaKernel {
    period: u32,
}

/// Returns what computes the exponential moving average.
///
/// # Errors
/// A period of 0.
pub fn ema(period: u32) -> Result<EmaKernel, ParameterError> {
    positive(period).map(|period| EmaKernel { period })
}

impl Kernel<1> for EmaKernel {
    #[inline(always)]
    fn run(&mut self, values: &[f64], [out]: [&mut [f64]; 1]) {
        let size = self.period as usize;
        let count = f64::from(self.period);
        let weight = 2.0 / (count + 1.0);
        let out = from_point(out, size - 1);
        if let Some((slot, out)) = out.split_first_mut() {
            *slot = values[..size].iter().fold(0.0, |sum, value| sum + value) / count;
            recur(*slot, 1.0 - weight, weight, &values[size..], out);
        }
    }
}

/// Returns what computes the low, middle and high Bollinger band after each value, as `Bollinger` does but for rounding.
///
/// # Errors
/// A period of 0; a width that is no number in range.
pub fn bollinger(period: u32, width: f64) -> Result<BollingerKernel, ParameterError> {
    let size = positive(period)? as usize;
    if !is_usable(width) {
        return Err(ParameterError::Number {
            name: "width",
            value: width,
        });
    }
    Ok(BollingerKernel {
        size,
        count: f64::from(period),
        width,
        tolerance: 1e-10 / width.abs().max(1.0),
        sums: Vec::new(),
        squares: Vec::new(),
    })
}

impl Kernel<3> for BollingerKernel {
    #[inline(always)]
    fn run(&mut self, values: &[f64], [low, middle, high]: [&mut [f64]; 3]) {
        let size = self.size;
        let low = from_point(low, size - 1);
        let middle = from_point(middle, size - 1);
        let high = from_point(high, size - 1);
        let block = BLOCK.max(size);
        let parts = low
            .chunks_mut(block)
            .zip(middle.chunks_mut(block))
            .zip(high.chunks_mut(block));
        for (at, ((low, middle), high)) in parts.enumerate() {
            let values = &values[at * block..at * block + low.len() + size - 1];
            self.bands(values, [low, middle, high]);
        }
    }
}

/// Computes the bands from running sums of distances from one value of a block, and of their squares.
#[derive(Clone, Debug)]
pub struct BollingerKernel {
    size: usize,
    count: f64,
    width: f64,
    /// Share of the window's mean or deviation that the sums' error may move a band by.
    tolerance: f64,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl BollingerKernel {
    #[inline(always)]
    fn bands(&mut self, values: &[f64], [low, middle, high]: [&mut [f64]; 3]) {
        let pivot = values[values.len() / 2];
        self.add_up(values, pivot);
        let (count, width) = (self.count, self.width);
        let error = self.error(values.len());
        let floor = error.sqrt();
        let (sums, squares) = (&self.sums[..], &self.squares[..]);
        let windows = low.len();
        let ends = sums[self.size..].iter().zip(&squares[self.size..]);
        let starts = sums[..windows].iter().zip(&squares[..windows]);
        let places = low.iter_mut().zip(middle.iter_mut()).zip(high.iter_mut());
        let per = 1.0 / count;
        // Where the window's mean is near the pivot, which it mostly is, one comparison tells whether a band may be off.
        let near = pivot.abs() * 0.5;
        let limit = error / (self.tolerance * near);
        let limit = if floor >= limit { 0.0 } else { limit };
        let mut precise = true;
        for (((sum, square), (sum_before, square_before)), ((low, middle), high)) in
            ends.zip(starts).zip(places)
        {
            let mean = (sum - sum_before) * per;
            let variance = (square - square_before) * per - mean * mean;
            let deviation = larger(variance, 0.0).sqrt();
            *middle = pivot + mean;
            *low = *middle - width * deviation;
            *high = *middle + width * deviation;
            precise &= mean.abs() <= near;
            precise &= deviation >= limit;
        }
        if !precise {
            self.mend(values, error, [low, middle, high]);
        }
    }

    /// Makes the running sums: those of no value first.
    #[inline(always)]
    fn add_up(&mut self, values: &[f64], pivot: f64) {
        self.sums.resize(values.len() + 1, 0.0);
        self.squares.resize(values.len() + 1, 0.0);
        self.sums[0] = 0.0;
        self.squares[0] = 0.0;
        let (mut sum, mut square) = (0.0, 0.0);
        let (blocks, rest) = values.as_chunks::<4>();
        let (sums, sums_rest) = self.sums[1..].as_chunks_mut::<4>();
        let (squares, squares_rest) = self.squares[1..].as_chunks_mut::<4>();
        for ((block, sums), squares) in blocks.iter().zip(sums).zip(squares) {
            let off = block.map(|value| value - pivot);
            let own = off.map(|off| off * off);
            let (two, other) = (off[0] + off[1], off[2] + off[3]);
            let (two_own, other_own) = (own[0] + own[1], own[2] + own[3]);
            *sums = [
                sum + off[0],
                sum + two,
                sum + (two + off[2]),
                sum + (two + other),
            ];
            *squares = [
                square + own[0],
                square + two_own,
                square + (two_own + own[2]),
                square + (two_own + other_own),
            ];
            (sum, square) = (sums[3], squares[3]);
        }
        for ((value, slot), slot_square) in rest.iter().zip(sums_rest).zip(squares_rest) {
            let off = value - pivot;
            sum += off;
            square += off * off;
            (*slot, *slot_square) = (sum, square);
        }
    }

    /// Returns what the variance of any window may be off by: the error of sums of `points` terms, and of their squares.
    #[inline(always)]
    fn error(&self, points: usize) -> f64 {
        let share = points as f64 / self.count;
        let total = self.squares[self.squares.len() - 1];
        // Below the least normal number squares have lost digits themselves.
        f64::EPSILON * total * share * (1.0 + 2.0 * share.sqrt()) + f64::MIN_POSITIVE * 1e16
    }

    /// Adds up by themselves the windows whose bands can't be told from the running sums, and their neighbours with them.
    fn mend(&self, values: &[f64], error: f64, [low, middle, high]: [&mut [f64]; 3]) {
        let floor = error.sqrt();
        let mut start = 0;
        while start < low.len() {
            let end = (start + LANES).min(low.len());
            let is_doubtful = (start..end).any(|at| {
                let mean = (self.sums[at + self.size] - self.sums[at]) / self.count;
                let square = (self.squares[at + self.size] - self.squares[at]) / self.count;
                let deviation = (square - mean * mean).max(0.0).sqrt();
                let scale = middle[at].abs().max(deviation);
                error > self.tolerance * 0.5 * scale * deviation.max(floor)
            });
            if is_doubtful {
                let part = [
                    &mut low[start..end],
                    &mut middle[start..end],
                    &mut high[start..end],
                ];
                exact_bands(
                    &values[start..end + self.size - 1],
                    self.size,
                    self.width,
                    part,
                );
            }
            start = end;
        }
    }
}

/// Writes the bands of at most `LANES` windows, each added up from its first value to its last.
fn exact_bands(values: &[f64], size: usize, width: f64, [low, middle, high]: [&mut [f64]; 3]) {
    let count = size as f64;
    let windows = low.len();
    let (mut means, mut squares) = ([0.0; LANES], [0.0; LANES]);
    for at in 0..size {
        for (sum, value) in means.iter_mut().zip(&values[at..at + windows]) {
            *sum += value;
        }
    }
    for sum in &mut means {
        *sum /= count;
    }
    for at in 0..size {
        for ((sum, value), mean) in squares.iter_mut().zip(&values[at..at + windows]).zip(means) {
            *sum += (value - mean) * (value - mean);
        }
    }
    for at in 0..windows {
        let away = width * (squares[at] / count).sqrt();
        (low[at], middle[at], high[at]) = (means[at] - away, means[at], means[at] + away);
    }
}

/// Returns what `each` gives for every row of a matrix, one after the other.
///
/// # Errors
/// That of `each`.
pub fn stacked<const N: usize>(
    values: &[f64],
    columns: usize,
    each: impl Fn(&[f64]) -> Result<[Vec<f64>; N], ParameterError>,
) -> Result<[Vec<f64>; N], ParameterError> {
    let mut all = [const { Vec::new() }; N];
    for row in values.chunks(columns.max(1)) {
        for (all, row) in all.iter_mut().zip(each(row)?) {
            all.extend(row);
        }
    }
    Ok(all)
}
