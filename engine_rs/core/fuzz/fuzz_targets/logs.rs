//! Logs of a transaction, line by line, and the events in them.
#![no_main]

use cambist_core::accounts::program;
use cambist_core::log_parser::{RayLog, decode_event, decode_fills, parse_logs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for owner in [
        program::RAYDIUM_CPMM,
        program::RAYDIUM_CLMM,
        program::WHIRLPOOL,
        program::METEORA_DLMM,
        program::METEORA_DAMM_V2,
        program::PUMP_AMM,
        program::PUMP,
        program::OPENBOOK_V2,
        program::PHOENIX,
        program::JUPITER,
    ] {
        let _ = decode_event(&owner, data);
        let _ = decode_fills(&owner, data);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = RayLog::decode(text);
        let lines: Vec<&str> = text.split('\n').collect();
        let _ = parse_logs(&lines);
    }
});
