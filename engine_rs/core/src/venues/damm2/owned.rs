//! Addresses of Meteora DAMM v2.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const METEORA_DAMM_V2: Pubkey = key(b"cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG");
pub const METEORA_DAMM_V2_AUTHORITY: Pubkey = key(b"HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC");
pub const METEORA_DAMM_V2_EVENTS: Pubkey = key(b"3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet");
