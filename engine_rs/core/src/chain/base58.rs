//! Base58 of 32-byte keys and 64-byte signatures.

mod encode;

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
    KeyText::of(key).as_str().to_owned()
}

/// A key's base58 text without an allocation of its own.
#[derive(Clone, Copy)]
pub struct KeyText {
    out: [u8; encode::PLACES],
    start: usize,
}

impl KeyText {
    /// Returns the base58 text of a key.
    #[expect(
        clippy::inline_always,
        reason = "only what is inlined is compiled for the machine's wide vectors"
    )]
    #[inline(always)]
    pub fn of(key: &Pubkey) -> Self {
        let mut out = [0; encode::PLACES];
        encode::write(key, &mut out);
        // A zero byte in front is one `1`, a zero digit none.
        let zeros = key.iter().take_while(|&&byte| byte == 0).count();
        let ones = out[..encode::LETTERS].iter();
        let ones = ones.take_while(|&&letter| letter == b'1').count();
        let start = ones.saturating_sub(zeros);
        Self { out, start }
    }

    /// Returns the letters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out[self.start..encode::LETTERS]
    }

    /// Returns the text, empty if it were not ASCII, which base58 is.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
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

/// Longest text that `decode_bytes` reads: the 10 KiB that one instruction may hand to another, and some.
pub const MAX_TEXT: usize = 14_200;

/// Returns the bytes of a base58 text of any length up to `MAX_TEXT`, `None` if it is longer or none.
pub fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let zeros = text.bytes().take_while(|&byte| byte == b'1').count();
    let mut limbs: Vec<u32> = Vec::with_capacity(text.len() * 3 / 16 + 1);
    // Five digits at a time: 58⁵ fits a limb.
    for chunk in text.as_bytes()[zeros..].chunks(5) {
        let (mut carry, mut scale) = (0_u64, 1_u64);
        for &byte in chunk {
            let digit = *DIGITS.get(usize::from(byte)).filter(|&&digit| digit < 58)?;
            carry = carry * 58 + u64::from(digit);
            scale *= 58;
        }
        for limb in &mut limbs {
            carry += u64::from(*limb) * scale;
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let mut out = vec![0; zeros];
    let bytes = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes());
    out.extend(bytes.skip_while(|&byte| byte == 0));
    Some(out)
}

const DIGITS: [u8; 128] = {
    let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits = [u8::MAX; 128];
    let mut at = 0;
    while at < alphabet.len() {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits
};

/// Packed keys or signatures, apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed<'a> {
    Keys(&'a [Pubkey]),
    Signatures(&'a [Signature]),
}

/// Returns the keys (`size` 32) or signatures (64) that `packed` holds end to end.
///
/// # Errors
/// `Size` for another size, `Packed` if the bytes are no multiple of it.
pub fn unpacked(packed: &[u8], size: usize) -> Result<Packed<'_>, Base58Error> {
    let (keys, signatures) = (packed.as_chunks(), packed.as_chunks());
    match size {
        32 if keys.1.is_empty() => Ok(Packed::Keys(keys.0)),
        64 if signatures.1.is_empty() => Ok(Packed::Signatures(signatures.0)),
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
        let (keys, signatures) = ([[0; 32]; 2], [[0; 64]]);
        assert_eq!(unpacked(&[0; 64], 32), Ok(Packed::Keys(&keys)));
        assert_eq!(unpacked(&[0; 64], 64), Ok(Packed::Signatures(&signatures)));
        let (length, size) = (65, 32);
        assert_eq!(
            unpacked(&[0; 65], 32),
            Err(Base58Error::Packed { length, size })
        );
        assert_eq!(unpacked(&[], 33), Err(Base58Error::Size(33)));
        assert_eq!(decode_many(&["1"; 0], 31), Err(Base58Error::Size(31)));
        let (good, at, text) = ("1".repeat(32), 1, "0".to_owned());
        assert_eq!(
            decode_many(&[&good, "0"], 32),
            Err(Base58Error::Text { at, size, text })
        );
        assert_eq!(decode_many(&[&good, &good], 32), Ok(vec![0; 64]));
        assert_eq!(decode_many(&["1".repeat(64)], 64), Ok(vec![0; 64]));
    }

    #[test]
    fn bytes_of_any_length_are_read() {
        assert_eq!(decode_bytes(""), Some(vec![]));
        assert_eq!(decode_bytes("11"), Some(vec![0, 0]));
        assert_eq!(
            decode_bytes("3Bxs4ezjpW22kuoV").map(|data| data.len()),
            Some(12)
        );
        assert_eq!(decode_bytes("0"), None);
        assert_eq!(decode_bytes("é"), None);
        assert_eq!(decode_bytes(&"z".repeat(MAX_TEXT + 1)), None);
    }

    proptest! {
        #[test]
        fn keys_are_written_as_five8_writes_them(key: [u8; 32], ends in 0usize..33, fill in prop::sample::select(vec![0, 255])) {
            let mut key = key;
            key[..ends].fill(fill);
            for key in [key, key.map(|byte| !byte)] {
                let mut out = [0; 44];
                let length = five8::encode_32(&key, &mut out);
                let text = KeyText::of(&key);
                prop_assert_eq!(text.as_bytes(), &out[..usize::from(length)]);
            }
        }

        #[test]
        fn bytes_are_those_of_keys(key: [u8; 32], zeros in 0usize..32) {
            let mut key = key;
            key[..zeros].fill(0);
            prop_assert_eq!(decode_bytes(&encode(&key)), Some(key.to_vec()));
        }

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
