//! An operator's rule: compiled or refused, and evaluated over a row of numbers.
#![no_main]

use cambist_core::rules::jit_compiler::compile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = compile(text, &["SOL", "USDC"]);
    }
});
