//! Kraken: both versions of its protocol, and the sum over its books.

pub mod book;
pub mod checksum;
pub mod decode;
pub mod v1;

use self::checksum::kraken_checksum;
use self::decode::decode_kraken;
use super::Continuity;
use super::decoded::Decoded;
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};

/// No ids: the sum over the best ten levels of each side tells whether one is missing.
const RULES: Rules = Rules {
    sum: Some(|bids, asks, scale, (price, quantity)| {
        kraken_checksum(bids, asks, price, quantity, scale).into()
    }),
    truncates: true,
    ..Rules::new(Joins::Always, Seeds::Streamed)
};

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "kraken",
    decode: |protocol, _, body, scales| decode_kraken(protocol, body, scales).map(Decoded::Many),
    books: &[Books {
        continuity: Continuity::Kraken,
        head: "kraken.",
        rules: RULES,
        perpetual: false,
    }],
    proof: "cex_cryptofeed: recorded channels of v1; frames of v2 recorded in August 2026",
};
