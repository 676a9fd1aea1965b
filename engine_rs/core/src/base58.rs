//! Base58 of 32-byte keys and 64-byte signatures.

/// A Solana address.
pub type Pubkey = [u8; 32];

/// A transaction signature.
pub type Signature = [u8; 64];

/// Returns the base58 text of a key.
pub fn encode(key: &Pubkey) -> String {
    let mut out = [0; 44];
    let len = five8::encode_32(key, &mut out);
    text(&out[..usize::from(len)])
}

/// Returns the key that `text` is the one encoding of, `None` if it isn't 32 bytes of base58.
pub fn decode(text: &str) -> Option<Pubkey> {
    let mut out = [0; 32];
    five8::decode_32(text, &mut out).ok().map(|()| out)
}

/// Returns the base58 text of a signature.
pub fn encode_signature(signature: &Signature) -> String {
    let mut out = [0; 88];
    let len = five8::encode_64(signature, &mut out);
    text(&out[..usize::from(len)])
}

/// Returns the signature that `text` is the one encoding of, `None` if it isn't 64 bytes of base58.
pub fn decode_signature(text: &str) -> Option<Signature> {
    let mut out = [0; 64];
    five8::decode_64(text, &mut out).ok().map(|()| out)
}

fn text(ascii: &[u8]) -> String {
    String::from_utf8_lossy(ascii).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_fixed_addresses() {
        assert_eq!(encode(&[0; 32]), "1".repeat(32));
        let token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
        assert_eq!(
            decode(token).map(|key| encode(&key)).as_deref(),
            Some(token)
        );
    }

    #[test]
    fn refuses_what_is_no_key() {
        let key = encode(&[7; 32]);
        for bad in [
            "",
            "1",
            "0OIl",
            "é",
            &"1".repeat(31),
            &"1".repeat(33),
            &"z".repeat(44),
            &format!("1{key}"),
            &key[1..],
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        for bad in [
            "",
            "1",
            &"1".repeat(63),
            &"1".repeat(65),
            &"z".repeat(88),
            &key,
        ] {
            assert_eq!(decode_signature(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(key: [u8; 32], low: [u8; 32], zeros in 0usize..32) {
            let mut key = key;
            key[..zeros].fill(0);
            prop_assert_eq!(decode(&encode(&key)), Some(key));
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&key);
            signature[32..].copy_from_slice(&low);
            prop_assert_eq!(decode_signature(&encode_signature(&signature)), Some(signature));
        }

        #[test]
        fn each_key_has_one_encoding(text in "[1-9A-HJ-NP-Za-km-z]{30,46}") {
            if let Some(key) = decode(&text) {
                prop_assert_eq!(encode(&key), text);
            }
        }
    }
}
