//! Bybit: frames as the venue sends them, and frames as it must not.

#[path = "common/venues.rs"]
mod venues;

use cambist_core::exchanges::bybit::MAX_BYBIT_LEVELS;
use venues::decoded;

fn book(kind: &str, depth: &str, bids: &str, update: &str) -> String {
    format!(
        r#"{{"topic":"orderbook.{depth}.SOLUSDT","ts":1790000000123,"type":"{kind}","data":{{"s":"SOLUSDT","b":{bids},"a":[["101.5","0.0005"]],"u":{update},"seq":90007}},"cts":1790000000120}}"#
    )
}

const BIDS: &str = r#"[["101.4","1.25"]]"#;
const LEVELS: &str = r#""bids":[[10140000000,125000000]],"asks":[[10150000000,50000]]"#;

#[test]
fn bybit_samples_are_read() {
    let snapshot = |last: u64| {
        format!(
            r#"{{"kind":"DepthSnapshot","body":{{"symbol":"SOLUSDT","last":{last},{LEVELS},"venue_ns":1790000000120000000}}}}"#
        )
    };
    let delta = |at: &str| {
        format!(
            r#"{{"kind":"DepthDelta","body":{{"symbol":"SOLUSDT","first":501,"last":501,"prev":null,{LEVELS},"venue_ns":{at}}}}}"#
        )
    };
    for (body, expected) in [
        (book("snapshot", "50", BIDS, "501"), snapshot(501)),
        (book("delta", "50", BIDS, "501"), delta("1790000000120000000")),
        (book("delta", "50", BIDS, "1"), snapshot(1)),
        (
            book("delta", "full", BIDS, "501").replace(r#","cts":1790000000120"#, ""),
            delta("1790000000123000000"),
        ),
        (
            book("snapshot", "1", BIDS, "500"),
            r#"{"kind":"BookTicker","body":{"symbol":"SOLUSDT","update_id":500,"bid":10140000000,"bid_qty":125000000,"ask":10150000000,"ask_qty":50000,"venue_ns":1790000000120000000}}"#.to_owned(),
        ),
        (
            book("snapshot", "50", "[]", "1").replace(r#"[["101.5","0.0005"]]"#, "[]"),
            r#"{"kind":"DepthSnapshot","body":{"symbol":"SOLUSDT","last":1,"bids":[],"asks":[],"venue_ns":1790000000120000000}}"#.to_owned(),
        ),
        (
            r#"{"topic":"publicTrade.SOLUSDT","type":"snapshot","data":[{"i":"2290000000000000001","T":1790000000124,"p":"101.5","v":"0.2","S":"Sell","s":"SOLUSDT"}]}"#.to_owned(),
            r#"{"kind":"Trade","body":{"symbol":"SOLUSDT","id":2290000000000000001,"price":10150000000,"qty":20000000,"buyer_is_maker":true,"venue_ns":1790000000124000000}}"#.to_owned(),
        ),
        (
            r#"{"success":true,"ret_msg":"","op":"subscribe"}"#.to_owned(),
            r#"{"kind":"Subscribed","body":{"method":"","key":null,"subscription":null}}"#.to_owned(),
        ),
        (
            r#"{"success":false,"ret_msg":"Invalid topic","op":"subscribe"}"#.to_owned(),
            r#"{"kind":"Error","body":{"code":0,"message":"Invalid topic","method":"","key":null}}"#.to_owned(),
        ),
        (
            r#"{"success":true,"ret_msg":"pong","op":"ping"}"#.to_owned(),
            r#"{"kind":"Ignored"}"#.to_owned(),
        ),
        (
            r#"{"topic":"tickers.SOLUSDT","data":{}}"#.to_owned(),
            r#"{"kind":"Ignored"}"#.to_owned(),
        ),
    ] {
        assert_eq!(decoded("bybit.spot.ws", "", &body), expected, "{body}");
    }
}

#[test]
fn bybit_pairs_are_read_or_left_out() {
    let pair = r#"{"symbol":"SOLUSDT","baseCoin":"SOL","quoteCoin":"USDT","status":"Trading","lotSizeFilter":{"basePrecision":"0.001","minOrderAmt":"5"},"priceFilter":{"tickSize":"0.01"}}"#;
    let fine = pair.replace("0.01", "0.0000000001");
    let too_fine = pair.replace("0.01", "0.000000000000001");
    let listed = format!(
        r#"{{"retCode":0,"retMsg":"OK","result":{{"category":"spot","list":[{pair},{too_fine},{fine}]}}}}"#
    );
    assert_eq!(
        decoded("bybit.spot.info", "", &listed),
        r#"{"kind":"Instruments","body":[{"symbol":"SOLUSDT","base":"SOL","quote":"USDT","status":"Trading","tick":1000000,"step":100000,"min_notional":500000000,"price_decimals":8},{"symbol":"SOLUSDT","base":"SOL","quote":"USDT","status":"Trading","tick":1,"step":100000,"min_notional":500000000,"price_decimals":10}]}"#
    );
    assert_eq!(
        decoded("bybit.spot.info", "", &listed.replace("spot", "linear")),
        "`category` was \"linear\""
    );
    assert_eq!(
        decoded(
            "bybit.spot.info",
            "",
            r#"{"retCode":10006,"retMsg":"too many visits","result":{}}"#
        ),
        r#"{"kind":"Error","body":{"code":10006,"message":"too many visits","method":"","key":null}}"#
    );
}

#[test]
fn bybit_frames_that_are_wrong_are_refused_by_name() {
    let many = format!("[{}]", vec![r#"["1","1"]"#; MAX_BYBIT_LEVELS + 1].join(","));
    for (body, refusal) in [
        (book("update", "50", BIDS, "7"), "`type` was \"update\""),
        (book("delta", "1", BIDS, "7"), "`type` was \"delta\""),
        (
            book("snapshot", "1", r#"[["1","1"],["2","1"]]"#, "7"),
            "`b` was an array",
        ),
        (
            book("delta", "50", BIDS, "9223372036854775808"),
            "`u` was 9223372036854775808",
        ),
        (book("delta", "50", BIDS, "-1"), "`u` was -1"),
        (book("delta", "50", r#"[["0","1"]]"#, "7"), "`b` was \"0\""),
        (book("delta", "50", "[[1,1]]", "7"), "`b` was 1"),
        (book("delta", "50", &many, "7"), "`b` was 10001 levels"),
        (
            book("delta", "50", BIDS, "7").replace("1790000000120", "9223372036855"),
            "`cts` was 9223372036855",
        ),
        (
            book("delta", "50", BIDS, "7").replace("orderbook.50.SOLUSDT", "orderbook"),
            "`topic` was \"orderbook\"",
        ),
        (
            book("snapshot", ",", BIDS, "7"),
            "`topic` was \"orderbook.,.SOLUSDT\"",
        ),
        (
            book("delta", "50", BIDS, "7").replace("50.SOLUSDT", "50.SOLUSD"),
            "`topic` was \"orderbook.50.SOLUSD\"",
        ),
        (
            r#"{"topic":"publicTrade.X","data":[]}"#.to_owned(),
            "`data` was an array",
        ),
        (r#"{"ret_msg":"pong"}"#.to_owned(), "`topic` was missing"),
    ] {
        assert_eq!(decoded("bybit.spot.ws", "", &body), refusal, "{body}");
    }
    assert_eq!(
        decoded("bybit.linear.ws", "", "{}"),
        "no decoder for protocol bybit.linear.ws"
    );
}
