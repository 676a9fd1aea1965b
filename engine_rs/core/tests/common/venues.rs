//! Frames of exchanges as text.

use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::decoded::decode_venue;
use cambist_core::exchanges::event::canonical;

/// Returns canonical events, each on its line, or the words of the refusal.
pub(crate) fn decoded(protocol: &str, symbol: &str, body: &str) -> String {
    match decode_venue(protocol, symbol, body.as_bytes(), &PriceScales::EIGHT) {
        Ok(events) => events
            .into_iter()
            .map(|event| canonical(&event).expect("text"))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(error) => error.to_string(),
    }
}
