//! OKX frames of each protocol, and the book that they build.
#![no_main]

use cambist_core::exchanges::decimal::PriceScales;
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
    for protocol in PROTOCOLS {
        for event in decode_okx(protocol, "SOL-USDT", data, &PriceScales::EIGHT).unwrap_or_default() {
            let _ = canonical(&event);
        }
    }
    // Frames of one stream stand in lines.
    for protocol in ["okx.ws", "okx.unnumbered.ws"] {
        let mut stream = BookStream::new(protocol, "SOL-USDT");
        for line in data.split(|&byte| byte == b'\n') {
            let _ = stream.take(line);
        }
        if let (Some(bid), Some(ask)) = (stream.book().best_bid(), stream.book().best_ask()) {
            assert!(bid.0 < ask.0, "a crossed book is quoted");
        }
    }
});
