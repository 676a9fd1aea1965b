//! Base58 of 32-byte keys and 64-byte signatures.

use thiserror::Error;

/// A Solana address.
pub type Pubkey = [u8; 32];

/// A transaction signature.
pub type Signature = [u8; 64];

/// Why a batch can't be written or read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Base58Error {
    #[error("size was {0}, not 32 or 64")]
    Size(usize),
    #[error("{length} bytes are no multiple of {size}")]
    Packed { length: usize, size: usize },
    #[error("text {at} is not {size} bytes of base58: {text}")]
    Text {
        at: usize,
        size: usize,
        text: String,
    },
}

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

/// Returns the base58 text of each key (`size` 32) or signature (64) of `packed`, which holds them end to end.
///
/// # Errors
/// `Size` for another size, `Packed` if the bytes are no multiple of it.
pub fn encode_many(packed: &[u8], size: usize) -> Result<Vec<String>, Base58Error> {
    let (keys, signatures) = (packed.as_chunks(), packed.as_chunks());
    match size {
        32 if keys.1.is_empty() => Ok(keys.0.iter().map(encode).collect()),
        64 if signatures.1.is_empty() => Ok(signatures.0.iter().map(encode_signature).collect()),
        32 | 64 => Err(Base58Error::Packed {
            length: packed.len(),
            size,
        }),
        _ => Err(Base58Error::Size(size)),
    }
}

/// Returns the keys (`size` 32) or signatures (64) of base58 texts, end to end.
///
/// # Errors
/// `Size` for another size, `Text` for the first text that is none.
pub fn decode_many<T: AsRef<str>>(texts: &[T], size: usize) -> Result<Vec<u8>, Base58Error> {
    if size != 32 && size != 64 {
        return Err(Base58Error::Size(size));
    }
    let mut packed = vec![0; texts.len() * size];
    for (at, (text, out)) in texts.iter().zip(packed.chunks_exact_mut(size)).enumerate() {
        let text = text.as_ref();
        let known = match <&mut Pubkey>::try_from(&mut *out) {
            Ok(key) => five8::decode_32(text, key).is_ok(),
            Err(_) => decode_signature(text)
                .map(|key| out.copy_from_slice(&key))
                .is_some(),
        };
        if !known {
            let text = text.to_owned();
            return Err(Base58Error::Text { at, size, text });
        }
    }
    Ok(packed)
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

    #[test]
    fn batches_name_what_they_refuse() {
        assert_eq!(encode_many(&[0; 64], 32), Ok(vec!["1".repeat(32); 2]));
        assert_eq!(encode_many(&[0; 64], 64), Ok(vec!["1".repeat(64)]));
        let (length, size) = (65, 32);
        assert_eq!(
            encode_many(&[0; 65], 32),
            Err(Base58Error::Packed { length, size })
        );
        assert_eq!(encode_many(&[], 33), Err(Base58Error::Size(33)));
        assert_eq!(decode_many(&["1"; 0], 31), Err(Base58Error::Size(31)));
        let (good, at, text) = ("1".repeat(32), 1, "0".to_owned());
        assert_eq!(
            decode_many(&[&good, "0"], 32),
            Err(Base58Error::Text { at, size, text })
        );
        assert_eq!(decode_many(&[&good, &good], 32), Ok(vec![0; 64]));
        assert_eq!(decode_many(&["1".repeat(64)], 64), Ok(vec![0; 64]));
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
