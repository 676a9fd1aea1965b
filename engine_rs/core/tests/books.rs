//! Recorded sessions rebuild their books without a gap, and the books agree with the venue's own best bid and ask.

#[path = "common/recordings.rs"]
mod recordings;

use std::collections::BTreeMap;

use cambist_core::book::order_book::{BookState, Delta, OrderBook, Outcome, Side, Source, Ticker};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::binance::decode_binance;
use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::event::Event;
use serde::Deserialize;

#[derive(Debug, Default)]
struct Replay {
    frames: usize,
    deltas: usize,
    buffered: usize,
    /// Best bid and ask of the levels where a ticker has the same update id.
    agreed: usize,
    differed: usize,
}

/// One book out of depth frames only, and one that takes tickers too.
struct Replayed {
    depth: OrderBook,
    full: OrderBook,
    tops: BTreeMap<u64, [(u64, u64); 2]>,
    tickers: BTreeMap<u64, [(u64, u64); 2]>,
    replay: Replay,
}

impl Replayed {
    fn new(continuity: Continuity) -> Self {
        Self {
            depth: OrderBook::new(continuity),
            full: OrderBook::new(continuity),
            tops: BTreeMap::new(),
            tickers: BTreeMap::new(),
            replay: Replay::default(),
        }
    }

    fn take(&mut self, protocol: &str, body: &str, recv_ns: i64) {
        self.replay.frames += 1;
        match decode_binance(protocol, "X", body.as_bytes(), &PriceScales::EIGHT)
            .expect("a frame of this protocol")
        {
            Event::DepthDelta {
                first,
                last,
                prev,
                bids,
                asks,
                venue_ns,
                ..
            } => {
                let delta = Delta {
                    first,
                    last,
                    prev,
                    bids,
                    asks,
                    venue_ns,
                };
                let change = self.depth.apply_delta(delta.clone(), recv_ns);
                self.full.apply_delta(delta, recv_ns);
                self.replay.deltas += 1;
                self.replay.buffered += usize::from(change.outcome == Outcome::Buffered);
                if let (Some(bid), Some(ask)) = (self.depth.best_bid(), self.depth.best_ask()) {
                    self.tops.insert(last, [bid, ask]);
                }
            }
            Event::DepthSnapshot {
                last, bids, asks, ..
            } => {
                self.depth
                    .apply_snapshot(last, (&bids, &asks), Source::Fetched, recv_ns);
                self.full
                    .apply_snapshot(last, (&bids, &asks), Source::Fetched, recv_ns);
            }
            Event::BookTicker {
                update_id,
                bid,
                bid_qty,
                ask,
                ask_qty,
                ..
            } => {
                self.full.apply_ticker(
                    Ticker {
                        update_id,
                        bid,
                        bid_qty,
                        ask,
                        ask_qty,
                    },
                    recv_ns,
                );
                self.tickers
                    .insert(update_id, [(bid, bid_qty), (ask, ask_qty)]);
            }
            _ => {}
        }
    }

    /// Asserts that there was no gap and no crossed book, and counts where levels and tickers agree.
    fn finish(mut self, name: &str) -> Replay {
        for (update_id, top) in &self.tops {
            match self.tickers.get(update_id) {
                Some(ticker) if ticker == top => self.replay.agreed += 1,
                Some(_) => self.replay.differed += 1,
                None => {}
            }
        }
        for book in [&self.depth, &self.full] {
            assert_eq!(book.state(), BookState::Live, "{name}");
            let counts = book.counts();
            assert_eq!(
                (counts.gaps, counts.overflows, counts.crossed, counts.seeds),
                (0, 0, 0, 1),
                "{name}"
            );
            assert_eq!(OrderBook::from_parts(book.parts()).as_ref(), Ok(book));
        }
        assert!(
            self.depth.depth(Side::Bid) > 100 && self.depth.depth(Side::Ask) > 100,
            "{name}"
        );
        self.replay
    }
}

fn hft(name: &str, continuity: Continuity) -> Option<Replay> {
    let market = if continuity == Continuity::Spot {
        "spot"
    } else {
        "usdm"
    };
    let bytes = recordings::recording(&format!("cex_binance_hft/{name}.txt.zst"))?;
    let mut replayed = Replayed::new(continuity);
    for line in std::str::from_utf8(&bytes).expect("text").lines() {
        let (time, body) = line.split_once(' ').expect("time and frame");
        let kind = if body.starts_with(r#"{"lastUpdateId""#) {
            "depth"
        } else {
            "ws"
        };
        replayed.take(
            &format!("binance.{market}.{kind}"),
            body,
            time.parse().expect("nanoseconds"),
        );
    }
    let replay = replayed.finish(name);
    eprintln!("{name}: {replay:?}");
    Some(replay)
}

#[test]
fn recorded_books_of_spot_have_no_gap_and_agree_with_the_tickers() {
    for (name, frames) in [
        ("spot_btcusdt_20240808", 41_249),
        ("spot_ethusdt_20240808", 33_618),
    ] {
        let Some(replay) = hft(name, Continuity::Spot) else {
            return;
        };
        assert_eq!((replay.frames, replay.differed), (frames, 0), "{name}");
        assert!(replay.agreed > 400 && replay.buffered > 0, "{name}");
    }
}

#[test]
fn recorded_books_of_usdm_have_no_gap_and_agree_with_the_tickers() {
    for (name, frames) in [
        ("usdm_btcusdt_20240808", 93_954),
        ("usdm_ethusdt_20240808", 74_655),
    ] {
        let Some(replay) = hft(name, Continuity::Usdm) else {
            return;
        };
        assert_eq!((replay.frames, replay.differed), (frames, 0), "{name}");
        assert!(replay.agreed > 400 && replay.buffered > 0, "{name}");
    }
}

/// One line of the other recorder: a message, or an answer with the address that was asked.
#[derive(Deserialize)]
struct Line {
    t: String,
    #[serde(default)]
    ts: f64,
    #[serde(default)]
    url: String,
    #[serde(default)]
    data: String,
}

#[test]
fn recorded_books_of_four_small_pairs_have_no_gap() {
    let Some(bytes) = recordings::recording("cex_cryptofeed/BINANCE.jsonl.zst") else {
        return;
    };
    let text = std::str::from_utf8(&bytes).expect("text");
    let mut lines: Vec<Line> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    lines.sort_by(|one, other| one.ts.total_cmp(&other.ts));
    let mut books: BTreeMap<String, Replayed> = BTreeMap::new();
    let mut listed = 0;
    for line in &lines {
        let recv_ns = (line.ts * 1e9) as i64;
        let asked = line
            .url
            .split_once("depth?symbol=")
            .map(|(_, rest)| rest.split('&').next().unwrap_or_default());
        match (line.t.as_str(), asked) {
            ("http", Some(symbol)) => {
                books.get_mut(symbol).expect("deltas come first").take(
                    "binance.spot.depth",
                    &line.data,
                    recv_ns,
                );
            }
            ("http", None) if line.url.contains("exchangeInfo") => {
                match decode_binance(
                    "binance.spot.info",
                    "",
                    line.data.as_bytes(),
                    &PriceScales::EIGHT,
                ) {
                    Ok(Event::Instruments(found)) => listed = found.len(),
                    other => panic!("{other:?}"),
                }
            }
            ("recv", _) => match decode_binance(
                "binance.spot.ws",
                "",
                line.data.as_bytes(),
                &PriceScales::EIGHT,
            ) {
                Ok(Event::DepthDelta { symbol, .. } | Event::BookTicker { symbol, .. }) => {
                    let book = books
                        .entry(symbol.into_owned())
                        .or_insert_with(|| Replayed::new(Continuity::Spot));
                    book.take("binance.spot.ws", &line.data, recv_ns);
                }
                other => assert!(other.is_ok(), "{other:?}"),
            },
            _ => {}
        }
    }
    assert_eq!(
        books.keys().collect::<Vec<_>>(),
        ["BLZETH", "LRCBTC", "NKNUSDT", "RUNEEUR"]
    );
    assert!(listed > 0);
    for (symbol, replayed) in books {
        let replay = replayed.finish(&symbol);
        eprintln!("{symbol}: {replay:?}, {listed} instruments");
        assert_eq!(replay.differed, 0, "{symbol}");
    }
}
