//! What a price did: 5 s bars of the mid, closes for a sparkline, the last hour, three indicators.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::bars::{Bars, BarsParts};
use crate::technical::{Bollinger, BollingerParts, Ema, EmaParts, Rsi, RsiParts};

const BAR_NS: i64 = 5_000_000_000;
/// Bars kept; after a longer silence the indicators see this many empty ones.
const KEEP_BARS: usize = 20;
const CLOSE_NS: i64 = 15_000_000_000;
const MINUTE_NS: i64 = 60_000_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;
const CLOSES: usize = 60;
const MINUTES: usize = 61;

/// A series as plain fields; floats as their bits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesParts {
    bars: BarsParts,
    rsi: RsiParts,
    ema: EmaParts,
    bands: BollingerParts,
    first_bits: Option<u64>,
    closes: Vec<(i64, u64)>,
    minutes: Vec<(i64, u64)>,
}

/// History of one price. Times are receive times, prices floats of the quote token.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    bars: Bars,
    pub(crate) rsi: Rsi,
    pub(crate) ema: Ema,
    pub(crate) bands: Bollinger,
    pub(crate) first: Option<f64>,
    /// (15 s bucket, last price in it), the last 60.
    closes: VecDeque<(i64, f64)>,
    /// (time, first price of a minute), the last 61.
    minutes: VecDeque<(i64, f64)>,
}

impl Series {
    /// Returns a series that has seen nothing; `None` never, as its widths and periods are positive.
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            bars: Bars::new(BAR_NS, KEEP_BARS)?,
            rsi: Rsi::new(14)?,
            ema: Ema::new(20)?,
            bands: Bollinger::new(20, 2.0)?,
            first: None,
            closes: VecDeque::new(),
            minutes: VecDeque::new(),
        })
    }

    /// Takes a mid. Indicators move when a 5 s bar closes.
    pub(crate) fn add(&mut self, now_ns: i64, price: f64) {
        self.first = self.first.or(Some(price));
        let count = self.bars.add(now_ns, price, 0.0).min(KEEP_BARS as u64) as usize;
        if count > 0 {
            for bar in self
                .bars
                .closed()
                .rev()
                .take(count)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                self.rsi.update(bar.close);
                self.ema.update(bar.close);
                self.bands.update(bar.close);
            }
        }
        let bucket = now_ns.div_euclid(CLOSE_NS);
        match self.closes.back_mut() {
            Some(last) if last.0 >= bucket => last.1 = price,
            _ => push(&mut self.closes, (bucket, price), CLOSES),
        }
        let minute = now_ns.div_euclid(MINUTE_NS);
        if self
            .minutes
            .back()
            .is_none_or(|last| last.0.div_euclid(MINUTE_NS) < minute)
        {
            push(&mut self.minutes, (now_ns, price), MINUTES);
        }
    }

    /// Returns the oldest price of the last hour and how long ago it was.
    pub(crate) fn hour_ago(&self, now_ns: i64) -> (Option<f64>, i64) {
        let oldest = self
            .minutes
            .iter()
            .find(|(at_ns, _)| *at_ns >= now_ns - HOUR_NS);
        oldest.map_or((None, 0), |&(at_ns, price)| (Some(price), now_ns - at_ns))
    }

    /// Returns the closes of the last 15 minutes, oldest first.
    pub(crate) fn sparkline(&self, now_ns: i64) -> Vec<f64> {
        let oldest = now_ns.div_euclid(CLOSE_NS) - CLOSES as i64;
        self.closes
            .iter()
            .filter(|(bucket, _)| *bucket > oldest)
            .map(|&(_, price)| price)
            .collect()
    }

    /// Returns all state as plain fields.
    pub(crate) fn parts(&self) -> SeriesParts {
        let bits = |points: &VecDeque<(i64, f64)>| {
            points
                .iter()
                .map(|&(at, price)| (at, price.to_bits()))
                .collect()
        };
        SeriesParts {
            bars: self.bars.parts(),
            rsi: self.rsi.parts(),
            ema: self.ema.parts(),
            bands: self.bands.parts(),
            first_bits: self.first.map(f64::to_bits),
            closes: bits(&self.closes),
            minutes: bits(&self.minutes),
        }
    }

    /// Returns the series that these parts describe, `None` if they are none.
    pub(crate) fn from_parts(parts: &SeriesParts) -> Option<Self> {
        let points = |bits: &[(i64, u64)]| {
            bits.iter()
                .map(|&(at, bits)| (at, f64::from_bits(bits)))
                .collect()
        };
        Some(Self {
            bars: Bars::from_parts(&parts.bars)?,
            rsi: Rsi::from_parts(&parts.rsi)?,
            ema: Ema::from_parts(&parts.ema)?,
            bands: Bollinger::from_parts(&parts.bands)?,
            first: parts.first_bits.map(f64::from_bits),
            closes: points(&parts.closes),
            minutes: points(&parts.minutes),
        })
    }
}

fn push(points: &mut VecDeque<(i64, f64)>, point: (i64, f64), keep: usize) {
    points.push_back(point);
    if points.len() > keep {
        points.pop_front();
    }
}
