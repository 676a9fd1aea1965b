//! Addresses of Orca Whirlpools.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const WHIRLPOOL: Pubkey = key(b"whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc");
pub const WHIRLPOOL_IMMUTABLE: Pubkey = key(b"iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN");
pub const WHIRLPOOLS_CONFIG: Pubkey = key(b"2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ");
