//! Records into a whole engine that watches a book and one pool of each kind.
#![no_main]

use cambist_core::engine::Engine;
use libfuzzer_sys::fuzz_target;

const SETUP: &str = include_str!("../setup.json");

fuzz_target!(|data: &[u8]| {
    let mut engine = Engine::new(SETUP.as_bytes()).expect("the setup");
    let (mut offset, mut turns) = (0, 0);
    while let Ok(done) = engine.ingest(data, offset, i64::MAX) {
        // What stops it is a record that is no frame.
        let done = if done.offset > offset {
            Ok(done)
        } else {
            engine.control(data, offset)
        };
        let Some(done) = done.ok().filter(|done| done.offset > offset && turns < 64) else {
            break;
        };
        (offset, turns) = (done.offset, turns + 1);
    }
    let _ = engine.present(1);
    let state = engine.snapshot();
    let mut again = Engine::new(SETUP.as_bytes()).expect("the setup");
    again.restore(&state).expect("its own snapshot");
    assert_eq!(again.snapshot(), state);
});
