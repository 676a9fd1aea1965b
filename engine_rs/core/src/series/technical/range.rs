//! What a bar's range and its trades' volumes say.

use super::{ParameterError, is_usable, positive};

/// Average true range after Wilder: mean of the first `period` ranges, then smoothed by 1/period.
///
/// A range needs the close before it, so that the first bar has none. A bar whose low is above its high is unusable.
#[derive(Clone, Debug, PartialEq)]
pub struct Atr {
    period: u32,
    close: Option<f64>,
    ranges: u32,
    value: f64,
    ignored: u64,
}

impl Atr {
    /// Returns an empty average.
    ///
    /// # Errors
    /// A period of 0.
    pub fn new(period: u32) -> Result<Self, ParameterError> {
        Ok(Self {
            period: positive(period)?,
            close: None,
            ranges: 0,
            value: 0.0,
            ignored: 0,
        })
    }

    /// Takes a bar; returns the average, `None` until `period` ranges were seen.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        if ![high, low, close].into_iter().all(is_usable) || low > high {
            self.ignored += 1;
            return self.value();
        }
        if let Some(last) = self.close.replace(close) {
            self.take(
                (high - low)
                    .max((high - last).abs())
                    .max((low - last).abs()),
            );
        }
        self.value()
    }

    fn take(&mut self, size: f64) {
        let period = f64::from(self.period);
        if self.ranges < self.period {
            self.ranges += 1;
            self.value += size;
            if self.ranges == self.period {
                self.value /= period;
            }
        } else {
            self.value = (self.value * (period - 1.0) + size) / period;
        }
    }

    /// Returns the average as it is, in the unit of the prices.
    pub fn value(&self) -> Option<f64> {
        (self.ranges == self.period).then_some(self.value)
    }

    /// Returns how many bars held no number in range, or were upside down.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns the average true range after each bar, NaN where `Atr` gives none.
///
/// # Errors
/// A period of 0; series of different lengths.
pub fn atr(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: u32,
) -> Result<Vec<f64>, ParameterError> {
    let mut state = Atr::new(period)?;
    same_length("lows", low.len(), high.len())?;
    same_length("closes", close.len(), high.len())?;
    let bars = high.iter().zip(low).zip(close);
    Ok(bars
        .map(|((&high, &low), &close)| state.update(high, low, close).unwrap_or(f64::NAN))
        .collect())
}

/// Volume-weighted average price of all trades (or bars) since the start: a new one starts a new session.
///
/// A trade of a negative volume, or whose price × volume is out of range, is unusable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vwap {
    paid: f64,
    volume: f64,
    ignored: u64,
}

impl Vwap {
    /// Takes a trade; returns the average, `None` until there was volume.
    pub fn update(&mut self, price: f64, volume: f64) -> Option<f64> {
        if is_usable(price) && is_usable(volume) && volume >= 0.0 && is_usable(price * volume) {
            self.paid += price * volume;
            self.volume += volume;
        } else {
            self.ignored += 1;
        }
        self.value()
    }

    /// Returns the average as it is, in the unit of the prices.
    pub fn value(&self) -> Option<f64> {
        (self.volume > 0.0).then(|| self.paid / self.volume)
    }

    /// Returns how many trades were unusable.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns the volume-weighted average price after each trade, NaN where `Vwap` gives none.
///
/// # Errors
/// Series of different lengths.
pub fn vwap(prices: &[f64], volumes: &[f64]) -> Result<Vec<f64>, ParameterError> {
    same_length("volumes", volumes.len(), prices.len())?;
    let mut state = Vwap::default();
    let trades = prices.iter().zip(volumes);
    Ok(trades
        .map(|(&price, &volume)| state.update(price, volume).unwrap_or(f64::NAN))
        .collect())
}

fn same_length(what: &'static str, found: usize, expected: usize) -> Result<(), ParameterError> {
    if found != expected {
        return Err(ParameterError::Lengths {
            what,
            found,
            expected,
        });
    }
    Ok(())
}
