//! Kraken: frames as the venue sends them, frames as it must not, and a recording with its checksums.

#[path = "common/lines.rs"]
mod lines;
#[path = "common/recordings.rs"]
mod recordings;
#[path = "common/venues.rs"]
mod venues;

use std::collections::BTreeMap;

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::event::{Event, Level};
use cambist_core::exchanges::kraken::book::MAX_KRAKEN_LEVELS;
use cambist_core::exchanges::kraken::checksum::kraken_checksum;
use cambist_core::exchanges::kraken::decode::decode_kraken;
use lines::lines;
use venues::decoded;

const BOOK: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"SOL/USD","bids":[{"price":101.4,"qty":1.25000000},{"price":101.0,"qty":0.75000000}],"asks":[{"price":101.5,"qty":0.00050000},{"price":101.6,"qty":2.00000000}],"checksum":3737750847,"timestamp":"2026-11-21T12:00:00.000001Z"}]}"#;

#[test]
fn kraken_samples_are_read() {
    for (body, expected) in [
        (
            BOOK,
            "{\"kind\":\"DepthSnapshot\",\"body\":{\"symbol\":\"SOL/USD\",\"last\":0,\"bids\":[[10140000000,125000000],[10100000000,75000000]],\"asks\":[[10150000000,50000],[10160000000,200000000]],\"venue_ns\":1795262400000001000}}\n{\"kind\":\"BookChecksum\",\"body\":{\"symbol\":\"SOL/USD\",\"sum\":3737750847,\"digits\":[1,8]}}",
        ),
        (
            r#"{"channel":"book","type":"update","data":[{"symbol":"SOL/USD","bids":[{"price":101.40,"qty":0}],"asks":[],"checksum":5,"timestamp":"2026-11-21T12:00:00Z"}]}"#,
            "{\"kind\":\"DepthDelta\",\"body\":{\"symbol\":\"SOL/USD\",\"first\":0,\"last\":0,\"prev\":null,\"bids\":[[10140000000,0]],\"asks\":[],\"venue_ns\":1795262400000000000}}\n{\"kind\":\"BookChecksum\",\"body\":{\"symbol\":\"SOL/USD\",\"sum\":5,\"digits\":[2,0]}}",
        ),
        (
            r#"{"channel":"ticker","type":"update","data":[{"symbol":"SOL/USD","bid":101.4,"bid_qty":1.25,"ask":101.5,"ask_qty":0.0005,"last":101.5}]}"#,
            r#"{"kind":"BookTicker","body":{"symbol":"SOL/USD","update_id":0,"bid":10140000000,"bid_qty":125000000,"ask":10150000000,"ask_qty":50000,"venue_ns":null}}"#,
        ),
        (
            r#"{"channel":"trade","type":"update","data":[{"symbol":"SOL/USD","side":"sell","price":101.5,"qty":0.2,"ord_type":"limit","trade_id":88,"timestamp":"2026-11-21T12:00:00.5Z"}]}"#,
            r#"{"kind":"Trade","body":{"symbol":"SOL/USD","id":88,"price":10150000000,"qty":20000000,"buyer_is_maker":true,"venue_ns":1795262400500000000}}"#,
        ),
        (
            r#"{"channel":"trade","type":"snapshot","data":[]}"#,
            r#"{"kind":"Ignored"}"#,
        ),
        (
            r#"{"channel":"status","type":"update","data":[{"version":"2.0.9","system":"cancel_only"}]}"#,
            r#"{"kind":"VenueStatus","body":{"status":"cancel_only"}}"#,
        ),
        (r#"{"channel":"heartbeat"}"#, r#"{"kind":"Ignored"}"#),
        (r#"{"method":"pong","req_id":7}"#, r#"{"kind":"Ignored"}"#),
        (
            r#"{"method":"subscribe","result":{"channel":"book"},"success":true}"#,
            r#"{"kind":"Subscribed","body":{"method":"","key":null,"subscription":null}}"#,
        ),
        (
            r#"{"error":"Currency pair not supported","method":"subscribe","success":false}"#,
            r#"{"kind":"Error","body":{"code":0,"message":"Currency pair not supported","method":"","key":null}}"#,
        ),
    ] {
        assert_eq!(decoded("kraken.ws", "", body), expected, "{body}");
    }
    let listed = r#"{"error":[],"result":{
        "XXBTZUSD":{"wsname":"XBT/USD","pair_decimals":1,"lot_decimals":8,"tick_size":"0.1","costmin":"0.5","status":"online"},
        "XDGEUR":{"wsname":"XDG\/EUR","pair_decimals":7,"lot_decimals":8},
        "XETHZUSD.d":{"pair_decimals":2,"lot_decimals":8},
        "GRTETH":{"wsname":"GRT/ETH","pair_decimals":9,"lot_decimals":8},
        "ABCETH":{"wsname":"ABC/ETH","pair_decimals":15,"lot_decimals":8}}}"#;
    assert_eq!(
        decoded("kraken.info", "", listed),
        r#"{"kind":"Instruments","body":[{"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"online","tick":10000000,"step":1,"min_notional":50000000,"price_decimals":8},{"symbol":"DOGE/EUR","base":"DOGE","quote":"EUR","status":"","tick":10,"step":1,"min_notional":null,"price_decimals":8},{"symbol":"GRT/ETH","base":"GRT","quote":"ETH","status":"","tick":1,"step":1,"min_notional":null,"price_decimals":9}]}"#
    );
    assert_eq!(
        decoded(
            "kraken.info",
            "",
            r#"{"error":["EGeneral:Too many requests"]}"#
        ),
        r#"{"kind":"Error","body":{"code":0,"message":"EGeneral:Too many requests","method":"","key":null}}"#
    );
}

#[test]
fn kraken_frames_that_are_wrong_are_refused_by_name() {
    let update = BOOK.replace("snapshot", "update");
    let many = vec![r#"{"price":1,"qty":1}"#; MAX_KRAKEN_LEVELS + 1].join(",");
    for (body, refusal) in [
        (
            update.replace("update", "partial"),
            "`type` was \"partial\"",
        ),
        (
            update.replace("3737750847", "4294967296"),
            "`checksum` was 4294967296",
        ),
        (
            update.replace(r#""checksum":3737750847,"#, ""),
            "`checksum` was missing",
        ),
        (update.replace("1.25000000", "-1"), "`qty` was -1"),
        (update.replace("1.25000000", "1e-5"), "`qty` was 1e-5"),
        (
            update.replace("1.25000000", "0.000000001"),
            "`qty` was 0.000000001",
        ),
        (
            update.replace("1.25000000", "0.0000000000000000000"),
            "`qty` was 0.0000000000000000000",
        ),
        (update.replace("101.4", "0.0"), "`price` was 0.0"),
        (
            update.replace("101.4", "\"101.4\""),
            "`price` was \"101.4\"",
        ),
        (
            update.replace("12:00", "25:00"),
            "`timestamp` was \"2026-11-21T25:00:00.000001Z\"",
        ),
        (
            update.replace("[{\"price\":101.4", &format!("[{many},{{\"price\":101.4")),
            "`bids` was 4003 levels",
        ),
        (
            r#"{"channel":"book","type":"update","data":[]}"#.to_owned(),
            "`data` was an array",
        ),
        (r#"{"req_id":7}"#.to_owned(), "`channel` was missing"),
        (r#"{"success":true}"#.to_owned(), "`method` was missing"),
        ("[1]".to_owned(), "`frame` was an array"),
    ] {
        assert_eq!(decoded("kraken.ws", "", &body), refusal, "{body}");
    }
    for (body, refusal) in [
        (
            r#"[1,{"a":[["1","1","1.5"]]},"book-10","X/Y"]"#,
            "`c` was missing",
        ),
        (
            r#"[1,{"a":[["1","1","1.5"]],"c":"4294967296"},"book-10","X/Y"]"#,
            "`c` was \"4294967296\"",
        ),
        (
            r#"[1,{"a":[["1","1"]],"c":"1"},"book-10","X/Y"]"#,
            "`a` was an array",
        ),
        (r#"[1,{"c":"1"},"book-10","X/Y"]"#, "`a` was missing"),
        (
            r#"[1,{"a":[],"c":"1"},"book-10","X/Y"]"#,
            "`a` was an array",
        ),
        (
            r#"[1,[["1","1","1.5"]],"trade","X/Y"]"#,
            "`frame` was an array",
        ),
        (r#"[1,[],"trade","X/Y"]"#, "`frame` was an array"),
        (r#"["trade","X/Y"]"#, "`frame` was an array"),
        (
            r#"{"event":"subscriptionStatus","status":"odd"}"#,
            "`status` was \"odd\"",
        ),
    ] {
        assert_eq!(decoded("kraken.v1.ws", "", body), refusal, "{body}");
    }
    let twice = r#"{"error":[],"result":{"A":{"wsname":"A/B"},"A":{"wsname":"A/B"}}}"#;
    assert_eq!(
        decoded("kraken.info", "", twice),
        "`result` was there twice"
    );
    let half = r#"{"error":[],"result":{"\ud800":{}}}"#;
    assert_eq!(
        decoded("kraken.info", "", half),
        "`result` was half a surrogate pair"
    );
}

#[test]
fn kraken_checksum_needs_the_decimals_of_the_wire() {
    let events = decode_kraken("kraken.ws", BOOK.as_bytes(), &PriceScales::EIGHT).expect("a frame");
    let [
        Event::DepthSnapshot { bids, asks, .. },
        Event::BookChecksum { sum, digits, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    let (price, qty) = digits.expect("levels");
    assert_eq!(
        i64::from(kraken_checksum(bids, asks, price, qty, PriceScale::EIGHT)),
        *sum
    );
    // `1.25` in place of `1.25000000`, as a float would have it.
    assert_ne!(
        i64::from(kraken_checksum(bids, asks, price, 2, PriceScale::EIGHT)),
        *sum
    );
    assert_eq!(kraken_checksum(&[], &[], 255, 255, PriceScale::EIGHT), 0);
}

/// The recording is of 2021-04-17, of books 1000 deep.
#[test]
fn kraken_recording_gives_its_4269_checksums() {
    let Some(bytes) = recordings::recording("cex_cryptofeed/KRAKEN.jsonl.zst") else {
        return;
    };
    let mut books: BTreeMap<String, [BTreeMap<u64, u64>; 2]> = BTreeMap::new();
    let (mut sums, mut trades, mut tickers, mut listed) = (0, 0, 0, 0);
    for line in lines(&bytes) {
        let protocol = match line.t.as_str() {
            "recv" => "kraken.v1.ws",
            "http" => "kraken.info",
            _ => continue,
        };
        for event in
            decode_kraken(protocol, line.data.as_bytes(), &PriceScales::EIGHT).expect("a frame")
        {
            let symbol = event.symbol().unwrap_or_default().to_owned();
            match event {
                Event::DepthSnapshot { bids, asks, .. } => {
                    let sides = [bids, asks].map(|side| side.into_iter().collect());
                    assert!(books.insert(symbol, sides).is_none());
                }
                Event::DepthDelta { bids, asks, .. } => {
                    let book = books.get_mut(&symbol).expect("a book");
                    for (side, changes) in book.iter_mut().zip([bids, asks]) {
                        side.extend(changes);
                        side.retain(|_, qty| *qty > 0);
                    }
                }
                Event::BookChecksum { sum, digits, .. } => {
                    let [bids, asks] = &books[&symbol];
                    let bids: Vec<Level> = bids
                        .iter()
                        .rev()
                        .take(12)
                        .map(|level| (*level.0, *level.1))
                        .collect();
                    let asks: Vec<Level> = asks
                        .iter()
                        .take(12)
                        .map(|level| (*level.0, *level.1))
                        .collect();
                    let (price, qty) = digits.expect("levels");
                    assert_eq!(
                        i64::from(kraken_checksum(&bids, &asks, price, qty, PriceScale::EIGHT)),
                        sum
                    );
                    sums += 1;
                }
                Event::Trade { .. } => trades += 1,
                Event::BookTicker { .. } => tickers += 1,
                Event::Instruments(found) => {
                    listed = found.len();
                    assert_eq!(line.data.matches("\"wsname\"").count(), listed);
                }
                _ => {}
            }
        }
    }
    assert_eq!(
        (sums, trades, tickers, listed, books.len()),
        (4_269, 10, 18, 293, 10)
    );
}
