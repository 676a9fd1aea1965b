//! The form of plug-ins' venues, the book of OKX as REST gives it, and the choice of a decoder.

#[path = "common/venues.rs"]
mod venues;

use cambist_core::book::order_book::{BookState, OrderBook, Outcome, Source};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::decoded::{Decoded, decode_venue};
use cambist_core::exchanges::event::Event;
use cambist_core::exchanges::plain::MAX_PLAIN_LEVELS;
use venues::decoded;

const SNAPSHOT: &str = r#"{"kind":"snapshot","symbol":"SOL-USD","seq":7,"bids":[["101.4","1.25"]],"asks":[["101.5","0.0005"]],"ts":1790000000123000000}"#;
const DELTA: &str = r#"{"kind":"delta","symbol":"SOL-USD","seq":8,"prev":7,"bids":[["101.4","0"]],"asks":[],"ts":1790000000124000000}"#;
const TRADE: &str = r#"{"kind":"trade","symbol":"SOL-USD","seq":88,"price":"101.5","qty":"0.2","side":"sell","ts":5}"#;

#[test]
fn plain_samples_are_read() {
    for (body, expected) in [
        (
            SNAPSHOT,
            r#"{"kind":"DepthSnapshot","body":{"symbol":"SOL-USD","last":7,"bids":[[10140000000,125000000]],"asks":[[10150000000,50000]],"venue_ns":1790000000123000000}}"#,
        ),
        (
            DELTA,
            r#"{"kind":"DepthDelta","body":{"symbol":"SOL-USD","first":8,"last":8,"prev":7,"bids":[[10140000000,0]],"asks":[],"venue_ns":1790000000124000000}}"#,
        ),
        (
            r#"{"kind":"delta","symbol":"SOL-USD","seq":9,"bids":[],"asks":[],"ts":0}"#,
            r#"{"kind":"DepthDelta","body":{"symbol":"SOL-USD","first":9,"last":9,"prev":8,"bids":[],"asks":[],"venue_ns":0}}"#,
        ),
        (
            r#"{"kind":"ticker","symbol":"SOL-USD","seq":9,"bids":[["101.4","1.25"]],"asks":[],"ts":null}"#,
            r#"{"kind":"BookTicker","body":{"symbol":"SOL-USD","update_id":9,"bid":10140000000,"bid_qty":125000000,"ask":0,"ask_qty":0,"venue_ns":null}}"#,
        ),
        (
            TRADE,
            r#"{"kind":"Trade","body":{"symbol":"SOL-USD","id":88,"price":10150000000,"qty":20000000,"buyer_is_maker":true,"venue_ns":5}}"#,
        ),
        (
            r#"{"kind":"gap","symbol":"SOL-USD"}"#,
            r#"{"kind":"Gap","body":{"symbol":"SOL-USD"}}"#,
        ),
        (
            r#"{"kind":"instruments","instruments":[{"symbol":"A-B","base":"A","quote":"B","tick":"0.01"}]}"#,
            r#"{"kind":"Instruments","body":[{"symbol":"A-B","base":"A","quote":"B","status":"","tick":1000000,"step":null,"min_notional":null,"price_decimals":8}]}"#,
        ),
        (r#"{"kind":"alive"}"#, r#"{"kind":"Ignored"}"#),
    ] {
        assert_eq!(decoded("cambist.ws", "", body), expected, "{body}");
    }
}

#[test]
fn plain_frames_that_are_wrong_are_refused_by_name() {
    let many = vec![r#"["1","1"]"#; MAX_PLAIN_LEVELS + 1].join(",");
    for (body, refusal) in [
        (SNAPSHOT.replace("snapshot", "book"), "`kind` was \"book\""),
        (
            SNAPSHOT.replace(":7", ":9223372036854775808"),
            "`seq` was 9223372036854775808",
        ),
        (
            SNAPSHOT.replace(r#"["101.4","1.25"]"#, &many),
            "`bids` was 10001 levels",
        ),
        (SNAPSHOT.replace("1790000000123000000", "-1"), "`ts` was -1"),
        (
            DELTA.replace(r#","ts":1790000000124000000"#, ""),
            "`ts` was missing",
        ),
        (DELTA.replace(":7", ":-7"), "`prev` was -7"),
        (TRADE.replace("sell", "SELL"), "`side` was \"SELL\""),
        (TRADE.replace("0.2", "0"), "`qty` was \"0\""),
        ("{}".to_owned(), "`kind` was missing"),
    ] {
        assert_eq!(decoded("cambist.ws", "", &body), refusal);
    }
}

#[test]
fn plain_gap_makes_its_book_suspect() {
    let mut book = OrderBook::new(Continuity::Plain);
    let mut take = |body: &str| {
        let events =
            decode_venue("cambist.ws", "", body.as_bytes(), &PriceScales::EIGHT).expect("a frame");
        let change = events
            .into_iter()
            .find_map(|event| book.take(event, Source::Stream, 1));
        (
            change.map(|change| (change.outcome, change.need_seed)),
            book.state(),
        )
    };
    assert_eq!(
        take(SNAPSHOT),
        (Some((Outcome::Seeded, false)), BookState::Live)
    );
    assert_eq!(
        take(DELTA),
        (Some((Outcome::Applied, false)), BookState::Live)
    );
    let gap = r#"{"kind":"gap","symbol":"SOL-USD"}"#;
    assert_eq!(take(gap), (Some((Outcome::Gap, true)), BookState::Suspect));
}

#[test]
fn okx_book_out_of_rest_is_of_the_channels_symbol() {
    let row =
        r#"{"asks":[["101.5","0.0005","0","1"]],"bids":[],"ts":"1790000000123","seqId":1004}"#;
    let answer = |rows: &str| format!(r#"{{"code":"0","msg":"","data":[{rows}]}}"#);
    assert_eq!(
        decoded("okx.depth", "SOL-USDT", &answer(row)),
        r#"{"kind":"DepthSnapshot","body":{"symbol":"SOL-USDT","last":1004,"bids":[],"asks":[[10150000000,50000]],"venue_ns":1790000000123000000}}"#
    );
    for (rows, refusal) in [
        (String::new(), "`data` was an array"),
        (format!("{row},{row}"), "`data` was an array"),
        (row.replace(r#","seqId":1004"#, ""), "`seqId` was missing"),
        (row.replace("1004", "-1"), "`seqId` was -1"),
    ] {
        assert_eq!(decoded("okx.depth", "SOL-USDT", &answer(&rows)), refusal);
    }
}

#[test]
fn venue_decoder_is_the_one_of_the_protocol() {
    let ticker = br#"{"u":1,"s":"X","b":"1","B":"1","a":"2","A":"1"}"#;
    let one = decode_venue("binance.spot.ws", "", ticker, &PriceScales::EIGHT).expect("a frame");
    assert!(
        matches!(one, Decoded::One(Event::BookTicker { .. })),
        "{one:?}"
    );
    for (protocol, body) in [
        ("bybit.spot.ws", r#"{"op":"ping"}"#),
        ("cambist.ws", r#"{"kind":"alive"}"#),
        ("kraken.ws", r#"{"channel":"heartbeat"}"#),
        ("kraken.v1.ws", r#"{"event":"heartbeat"}"#),
        ("okx.ws", "pong"),
        ("coinbase.ws", r#"{"type":"subscribe"}"#),
    ] {
        let many =
            decode_venue(protocol, "", body.as_bytes(), &PriceScales::EIGHT).expect("a frame");
        assert_eq!(many, Decoded::Many(vec![Event::Ignored]), "{protocol}");
    }
    for protocol in [
        "",
        "kraken",
        "Kraken.ws",
        "kraken.v3.ws",
        "bybit.linear.ws",
        "cambist.wss",
        ".okx.ws",
    ] {
        assert_eq!(
            decoded(protocol, "", "{}"),
            format!("no decoder for protocol {protocol}")
        );
    }
}
