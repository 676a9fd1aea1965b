//! OKX: frames as the venue sends them, frames as it must not, the chain of its ids, and a recording with its checksums.

#[path = "common/recordings.rs"]
mod recordings;

use std::collections::BTreeMap;

use cambist_core::book::order_book::{BookState, Delta, OrderBook, Outcome, Side, Source, Ticker};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::decimal::{ONE, PriceScale, PriceScales};
use cambist_core::exchanges::event::{Event, Level, canonical};
use cambist_core::exchanges::okx::checksum::okx_checksum;
use cambist_core::exchanges::okx::decode::{MAX_OKX_LEVELS, decode_okx};
use cambist_core::library::streams::BookStream;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    t: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    data: String,
}

fn decoded(protocol: &str, body: &str) -> String {
    match decode_okx(protocol, "SOL-USDT", body.as_bytes(), &PriceScales::EIGHT) {
        Ok(events) => events
            .iter()
            .map(|event| canonical(event).expect("text"))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => error.to_string(),
    }
}

fn push(action: &str, asks: &str, bids: &str, prev: i64, seq: i64) -> String {
    format!(
        r#"{{"arg":{{"channel":"books","instId":"SOL-USDT"}},"action":"{action}","data":[{{"asks":{asks},"bids":{bids},"ts":"1790000000123","checksum":0,"prevSeqId":{prev},"seqId":{seq}}}]}}"#
    )
}

const ASKS: &str = r#"[["101.5","0.0005","0","1"]]"#;
const BIDS: &str = r#"[["101.4","1.25","0","3"]]"#;

#[test]
fn okx_samples_are_read() {
    for (body, expected) in [
        (
            push("snapshot", ASKS, BIDS, -1, 1000),
            r#"{"kind":"DepthSnapshot","body":{"symbol":"SOL-USDT","last":1000,"bids":[[10140000000,125000000]],"asks":[[10150000000,50000]],"venue_ns":1790000000123000000}}"#,
        ),
        (
            push("update", ASKS, "[]", 1000, 1004),
            r#"{"kind":"DepthDelta","body":{"symbol":"SOL-USDT","first":1004,"last":1004,"prev":1000,"bids":[],"asks":[[10150000000,50000]],"venue_ns":1790000000123000000}}"#,
        ),
        (
            push("update", "[]", "[]", 1004, 3).replace(r#""checksum":0"#, r#""checksum":-9"#),
            "{\"kind\":\"DepthDelta\",\"body\":{\"symbol\":\"SOL-USDT\",\"first\":3,\"last\":3,\"prev\":1004,\"bids\":[],\"asks\":[],\"venue_ns\":1790000000123000000}}\n{\"kind\":\"BookChecksum\",\"body\":{\"symbol\":\"SOL-USDT\",\"sum\":-9,\"digits\":null}}",
        ),
        (
            r#"{"arg":{"channel":"bbo-tbt","instId":"SOL-USDT"},"data":[{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","seqId":1004}]}"#.to_owned(),
            r#"{"kind":"BookTicker","body":{"symbol":"SOL-USDT","update_id":1004,"bid":0,"bid_qty":0,"ask":10150000000,"ask_qty":50000,"venue_ns":1790000000123000000}}"#,
        ),
        (
            r#"{"arg":{"channel":"trades","instId":"SOL-USDT"},"data":[{"instId":"SOL-USDT","tradeId":"88","px":"101.5","sz":"0.2","side":"buy","ts":"1790000000124","count":"2"}]}"#.to_owned(),
            r#"{"kind":"Trade","body":{"symbol":"SOL-USDT","id":88,"price":10150000000,"qty":20000000,"buyer_is_maker":false,"venue_ns":1790000000124000000}}"#,
        ),
        (
            r#"{"event":"subscribe","arg":{"channel":"books","instId":"SOL-USDT"},"connId":"a4"}"#.to_owned(),
            r#"{"kind":"Subscribed","body":{"method":"","key":null,"subscription":null}}"#,
        ),
        (
            r#"{"event":"error","code":"60012","msg":"Illegal request","connId":"a4"}"#.to_owned(),
            r#"{"kind":"Error","body":{"code":60012,"message":"Illegal request","method":"","key":null}}"#,
        ),
        (r#"{"event":"notice","code":"64008","msg":"soon","connId":"a4"}"#.to_owned(), r#"{"kind":"Shutdown"}"#),
        (r#"{"id":"1","op":"subscribe","args":[]}"#.to_owned(), r#"{"kind":"Ignored"}"#),
        ("pong".to_owned(), r#"{"kind":"Ignored"}"#),
    ] {
        assert_eq!(decoded("okx.ws", &body), expected, "{body}");
    }
    let listed = r#"{"code":"0","data":[
        {"instType":"SPOT","instId":"SOL-USDT","baseCcy":"SOL","quoteCcy":"USDT","tickSz":"0.01","lotSz":"","state":"live"},
        {"instType":"SPOT","instId":"X-USDT","baseCcy":"X","quoteCcy":"USDT","tickSz":"0.000000001","lotSz":"1","state":"live"},
        {"instType":"SPOT","instId":"Y-USDT","baseCcy":"Y","quoteCcy":"USDT","tickSz":"0.000000000000001","lotSz":"1","state":"live"},
        {"instType":"SWAP","instId":"SOL-USDT-SWAP","baseCcy":"","quoteCcy":"","tickSz":"0.01","lotSz":"1","state":"live"}],"msg":""}"#;
    assert_eq!(
        decoded("okx.info", listed),
        r#"{"kind":"Instruments","body":[{"symbol":"SOL-USDT","base":"SOL","quote":"USDT","status":"live","tick":1000000,"step":null,"min_notional":null,"price_decimals":8},{"symbol":"X-USDT","base":"X","quote":"USDT","status":"live","tick":1,"step":100000000,"min_notional":null,"price_decimals":9}]}"#
    );
}

#[test]
fn okx_frames_that_are_wrong_are_refused_by_name() {
    let update = push("update", ASKS, BIDS, 1000, 1004);
    let many = format!("[{}]", vec![r#"["1","1"]"#; MAX_OKX_LEVELS + 1].join(","));
    for (body, refusal) in [
        (update.replace("1000", "-1"), "`prevSeqId` was -1"),
        (
            update.replace(r#""prevSeqId":1000,"#, ""),
            "`prevSeqId` was missing",
        ),
        (update.replace(":1004", ":-4"), "`seqId` was -4"),
        (update.replace(":1004", ":\"1004\""), "`seqId` was \"1004\""),
        (update.replace(":1004", ":1.0"), "`seqId` was 1.0"),
        (
            update.replace(r#","seqId":1004"#, ""),
            "`seqId` was missing",
        ),
        (update.replace(r#""101.5""#, "101.5"), "`asks` was 101.5"),
        (
            update.replace("0.0005", "0.000000001"),
            "`asks` was \"0.000000001\"",
        ),
        (update.replace("101.4", "-1"), "`bids` was \"-1\""),
        (update.replace("101.4", "0"), "`bids` was \"0\""),
        (update.replace(BIDS, "[[]]"), "`bids` was an array"),
        (
            update.replace(r#""1790000000123""#, "1790000000123"),
            "`ts` was 1790000000123",
        ),
        (update.replace("1790000000123", "+5"), "`ts` was \"+5\""),
        (
            update.replace("1790000000123", "9223372036855"),
            "`ts` was \"9223372036855\"",
        ),
        (
            update.replace(r#""checksum":0"#, r#""checksum":2147483648"#),
            "`checksum` was 2147483648",
        ),
        (
            update.replace("update", "partial"),
            "`action` was \"partial\"",
        ),
        (
            update.replace(r#""action":"update","#, ""),
            "`action` was missing",
        ),
        (
            update.replace("SOL-USDT", r"\ud800"),
            "`instId` was half a surrogate pair",
        ),
        (push("snapshot", ASKS, BIDS, 7, 8), "`prevSeqId` was 7"),
        (push("update", &many, BIDS, 7, 8), "`asks` was 4001 levels"),
        (
            r#"{"arg":{"channel":"books","instId":"X"},"action":"update","data":[]}"#.to_owned(),
            "`data` was an array",
        ),
        (r#"{"data":[]}"#.to_owned(), "`arg` was missing"),
        (
            r#"{"event":"error","code":60012,"msg":""}"#.to_owned(),
            "`code` was 60012",
        ),
        ("[1]".to_owned(), "`frame` was an array"),
        ("ping".to_owned(), "not JSON"),
    ] {
        assert_eq!(decoded("okx.ws", &body), refusal, "{body}");
    }
    assert_eq!(decoded("okx.unnumbered.ws", &update), "`checksum` was 0");
    assert_eq!(
        decoded("okx.private", "{}"),
        "no decoder for protocol okx.private"
    );
}

fn delta(prev: u64, seq: u64, bids: Vec<Level>) -> Delta {
    Delta {
        first: seq,
        last: seq,
        prev: Some(prev),
        bids,
        asks: vec![],
        venue_ns: 0,
    }
}

#[test]
fn okx_book_accepts_a_reset_by_its_chain_and_forgets_tickers_of_the_old_count() {
    let mut book = OrderBook::new(Continuity::Okx);
    book.apply_snapshot(
        1000,
        (&[(100 * ONE, ONE)], &[(102 * ONE, ONE)]),
        Source::Stream,
        1,
    );
    let ticker = |update_id, bid| Ticker {
        update_id,
        bid: bid * ONE,
        bid_qty: ONE,
        ask: 102 * ONE,
        ask_qty: ONE,
    };
    assert_eq!(
        book.apply_delta(delta(1000, 1004, vec![]), 2).outcome,
        Outcome::Applied
    );
    assert_eq!(
        book.apply_delta(delta(1004, 1004, vec![]), 3).outcome,
        Outcome::Applied,
        "alive"
    );
    assert_eq!(
        book.apply_ticker(ticker(1006, 101), 4).outcome,
        Outcome::Applied
    );
    assert_eq!(book.best_bid(), Some((101 * ONE, ONE)));
    assert_eq!(
        book.apply_delta(delta(1004, 3, vec![(99 * ONE, ONE)]), 5)
            .outcome,
        Outcome::Applied,
        "starts anew"
    );
    assert_eq!(
        (book.best_bid(), book.last_update_id()),
        (Some((100 * ONE, ONE)), 3)
    );
    assert_eq!(
        book.apply_ticker(ticker(4, 101), 6).outcome,
        Outcome::Applied,
        "of the new count"
    );
    assert_eq!(
        book.apply_delta(delta(3, 5, vec![]), 7).outcome,
        Outcome::Applied
    );
    let gap = book.apply_delta(delta(6, 7, vec![(98 * ONE, ONE)]), 8);
    assert_eq!(
        (gap.outcome, gap.need_seed, book.state()),
        (Outcome::Gap, true, BookState::Suspect)
    );
    assert_eq!(
        (book.best_bid(), book.levels(Side::Bid, 9).len()),
        (None, 2),
        "nothing of it was taken"
    );
    assert_eq!(
        book.apply_delta(delta(7, 8, vec![]), 9).outcome,
        Outcome::Buffered,
        "a snapshot may be fetched, too"
    );
    assert_eq!(
        book.apply_snapshot(2, (&[(90 * ONE, ONE)], &[]), Source::Stream, 10)
            .outcome,
        Outcome::Seeded
    );
    assert_eq!(book.levels(Side::Bid, 9), [(90 * ONE, ONE)]);
    assert_eq!(
        book.apply_snapshot(1, (&[(91 * ONE, ONE)], &[]), Source::Stream, 11)
            .outcome,
        Outcome::Seeded,
        "at any time"
    );
    assert_eq!(book.best(Side::Bid), Some((91 * ONE, ONE)));
}

#[test]
fn okx_book_with_another_sum_is_not_quoted() {
    let (bids, asks) = (
        [(10_140_000_000, 125_000_000), (10_100_000_000, 75_000_000)],
        [
            (10_150_000_000, 50_000),
            (10_160_000_000, 2 * ONE),
            (10_170_000_000, 3 * ONE),
        ],
    );
    assert_eq!(
        okx_checksum(&bids, &asks, PriceScale::EIGHT),
        -2_024_795_966
    );
    let mut book = OrderBook::new(Continuity::Okx);
    assert_eq!(
        book.verify(1, None).outcome,
        Outcome::Ignored,
        "nothing to compare"
    );
    book.apply_snapshot(1, (&bids, &asks), Source::Stream, 1);
    assert_eq!(book.verify(-2_024_795_966, None).outcome, Outcome::Applied);
    assert!(book.usable());
    assert_eq!(book.verify(-2_024_795_965, None).outcome, Outcome::Gap);
    assert_eq!(
        (book.state(), book.best_bid(), book.counts().gaps),
        (BookState::Suspect, None, 1)
    );
}

#[derive(Clone, Debug)]
enum Act {
    Update(u64, u64, u64),
    Alive,
    Anew(u64),
    Lost(u64, u64, u64),
    Snapshot,
    Again,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1u64..4, 1u64..9, 0u64..3).prop_map(|(step, price, qty)| Act::Update(step, price, qty)),
        1 => Just(Act::Alive),
        1 => (1u64..9).prop_map(Act::Anew),
        1 => (1u64..4, 1u64..9, 0u64..3).prop_map(|(step, price, qty)| Act::Lost(step, price, qty)),
        1 => Just(Act::Snapshot),
        1 => Just(Act::Again),
    ]
}

proptest! {
    /// A live book is the venue's as of some push, and the last one if none was lost or repeated.
    #[test]
    fn okx_book_that_is_live_is_the_venues_book(acts in prop::collection::vec(acts(), 1..60)) {
        let mut book = OrderBook::new(Continuity::Okx);
        let (mut levels, mut seq, mut count) = (BTreeMap::from([(50 * ONE, ONE)]), 1_000_000_u64, 1_000_000_u64);
        let mut history = BTreeMap::from([(seq, levels.clone())]);
        let (mut sent, mut sound) = (None::<Delta>, false);
        for act in acts {
            let prev = seq;
            let changed = match act {
                Act::Update(step, price, qty) | Act::Lost(step, price, qty) => {
                    seq += step;
                    vec![(price * ONE, qty)]
                }
                Act::Anew(price) => {
                    count -= 1_000; // more than all acts can add, so no id comes twice
                    seq = count;
                    vec![(price * ONE, ONE)]
                }
                Act::Alive | Act::Snapshot | Act::Again => vec![],
            };
            for &(price, qty) in &changed {
                levels.insert(price, qty);
            }
            levels.retain(|_, qty| *qty > 0);
            history.insert(seq, levels.clone());
            match act {
                Act::Lost(..) => sound = false,
                Act::Snapshot => {
                    let bids: Vec<Level> = levels.clone().into_iter().collect();
                    prop_assert_eq!(book.apply_snapshot(seq, (&bids, &[]), Source::Stream, 1).outcome, Outcome::Seeded);
                    sound = true;
                }
                Act::Again => {
                    if let Some(delta) = sent.clone() {
                        sound &= delta.prev == Some(seq) || delta.last == seq;
                        book.apply_delta(delta, 1);
                    }
                }
                Act::Update(..) | Act::Alive | Act::Anew(_) => {
                    book.apply_delta(delta(prev, seq, changed.clone()), 1);
                    sent = Some(delta(prev, seq, changed));
                    prop_assert_eq!(book.usable(), sound);
                }
            }
            if sound {
                prop_assert!(book.usable() && book.last_update_id() == seq);
            }
            if book.usable() {
                let shown: BTreeMap<u64, u64> = book.levels(Side::Bid, 99).into_iter().collect();
                prop_assert_eq!(Some(&shown), history.get(&book.last_update_id()));
            }
        }
    }
}

/// The recording is of 2022-05-13, when pushes had a checksum and no id.
#[test]
fn okx_recording_gives_its_290_checksums() {
    let Some(bytes) = recordings::recording("cex_cryptofeed/OKX.jsonl.zst") else {
        return;
    };
    let text = std::str::from_utf8(&bytes).expect("text");
    let mut books: BTreeMap<&str, (BookStream, OrderBook)> =
        ["BTC-USDT", "BTC-USD-220527", "UNI-USD-SWAP"]
            .map(|symbol| {
                (
                    symbol,
                    (
                        BookStream::new("okx.unnumbered.ws", symbol),
                        OrderBook::new(Continuity::Okx),
                    ),
                )
            })
            .into();
    let (mut sums, mut trades, mut listed) = (0, 0, 0);
    for line in text.lines() {
        let line: Line = serde_json::from_str(line).expect("a line");
        if line.t == "http" && line.url.ends_with("instType=SPOT") {
            match decode_okx("okx.info", "", line.data.as_bytes(), &PriceScales::EIGHT)
                .expect("a list")
                .as_slice()
            {
                [Event::Instruments(found)] => {
                    listed = found.len();
                    assert_eq!(line.data.matches("\"instType\":\"SPOT\"").count(), listed);
                }
                other => panic!("{other:?}"),
            }
        }
        if line.t != "recv" {
            continue;
        }
        for (stream, _) in books.values_mut() {
            stream.take(line.data.as_bytes()).expect("a frame");
        }
        for event in decode_okx(
            "okx.unnumbered.ws",
            "",
            line.data.as_bytes(),
            &PriceScales::EIGHT,
        )
        .expect("a frame")
        {
            let Some(symbol) = event.symbol() else {
                continue;
            };
            let book = &mut books.get_mut(symbol).expect("a book").1;
            let outcome = match event {
                Event::Trade { .. } => {
                    trades += 1;
                    continue;
                }
                Event::BookChecksum { sum, .. } => {
                    assert_eq!(book.clone().verify(sum ^ 1, None).outcome, Outcome::Gap);
                    sums += 1;
                    Outcome::Applied
                }
                Event::DepthSnapshot { .. } => Outcome::Seeded,
                _ => Outcome::Applied,
            };
            assert_eq!(
                book.take(event, Source::Stream, 1)
                    .map(|change| change.outcome),
                Some(outcome)
            );
        }
    }
    assert_eq!((sums, trades, listed), (290, 74, 513));
    for (symbol, (stream, book)) in &books {
        assert!(book.usable(), "{symbol}");
        assert_eq!(
            stream.book().levels(Side::Bid, 400),
            book.levels(Side::Bid, 400),
            "{symbol}"
        );
        assert_eq!(stream.book().counts().gaps, 0, "{symbol}");
    }
}

/// Whichever push is lost, a later sum tells.
#[test]
fn okx_recording_without_one_push_fails_a_checksum() {
    let Some(bytes) = recordings::recording("cex_cryptofeed/OKX.jsonl.zst") else {
        return;
    };
    let text = std::str::from_utf8(&bytes).expect("text");
    let frames: Vec<Line> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .filter(|line| {
            line.data
                .contains(r#""channel":"books","instId":"BTC-USDT"},"action""#)
        })
        .collect();
    let mut seen = 0;
    for lost in 1..frames.len() - 1 {
        let mut stream = BookStream::new("okx.unnumbered.ws", "BTC-USDT");
        for (_, line) in frames.iter().enumerate().filter(|(at, _)| *at != lost) {
            stream.take(line.data.as_bytes()).expect("a frame");
        }
        seen += usize::from(stream.book().counts().gaps > 0);
    }
    assert_eq!((seen, frames.len()), (96, 98));
}
