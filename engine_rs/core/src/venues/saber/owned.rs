//! Addresses of Saber.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const SABER: Pubkey = key(b"SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ");
