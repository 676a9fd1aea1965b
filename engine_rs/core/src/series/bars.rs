//! Trades and mids to OHLCV bars.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::series::technical::is_usable;

/// One bar. A bar without a tick repeats the close before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    pub start_ns: i64,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
    pub ticks: u32,
}

impl Bar {
    fn empty(start_ns: i64, close: f64) -> Self {
        Self {
            start_ns,
            open: close,
            high: close,
            low: close,
            close,
            volume: 0.0,
            ticks: 0,
        }
    }

    fn take(&mut self, price: f64, volume: f64) {
        if self.ticks == 0 {
            self.open = price;
            self.high = price;
            self.low = price;
        }
        if price > self.high {
            self.high = price;
        }
        if price < self.low {
            self.low = price;
        }
        self.close = price;
        self.volume += volume;
        self.ticks = self.ticks.saturating_add(1);
    }
}

/// Bars of one width, whose starts are multiples of it; the last `keep` closed ones are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    width_ns: i64,
    keep: usize,
    open: Option<Bar>,
    closed: VecDeque<Bar>,
    late: u64,
    empty: u64,
    ignored: u64,
}

impl Bars {
    /// Returns bars of this width, `None` if the width or the number to keep isn't positive.
    pub fn new(width_ns: i64, keep: usize) -> Option<Self> {
        (width_ns > 0 && keep > 0).then(|| Self {
            width_ns,
            keep,
            open: None,
            closed: VecDeque::new(),
            late: 0,
            empty: 0,
            ignored: 0,
        })
    }

    pub fn width_ns(&self) -> i64 {
        self.width_ns
    }

    /// Returns the bar that still takes ticks.
    pub fn open(&self) -> Option<Bar> {
        self.open
    }

    /// Returns the kept closed bars, oldest first.
    pub fn closed(&self) -> impl DoubleEndedIterator<Item = &Bar> {
        self.closed.iter()
    }

    /// Returns how many ticks came for a bar that was closed already. They change nothing.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Returns how many bars closed without a tick.
    pub fn empty(&self) -> u64 {
        self.empty
    }

    /// Returns how many ticks had a price or volume that is no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Takes a tick; returns how many bars it closed, of which the last `keep` are kept. `volume` is 0 for a mid.
    pub fn add(&mut self, time_ns: i64, price: f64, volume: f64) -> u64 {
        if !is_usable(price) || !is_usable(volume) || volume < 0.0 {
            self.ignored += 1;
            return 0;
        }
        // Most ticks fall into the open bar: these need no division.
        if let Some(bar) = &mut self.open
            && let Some(after) = time_ns.checked_sub(bar.start_ns)
            && (0..self.width_ns).contains(&after)
        {
            bar.take(price, volume);
            return 0;
        }
        let Some(start_ns) = time_ns.div_euclid(self.width_ns).checked_mul(self.width_ns) else {
            self.ignored += 1;
            return 0;
        };
        if self.open.is_some_and(|bar| start_ns < bar.start_ns) {
            self.late += 1;
            return 0;
        }
        let closed = self.close_until(start_ns);
        self.open
            .get_or_insert(Bar::empty(start_ns, price))
            .take(price, volume);
        closed
    }

    /// Closes the bars that end at or before `now_ns`; returns how many.
    pub fn advance(&mut self, now_ns: i64) -> u64 {
        match now_ns.div_euclid(self.width_ns).checked_mul(self.width_ns) {
            Some(start_ns) => self.close_until(start_ns),
            None => 0,
        }
    }

    /// Closes bars until the open one starts at `start_ns`.
    fn close_until(&mut self, start_ns: i64) -> u64 {
        let Some(bar) = self.open.filter(|bar| bar.start_ns < start_ns) else {
            return 0;
        };
        self.close(bar);
        let steps = (i128::from(start_ns) - i128::from(bar.start_ns)) / i128::from(self.width_ns);
        let empty = (steps - 1) as u64;
        // Only the last ones are kept, so a long silence costs no more than a short one.
        let shown = empty.min(self.keep as u64) as i64;
        for back in (1..=shown).rev() {
            self.close(Bar::empty(start_ns - back * self.width_ns, bar.close));
        }
        self.empty += empty - shown as u64;
        self.open = Some(Bar::empty(start_ns, bar.close));
        empty + 1
    }

    fn close(&mut self, bar: Bar) {
        if bar.ticks == 0 {
            self.empty += 1;
        }
        self.closed.push_back(bar);
        if self.closed.len() > self.keep {
            self.closed.pop_front();
        }
    }

    /// Returns all state as plain fields.
    pub fn parts(&self) -> BarsParts {
        BarsParts {
            width_ns: self.width_ns,
            keep: self.keep as u64,
            open: self.open.map(BarParts::of),
            closed: self.closed.iter().copied().map(BarParts::of).collect(),
            late: self.late,
            empty: self.empty,
            ignored: self.ignored,
        }
    }

    /// Returns the bars that these parts describe, `None` if their width or number to keep isn't positive.
    pub fn from_parts(parts: &BarsParts) -> Option<Self> {
        let mut bars = Self::new(parts.width_ns, usize::try_from(parts.keep).ok()?)?;
        bars.open = parts.open.as_ref().map(BarParts::bar);
        bars.closed = parts.closed.iter().map(BarParts::bar).collect();
        bars.late = parts.late;
        bars.empty = parts.empty;
        bars.ignored = parts.ignored;
        Some(bars)
    }
}

/// Bars as columns, and what didn't become part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarColumns {
    pub start_ns: Vec<i64>,
    pub open: Vec<f64>,
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub close: Vec<f64>,
    pub volume: Vec<f64>,
    pub ticks: Vec<u32>,
    /// Ticks that came for a bar that was closed already.
    pub late: u64,
    /// Bars closed without a tick.
    pub empty: u64,
    /// Ticks with a price or volume that is no number in range.
    pub ignored: u64,
}

/// Why ticks make no bars.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarsError {
    #[error("width {0} is not positive")]
    Width(i64),
    #[error("prices: {found} for {expected}")]
    Prices { found: usize, expected: usize },
    #[error("volumes: {found} for {expected}")]
    Volumes { found: usize, expected: usize },
    #[error("{bars} bars, at most {most} are made")]
    TooMany { bars: u64, most: usize },
}

/// Returns the bars of ticks as `Bars` makes them of one after the other, the last one included.
///
/// # Errors
/// A width that isn't positive; columns of different lengths; more than `most` bars, as a silence of years would make.
pub fn columns(
    width_ns: i64,
    times_ns: &[i64],
    prices: &[f64],
    volumes: &[f64],
    most: usize,
) -> Result<BarColumns, BarsError> {
    let expected = times_ns.len();
    let mut bars = Bars::new(width_ns, most.max(1)).ok_or(BarsError::Width(width_ns))?;
    if prices.len() != expected {
        return Err(BarsError::Prices {
            found: prices.len(),
            expected,
        });
    }
    if volumes.len() != expected {
        return Err(BarsError::Volumes {
            found: volumes.len(),
            expected,
        });
    }
    let mut made = 1_u64;
    for ((time_ns, price), volume) in times_ns.iter().zip(prices).zip(volumes) {
        made = made.saturating_add(bars.add(*time_ns, *price, *volume));
        if made > most as u64 {
            return Err(BarsError::TooMany { bars: made, most });
        }
    }
    let mut found = BarColumns {
        late: bars.late,
        empty: bars.empty,
        ignored: bars.ignored,
        ..BarColumns::default()
    };
    for bar in bars.closed.into_iter().chain(bars.open) {
        found.start_ns.push(bar.start_ns);
        found.open.push(bar.open);
        found.high.push(bar.high);
        found.low.push(bar.low);
        found.close.push(bar.close);
        found.volume.push(bar.volume);
        found.ticks.push(bar.ticks);
    }
    Ok(found)
}

/// Returns the bars of ticks (time, price, volume) that are in time order, the last one included, in one pass.
pub fn batch(width_ns: i64, ticks: &[(i64, f64, f64)]) -> Vec<Bar> {
    let mut found: Vec<Bar> = Vec::new();
    let good = ticks
        .iter()
        .filter(|(_, price, volume)| is_usable(*price) && is_usable(*volume) && *volume >= 0.0);
    for &(time_ns, price, volume) in good {
        let start_ns = time_ns.div_euclid(width_ns) * width_ns;
        while let Some(last) = found
            .last()
            .copied()
            .filter(|last| last.start_ns < start_ns)
        {
            found.push(Bar::empty(last.start_ns + width_ns, last.close));
        }
        match found.last_mut() {
            None => {
                let mut bar = Bar::empty(start_ns, price);
                bar.take(price, volume);
                found.push(bar);
            }
            Some(bar) if bar.start_ns == start_ns => bar.take(price, volume),
            Some(_) => {}
        }
    }
    found
}

/// Bars as plain fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarsParts {
    pub width_ns: i64,
    pub keep: u64,
    pub open: Option<BarParts>,
    pub closed: Vec<BarParts>,
    pub late: u64,
    pub empty: u64,
    pub ignored: u64,
}

/// A bar as plain fields; floats as their bits, so that text can't round them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarParts {
    pub start_ns: i64,
    pub open_bits: u64,
    pub high_bits: u64,
    pub low_bits: u64,
    pub close_bits: u64,
    pub volume_bits: u64,
    pub ticks: u32,
}

impl BarParts {
    fn of(bar: Bar) -> Self {
        Self {
            start_ns: bar.start_ns,
            open_bits: bar.open.to_bits(),
            high_bits: bar.high.to_bits(),
            low_bits: bar.low.to_bits(),
            close_bits: bar.close.to_bits(),
            volume_bits: bar.volume.to_bits(),
            ticks: bar.ticks,
        }
    }

    fn bar(&self) -> Bar {
        Bar {
            start_ns: self.start_ns,
            open: f64::from_bits(self.open_bits),
            high: f64::from_bits(self.high_bits),
            low: f64::from_bits(self.low_bits),
            close: f64::from_bits(self.close_bits),
            volume: f64::from_bits(self.volume_bits),
            ticks: self.ticks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bars_of_a_long_silence_keep_only_what_is_kept() {
        let mut bars = Bars::new(1, 3).expect("positive");
        assert_eq!(bars.add(0, 5.0, 1.0), 0);
        assert_eq!(bars.add(i64::MAX, 6.0, 1.0), i64::MAX as u64);
        let starts: Vec<i64> = bars.closed().map(|bar| bar.start_ns).collect();
        assert_eq!(starts, [i64::MAX - 3, i64::MAX - 2, i64::MAX - 1]);
        assert_eq!(bars.empty(), i64::MAX as u64 - 1);
        assert_eq!(bars.add(i64::MIN, 6.0, 1.0), 0);
        assert_eq!(bars.late(), 1);
    }

    #[test]
    fn bars_of_no_width_are_refused() {
        assert_eq!(Bars::new(0, 1), None);
        assert_eq!(Bars::new(1, 0), None);
        assert_eq!(
            Bars::new(7, 2).map(|mut bars| bars.add(i64::MIN, 1.0, 0.0)),
            Some(0)
        );
    }

    proptest! {
        #[test]
        fn bars_in_a_batch_are_those_of_a_stream(
            mut ticks in prop::collection::vec((-200i64..200, -1e6f64..1e6, 0f64..1e6), 0..50),
            width in 1i64..9,
        ) {
            ticks.sort_by_key(|tick| tick.0);
            let mut bars = Bars::new(width, 1_000).expect("positive");
            let closed: u64 = ticks.iter().map(|&(time, price, volume)| bars.add(time, price, volume)).sum();
            let found: Vec<Bar> = bars.closed().copied().chain(bars.open()).collect();
            prop_assert_eq!(closed as usize, found.len().saturating_sub(1));
            prop_assert_eq!(found, batch(width, &ticks));
        }
    }
}
