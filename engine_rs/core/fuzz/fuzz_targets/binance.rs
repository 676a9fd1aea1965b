//! Binance frames of each protocol.
#![no_main]

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::event::canonical;
use cambist_core::exchanges::binance::decode_binance;
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [&str; 5] = [
    "binance.spot.ws",
    "binance.usdm.ws",
    "binance.spot.depth",
    "binance.spot.info",
    "binance.other",
];

fuzz_target!(|data: &[u8]| {
    let scale = PriceScale::of(data.len() as u32 % 15);
    for protocol in PROTOCOLS {
        if let Ok(event) = decode_binance(protocol, "SOLUSDC", data, &PriceScales::all(scale)) {
            let _ = canonical(&event);
        }
    }
});
