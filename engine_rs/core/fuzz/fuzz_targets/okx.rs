//! OKX frames of each protocol, and the book that they build.
#![no_main]

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::event::canonical;
use cambist_core::exchanges::okx::decode::decode_okx;
use cambist_core::library::streams::BookStream;
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [&str; 5] = [
    "okx.ws",
    "okx.unnumbered.ws",
    "okx.depth",
    "okx.info",
    "okx.other",
];

fuzz_target!(|data: &[u8]| {
    let scale = PriceScale::of(data.len() as u32 % 15);
    for protocol in PROTOCOLS {
        for event in decode_okx(protocol, "SOL-USDT", data, &PriceScales::all(scale)).unwrap_or_default() {
            let _ = canonical(&event);
        }
    }
    // Frames of one stream stand in lines.
    for protocol in ["okx.ws", "okx.unnumbered.ws"] {
        let mut stream = BookStream::of_scale(protocol, "SOL-USDT", scale);
        for line in data.split(|&byte| byte == b'\n') {
            let _ = stream.take(line);
        }
        if let (Some(bid), Some(ask)) = (stream.book().best_bid(), stream.book().best_ask()) {
            assert!(bid.0 < ask.0, "a crossed book is quoted");
        }
    }
});
