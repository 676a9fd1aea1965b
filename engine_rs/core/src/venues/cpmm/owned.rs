//! Addresses of Raydium CPMM.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const RAYDIUM_CPMM: Pubkey = key(b"CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");
pub const RAYDIUM_CPMM_AUTHORITY: Pubkey = key(b"GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL");
