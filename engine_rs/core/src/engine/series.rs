//! What a price did: 5 s bars of the mid with their indicators, closes for a sparkline, the last hour.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::series::bars::{Bar, Bars, BarsParts};
use crate::series::kama::{Kama, KamaParts};
use crate::series::table::{self, Table};
use crate::series::technical::{Bollinger, BollingerParts, Ema, EmaParts, Rsi, RsiParts};

const BAR_NS: i64 = 5_000_000_000;
/// Bars kept; after a longer silence the indicators see this many empty ones.
const KEEP_BARS: usize = 20;
const CLOSE_NS: i64 = 15_000_000_000;
const MINUTE_NS: i64 = 60_000_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;
const CLOSES: usize = 60;
const MINUTES: usize = 61;
/// Closed bars kept with what the indicators were after them.
const TRAIL: usize = 60;

type PointParts = (
    i64,
    u64,
    u64,
    u64,
    u64,
    Option<u64>,
    Option<u64>,
    Option<u64>,
    Option<u64>,
);

impl table::Row<9> for PointParts {
    fn numbers(&self) -> [u64; 9] {
        let &(start_ns, open, high, low, close, ema, kama, band_low, band_high) = self;
        let [ema, kama, band_low, band_high] = [ema, kama, band_low, band_high]
            .map(|mark| mark.map_or(0, |bits| bits.wrapping_add(1)));
        let start_ns = start_ns as u64;
        [
            start_ns, open, high, low, close, ema, kama, band_low, band_high,
        ]
    }

    fn of(numbers: [u64; 9]) -> Self {
        let [start_ns, open, high, low, close, marks @ ..] = numbers;
        let [ema, kama, band_low, band_high] = marks.map(|mark| mark.checked_sub(1));
        let start_ns = start_ns as i64;
        (
            start_ns, open, high, low, close, ema, kama, band_low, band_high,
        )
    }
}

/// A bar and the indicators after it, `None` where they have seen too few bars; twin of `BarView` in
/// `cambist/engine/protocol.py`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Point {
    start_ns: i64,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    ema: Option<f64>,
    kama: Option<f64>,
    band_low: Option<f64>,
    band_high: Option<f64>,
}

impl Point {
    fn parts(&self) -> PointParts {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        (
            self.start_ns,
            self.open.to_bits(),
            self.high.to_bits(),
            self.low.to_bits(),
            self.close.to_bits(),
            bits(self.ema),
            bits(self.kama),
            bits(self.band_low),
            bits(self.band_high),
        )
    }

    fn from_parts(parts: &PointParts) -> Self {
        let value = |bits: Option<u64>| bits.map(f64::from_bits);
        Self {
            start_ns: parts.0,
            open: f64::from_bits(parts.1),
            high: f64::from_bits(parts.2),
            low: f64::from_bits(parts.3),
            close: f64::from_bits(parts.4),
            ema: value(parts.5),
            kama: value(parts.6),
            band_low: value(parts.7),
            band_high: value(parts.8),
        }
    }
}

/// A series as plain fields; floats as their bits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesParts {
    bars: BarsParts,
    rsi: RsiParts,
    ema: EmaParts,
    bands: BollingerParts,
    first_bits: Option<u64>,
    closes: Table<(i64, u64), 2>,
    minutes: Table<(i64, u64), 2>,
    #[serde(default)]
    kama: Option<KamaParts>,
    #[serde(default)]
    trail: Table<PointParts, 9>,
}

/// History of one price. Times are receive times, prices floats of the quote token.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    bars: Bars,
    pub(crate) rsi: Rsi,
    pub(crate) ema: Ema,
    pub(crate) bands: Bollinger,
    pub(crate) kama: Kama,
    /// The last 60 closed bars, oldest first; a silence longer than 20 bars leaves a hole.
    trail: VecDeque<Point>,
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
            kama: new_kama()?,
            trail: VecDeque::new(),
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
            let closed: Vec<Bar> = self.bars.closed().rev().take(count).copied().collect();
            for bar in closed.iter().rev() {
                let point = self.take(bar);
                push(&mut self.trail, point, TRAIL);
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

    /// Moves the indicators by a bar.
    fn take(&mut self, bar: &Bar) -> Point {
        self.rsi.update(bar.close);
        self.ema.update(bar.close);
        self.bands.update(bar.close);
        self.kama.update(bar.close);
        let bands = self.bands.value();
        Point {
            start_ns: bar.start_ns,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            ema: self.ema.value(),
            kama: self.kama.value(),
            band_low: bands.map(|bands| bands.low),
            band_high: bands.map(|bands| bands.high),
        }
    }

    /// Returns the closed bars kept, oldest first, with the indicators after each.
    pub(crate) fn trail(&self) -> impl Iterator<Item = Point> {
        self.trail.iter().copied()
    }

    /// Returns the bar that still takes prices, as though it closed now, and the RSI then; `None` without one.
    pub(crate) fn provisional(&self) -> Option<(Point, Option<f64>)> {
        let open = self.bars.open()?;
        let mut ahead = self.clone();
        let point = ahead.take(&open);
        Some((point, ahead.rsi.value()))
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
            kama: Some(self.kama.parts()),
            trail: self.trail.iter().map(Point::parts).collect(),
        }
    }

    /// Returns the series that these parts describe, `None` if they are none.
    pub(crate) fn from_parts(parts: &SeriesParts) -> Option<Self> {
        let points = |bits: &Table<(i64, u64), 2>| {
            let bits = bits.0.iter();
            bits.map(|&(at, bits)| (at, f64::from_bits(bits))).collect()
        };
        Some(Self {
            bars: Bars::from_parts(&parts.bars)?,
            rsi: Rsi::from_parts(&parts.rsi)?,
            ema: Ema::from_parts(&parts.ema)?,
            bands: Bollinger::from_parts(&parts.bands)?,
            first: parts.first_bits.map(f64::from_bits),
            closes: points(&parts.closes),
            minutes: points(&parts.minutes),
            kama: match &parts.kama {
                Some(kama) => Kama::from_parts(kama)?,
                None => new_kama()?,
            },
            trail: {
                let trail = &parts.trail.0;
                let kept = trail.iter().skip(trail.len().saturating_sub(TRAIL));
                kept.map(Point::from_parts).collect()
            },
        })
    }
}

fn new_kama() -> Option<Kama> {
    Kama::new(10, 2, 30).ok()
}

fn push<T>(points: &mut VecDeque<T>, point: T, keep: usize) {
    points.push_back(point);
    if points.len() > keep {
        points.pop_front();
    }
}
