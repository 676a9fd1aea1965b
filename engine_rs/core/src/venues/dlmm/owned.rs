//! Addresses of Meteora DLMM.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const METEORA_DLMM: Pubkey = key(b"LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo");
pub const METEORA_DLMM_EVENTS: Pubkey = key(b"D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6");
