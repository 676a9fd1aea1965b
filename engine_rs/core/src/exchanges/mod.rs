//! Wire frames of exchanges to events: one room each, and the one table of them.
//!
//! `decode_venue` is a function of the frame and of what its venue's list said of prices: it picks the room of an exchange by
//! the protocol.

pub mod binance;
pub mod bybit;
pub mod coinbase;
pub mod decimal;
pub mod decoded;
pub mod event;
pub mod exchange;
pub(crate) mod fast;
pub(crate) mod frame;
pub mod kraken;
pub mod okx;
pub mod plain;
pub mod rfc3339;
pub(crate) mod scan;
pub(crate) mod values;

use serde::{Deserialize, Serialize};

use exchange::{Books, Exchange, Rules};

/// Every exchange.
pub static TABLE: &[&Exchange] = &[
    &binance::EXCHANGE,
    &bybit::EXCHANGE,
    &plain::EXCHANGE,
    &coinbase::EXCHANGE,
    &kraken::EXCHANGE,
    &okx::EXCHANGE,
];

/// Whose rules a book follows; what they are is said in the exchange's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    Spot,
    Usdm,
    Okx,
    Kraken,
    Bybit,
    Coinbase,
    Plain,
}

impl Continuity {
    /// Returns whose rules the books of a channel with this protocol follow.
    pub fn of(protocol: &str) -> Self {
        let found = books().find(|books| protocol.starts_with(books.head));
        found.map_or(Self::Spot, |books| books.continuity)
    }

    /// Returns the rules of a book of `spot` or `perp` until a channel tells of it, whose protocol knows better.
    pub fn of_kind(kind: &str) -> Self {
        if kind == "perp" {
            Self::Usdm
        } else {
            Self::Spot
        }
    }

    /// Returns what the depth messages promise.
    pub fn rules(self) -> Rules {
        self.books().rules
    }

    /// Returns whether the books are of perpetual contracts.
    pub fn is_perpetual(self) -> bool {
        self.books().perpetual
    }

    fn books(self) -> &'static Books {
        let own = |found: &&Books| found.continuity == self;
        books().find(own).unwrap_or(&TABLE[0].books[0])
    }
}

fn books() -> impl Iterator<Item = &'static Books> {
    TABLE.iter().flat_map(|row| row.books)
}

/// Longest frame that is read.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// Deepest nesting of containers that is read.
pub const MAX_DEPTH: usize = 64;

/// Who sent a frame; the values are those of the record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

/// Why a frame could not be read. Its text is the same in both engines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("frame of {size} bytes is too large")]
    TooLarge { size: usize },
    #[error("not JSON")]
    NotJson,
    #[error("`{field}` was {was}")]
    Field { field: &'static str, was: String },
    #[error("account data in {encoding}, only base64 is read")]
    Encoding { encoding: String },
    #[error("no decoder for protocol {protocol}")]
    Protocol { protocol: String },
}
