//! Bybit frames of each protocol, and the book that they build.
#![no_main]

#[path = "common/events.rs"]
mod events;

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::bybit::{MAX_BYBIT_LEVELS, decode_bybit};
use cambist_core::library::streams::BookStream;
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [&str; 3] = ["bybit.spot.ws", "bybit.spot.info", "bybit.other"];

fuzz_target!(|data: &[u8]| {
    let scale = PriceScale::of(data.len() as u32 % 15);
    for protocol in PROTOCOLS {
        for event in decode_bybit(protocol, data, &PriceScales::all(scale)).unwrap_or_default() {
            events::check(&event, MAX_BYBIT_LEVELS);
        }
    }
    // Frames of one stream stand in lines.
    let mut stream = BookStream::of_scale("bybit.spot.ws", "SOLUSDT", scale);
    for line in data.split(|&byte| byte == b'\n') {
        let _ = stream.take(line);
    }
    if let (Some(bid), Some(ask)) = (stream.book().best_bid(), stream.book().best_ask()) {
        assert!(bid.0 < ask.0, "a crossed book is quoted");
    }
});
