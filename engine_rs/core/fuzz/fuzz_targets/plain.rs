//! Frames of a plug-in's venue, and any exchange's frames by their protocol: the first line names it, the rest is the frame.
#![no_main]

#[path = "common/events.rs"]
mod events;

use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::MAX_BODY;
use cambist_core::exchanges::plain::{MAX_PLAIN_LEVELS, decode_plain};
use cambist_core::exchanges::event::canonical;
use cambist_core::exchanges::decoded::decode_venue;
use cambist_core::library::streams::BookStream;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let scale = PriceScale::of(data.len() as u32 % 15);
    for event in decode_plain("cambist.ws", data, &PriceScales::all(scale)).unwrap_or_default() {
        events::check(&event, MAX_PLAIN_LEVELS);
    }
    // Frames of one stream stand in lines.
    let mut stream = BookStream::of_scale("cambist.ws", "SOL-USD", scale);
    let mut lines = data.splitn(2, |&byte| byte == b'\n');
    for line in data.split(|&byte| byte == b'\n') {
        let _ = stream.take(line);
    }
    if let (Some(bid), Some(ask)) = (stream.book().best_bid(), stream.book().best_ask()) {
        assert!(bid.0 < ask.0, "a crossed book is quoted");
    }
    if let (Some(Ok(protocol)), Some(body)) = (lines.next().map(str::from_utf8), lines.next()) {
        assert!(body.len() <= MAX_BODY);
        if let Ok(events) = decode_venue(protocol, "SOL-X", body, &PriceScales::all(scale)) {
            for event in events {
                canonical(&event).expect("text");
            }
        }
    }
});
