//! Keys and signatures as text, and back.
#![no_main]

use cambist_core::chain::base58;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        if let Some(key) = base58::decode(text) {
            assert_eq!(base58::encode(&key), text);
        }
        if let Some(signature) = base58::decode_signature(text) {
            assert_eq!(base58::encode_signature(&signature), text);
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(bytes) = base58::decode_bytes(text)
    {
        let read = match bytes.len() {
            32 => base58::decode(text).map(Vec::from),
            64 => base58::decode_signature(text).map(Vec::from),
            _ => Some(bytes.clone()),
        };
        assert_eq!(read, Some(bytes));
    }
    if let Ok(key) = data.try_into() {
        assert_eq!(base58::decode(&base58::encode(&key)), Some(key));
    }
});
