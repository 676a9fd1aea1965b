//! One call for the frames of every exchange.

use std::{option, vec};

use super::values::no_decoder;
use super::{
    DecodeError, Event, decode_binance, decode_bybit, decode_coinbase, decode_kraken, decode_okx,
    decode_plain,
};

/// What one frame says, in order. Most say one thing, and that takes no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    One(Event<'a>),
    Many(Vec<Event<'a>>),
}

impl<'a> IntoIterator for Said<'a> {
    type Item = Event<'a>;
    type IntoIter = std::iter::Chain<option::IntoIter<Event<'a>>, vec::IntoIter<Event<'a>>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::One(event) => (Some(event), Vec::new()),
            Self::Many(events) => (None, events),
        };
        one.into_iter().chain(many)
    }
}

/// Returns what one frame of an exchange says.
///
/// `protocol` is the channel's, its first word names the decoder; `symbol` is the instrument of a channel whose frames
/// don't name it.
///
/// # Errors
/// The decoder's; `Protocol` if there is none.
pub fn decode_venue<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
) -> Result<Said<'a>, DecodeError> {
    match protocol.split_once('.').map(|(venue, _)| venue) {
        Some("binance") => decode_binance(protocol, symbol, body).map(Said::One),
        Some("bybit") => decode_bybit(protocol, body).map(Said::Many),
        Some("cambist") => decode_plain(protocol, body).map(Said::Many),
        Some("coinbase") => decode_coinbase(protocol, body).map(Said::Many),
        Some("kraken") => decode_kraken(protocol, body).map(Said::Many),
        Some("okx") => decode_okx(protocol, symbol, body).map(Said::Many),
        _ => Err(no_decoder(protocol)),
    }
}
