//! The engine on an exchange's frames alone; pools are compared with the twin in `tests/parity`.

#[path = "common/settings.rs"]
#[expect(dead_code, reason = "each test takes what it needs")]
mod settings;

use std::sync::Arc;

use cambist_core::engine::picture::Picture;
use cambist_core::engine::{BlockError, Engine, SnapshotError};
use proptest::prelude::*;
use serde_json::json;

const FOREVER: i64 = i64::MAX;

fn record(seq: u64, kind: u8, channel: u16, body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(seq.to_le_bytes());
    bytes.extend((seq as i64 * 1_000_000).to_le_bytes());
    bytes.extend([kind, 0]);
    bytes.extend(channel.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body.as_bytes());
    bytes
}

fn frames() -> Vec<u8> {
    let seed = r#"{"lastUpdateId":7,"bids":[["149.9","5"]],"asks":[["150.1","5"]]}"#;
    let delta = r#"{"stream":"solusdc@depth","data":{"e":"depthUpdate","E":1,"s":"SOLUSDC","U":8,"u":8,"b":[["150","1"]],"a":[]}}"#;
    [
        record(1, 1, 2, seed),
        record(2, 1, 1, delta),
        record(3, 1, 1, "{oops"),
    ]
    .concat()
}

fn engine() -> Engine {
    let channel = |id: u16, kind: &str, symbol: &str| {
        let protocol = format!("binance.spot.{kind}");
        json!({"id": id, "feed": "binance", "venue": "binance", "protocol": protocol, "label": kind, "symbol": symbol, "demo": false})
    };
    let channels = json!([channel(1, "ws", ""), channel(2, "depth", "SOLUSDC")]);
    Engine::new(settings::setup(&channels).as_bytes()).expect("a setup")
}

#[test]
fn frames_make_a_book_and_bad_ones_are_counted() {
    let mut engine = engine();
    let done = engine.ingest(&frames(), 0, FOREVER).expect("whole records");
    assert_eq!((done.offset, done.records, done.go), (frames().len(), 3, 0));
    let view = String::from_utf8(engine.present(3_000_000)).expect("text");
    assert!(view.contains(r#""bid":150.0,"ask":150.1"#), "{view}");
    assert!(
        view.contains(r#""malformed":1,"gaps":0,"#) && view.contains("not JSON"),
        "{view}"
    );
}

#[test]
fn a_picture_is_made_if_asked_for_and_not_too_often_and_outlives_what_follows() {
    let mut engine = engine();
    let pictures = engine.pictures();
    engine.ingest(&frames(), 0, FOREVER).expect("whole records");
    assert!(pictures.latest().is_none());
    pictures.ask();
    let tick = |engine: &mut Engine, seq| {
        let done = engine.control(&record(seq, 2, 0, ""), 0);
        done.expect("a whole record");
    };
    tick(&mut engine, 4);
    let first = pictures.latest().expect("was asked for");
    assert_eq!(first.at(), (4, 4_000_000));
    let book = |picture: &Picture| {
        let text = picture.book("binance:SOLUSDC", 9);
        String::from_utf8(text).expect("text")
    };
    let before = book(&first);
    assert!(before.contains(r#""bids":[[15000000000,100000000],[14990000000,"#));
    tick(&mut engine, 99);
    assert!(Arc::ptr_eq(&first, &pictures.latest().expect("the same")));
    let gone = r#"{"stream":"solusdc@depth","data":{"e":"depthUpdate","E":1,"s":"SOLUSDC","U":9,"u":9,"b":[["150","0"]],"a":[]}}"#;
    engine
        .ingest(&record(100, 1, 1, gone), 0, FOREVER)
        .expect("a whole record");
    pictures.ask();
    tick(&mut engine, 101);
    let second = pictures.latest().expect("was asked for");
    pictures.ask();
    tick(&mut engine, 150);
    assert!(Arc::ptr_eq(&second, &pictures.latest().expect("the same")));
    tick(&mut engine, 151);
    assert_eq!(
        pictures.latest().expect("was asked for").at(),
        (151, 151_000_000)
    );
    assert!(book(&second).contains(r#""bids":[[14990000000,"#));
    assert_eq!(book(&first), before);
}

#[test]
fn it_stops_before_other_records_and_before_a_due_time() {
    let mut engine = engine();
    let block = [frames(), record(4, 2, 0, "")].concat();
    assert_eq!(
        engine.ingest(&block, 0, 2_000_000).map(|done| done.records),
        Ok(1)
    );
    let whole = engine.ingest(&block, 0, FOREVER).expect("whole records");
    assert_eq!(whole.offset, frames().len());
    assert_eq!(
        engine
            .ingest(&block, whole.offset, FOREVER)
            .map(|done| done.records),
        Ok(0)
    );
    assert_eq!(
        engine.control(&block, whole.offset).map(|done| done.offset),
        Ok(block.len())
    );
}

#[test]
fn a_damaged_record_is_an_error_only_when_it_is_the_first() {
    let mut engine = engine();
    let block = [frames(), frames()[..40].to_vec()].concat();
    let done = engine
        .ingest(&block, 0, FOREVER)
        .expect("whole records first");
    assert_eq!(done.offset, frames().len());
    let refused = engine.ingest(&block, done.offset, FOREVER);
    assert!(
        matches!(&refused, Err(BlockError { offset, why }) if *offset == done.offset && why.ends_with("8 bytes left")),
        "{refused:?}"
    );
}

#[test]
fn a_restored_engine_is_the_same_engine() {
    let (mut first, mut second) = (engine(), engine());
    first.ingest(&frames(), 0, FOREVER).expect("whole records");
    second.restore(&first.snapshot()).expect("its own snapshot");
    assert_eq!(first.snapshot(), second.snapshot());
    assert!(matches!(
        second.restore(b"{}"),
        Err(SnapshotError::NotOne(_))
    ));
}

fn snapshot() -> Vec<u8> {
    let mut engine = engine();
    engine.ingest(&frames(), 0, FOREVER).expect("whole records");
    engine.snapshot()
}

proptest! {
    #[test]
    fn a_snapshot_cut_short_or_longer_is_refused(at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..9)) {
        let whole = snapshot();
        let mut engine = engine();
        prop_assert!(engine.restore(&whole[..at.index(whole.len())]).is_err());
        prop_assert!(engine.restore(&[whole.clone(), more].concat()).is_err());
        prop_assert!(engine.restore(&whole).is_ok());
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_is_another_state(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let (mut whole, mut engine) = (snapshot(), engine());
        let fresh = engine.snapshot();
        for (at, byte) in changes {
            let at = at.index(whole.len());
            whole[at] = byte;
        }
        if engine.restore(&whole).is_ok() {
            let _ = engine.present(1);
            prop_assert!(engine.snapshot().starts_with(b"CMBS"));
        } else {
            prop_assert_eq!(engine.snapshot(), fresh);
        }
    }
}
