//! Addresses of Raydium CLMM.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const RAYDIUM_CLMM: Pubkey = key(b"CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK");
