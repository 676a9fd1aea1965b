//! Addresses of the order books.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const SERUM: Pubkey = key(b"9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin");
pub const OPENBOOK_V1: Pubkey = key(b"srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX");
pub const OPENBOOK_V2: Pubkey = key(b"opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb");
pub const PHOENIX: Pubkey = key(b"PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY");
