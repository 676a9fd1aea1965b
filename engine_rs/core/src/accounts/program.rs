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
pub const PUMP_AMM: Pubkey = key(b"pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
pub const PUMP: Pubkey = key(b"6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P");
pub const JUPITER: Pubkey = key(b"JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4");
pub const OPENBOOK_V1: Pubkey = key(b"srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX");
pub const SERUM: Pubkey = key(b"9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin");
pub const OPENBOOK_V2: Pubkey = key(b"opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb");
pub const PHOENIX: Pubkey = key(b"PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY");
pub const PUMP_FEES: Pubkey = key(b"pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ");
pub const ASSOCIATED_TOKEN: Pubkey = key(b"ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
pub const COMPUTE_BUDGET: Pubkey = key(b"ComputeBudget111111111111111111111111111111");
pub const MEMO: Pubkey = key(b"MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
pub const WRAPPED_SOL: Pubkey = key(b"So11111111111111111111111111111111111111112");
pub const RAYDIUM_V4_AUTHORITY: Pubkey = key(b"5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
pub const RAYDIUM_CPMM_AUTHORITY: Pubkey = key(b"GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL");
pub const METEORA_DLMM_EVENTS: Pubkey = key(b"D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6");
pub const METEORA_DAMM_V2_AUTHORITY: Pubkey = key(b"HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC");
pub const METEORA_DAMM_V2_EVENTS: Pubkey = key(b"3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet");
pub const PUMP_AMM_CONFIG: Pubkey = key(b"ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw");
pub const PUMP_AMM_EVENTS: Pubkey = key(b"GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR");
pub const PUMP_AMM_VOLUME: Pubkey = key(b"C2aFPdENg4A2HQsmrd5rTw5TaYBX5Ku887cWjbFKtZpw");
pub const PUMP_FEE_CONFIG: Pubkey = key(b"5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx");
pub const SYSVAR: Pubkey = key(b"Sysvar1111111111111111111111111111111111111");
pub const INSTRUCTIONS: Pubkey = key(b"Sysvar1nstructions1111111111111111111111111");
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
