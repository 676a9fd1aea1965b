//! Snapshots that nobody wrote.
#![no_main]

use cambist_core::engine::Engine;
use libfuzzer_sys::fuzz_target;

const SETUP: &str = include_str!("../setup.json");

fuzz_target!(|data: &[u8]| {
    let mut engine = Engine::new(SETUP.as_bytes()).expect("the setup");
    if engine.restore(data).is_ok() {
        let _ = engine.present(1);
        let _ = engine.snapshot();
    }
});
