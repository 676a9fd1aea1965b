//! Arrays against streams, known figures, and what must hold whatever comes in.

use cambist_core::series::equity::{Equity, FLOOR, equity};
use cambist_core::series::indicator_table::{IndicatorTable, Periods};
use cambist_core::series::kama::{self, FixedKama, Kama};
use cambist_core::series::moving_averages::{Dema, Hma, Lsma, Wma, dema, hma, lsma, wma};
use cambist_core::series::signal_persistence::{Runs, UpDown, causal_runs, runs, up_down};
use cambist_core::series::technical::arrays::Kernel;
use cambist_core::series::technical::{
    Bollinger, Ema, MAX_VALUE, Macd, ParameterError, Rsi, Sma, arrays, atr, is_usable, macd,
    rsi_of_oldest, sma, vwap,
};
use proptest::prelude::*;

fn bits(values: &[f64]) -> Vec<Option<u64>> {
    values
        .iter()
        .map(|value| (!value.is_nan()).then(|| value.to_bits()))
        .collect()
}

/// Events of so many bars, each with a chance of so many in twenty.
fn events(of_twenty: u32, bars: usize) -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec((0..20_u32).prop_map(move |drawn| drawn < of_twenty), bars)
}

fn streamed(values: &[f64], mut update: impl FnMut(f64) -> Option<f64>) -> Vec<Option<u64>> {
    values
        .iter()
        .map(|value| update(*value).map(f64::to_bits))
        .collect()
}

/// Returns what a kernel gives for one series.
fn of<const N: usize>(
    values: &[f64],
    kernel: Result<impl Kernel<N>, ParameterError>,
) -> Result<[Vec<f64>; N], ParameterError> {
    kernel.map(|mut kernel| arrays::one(values, &mut kernel))
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, -1e150, 1.1e150, -0.0]);
    let price = prop_oneof![9 => 0.1..1e6, 1 => odd];
    prop_oneof![
        prop::collection::vec(price, 0..90),
        prop::collection::vec(any::<f64>(), 0..60),
    ]
}

/// Asserts that numbers differ by rounding only.
fn assert_close(found: &[f64], streamed: &[Option<f64>], scale: f64) {
    assert_eq!(found.len(), streamed.len());
    for (found, streamed) in found.iter().zip(streamed) {
        match streamed {
            None => assert!(found.is_nan()),
            Some(value) => assert!((found - value).abs() <= 1e-9 * scale, "{found} {value}"),
        }
    }
}

proptest! {
    #[test]
    fn arrays_have_the_bits_of_streams(values in values(), period in 1_u32..20, fast in 1_u32..6) {
        let mut stream = Wma::new(period).unwrap();
        prop_assert_eq!(bits(&wma(&values, period).unwrap()), streamed(&values, |value| stream.update(value)));
        let mut stream = Dema::new(period).unwrap();
        prop_assert_eq!(bits(&dema(&values, period).unwrap()), streamed(&values, |value| stream.update(value)));
        let mut stream = Lsma::new(period).unwrap();
        prop_assert_eq!(bits(&lsma(&values, period).unwrap()), streamed(&values, |value| stream.update(value)));
        let mut stream = Hma::new(period).unwrap();
        prop_assert_eq!(bits(&hma(&values, period).unwrap()), streamed(&values, |value| stream.update(value)));
        let mut stream = Macd::new(fast, period, 4).unwrap();
        let [_, signal, _] = macd(&values, fast, period, 4).unwrap();
        prop_assert_eq!(bits(&signal), streamed(&values, |value| stream.update(value)?.signal));
    }

    #[test]
    fn regrouped_recurrences_differ_by_rounding(values in values(), period in 1_u32..20) {
        let largest = values.iter().copied().filter(|value| is_usable(*value)).fold(0.0, |most: f64, value| most.max(value.abs()));
        let close = |found: [Vec<f64>; 1], stream: &mut dyn FnMut(f64) -> Option<f64>| {
            let streamed: Vec<_> = values.iter().map(|value| stream(*value)).collect();
            assert_close(&found[0], &streamed, largest);
        };
        let mut stream = Ema::new(period).unwrap();
        close(of(&values, arrays::ema(period)).unwrap(), &mut |value| stream.update(value));
        let mut stream = Sma::new(period).unwrap();
        close([sma(&values, period).unwrap()], &mut |value| stream.update(value));
        prop_assert_eq!(stream.ignored(), values.iter().filter(|value| !is_usable(**value)).count() as u64);
        let mut stream = Kama::new(period, 2, 30).unwrap();
        close(of(&values, kama::kama(period, 2, 30)).unwrap(), &mut |value| stream.update(value));
        let mut stream = FixedKama::new(period).unwrap();
        close(of(&values, kama::fixed_kama(period)).unwrap(), &mut |value| stream.update(value));
        let mut stream = Bollinger::new(period, 2.0).unwrap();
        let [_, _, high] = of(&values, arrays::bollinger(period, 2.0)).unwrap();
        close([high], &mut |value| Some(stream.update(value)?.high));
    }

    #[test]
    fn a_table_has_the_bits_of_streams(
        ticks in prop::collection::vec(prop::collection::vec(prop_oneof![30 => 0.1..1e6_f64, 1 => any::<f64>()], 11), 0..60),
        (rsi, ema, bands, kama) in (1_u32..9, 1_u32..9, 1_u32..9, 1_u32..9),
        alone in 0_usize..11,
    ) {
        let periods = Periods { rsi, ema, bands, kama, ..Periods::default() };
        let mut table = IndicatorTable::new(11, periods).unwrap();
        let mut streams: Vec<_> = (0..11)
            .map(|_| (Rsi::new(rsi).unwrap(), Ema::new(ema).unwrap(), Bollinger::new(bands, 2.0).unwrap(), Kama::new(kama, 2, 30).unwrap()))
            .collect();
        let mut out = vec![0.0; 66];
        for (at, prices) in ticks.iter().enumerate() {
            table.tick(prices, &mut out).unwrap();
            for (token, (rsi, ema, bands, kama)) in streams.iter_mut().enumerate() {
                let price = prices[token];
                let band = bands.update(price);
                let expected = [rsi.update(price), ema.update(price), band.map(|b| b.low), band.map(|b| b.middle), band.map(|b| b.high), kama.update(price)];
                let found: Vec<f64> = (0..6).map(|field| out[field * 11 + token]).collect();
                prop_assert_eq!(bits(&found), expected.map(|figure| figure.map(f64::to_bits)).to_vec());
            }
            if at % 7 == 3 {
                let (rsi, ema, bands, kama) = &mut streams[alone];
                let band = bands.update(5.0);
                let expected = [rsi.update(5.0), ema.update(5.0), band.map(|b| b.low), band.map(|b| b.middle), band.map(|b| b.high), kama.update(5.0)];
                let found = table.update(alone, 5.0).unwrap();
                prop_assert_eq!(bits(&found), expected.map(|figure| figure.map(f64::to_bits)).to_vec());
            }
        }
    }

    #[test]
    fn strength_differs_by_rounding(values in prop::collection::vec(0.1..1e6_f64, 0..200), period in 1_u32..20) {
        let [found] = of(&values, arrays::rsi(period)).unwrap();
        let mut stream = Rsi::new(period).unwrap();
        assert_close(&found, &values.iter().map(|value| stream.update(*value)).collect::<Vec<_>>(), 100.0);
    }

    #[test]
    fn equity_stays_in_its_range(
        bars in prop::collection::vec((any::<f64>(), any::<f64>()), 0..40),
        start in -MAX_VALUE..MAX_VALUE,
        decay in -MAX_VALUE..MAX_VALUE,
        cutout in 0_usize..6,
    ) {
        let (returns, signals): (Vec<f64>, Vec<f64>) = bars.into_iter().unzip();
        let found = equity(&returns, &signals, start, decay, cutout).unwrap();
        for (at, value) in found.iter().enumerate() {
            let in_range = (FLOOR..=MAX_VALUE).contains(value);
            prop_assert!(in_range != (at < cutout) && in_range != value.is_nan());
        }
    }

    #[test]
    fn sides_in_blocks_are_those_bar_by_bar(
        (ups, downs) in (0_u32..=20, 0_u32..=20, 0_usize..400).prop_flat_map(|(ups, downs, bars)| (events(ups, bars), events(downs, bars))),
    ) {
        let mut side = UpDown::default();
        let one_by_one: Vec<i8> = ups.iter().zip(&downs).map(|(up, down)| side.update(*up, *down)).collect();
        prop_assert_eq!(up_down(&ups, &downs).unwrap(), one_by_one);
    }

    #[test]
    fn causal_runs_say_what_is_known(
        signals in prop::collection::vec(prop_oneof![Just(0), -2..3_i32, Just(i32::MIN)], 0..60),
        least in 1_u32..6,
        gap in prop_oneof![0_u32..4, Just(u32::MAX)],
    ) {
        let causal = causal_runs(&signals, least, gap).unwrap();
        for at in 0..signals.len() {
            let known = runs(&signals[..=at], least, gap).unwrap();
            if signals[at] != 0 {
                prop_assert_eq!(causal[at], known[at]);
            }
        }
    }
}

#[test]
fn a_side_is_carried_over_any_number_of_bars() {
    for bars in [64, 65, 128, 200] {
        for (first, other) in [(0, 63), (63, 64), (1, 62), (30, 31), (5, 127), (64, 65)] {
            for up_first in [true, false] {
                let event = |at: usize| (0..bars).map(|bar| bar == at).collect::<Vec<_>>();
                let (one, two) = (event(first), event(other));
                let found = if up_first {
                    up_down(&one, &two)
                } else {
                    up_down(&two, &one)
                };
                let sign = if up_first { 1 } else { -1 };
                let expected: Vec<i8> = (0..bars)
                    .map(|bar| match bar {
                        bar if bar >= other => -sign,
                        bar if bar >= first => sign,
                        _ => 0,
                    })
                    .collect();
                assert_eq!(found.unwrap(), expected, "{bars} {first} {other}");
            }
        }
    }
}

#[test]
fn figures_of_the_systems_behind_the_brief() {
    let prices = [10.0, 11.0, 12.0, 11.0, 10.0];
    let known = [
        10.0,
        10.0,
        10.887_112,
        10.887_574_389_248,
        10.493_885_443_450_713,
    ];
    let [found] = of(&prices, kama::fixed_kama(2)).unwrap();
    assert_close(&found, &known.map(Some), 1e-5);
    let curve = equity(&[0.01, 0.02, -0.01], &[1.0, 1.0, -1.0], 100.0, 1.0, 0).unwrap();
    assert_eq!(bits(&curve), bits(&[100.0, 102.0, 103.02]));
    let mut spoilt = Equity::new(1.0, 0.9997, 1).unwrap();
    let bars = [
        (0.5, 1.0),
        (-0.9, 1.0),
        (-0.9, 1.0),
        (f64::NAN, 1.0),
        (0.1, f64::NAN),
    ];
    let found = bars.map(|(r, signal)| spoilt.update(r, signal));
    assert_eq!(found, [None, Some(1.0), Some(0.25), Some(0.25), Some(0.25)]);
    assert_eq!(spoilt.ignored(), 2);
    assert_eq!(
        up_down(&[false, true, false, false], &[false, true, false, true]).unwrap(),
        [0, 1, 1, -1]
    );
    assert_eq!(
        runs(&[5, 0, 2, 0, 0, 1, -1], 3, 1).unwrap(),
        [1, 1, 1, 0, 0, 0, 0]
    );
    assert_eq!(
        causal_runs(&[5, 0, 2, 0, 0, 1, -1], 3, 1).unwrap(),
        [0, 0, 1, 1, 0, 0, 0]
    );
}

#[test]
fn what_no_series_can_be_computed_with_is_refused() {
    let period = Err(ParameterError::Period(0));
    assert_eq!(wma(&[1.0], 0), period);
    assert_eq!(sma(&[1.0], 0), period);
    let zeros = [
        of(&[1.0], kama::fixed_kama(0)),
        of(&[1.0], arrays::rsi(0)),
        of(&[1.0], kama::kama(1, 0, 1)),
    ];
    for found in zeros {
        assert_eq!(found.map(|[found]| found), period);
    }
    assert_eq!(rsi_of_oldest(&[1.0], 0), Err(ParameterError::Period(0)));
    assert_eq!(Runs::new(0, 0), Err(ParameterError::Period(0)));
    let lengths = "volumes: 0 for 1";
    assert_eq!(vwap(&[1.0], &[]).unwrap_err().to_string(), lengths);
    assert_eq!(
        atr(&[1.0], &[1.0], &[], 1).unwrap_err().to_string(),
        "closes: 0 for 1"
    );
    assert_eq!(
        equity(&[1.0], &[], 1.0, 1.0, 0).unwrap_err().to_string(),
        "signals: 0 for 1"
    );
    assert!(Equity::new(f64::NAN, 1.0, 0).is_err());
    assert!(arrays::bollinger(1, f64::INFINITY).is_err());
    assert!(up_down(&[true], &[]).is_err());
}

#[test]
fn periods_beyond_the_series_give_nothing() {
    for found in [
        sma(&[1.0, 2.0], u32::MAX).unwrap(),
        of(&[1.0, 2.0], arrays::rsi(u32::MAX)).unwrap()[0].clone(),
        of(&[1.0, 2.0], arrays::ema(3)).unwrap()[0].clone(),
        of(&[1.0, 2.0], arrays::bollinger(3, 2.0)).unwrap()[1].clone(),
        of(&[1.0, 2.0], kama::kama(2, 2, 30)).unwrap()[0].clone(),
    ] {
        assert_eq!(bits(&found), [None, None]);
    }
}
