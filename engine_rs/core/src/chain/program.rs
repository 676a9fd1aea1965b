//! Programs and sysvars that belong to no venue.

use crate::chain::base58::Pubkey;

pub const SYSTEM: Pubkey = [0; 32];
pub const TOKEN: Pubkey = key(b"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
pub const TOKEN_2022: Pubkey = key(b"TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
pub const ASSOCIATED_TOKEN: Pubkey = key(b"ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
pub const COMPUTE_BUDGET: Pubkey = key(b"ComputeBudget111111111111111111111111111111");
pub const MEMO: Pubkey = key(b"MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
pub const WRAPPED_SOL: Pubkey = key(b"So11111111111111111111111111111111111111112");
pub const SYSVAR: Pubkey = key(b"Sysvar1111111111111111111111111111111111111");
pub const INSTRUCTIONS: Pubkey = key(b"Sysvar1nstructions1111111111111111111111111");
pub const CLOCK: Pubkey = key(b"SysvarC1ock11111111111111111111111111111111");

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Returns the address of a base58 text at compile time; a bad text doesn't compile.
pub(crate) const fn key(text: &[u8]) -> Pubkey {
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
