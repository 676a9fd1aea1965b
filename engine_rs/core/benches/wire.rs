//! What decoding a frame and keeping a book cost. Frames from recorded sessions where they are beside the checkout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cambist_core::book::order_book::{Delta, OrderBook, Side, Source};
use cambist_core::chain::base58;
use cambist_core::chain::session::SolanaSession;
use cambist_core::chain::solana::decode_solana;
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::Direction;
use cambist_core::exchanges::binance::decode_binance;
use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::event::Event;
use divan::{Bencher, black_box};

#[path = "../tests/common/recordings.rs"]
mod recordings;

fn main() {
    divan::main();
}

const BOOK_TICKER: &str = r#"{"stream":"solusdt@bookTicker","data":{"u":91000001,"s":"SOLUSDT","b":"142.51000000","B":"30.10000000","a":"142.52000000","A":"4.00000000"}}"#;
const TRADE: &str = r#"{"stream":"solusdt@trade","data":{"e":"trade","E":1790000000130,"s":"SOLUSDT","t":77001,"p":"142.52000000","q":"1.00000000","T":1790000000129,"m":false,"M":true}}"#;
const SLOT: &str = r#"{"jsonrpc":"2.0","method":"slotNotification","params":{"result":{"parent":75,"root":44,"slot":76},"subscription":0}}"#;

fn depth_update(levels: u64) -> String {
    let side = |start: u64| {
        let level = |at: u64| format!(r#"["{}.{:02}000000","{}.50000000"]"#, start, at, at + 1);
        (0..levels / 2).map(level).collect::<Vec<_>>().join(",")
    };
    format!(
        r#"{{"stream":"solusdt@depth@100ms","data":{{"e":"depthUpdate","E":1790000000123,"s":"SOLUSDT","U":91000001,"u":91000007,"b":[{}],"a":[{}]}}}}"#,
        side(142),
        side(143)
    )
}

#[divan::bench(sample_size = 100)]
fn book_ticker(bencher: Bencher) {
    bencher.bench(|| {
        decode_binance(
            "binance.spot.ws",
            "",
            black_box(BOOK_TICKER.as_bytes()),
            &PriceScales::EIGHT,
        )
    });
}

#[divan::bench(sample_size = 100)]
fn trade(bencher: Bencher) {
    bencher.bench(|| {
        decode_binance(
            "binance.spot.ws",
            "",
            black_box(TRADE.as_bytes()),
            &PriceScales::EIGHT,
        )
    });
}

#[divan::bench(args = [4, 40, 400], sample_size = 20)]
fn depth_update_of_levels(bencher: Bencher, levels: u64) {
    let frame = depth_update(levels);
    bencher.bench(|| {
        decode_binance(
            "binance.spot.ws",
            "",
            black_box(frame.as_bytes()),
            &PriceScales::EIGHT,
        )
    });
}

#[divan::bench]
fn depth_snapshot_of_5000_a_side(bencher: Bencher) {
    let side = |start: u64, step: i64| {
        let level = |at: i64| {
            format!(
                r#"["{}.25000000","3.10000000"]"#,
                start.wrapping_add_signed(at * step)
            )
        };
        (0..5000).map(level).collect::<Vec<_>>().join(",")
    };
    let frame = format!(
        r#"{{"lastUpdateId":7,"bids":[{}],"asks":[{}]}}"#,
        side(50_000, -1),
        side(50_001, 1)
    );
    bencher.bench(|| {
        decode_binance(
            "binance.spot.depth",
            "X",
            black_box(frame.as_bytes()),
            &PriceScales::EIGHT,
        )
    });
}

#[divan::bench(sample_size = 100)]
fn slot_notification(bencher: Bencher) {
    let mut session = SolanaSession::new();
    bencher.bench_local(move || {
        decode_solana(
            &mut session,
            1,
            1,
            Direction::In,
            black_box(SLOT.as_bytes()),
        )
        .is_ok()
    });
}

/// Token account, Whirlpool, fixed tick array.
#[divan::bench(args = [165, 653, 9_988], sample_size = 20)]
fn account_notification_of_bytes(bencher: Bencher, size: usize) {
    let key = base58::encode(&[7; 32]);
    let mut session = SolanaSession::new();
    let asked =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["{key}"]}}"#);
    decode_solana(&mut session, 1, 1, Direction::Out, asked.as_bytes()).expect("a request");
    decode_solana(
        &mut session,
        1,
        1,
        Direction::In,
        br#"{"jsonrpc":"2.0","result":9,"id":1}"#,
    )
    .expect("a reply");
    let data = STANDARD.encode((0..size).map(|at| (at * 31) as u8).collect::<Vec<_>>());
    let frame = format!(
        r#"{{"jsonrpc":"2.0","method":"accountNotification","params":{{"result":{{"context":{{"slot":5199307}},"value":{{"lamports":33594,"data":["{data}","base64"],"owner":"{key}","executable":false,"rentEpoch":18446744073709551615,"space":{size}}}}},"subscription":9}}}}"#
    );
    bencher.bench_local(move || {
        let events = decode_solana(
            &mut session,
            1,
            1,
            Direction::In,
            black_box(frame.as_bytes()),
        );
        assert!(matches!(events.as_deref(), Ok([Event::Account { .. }])));
    });
}

#[divan::bench(sample_size = 100)]
fn base58_decode(bencher: Bencher) {
    let text = base58::encode(&[7; 32]);
    bencher.bench(|| base58::decode(black_box(&text)));
}

#[divan::bench(sample_size = 100)]
fn base58_encode(bencher: Bencher) {
    bencher.bench(|| base58::encode(black_box(&[7; 32])));
}

/// A recorded second of the busiest file: decode alone, and decode with the book.
#[divan::bench(args = [false, true])]
fn recorded_usdm_frames(bencher: Bencher, keep_book: bool) {
    let Some(bytes) = recordings::recording("cex_binance_hft/usdm_btcusdt_20240808.txt.zst") else {
        return;
    };
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<&str> = text
        .lines()
        .take(2_000)
        .map(|line| line.split_once(' ').expect("time and frame").1)
        .collect();
    bencher
        .counter(divan::counter::ItemsCount::new(lines.len()))
        .bench_local(|| {
            let mut book = OrderBook::new(Continuity::Usdm);
            for line in &lines {
                let protocol = if line.starts_with(r#"{"last"#) {
                    "binance.usdm.depth"
                } else {
                    "binance.usdm.ws"
                };
                match decode_binance(protocol, "BTCUSDT", line.as_bytes(), &PriceScales::EIGHT) {
                    Ok(Event::DepthDelta {
                        first,
                        last,
                        prev,
                        bids,
                        asks,
                        venue_ns,
                        ..
                    }) if keep_book => {
                        black_box(book.apply_delta(
                            Delta {
                                first,
                                last,
                                prev,
                                bids,
                                asks,
                                venue_ns,
                            },
                            0,
                        ));
                    }
                    Ok(Event::DepthSnapshot {
                        last, bids, asks, ..
                    }) if keep_book => {
                        black_box(book.apply_snapshot(last, (&bids, &asks), Source::Fetched, 0));
                    }
                    other => assert!(black_box(other).is_ok()),
                }
            }
            book.best(Side::Bid)
        });
}
