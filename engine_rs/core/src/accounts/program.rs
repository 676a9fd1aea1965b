//! Program and sysvar addresses that own or are the accounts of a pool.

use crate::base58::Pubkey;

pub const SYSTEM: Pubkey = [0; 32];
pub const TOKEN: Pubkey = key(b"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
pub const TOKEN_2022: Pubkey = key(b"TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
pub const RAYDIUM_V4: Pubkey = key(b"675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
pub const RAYDIUM_CPMM: Pubkey = key(b"CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C");
pub const METEORA_DLMM: Pubkey = key(b"LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo");
pub const WHIRLPOOL: Pubkey = key(b"whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc");
pub const WHIRLPOOL_IMMUTABLE: Pubkey = key(b"iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN");
pub const WHIRLPOOLS_CONFIG: Pubkey = key(b"2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ");
pub const RAYDIUM_CLMM: Pubkey = key(b"CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK");
pub const SABER: Pubkey = key(b"SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ");
pub const METEORA_DAMM_V2: Pubkey = key(b"cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG");
pub const SYSVAR: Pubkey = key(b"Sysvar1111111111111111111111111111111111111");
pub const CLOCK: Pubkey = key(b"SysvarC1ock11111111111111111111111111111111");

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Returns the address of a base58 text at compile time; a bad text doesn't compile.
const fn key(text: &[u8]) -> Pubkey {
    let mut out = [0; 32];
    let mut at = 0;
    while at < text.len() {
        let mut carry = 0;
        while ALPHABET[carry as usize] != text[at] {
            carry += 1;
        }
        let mut byte = 32;
        while byte > 0 {
            byte -= 1;
            carry += out[byte] as u32 * 58;
            out[byte] = (carry & 0xff) as u8;
            carry >>= 8;
        }
        assert!(carry == 0, "more than 32 bytes");
        at += 1;
    }
    out
}
