//! WebSocket connections of all feeds on one thread, read straight into the bytes that are recorded.
//!
//! A frame is written once, behind its 32-byte record header, into a bounded [`Ring`]; the runtime drains the ring in
//! blocks and gives each record its seq. What a feed must see itself (that a connection opened or ended, and frames
//! until it has all its data) comes as [`Event`]s. Times are the caller's: see [`Clock`].
#![forbid(unsafe_code)]

mod clock;
mod dial;
mod event;
mod ring;
mod talk;
mod transport;
mod wire;

pub use clock::Clock;
pub use event::{Event, EventKind};
pub use ring::{ANSWER_BYTES, Limits, Ring, Stamp};
pub use transport::{Transport, TransportError};
pub use wire::{Options, Pattern, SCANNED_BYTES};
