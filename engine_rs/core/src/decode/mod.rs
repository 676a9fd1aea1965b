//! Wire frames to events.
//!
//! `decode_binance` is a function of the frame alone; `decode_solana` also learns from the frames we sent, because a
//! JSON-RPC reply says only which request it answers. `decode_okx` may say more than one thing of a frame.

mod binance;
pub mod decimal;
mod event;
mod fast;
pub(crate) mod frame;
mod okx;
mod scan;
mod session;
mod solana;
mod tips;

pub use binance::decode_binance;
pub use event::{Commitment, Event, Instrument, Level, TransactionStatus, canonical};
pub use okx::{MAX_OKX_LEVELS, decode_okx};
pub use session::{Method, PendingParts, SessionParts, SolanaSession};
pub use solana::decode_solana;
pub use tips::{TIP_FLOOR, decode_tip_floor};

/// Returns what a frame of an exchange says.
///
/// # Errors
/// A `DecodeError` if the frame isn't what this protocol sends.
pub fn decode_venue<'a>(
    protocol: &str,
    symbol: &'a str,
    body: &'a [u8],
) -> Result<Vec<Event<'a>>, DecodeError> {
    if protocol.starts_with("okx.") {
        return decode_okx(protocol, body);
    }
    decode_binance(protocol, symbol, body).map(|event| vec![event])
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
