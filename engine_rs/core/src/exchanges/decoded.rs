//! One call for the frames of every exchange.

use std::{option, vec};

use super::decimal::PriceScales;
use super::event::Event;
use super::exchange::Exchange;
use super::values::no_decoder;
use super::{DecodeError, TABLE};

/// What one frame says, in order. Most say one thing, and that takes no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    One(Event<'a>),
    Many(Vec<Event<'a>>),
}

impl<'a> IntoIterator for Decoded<'a> {
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
/// don't name it; `scales` are those of the venue's prices.
///
/// # Errors
/// The decoder's; `Protocol` if there is none.
pub fn decode_venue<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
    scales: &PriceScales,
) -> Result<Decoded<'a>, DecodeError> {
    let row = protocol.split_once('.').and_then(|(name, _)| {
        let own = |row: &&&Exchange| row.name == name;
        TABLE.iter().find(own)
    });
    match row {
        Some(row) => (row.decode)(protocol, symbol, body, scales),
        None => Err(no_decoder(protocol)),
    }
}
