//! Coinbase: frames as the venue sends them, frames as it must not, and a recording whose messages join up.

#[path = "common/lines.rs"]
mod lines;
#[path = "common/recordings.rs"]
mod recordings;
#[path = "common/venues.rs"]
mod venues;

use std::collections::BTreeMap;

use cambist_core::exchanges::coinbase::{MAX_COINBASE_LEVELS, decode_coinbase};
use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::event::Event;
use lines::lines;
use venues::decoded;

fn frame(channel: &str, number: &str, events: &str) -> String {
    format!(
        r#"{{"channel":"{channel}","client_id":"","timestamp":"2026-11-21T12:00:00.123456789Z","sequence_num":{number},"events":[{events}]}}"#
    )
}

fn depth(kind: &str, updates: &str) -> String {
    frame(
        "l2_data",
        "7",
        &format!(r#"{{"type":"{kind}","product_id":"SOL-USD","updates":[{updates}]}}"#),
    )
}

const BID: &str = r#"{"side":"bid","event_time":"…","price_level":"142.50","new_quantity":"0"}"#;
const ASK: &str = r#"{"side":"offer","event_time":"…","price_level":"142.52","new_quantity":"3"}"#;
const TRADE: &str = r#"{"product_id":"SOL-USD","trade_id":"88","price":"142.5","size":"0.2","time":"2026-11-21T12:00:00Z","side":"BUY"}"#;

#[test]
fn coinbase_samples_are_read() {
    let seventh = r#"{"kind":"Sequence","body":{"number":7}}"#;
    for (body, expected) in [
        (
            depth("snapshot", ASK),
            r#"{"kind":"DepthSnapshot","body":{"symbol":"SOL-USD","last":7,"bids":[],"asks":[[14252000000,300000000]],"venue_ns":1795262400123456789}}"#,
        ),
        (
            depth("update", &format!("{BID},{ASK}")),
            r#"{"kind":"DepthDelta","body":{"symbol":"SOL-USD","first":7,"last":7,"prev":null,"bids":[[14250000000,0]],"asks":[[14252000000,300000000]],"venue_ns":1795262400123456789}}"#,
        ),
        (
            frame(
                "ticker",
                "7",
                r#"{"type":"update","tickers":[{"product_id":"SOL-USD","best_bid":"","best_bid_quantity":"","best_ask":"142.52","best_ask_quantity":"3"}]}"#,
            ),
            r#"{"kind":"BookTicker","body":{"symbol":"SOL-USD","update_id":7,"bid":0,"bid_qty":0,"ask":14252000000,"ask_qty":300000000,"venue_ns":1795262400123456789}}"#,
        ),
        (
            frame(
                "market_trades",
                "7",
                &format!(r#"{{"type":"update","trades":[{TRADE}]}}"#),
            ),
            r#"{"kind":"Trade","body":{"symbol":"SOL-USD","id":88,"price":14250000000,"qty":20000000,"buyer_is_maker":true,"venue_ns":1795262400000000000}}"#,
        ),
        (
            frame(
                "subscriptions",
                "7",
                r#"{"subscriptions":{"level2":["SOL-USD"]}}"#,
            ),
            r#"{"kind":"Subscribed","body":{"method":"","key":null,"subscription":null}}"#,
        ),
    ] {
        assert_eq!(
            decoded("coinbase.ws", "", &body),
            format!("{seventh}\n{expected}"),
            "{body}"
        );
    }
    let before = format!(r#"{{"type":"snapshot","trades":[{TRADE}]}}"#);
    for body in [
        frame("market_trades", "7", &before),
        frame(
            "heartbeats",
            "7",
            r#"{"current_time":"…","heartbeat_counter":5}"#,
        ),
        frame("candles", "7", "{}"),
        frame("l2_data", "7", ""),
    ] {
        assert_eq!(decoded("coinbase.ws", "", &body), seventh, "{body}");
    }
    for (body, expected) in [
        (
            r#"{"type":"error","message":"no","reason":"…"}"#,
            r#"{"kind":"Error","body":{"code":0,"message":"no","method":"","key":null}}"#,
        ),
        (
            r#"{"type":"subscribe","product_ids":["SOL-USD"],"channel":"level2"}"#,
            r#"{"kind":"Ignored"}"#,
        ),
    ] {
        assert_eq!(decoded("coinbase.ws", "", body), expected);
    }
}

#[test]
fn coinbase_products_are_what_their_flags_say() {
    let product = r#"{"product_id":"SOL-USD","product_type":"SPOT","base_currency_id":"SOL","quote_currency_id":"USD","base_increment":"0.00000001","quote_increment":"0.01","quote_min_size":"1","status":"online","cancel_only":false,"trading_disabled":false}"#;
    let read = |status: &str| {
        format!(
            r#"{{"kind":"Instruments","body":[{{"symbol":"SOL-USD","base":"SOL","quote":"USD","status":"{status}","tick":1000000,"step":1,"min_notional":100000000,"price_decimals":8}}]}}"#
        )
    };
    let none = r#"{"kind":"Instruments","body":[]}"#.to_owned();
    for (change, expected) in [
        (["", ""], read("online")),
        (
            [r#"disabled":false"#, r#"disabled":true"#],
            read("trading_disabled"),
        ),
        (
            [r#"cancel_only":false"#, r#"cancel_only":true"#],
            read("cancel_only"),
        ),
        (["online", "delisted"], read("delisted")),
        (
            ["0.01", "0.000000001"],
            read("online")
                .replace(r#"1000000,"step""#, r#"1,"step""#)
                .replace("8}", "9}"),
        ),
        (["0.01", "0.000000000000001"], none.clone()),
        (["SPOT", "FUTURE"], none),
        (["false", "0"], "`trading_disabled` was 0".to_owned()),
    ] {
        let body = format!(
            r#"{{"products":[{}]}}"#,
            product.replace(change[0], change[1])
        );
        assert_eq!(decoded("coinbase.info", "", &body), expected, "{change:?}");
    }
    assert_eq!(
        decoded(
            "coinbase.info",
            "",
            r#"{"error":"unknown","message":"slow down"}"#
        ),
        r#"{"kind":"Error","body":{"code":0,"message":"slow down","method":"","key":null}}"#
    );
}

#[test]
fn coinbase_frames_that_are_wrong_are_refused_by_name() {
    let many = vec![BID; MAX_COINBASE_LEVELS + 1]
        .join(",")
        .replace(r#""event_time":"…","#, "");
    for (body, refusal) in [
        (depth("delta", BID), "`type` was \"delta\""),
        (
            depth("update", &BID.replace("bid", "ask")),
            "`side` was \"ask\"",
        ),
        (
            depth("update", &BID.replace("142.50", "0.00")),
            "`price_level` was \"0.00\"",
        ),
        (
            depth("update", &BID.replace("\"0\"", "0")),
            "`new_quantity` was 0",
        ),
        (depth("update", &many), "`updates` was 200001 levels"),
        (
            depth("update", BID).replace("789Z", "7890Z"),
            "`timestamp` was \"2026-11-21T12:00:00.1234567890Z\"",
        ),
        (frame("heartbeats", "-1", ""), "`sequence_num` was -1"),
        (
            frame("heartbeats", "9223372036854775808", ""),
            "`sequence_num` was 9223372036854775808",
        ),
        (
            r#"{"channel":"heartbeats"}"#.to_owned(),
            "`sequence_num` was missing",
        ),
        ("{}".to_owned(), "`channel` was missing"),
        (frame("l2]data", "1", ""), "`channel` was \"l2]data\""),
        (
            depth("update", BID).replace("SOL-USD", "SOL:USD"),
            "`product_id` was \"SOL:USD\"",
        ),
    ] {
        assert_eq!(
            decoded("coinbase.ws", "", &body),
            refusal,
            "{}",
            &body[..body.len().min(300)]
        );
    }
}

/// The recording is of 2026-08-09, of BTC-USD and ETH-USD.
#[test]
fn coinbase_recording_joins_up_and_never_crosses() {
    let Some(bytes) = recordings::recording("cex_cryptofeed/COINBASE.jsonl.zst") else {
        return;
    };
    let mut books: BTreeMap<String, [BTreeMap<u64, u64>; 2]> = BTreeMap::new();
    let (mut next, mut deltas, mut trades, mut tickers, mut listed) = (0, 0, 0, 0, 0);
    for line in lines(&bytes) {
        let protocol = match line.t.as_str() {
            "recv" => "coinbase.ws",
            "http" => "coinbase.info",
            _ => continue,
        };
        for event in
            decode_coinbase(protocol, line.data.as_bytes(), &PriceScales::EIGHT).expect("a frame")
        {
            let symbol = event.symbol().unwrap_or_default().to_owned();
            match event {
                Event::Sequence { number } => {
                    assert_eq!(number, next);
                    next += 1;
                }
                Event::DepthSnapshot { bids, asks, .. } => {
                    let sides = [bids, asks].map(|side| side.into_iter().collect());
                    assert!(books.insert(symbol, sides).is_none());
                }
                Event::DepthDelta {
                    bids, asks, last, ..
                } => {
                    assert_eq!(last + 1, next);
                    let book = books.get_mut(&symbol).expect("a book");
                    for (side, changes) in book.iter_mut().zip([bids, asks]) {
                        for (price, qty) in changes {
                            side.insert(price, qty);
                            if qty == 0 {
                                side.remove(&price);
                            }
                        }
                    }
                    let [bids, asks] = book;
                    assert!(bids.keys().next_back() < asks.keys().next(), "{symbol}");
                    deltas += 1;
                }
                Event::Trade { .. } => trades += 1,
                Event::BookTicker { .. } => tickers += 1,
                Event::Instruments(found) => listed = found.len(),
                _ => {}
            }
        }
    }
    assert_eq!(
        (next, deltas, tickers, listed, books.len()),
        (1_030, 773, 160, 920, 2)
    );
    assert_eq!(trades, 79);
}
