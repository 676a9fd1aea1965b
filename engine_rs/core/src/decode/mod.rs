//! Wire frames to events.
//!
//! `decode_venue` is a function of the frame alone: it picks the decoder of an exchange by the protocol. `decode_solana` also
//! learns from the frames we sent, because a JSON-RPC reply says only which request it answers.

mod binance;
mod bybit;
mod coinbase;
pub mod decimal;
mod event;
mod fast;
pub(crate) mod frame;
mod kraken;
mod kraken_book;
mod kraken_v1;
mod okx;
mod plain;
mod rfc3339;
mod said;
mod scan;
mod session;
mod solana;
mod tips;
mod values;

pub use binance::decode_binance;
pub use bybit::{MAX_BYBIT_LEVELS, decode_bybit};
pub use coinbase::{MAX_COINBASE_LEVELS, decode_coinbase};
pub use event::{Commitment, Event, Instrument, Level, TransactionStatus, canonical};
pub use kraken::decode_kraken;
pub use kraken_book::MAX_KRAKEN_LEVELS;
pub use okx::{MAX_OKX_LEVELS, decode_okx};
pub use plain::{MAX_PLAIN_LEVELS, decode_plain};
pub use rfc3339::rfc3339_ns;
pub use said::{Said, decode_venue};
pub use session::{Method, PendingParts, SessionParts, SolanaSession};
pub use solana::decode_solana;
pub use tips::{TIP_FLOOR, decode_tip_floor};

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
