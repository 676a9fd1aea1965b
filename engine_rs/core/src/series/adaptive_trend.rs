//! Adaptive trend classification: moving averages vote by how well following them would have paid. Streaming and batch
//! are one.
//!
//! Six kinds of average (EMA, HMA, WMA, DEMA, LSMA, KAMA) of nine lengths each. In layer 1 the price's last crossing of an
//! average is that average's side, 1 or −1 (0 before the first), and the sides of a kind are averaged, weighted by the
//! equity of having followed each since the bar before. In layer 2 the result is followed in turn, and its equity is the
//! kind's weight in the average over kinds. The return of a bar is (price − price before) ÷ price before, × e^(λ·bar).
//!
//! Three systems go by this name; `Profile` says where they differ. Formulas: the trend system's description, for
//! `RustBatch` its published source too. Only + − × ÷ are used, in the order written (e^λ by its series, its powers one bar
//! after the other): the twin gives the same bits.
//!
//! A price that is no number in range is counted: averages ignore it (KAMA has none while it lasts: see `FixedKama`), and
//! its bar and the next earn nothing and cross nothing. So does a bar after a price of 0 earn nothing. No prices give no
//! bars.
//!
//! One file, as its twin is: averages, followers and kinds are steps of one recurrence, which no one else calls.

use crate::series::equity::Equity;
use crate::series::kama::{FixedKama, Kama};
use crate::series::moving_averages::{Dema, Hma, Lsma, Wma};
use crate::series::signal_persistence::UpDown;
use crate::series::technical::{Ema, ParameterError, Sma, is_usable, positive};

/// Kinds of average, in this order everywhere: EMA, HMA, WMA, DEMA, LSMA, KAMA.
pub const KINDS: usize = 6;
const LENGTHS: usize = 9;
/// Bars of a batch: average, then each kind's signal, then each kind's equity.
pub const LINES: usize = 1 + 2 * KINDS;

/// Whose numbers are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// λ in thousandths, decay in percent. Signals of layer 1 have two decimals and become 1, 0, −1 by the thresholds
    /// before they are averaged; layer 1 takes no account of the cutout, the exponent of layer 2 counts from it.
    Python,
    /// As `Python`, with other thresholds by default, plain means in place of HMA, and KAMA grown from 0.
    Pine,
    /// λ and decay as they are. Signals are not rounded, the cutout is in both layers and in no exponent, equity of layer 2
    /// starts at 1 and is multiplied by the weight, and the average itself becomes 1, 0, −1. Never later by a bar.
    RustBatch,
}

impl Profile {
    /// Returns the profile of a word: python, pine, `rust_batch`.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "python" => Some(Self::Python),
            "pine" => Some(Self::Pine),
            "rust_batch" => Some(Self::RustBatch),
            _ => None,
        }
    }
}

/// How far the nine lengths lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Robustness {
    /// 1, 2, 3, 4 bars to either side.
    Narrow,
    /// 1, 2, 4, 6
    Medium,
    /// 1, 3, 5, 7
    Wide,
}

impl Robustness {
    /// Returns the robustness of a word: narrow, medium, wide.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "narrow" => Some(Self::Narrow),
            "medium" => Some(Self::Medium),
            "wide" => Some(Self::Wide),
            _ => None,
        }
    }

    /// Returns the nine lengths around one, none below 1.
    pub fn lengths(self, length: u32) -> [u32; LENGTHS] {
        let [a, b, c, d] = match self {
            Self::Narrow => [1, 2, 3, 4],
            Self::Medium => [1, 2, 4, 6],
            Self::Wide => [1, 3, 5, 7],
        };
        let (more, less) = (
            |by| length.saturating_add(by),
            |by| length.saturating_sub(by).max(1),
        );
        [
            length,
            more(a),
            more(b),
            more(c),
            more(d),
            less(a),
            less(b),
            less(c),
            less(d),
        ]
    }
}

/// Parameters of the classification.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendConfig {
    pub profile: Profile,
    pub robustness: Robustness,
    /// Of each kind.
    pub lengths: [u32; KINDS],
    /// Of each kind: what its equity of layer 2 starts at, or is multiplied by.
    pub weights: [f64; KINDS],
    /// Growth of what later returns count for.
    pub lambda: f64,
    /// What equity loses each bar.
    pub decay: f64,
    /// How many bars come before the first.
    pub cutout: usize,
    /// Above this is up.
    pub long: f64,
    /// Below this is down.
    pub short: f64,
    /// Whether the average is given one bar later.
    pub strategy: bool,
}

impl TrendConfig {
    /// Returns the defaults of a profile. Those of `RustBatch` are its own: 20 and 30 times what the others scale to.
    pub fn of(profile: Profile) -> Self {
        let threshold = if profile == Profile::Pine { 0.49 } else { 0.1 };
        Self {
            profile,
            robustness: Robustness::Medium,
            lengths: [28; KINDS],
            weights: [1.0; KINDS],
            lambda: 0.02,
            decay: 0.03,
            cutout: 0,
            long: threshold,
            short: -threshold,
            strategy: false,
        }
    }

    fn check(&self) -> Result<(), ParameterError> {
        for length in self.lengths {
            positive(length)?;
        }
        let named = [
            ("lambda", self.lambda),
            ("decay", self.decay),
            ("long threshold", self.long),
            ("short threshold", self.short),
        ];
        let weights = self.weights.map(|weight| ("weight", weight));
        for (name, value) in named.into_iter().chain(weights) {
            // e^λ is worked out for small λ only; any other would end the numbers within a few bars.
            if !is_usable(value) || name == "lambda" && value.abs() > 1.0 {
                return Err(ParameterError::Number { name, value });
            }
        }
        Ok(())
    }
}

/// What one bar gives; kinds in the order of `KINDS`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendBar {
    /// −1 (all say down) to 1 (all say up); 0 in the cutout.
    pub average: f64,
    /// Layer 1.
    pub signals: [f64; KINDS],
    /// Layer 2; `None` in the cutout.
    pub equities: [Option<f64>; KINDS],
}

/// e^x for −1 ≤ x ≤ 1, by its series.
fn exponential(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..=24_u32 {
        term = term * x / f64::from(n);
        sum += term;
    }
    sum
}

#[derive(Clone, Debug, PartialEq)]
enum Average {
    Ema(Ema),
    Sma(Sma),
    Hma(Hma),
    Wma(Wma),
    Dema(Dema),
    Lsma(Lsma),
    Fixed(FixedKama),
    Kama(Kama),
}

impl Average {
    fn new(kind: usize, length: u32, profile: Profile) -> Result<Self, ParameterError> {
        Ok(match (kind, profile) {
            (0, _) => Self::Ema(Ema::new(length).ok_or(ParameterError::Period(length))?),
            (1, Profile::Pine) => Self::Sma(Sma::new(length)?),
            (1, _) => Self::Hma(Hma::new(length)?),
            (2, _) => Self::Wma(Wma::new(length)?),
            (3, _) => Self::Dema(Dema::new(length)?),
            (4, _) => Self::Lsma(Lsma::new(length)?),
            (_, Profile::Pine) => Self::Kama(Kama::from_zero(length)?),
            _ => Self::Fixed(FixedKama::new(length)?),
        })
    }

    fn update(&mut self, price: f64) -> Option<f64> {
        match self {
            Self::Ema(average) => average.update(price),
            Self::Sma(average) => average.update(price),
            Self::Hma(average) => average.update(price),
            Self::Wma(average) => average.update(price),
            Self::Dema(average) => average.update(price),
            Self::Lsma(average) => average.update(price),
            Self::Fixed(average) => average.update(price),
            Self::Kama(average) => average.update(price),
        }
    }
}

/// One average, the side its crossings tell, and what following that was worth.
#[derive(Clone, Debug, PartialEq)]
struct Follower {
    average: Average,
    last: Option<f64>,
    side: UpDown,
    equity: Equity,
}

impl Follower {
    /// Takes a bar: price, price before, return; returns side and equity.
    fn update(&mut self, price: f64, before: f64, earned: f64) -> (f64, Option<f64>) {
        let equity = self.equity.update(earned, f64::from(self.side.value()));
        let average = self.average.update(price);
        if let (Some(now), Some(last)) = (average, self.last)
            && is_usable(price)
            && is_usable(before)
        {
            let (up, down) = (price > now && before <= last, price < now && before >= last);
            self.side.update(up, down);
        }
        self.last = average;
        (f64::from(self.side.value()), equity)
    }
}

/// The nine averages of a kind, and what following their common signal was worth.
#[derive(Clone, Debug, PartialEq)]
struct Kind {
    followers: Vec<Follower>,
    signal: f64,
    equity: Equity,
}

impl Kind {
    fn new(kind: usize, config: &TrendConfig, kept: f64) -> Result<Self, ParameterError> {
        let is_batch = config.profile == Profile::RustBatch;
        let (cutout, start) = if is_batch {
            (config.cutout, 1.0)
        } else {
            (0, config.weights[kind])
        };
        let mut followers = Vec::with_capacity(LENGTHS);
        for length in config.robustness.lengths(config.lengths[kind]) {
            followers.push(Follower {
                average: Average::new(kind, length, config.profile)?,
                last: None,
                side: UpDown::default(),
                equity: Equity::new(1.0, kept, cutout)?,
            });
        }
        Ok(Self {
            followers,
            signal: f64::NAN,
            equity: Equity::new(start, kept, config.cutout)?,
        })
    }

    fn update(&mut self, price: f64, before: f64, earned: [f64; 2], rounds: bool) -> Option<f64> {
        let equity = self.equity.update(earned[1], self.signal);
        let (mut votes, mut weights) = (0.0, 0.0);
        for follower in &mut self.followers {
            let (side, weight) = follower.update(price, before, earned[0]);
            let weight = weight.unwrap_or(0.0);
            votes += side * weight;
            weights += weight;
        }
        let signal = if weights > 0.0 { votes / weights } else { 0.0 };
        self.signal = if rounds {
            // Adding 0 makes −0 a 0.
            (signal * 100.0).round_ties_even() / 100.0 + 0.0
        } else {
            signal
        };
        equity
    }
}

/// The classification, one price after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    config: TrendConfig,
    kinds: Vec<Kind>,
    bar: usize,
    before: f64,
    step: f64,
    growth: [f64; 2],
    held: f64,
    ignored: u64,
}

impl Trend {
    /// Returns a classification without a bar.
    ///
    /// # Errors
    /// A length of 0; a parameter that is no number in range, λ beyond ±1.
    pub fn new(config: TrendConfig) -> Result<Self, ParameterError> {
        config.check()?;
        let (lambda, decay) = match config.profile {
            Profile::RustBatch => (config.lambda, config.decay),
            Profile::Python | Profile::Pine => (config.lambda / 1_000.0, config.decay / 100.0),
        };
        let kinds = (0..KINDS).map(|kind| Kind::new(kind, &config, 1.0 - decay));
        Ok(Self {
            kinds: kinds.collect::<Result<_, _>>()?,
            config,
            bar: 0,
            before: f64::NAN,
            step: exponential(lambda),
            growth: [1.0; 2],
            held: 0.0,
            ignored: 0,
        })
    }

    /// Takes a bar's price; returns what it gives.
    pub fn update(&mut self, price: f64) -> TrendBar {
        self.ignored += u64::from(!is_usable(price));
        let earned = self.earned(price);
        let rounds = self.config.profile != Profile::RustBatch;
        let (mut signals, mut equities) = ([0.0; KINDS], [None; KINDS]);
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            equities[at] = kind.update(price, self.before, earned, rounds);
            signals[at] = kind.signal;
        }
        let now = if self.bar < self.config.cutout {
            0.0
        } else {
            self.average(&signals, &equities)
        };
        let is_held = self.config.strategy && rounds;
        let average = if is_held { self.held } else { now };
        self.held = now;
        self.before = price;
        self.bar += 1;
        TrendBar {
            average,
            signals,
            equities,
        }
    }

    /// Returns the bar's return as layer 1 and layer 2 count it, NaN where it is unknown.
    fn earned(&mut self, price: f64) -> [f64; 2] {
        let shift = match self.config.profile {
            Profile::RustBatch => 0,
            Profile::Python | Profile::Pine => self.config.cutout,
        };
        if self.bar > 0 {
            self.growth[0] *= self.step;
        }
        if self.bar > shift {
            self.growth[1] *= self.step;
        }
        if !is_usable(price) || !is_usable(self.before) || self.before == 0.0 {
            return [f64::NAN; 2];
        }
        let change = (price - self.before) / self.before;
        self.growth.map(|growth| change * growth)
    }

    fn average(&self, signals: &[f64; KINDS], equities: &[Option<f64>; KINDS]) -> f64 {
        let is_batch = self.config.profile == Profile::RustBatch;
        let (mut votes, mut weights) = (0.0, 0.0);
        for (at, signal) in signals.iter().enumerate() {
            let equity = equities[at].unwrap_or(0.0);
            if is_batch {
                votes += signal * equity * self.config.weights[at];
                weights += equity * self.config.weights[at];
            } else {
                votes += self.cut(*signal) * equity;
                weights += equity;
            }
        }
        let least = if is_batch { 1e-9 } else { 0.0 };
        let average = if weights > least {
            votes / weights
        } else {
            0.0
        };
        if is_batch { self.cut(average) } else { average }
    }

    fn cut(&self, signal: f64) -> f64 {
        if signal > self.config.long {
            1.0
        } else if signal < self.config.short {
            -1.0
        } else {
            0.0
        }
    }

    /// Returns how many prices were no number in range.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}

/// Returns what `Trend` gives after each price as lines: average, signals, equities (NaN in the cutout).
///
/// # Errors
/// As `Trend::new`.
pub fn trend(prices: &[f64], config: &TrendConfig) -> Result<[Vec<f64>; LINES], ParameterError> {
    let mut state = Trend::new(config.clone())?;
    let mut lines: [Vec<f64>; LINES] = std::array::from_fn(|_| Vec::with_capacity(prices.len()));
    for price in prices {
        let bar = state.update(*price);
        let (average, parts) = lines.split_at_mut(1);
        let (signals, equities) = parts.split_at_mut(KINDS);
        average[0].push(bar.average);
        for at in 0..KINDS {
            signals[at].push(bar.signals[at]);
            equities[at].push(bar.equities[at].unwrap_or(f64::NAN));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn config(profile: Profile, length: u32) -> TrendConfig {
        TrendConfig {
            lengths: [length; KINDS],
            ..TrendConfig::of(profile)
        }
    }

    fn saw(bars: usize) -> Vec<f64> {
        (0..bars)
            .map(|bar| 100.0 + ((bar * 7) % 40) as f64 - ((bar * 3) % 17) as f64)
            .collect()
    }

    #[test]
    fn powers_of_e_are_those_of_the_library() {
        for x in [0.0, 2e-5, -2e-5, 0.02, 0.5, 1.0, -1.0] {
            let expected: f64 = f64::exp(x);
            assert!((exponential(x) / expected - 1.0).abs() < 1e-15, "{x}");
        }
    }

    #[test]
    fn lengths_never_fall_below_one() {
        assert_eq!(
            Robustness::Medium.lengths(28),
            [28, 29, 30, 32, 34, 27, 26, 24, 22]
        );
        assert_eq!(Robustness::Narrow.lengths(3), [3, 4, 5, 6, 7, 2, 1, 1, 1]);
        assert_eq!(Robustness::Wide.lengths(28)[4..], [35, 27, 25, 23, 21]);
    }

    #[test]
    fn a_rise_after_a_fall_is_up() {
        // Convex, as averages without lag lie on a straight line.
        let prices: Vec<f64> = (0..60_i32)
            .map(|bar| {
                f64::from(if bar < 30 {
                    100 - bar
                } else {
                    70 + (bar - 29).pow(2)
                })
            })
            .collect();
        for profile in [Profile::Python, Profile::Pine, Profile::RustBatch] {
            let found = trend(&prices, &config(profile, 8)).expect("in range");
            assert_eq!(found[0][59].to_bits(), 1.0_f64.to_bits(), "{profile:?}");
            assert!(found.iter().all(|line| line.len() == 60));
        }
    }

    #[test]
    fn strategy_is_a_bar_later() {
        let prices = saw(200);
        let now = config(Profile::Python, 6);
        let later = TrendConfig {
            strategy: true,
            ..now.clone()
        };
        let [now, later] = [now, later].map(|config| trend(&prices, &config).expect("in range"));
        assert_eq!(now[0][..199], later[0][1..]);
        assert_eq!(later[0][0].to_bits(), 0);
        assert_eq!(now[1..], later[1..]);
    }

    #[test]
    fn the_cutout_has_no_equity() {
        for profile in [Profile::Python, Profile::RustBatch] {
            let cut = TrendConfig {
                cutout: 20,
                ..config(profile, 6)
            };
            let found = trend(&saw(60), &cut).expect("in range");
            assert!(found[0][..20].iter().all(|average| average.to_bits() == 0));
            assert!(
                found[7..]
                    .iter()
                    .all(|line| line[..20].iter().all(|e| e.is_nan()))
            );
            assert!(
                found[7..]
                    .iter()
                    .all(|line| line[20].to_bits() == 1.0_f64.to_bits() && !line[59].is_nan())
            );
        }
    }

    #[test]
    fn parameters_out_of_range_are_told() {
        let of = |change: fn(&mut TrendConfig)| {
            let mut config = TrendConfig::of(Profile::Python);
            change(&mut config);
            Trend::new(config).expect_err("out of range")
        };
        assert_eq!(
            of(|config| config.lengths[3] = 0),
            ParameterError::Period(0)
        );
        let refusal = |name, value| ParameterError::Number { name, value };
        assert_eq!(of(|config| config.lambda = 1.5), refusal("lambda", 1.5));
        assert_eq!(of(|config| config.decay = 1e200), refusal("decay", 1e200));
        assert_eq!(
            of(|config| config.weights[5] = f64::INFINITY),
            refusal("weight", f64::INFINITY)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn averages_stay_between_the_sides(
            prices in vec(prop_oneof![1e-3..1e6_f64, any::<f64>()], 0..120),
            length in 1..12_u32,
            cutout in 0..30_usize,
            profile in prop_oneof![Just(Profile::Python), Just(Profile::Pine), Just(Profile::RustBatch)],
        ) {
            let config = TrendConfig { cutout, ..config(profile, length) };
            let lines = trend(&prices, &config).expect("in range");
            for line in &lines[..=KINDS] {
                prop_assert!(line.iter().all(|value| (-1.0..=1.0).contains(value)));
            }
            let unusable = prices.iter().filter(|price| !is_usable(**price)).count();
            let mut state = Trend::new(config).expect("in range");
            for (at, price) in prices.iter().enumerate() {
                prop_assert_eq!(state.update(*price).average.to_bits(), lines[0][at].to_bits());
            }
            prop_assert_eq!(state.ignored(), unusable as u64);
        }
    }
}
