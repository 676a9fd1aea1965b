//! Base58 of 32- and 64-byte keys.
