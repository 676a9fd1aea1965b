//! Logs of a transaction, line by line, and the events in them.
#![no_main]

use cambist_core::venues::ray4::ray_log::RayLog;
use cambist_core::chain::log_parser::{decode_event, decode_fills, parse_logs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for owner in [
        cambist_core::venues::cpmm::owned::RAYDIUM_CPMM,
        cambist_core::venues::clmm::owned::RAYDIUM_CLMM,
        cambist_core::venues::orca::owned::WHIRLPOOL,
        cambist_core::venues::dlmm::owned::METEORA_DLMM,
        cambist_core::venues::damm2::owned::METEORA_DAMM_V2,
        cambist_core::venues::pump::owned::PUMP_AMM,
        cambist_core::venues::pump_curve::PUMP,
        cambist_core::venues::slab_decoder::owned::OPENBOOK_V2,
        cambist_core::venues::slab_decoder::owned::PHOENIX,
        cambist_core::venues::jupiter::JUPITER,
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
