//! RSI, EMA and Bollinger bands over whole arrays, NaN where there is none: for one series or a row per token.
//!
//! Bands have the bits of `Bollinger`. RSI and EMA have their recurrence regrouped in blocks, so that a point needn't wait
//! for the one before it: they differ from `Rsi` and `Ema` by rounding, below 1e-9 of the largest input, and no decision
//! reads them.

use super::{MAX_VALUE, ParameterError, is_usable, positive, strength};

/// Results computed side by side: enough to fill the machine's vectors and hide the time an addition takes.
const LANES: usize = 8;

/// Points whose intermediate values are kept at a time: they stay in the nearest cache, and need no memory of their own.
pub(crate) const BLOCK: usize = 512;

/// Returns what `compute` writes for the usable values, at the places of all: an unusable one repeats what was before it.
///
/// `compute` gets the usable values and `N` times as many results, all NaN.
pub(crate) fn on_usable<const N: usize>(
    values: &[f64],
    compute: impl FnOnce(&[f64], [&mut [f64]; N]),
) -> [Vec<f64>; N] {
    let mut out = [const { Vec::new() }; N].map(|_: Vec<f64>| vec![f64::NAN; values.len()]);
    // Without a way out of its loop this runs in vectors, which `all` doesn't.
    let clean = values
        .iter()
        .fold(true, |clean, value| clean & (value.abs() <= MAX_VALUE));
    if clean {
        compute(values, out.each_mut().map(Vec::as_mut_slice));
        return out;
    }
    let good: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| is_usable(*value))
        .collect();
    let mut found = out.each_ref().map(|_| vec![f64::NAN; good.len()]);
    compute(&good, found.each_mut().map(Vec::as_mut_slice));
    for (out, found) in out.iter_mut().zip(&found) {
        let mut seen = 0;
        for (value, out) in values.iter().zip(out) {
            seen += usize::from(is_usable(*value));
            if let Some(found) = seen.checked_sub(1).and_then(|at| found.get(at)) {
                *out = *found;
            }
        }
    }
    out
}

/// Writes the sum of each `size` neighbours, added from the first to the last: sum i is of `values[i..i + size]`.
pub(crate) fn window_sums(values: &[f64], size: usize, sums: &mut [f64]) {
    window_folds(values, size, sums, |_, value| value);
}

/// Writes the sum over each window of `term(i, value)`, `i` being the window's number; windows side by side.
fn window_folds(values: &[f64], size: usize, sums: &mut [f64], term: impl Fn(usize, f64) -> f64) {
    let mut start = 0;
    let mut blocks = sums.chunks_exact_mut(LANES);
    for block in &mut blocks {
        let mut lanes = [0.0; LANES];
        for at in start..start + size {
            let Some(part) = values[at..].first_chunk::<LANES>() else {
                break;
            };
            for lane in 0..LANES {
                lanes[lane] += term(start + lane, part[lane]);
            }
        }
        block.copy_from_slice(&lanes);
        start += LANES;
    }
    for sum in blocks.into_remainder() {
        let window = &values[start..start + size];
        *sum = window
            .iter()
            .fold(0.0, |sum, value| sum + term(start, *value));
        start += 1;
    }
}

/// Writes x ← keep × x + weight × value for each value, from `x` on, four at a time.
fn recur(x: f64, keep: f64, weight: f64, values: impl Iterator<Item = f64>, out: &mut [f64]) {
    let powers = [
        keep,
        keep * keep,
        keep * keep * keep,
        keep * keep * keep * keep,
    ];
    let mut last = x;
    for (slot, value) in out.iter_mut().zip(values) {
        *slot = weight * value;
    }
    let mut blocks = out.chunks_exact_mut(4);
    for block in &mut blocks {
        block[1] += keep * block[0];
        block[2] += keep * block[1];
        block[3] += keep * block[2];
        for (slot, power) in block.iter_mut().zip(powers) {
            *slot += power * last;
        }
        last = block[3];
    }
    for slot in blocks.into_remainder() {
        *slot += keep * last;
        last = *slot;
    }
}

/// Returns the relative strength index after each price, 0–100, as `Rsi` gives it but for rounding.
///
/// # Errors
/// A period of 0.
pub fn rsi(prices: &[f64], period: u32) -> Result<[Vec<f64>; 1], ParameterError> {
    let size = positive(period)? as usize;
    let count = f64::from(period);
    Ok(on_usable(prices, |good, [out]| {
        let (Some(first), Some(out)) = (good.get(..=size), out.get_mut(size..)) else {
            return;
        };
        let rise = |pair: &[f64]| (pair[1] - pair[0]).max(0.0);
        let fall = |pair: &[f64]| (pair[0] - pair[1]).max(0.0);
        let sum =
            |part: fn(&[f64]) -> f64| first.windows(2).fold(0.0, |sum, pair| sum + part(pair));
        let (mut gain, mut loss) = (sum(rise) / count, sum(fall) / count);
        out[0] = strength(gain, loss);
        let (keep, weight) = ((count - 1.0) / count, 1.0 / count);
        let mut losses = [0.0; BLOCK];
        let mut start = size;
        for gains in out[1..].chunks_mut(BLOCK) {
            let prices = &good[start..=start + gains.len()];
            let losses = &mut losses[..gains.len()];
            recur(gain, keep, weight, prices.windows(2).map(rise), gains);
            recur(loss, keep, weight, prices.windows(2).map(fall), losses);
            (gain, loss) = (gains[gains.len() - 1], losses[losses.len() - 1]);
            for (gain, loss) in gains.iter_mut().zip(losses) {
                // `strength` with one division and no branch.
                let total = *gain + *loss;
                let share = *gain / total;
                *gain = if total > 0.0 { 100.0 * share } else { 50.0 };
            }
            start += gains.len();
        }
    }))
}

/// Returns the exponential moving average after each value, as `Ema` gives it but for rounding.
///
/// # Errors
/// A period of 0.
pub fn ema(values: &[f64], period: u32) -> Result<[Vec<f64>; 1], ParameterError> {
    let size = positive(period)? as usize;
    let count = f64::from(period);
    Ok(on_usable(values, |good, [out]| {
        let (Some(first), Some(out)) = (good.get(..size), out.get_mut(size - 1..)) else {
            return;
        };
        let seed = first.iter().fold(0.0, |sum, value| sum + value) / count;
        let weight = 2.0 / (count + 1.0);
        out[0] = seed;
        recur(
            seed,
            1.0 - weight,
            weight,
            good[size..].iter().copied(),
            &mut out[1..],
        );
    }))
}

/// Returns the low, middle and high Bollinger band after each value, as `Bollinger` gives them, to the bit.
///
/// # Errors
/// A period of 0; a width that is no number in range.
pub fn bollinger(values: &[f64], period: u32, width: f64) -> Result<[Vec<f64>; 3], ParameterError> {
    let size = positive(period)? as usize;
    if !is_usable(width) {
        return Err(ParameterError::Number {
            name: "width",
            value: width,
        });
    }
    let count = f64::from(period);
    Ok(on_usable(values, |good, [low, middle, high]| {
        let (Some(low), Some(middle), Some(high)) = (
            low.get_mut(size - 1..),
            middle.get_mut(size - 1..),
            high.get_mut(size - 1..),
        ) else {
            return;
        };
        window_sums(good, size, middle);
        for sum in middle.iter_mut() {
            *sum /= count;
        }
        window_folds(good, size, low, |window, value| {
            (value - middle[window]) * (value - middle[window])
        });
        for ((low, middle), high) in low.iter_mut().zip(middle.iter()).zip(high) {
            let away = width * (*low / count).sqrt();
            *low = middle - away;
            *high = middle + away;
        }
    }))
}

/// Returns what `each` gives for every row of a matrix, one after the other.
///
/// # Errors
/// That of `each`.
pub fn rows<const N: usize>(
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
