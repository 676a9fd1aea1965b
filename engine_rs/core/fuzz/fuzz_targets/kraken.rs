//! Kraken frames of each protocol, and the sum of what they hold.
#![no_main]

#[path = "common/events.rs"]
mod events;

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::event::Event;
use cambist_core::exchanges::kraken::book::MAX_KRAKEN_LEVELS;
use cambist_core::exchanges::kraken::decode::decode_kraken;
use cambist_core::exchanges::kraken::checksum::kraken_checksum;
use cambist_core::library::streams::BookStream;
use libfuzzer_sys::fuzz_target;

const PROTOCOLS: [&str; 4] = ["kraken.ws", "kraken.info", "kraken.v1.ws", "kraken.other"];

fuzz_target!(|data: &[u8]| {
    let scale = PriceScale::of(data.len() as u32 % 15);
    for protocol in PROTOCOLS {
        let (mut bids, mut asks) = (vec![], vec![]);
        for event in decode_kraken(protocol, data, &PriceScales::all(scale)).unwrap_or_default() {
            // A change of v1 may come in two payloads.
            events::check(&event, 2 * MAX_KRAKEN_LEVELS);
            match event {
                Event::DepthSnapshot {
                    bids: some,
                    asks: others,
                    ..
                }
                | Event::DepthDelta {
                    bids: some,
                    asks: others,
                    ..
                } => (bids, asks) = (some, others),
                Event::BookChecksum { digits, sum, .. } => {
                    assert!(u32::try_from(sum).is_ok());
                    assert_eq!(digits.is_none(), bids.is_empty() && asks.is_empty());
                    let (price, qty) = digits.unwrap_or((u8::MAX, u8::MAX));
                    kraken_checksum(&bids, &asks, price, qty, scale);
                }
                _ => {}
            }
        }
    }
    // Frames of one stream stand in lines.
    for protocol in ["kraken.ws", "kraken.v1.ws"] {
        let mut stream = BookStream::of_scale(protocol, "SOL/USD", scale);
        for line in data.split(|&byte| byte == b'\n') {
            let _ = stream.take(line);
        }
        if let (Some(bid), Some(ask)) = (stream.book().best_bid(), stream.book().best_ask()) {
            assert!(bid.0 < ask.0, "a crossed book is quoted");
        }
    }
});
