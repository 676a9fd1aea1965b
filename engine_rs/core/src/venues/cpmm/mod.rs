//! Raydium CPMM: constant product with transfer fees and fees of a creator.

mod events;
pub mod layout;
pub mod maths;
pub mod owned;
pub mod pool;
pub mod program;
pub mod swap;

pub use program::Cpmm;
