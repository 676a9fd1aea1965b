//! Tip floors of a block engine.
#![no_main]

use cambist_core::exchanges::event::canonical;
use cambist_core::chain::tips::decode_tip_floor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(event) = decode_tip_floor(data) {
        let _ = canonical(&event);
    }
});
