//! Keys and signatures as text, and back.
#![no_main]

use cambist_core::base58;
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
    if let Ok(key) = data.try_into() {
        assert_eq!(base58::decode(&base58::encode(&key)), Some(key));
    }
});
