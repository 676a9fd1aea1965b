//! Books of exchanges: the state machine of one, and several of them as one.

pub mod crc32;
pub mod order_book;
