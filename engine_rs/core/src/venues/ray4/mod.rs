//! Raydium AMM v4: constant product beside an order book.

mod events;
pub mod layout;
pub mod owned;
pub mod pool;
pub mod program;
pub mod ray_log;
pub mod swap;

pub use program::Ray4;
