//! Addresses of Raydium AMM v4.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const RAYDIUM_V4: Pubkey = key(b"675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
pub const RAYDIUM_V4_AUTHORITY: Pubkey = key(b"5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
