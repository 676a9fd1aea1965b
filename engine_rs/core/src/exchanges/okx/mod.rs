//! OKX: its protocol, and the sum over its books.

pub mod checksum;
pub mod decode;

use self::checksum::okx_checksum;
use self::decode::decode_okx;
use super::Continuity;
use super::decoded::Decoded;
use super::exchange::{Books, Exchange, Joins, Rules, Seeds};

/// `prevSeqId` = previous `seqId`, whichever is greater (it starts anew after maintenance); equal ones say that nothing
/// changed.
const RULES: Rules = Rules {
    sum: Some(|bids, asks, scale, _| okx_checksum(bids, asks, scale).into()),
    tickers: true,
    ..Rules::new(Joins::Chain, Seeds::Both)
};

/// The row of this exchange.
pub(super) static EXCHANGE: Exchange = Exchange {
    name: "okx",
    decode: |protocol, symbol, body, scales| {
        decode_okx(protocol, symbol, body, scales).map(Decoded::Many)
    },
    books: &[Books {
        continuity: Continuity::Okx,
        head: "okx.",
        rules: RULES,
        perpetual: false,
    }],
    proof: "cex_cryptofeed: recorded channels of May 2022; frames recorded in August 2026",
};
