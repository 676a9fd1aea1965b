//! Whole sessions of an engine, as the reference answered them: `tests/parity/session_vectors.py` writes what is read here.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cambist_core::engine::{Engine, Ingested};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Place of a record's kind, and the kind that is a frame.
const KIND: usize = 16;
const FRAME: u8 = 1;

#[derive(Deserialize)]
struct Session {
    setup: Value,
    calls: Vec<(String, Vec<Value>, Value)>,
    /// The state at the end as older versions told it.
    older: String,
}

fn sessions() -> Vec<Session> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/parity/sessions.json.zst"
    );
    let file = std::fs::File::open(path).expect("the sessions");
    let mut text = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(file)
        .expect("a zstd frame")
        .read_to_end(&mut text)
        .expect("whole");
    serde_json::from_slice(&text).expect("sessions")
}

fn engine(setup: &Value) -> Engine {
    Engine::new(setup.to_string().as_bytes()).expect("a setup")
}

fn digest(answer: &[u8]) -> String {
    let hash = Sha256::digest(answer);
    let start = hash.first_chunk().expect("32 bytes");
    format!("{:016x}", u64::from_be_bytes(*start))
}

/// Feeds a block as the kernel would; returns all decisions and needs.
fn run(engine: &mut Engine, block: &[u8]) -> [Vec<u8>; 2] {
    let (mut outputs, mut offset) = ([Vec::new(), Vec::new()], 0);
    while offset < block.len() {
        let done: Ingested = if block[offset + KIND] == FRAME {
            engine.ingest(block, offset, 1 << 62)
        } else {
            engine.control(block, offset)
        }
        .expect("whole records");
        outputs[0].extend(done.decisions);
        outputs[1].extend(done.needs);
        assert!(done.offset > offset);
        offset = done.offset;
    }
    outputs
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn now(value: &Value) -> i64 {
    value.as_i64().expect("a time")
}

/// Makes a call; returns what the reference's answer is compared with.
fn call(engine: &mut Engine, name: &str, args: &[Value]) -> Value {
    match name {
        "feed" => {
            let block = STANDARD.decode(text(&args[0])).expect("base64");
            run(engine, &block)
                .map(|output| digest(&output))
                .to_vec()
                .into()
        }
        "present" => digest(&engine.present(now(&args[0]))).into(),
        "inspect" => digest(&engine.inspect(text(&args[0]), now(&args[1]))).into(),
        "inspect_price" => digest(&engine.inspect_price(text(&args[0]), now(&args[1]))).into(),
        "snapshot" => digest(&engine.snapshot()).into(),
        "quote_route" => {
            let route: Vec<&str> = args[0]
                .as_array()
                .expect("a route")
                .iter()
                .map(text)
                .collect();
            let amount = args[1].as_u64().expect("an amount");
            let (out, why) = engine.quote_route(&route, amount, now(&args[2]));
            vec![Value::from(out), why.into()].into()
        }
        "gauges" => {
            let wanted = args[0].as_array().expect("gauges").iter();
            let shown = wanted
                .map(|each| engine.gauge(text(&each[0]), text(&each[1]), now(&args[1])))
                .map(|shown| shown.map(|value| format!("{:016x}", value.to_bits())));
            shown.map(Value::from).collect::<Vec<_>>().into()
        }
        "learn" => {
            let landed = args[1].as_bool().expect("an outcome");
            engine.learn(text(&args[0]), landed, args[2].as_i64());
            Value::Null
        }
        "sent" => {
            engine.sent(text(&args[0]));
            Value::Null
        }
        "inject_price" => {
            let price = args[1].as_f64().expect("a price");
            engine.inject_price(text(&args[0]), price, now(&args[2]));
            Value::Null
        }
        other => panic!("no call {other}"),
    }
}

#[test]
fn the_engine_says_what_the_reference_said() {
    for session in sessions() {
        let mut engine = engine(&session.setup);
        for (number, (name, args, answer)) in session.calls.iter().enumerate() {
            assert_eq!(
                call(&mut engine, name, args),
                *answer,
                "call {number}, {name}"
            );
        }
    }
}

#[test]
fn an_engine_restored_in_the_middle_goes_on_alike() {
    for session in sessions() {
        let (mut first, mut later) = (engine(&session.setup), engine(&session.setup));
        let middle = session.calls.len() / 2;
        for (name, args, _) in &session.calls[..middle] {
            call(&mut first, name, args);
        }
        later.restore(&first.snapshot()).expect("its own snapshot");
        for (name, args, answer) in &session.calls[middle..] {
            if name != "quote_route" && name != "inspect" {
                assert_eq!(call(&mut later, name, args), *answer, "{name}");
            }
        }
    }
}

#[test]
fn a_damaged_snapshot_is_refused_and_leaves_an_engine_that_works() {
    let session = sessions().swap_remove(0);
    let mut first = engine(&session.setup);
    for (name, args, _) in &session.calls {
        call(&mut first, name, args);
    }
    let whole: Value = serde_json::from_str(&session.older).expect("JSON");
    let fields: Vec<String> = whole
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    let mut second = engine(&session.setup);
    for field in fields {
        for wrong in [Value::from("x"), Value::from(vec![Value::from(vec!["x"])])] {
            let mut state = whole.clone();
            state[&field] = wrong.clone();
            if state == whole {
                continue;
            }
            let refused = second.restore(state.to_string().as_bytes());
            assert!(refused.is_err(), "{field}: {wrong} was taken");
        }
    }
    second
        .restore(session.older.as_bytes())
        .expect("the other's state");
    assert_eq!(second.snapshot(), first.snapshot());
}
