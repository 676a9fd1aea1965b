//! Saber: stable swap.

mod events;
pub mod layout;
pub mod maths;
pub mod owned;
pub mod pool;
pub mod program;
pub mod swap;

pub use program::Saber;
