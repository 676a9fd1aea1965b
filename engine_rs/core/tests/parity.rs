//! Books, bars and indicators come out as in the reference, state by state and bit by bit.

#[path = "common/sums.rs"]
mod sums;

use std::collections::VecDeque;

use cambist_core::book::order_book::{BookChange, Delta, OrderBook, Outcome, Side, Source, Ticker};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::decimal::ONE;
use cambist_core::exchanges::event::Level;
use cambist_core::series::bars::Bars;
use cambist_core::series::technical::{self, Bands, Bollinger, Ema, Rsi};
use serde::Serialize;
use sums::{Sums, Xorshift};

const STEPS: i64 = 40;
const MINUTE_NS: i64 = 60_000_000_000;
const RULES: [Continuity; 7] = [
    Continuity::Spot,
    Continuity::Usdm,
    Continuity::Okx,
    Continuity::Kraken,
    Continuity::Bybit,
    Continuity::Coinbase,
    Continuity::Plain,
];

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text")
}

#[test]
fn order_book_walks_as_the_twin_does() {
    let known = Sums::of("books");
    let mut random = Xorshift(known.seed);
    known.check((0..).flat_map(|turn| walk(turn, &mut random)));
}

fn walk(turn: usize, random: &mut Xorshift) -> Vec<String> {
    let mut book = OrderBook::new(RULES[turn % RULES.len()]);
    let mut latest = 100;
    let mut step = |step: i64| {
        let change = act(&mut book, random, &mut latest, step * 100_000_000);
        if random.below(3) == 0 {
            let side = if random.below(2) == 0 {
                Side::Bid
            } else {
                Side::Ask
            };
            book.use_up(side, random.below(2 * ONE as usize) as u64);
        }
        assert_eq!(OrderBook::from_parts(book.parts()).as_ref(), Ok(&book));
        let mut amount = || random.below(4_000_000_000) as u64;
        let amounts = [book.sell(amount()), book.buy(amount()), book.cost(amount())];
        let best = [
            book.best_bid(),
            book.best_ask(),
            book.best(Side::Bid),
            book.best(Side::Ask),
            book.best_left(Side::Bid),
            book.best_left(Side::Ask),
        ];
        let amounts = amounts.map(|value| value.map_or("-".to_owned(), |value| value.to_string()));
        let best =
            best.map(|level| level.map_or("-".to_owned(), |(price, qty)| format!("{price}/{qty}")));
        let (outcome, parts) = (json(&change.outcome), json(&book.parts()));
        format!(
            "{outcome} {} {parts} {} {}",
            change.need_seed,
            amounts.join(" "),
            best.join(" ")
        )
    };
    (0..STEPS).map(&mut step).collect()
}

fn act(book: &mut OrderBook, random: &mut Xorshift, latest: &mut u64, now_ns: i64) -> BookChange {
    let number = |random: &mut Xorshift, end: usize| random.below(end) as u64;
    match random.below(14) {
        0..=5 => {
            let lost = if random.below(8) == 0 { 2 } else { 0 };
            let first = *latest + 1 + lost;
            let last = first + number(random, 3);
            let first = first - number(random, 2);
            let prev = Some(*latest + lost);
            let (bids, asks) = (levels(random, 3, 90), levels(random, 3, 96));
            *latest = last;
            book.apply_delta(
                Delta {
                    first,
                    last,
                    prev,
                    bids,
                    asks,
                    venue_ns: now_ns,
                },
                now_ns,
            )
        }
        6 | 7 => {
            let update_id = *latest + number(random, 4) - 1;
            let bid = 90 + number(random, 10);
            let ask = bid + number(random, 4);
            let (bid_qty, ask_qty) = (number(random, 3), number(random, 3));
            let ticker = Ticker {
                update_id,
                bid: bid * ONE * bid_qty.min(1),
                bid_qty: bid_qty * ONE,
                ask: ask * ONE * ask_qty.min(1),
                ask_qty: ask_qty * ONE,
            };
            book.apply_ticker(ticker, now_ns)
        }
        8 | 9 => {
            let last = *latest - 3 + number(random, 6);
            let source = if random.below(2) == 0 {
                Source::Fetched
            } else {
                Source::Stream
            };
            let (bids, asks) = (levels(random, 6, 85), levels(random, 6, 96));
            book.apply_snapshot(last, (&bids, &asks), source, now_ns)
        }
        10 => {
            let later_ns = number(random, 2) as i64 * MINUTE_NS;
            if random.below(3) == 0 {
                book.gap()
            } else {
                book.tick(now_ns + later_ns)
            }
        }
        11 => book.verify(0, Some((2, 8))),
        other => {
            if other == 12 {
                book.trade(random.below(3) > 0);
            } else if random.below(3) == 0 {
                book.disconnect();
            } else {
                book.connect();
            }
            BookChange {
                outcome: Outcome::Ignored,
                need_seed: false,
            }
        }
    }
}

fn levels(random: &mut Xorshift, most: usize, lowest: u64) -> Vec<Level> {
    let count = random.below(most + 1);
    let level = |_| {
        (
            (lowest + random.below(10) as u64) * ONE,
            random.below(4) as u64 * ONE / 3,
        )
    };
    (0..count).map(level).collect()
}

fn float(random: &mut Xorshift, low: i64) -> f64 {
    const SPECIAL: [f64; 8] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e200,
        -0.0,
        0.0,
        1e150,
        -1e-310,
    ];
    if random.below(16) == 0 {
        return SPECIAL[random.below(SPECIAL.len())];
    }
    (random.below(1 << 20) as i64 + low) as f64 / 1000.0
}

#[test]
fn bars_close_as_the_twin_does() {
    let known = Sums::of("bars");
    let mut random = Xorshift(known.seed);
    let mut turn = |turn: usize| {
        let (width, keep) = (1 + random.below(7) as i64, 1 + random.below(5));
        let mut kept = Bars::new(width, keep).expect("positive");
        let mut now = random.below(100) as i64 - 50;
        let mut lines = VecDeque::new();
        for _ in 0..STEPS {
            let far = if random.below(30) == 0 {
                1_000_000_007
            } else {
                12
            };
            now += random.below(far) as i64 - 2;
            let closed = if random.below(6) == 0 {
                kept.advance(now)
            } else {
                let price = float(&mut random, -1000);
                kept.add(now, price, float(&mut random, -10_000))
            };
            assert_eq!(
                Bars::from_parts(&kept.parts()).map(|bars| bars.parts()),
                Some(kept.parts())
            );
            lines.push_back(format!("{turn} {closed} {}", json(&kept.parts())));
        }
        lines
    };
    known.check((0..).flat_map(&mut turn));
}

#[test]
fn technical_gives_the_bits_of_the_twin() {
    let known = Sums::of("technical");
    let mut random = Xorshift(known.seed);
    let mut turn = |turn: usize| {
        let period = 1 + random.below(6) as u32;
        let width = random.below(40) as f64 / 8.0;
        let values: Vec<f64> = (0..STEPS).map(|_| float(&mut random, -50_000)).collect();
        let mut rsi = Rsi::new(period).expect("positive");
        let mut ema = Ema::new(period).expect("positive");
        let mut bollinger = Bollinger::new(period, width).expect("positive");
        let all_rsi = technical::rsi(&values, period);
        let all_ema = technical::ema(&values, period);
        let all_bands = technical::bollinger(&values, period, width);
        let mut lines = VecDeque::new();
        for (at, &value) in values.iter().enumerate() {
            let found = bits(
                rsi.update(value),
                ema.update(value),
                bollinger.update(value),
            );
            assert_eq!(found, bits(all_rsi[at], all_ema[at], all_bands[at]));
            rsi = Rsi::from_parts(&rsi.parts()).expect("its own parts");
            ema = Ema::from_parts(&ema.parts()).expect("its own parts");
            bollinger = Bollinger::from_parts(&bollinger.parts()).expect("its own parts");
            let parts = [
                json(&rsi.parts()),
                json(&ema.parts()),
                json(&bollinger.parts()),
            ];
            lines.push_back(format!("{turn} {found} {}", parts.join(" ")));
        }
        lines
    };
    known.check((0..).flat_map(&mut turn));
}

fn bits(rsi: Option<f64>, ema: Option<f64>, bands: Option<Bands>) -> String {
    let one = |value: Option<f64>| {
        value.map_or("-".to_owned(), |value| format!("{:016x}", value.to_bits()))
    };
    let bands = match bands {
        Some(Bands { low, middle, high }) => {
            [low, middle, high].map(|value| one(Some(value))).join(" ")
        }
        None => "-".to_owned(),
    };
    format!("{} {} {bands}", one(rsi), one(ema))
}
