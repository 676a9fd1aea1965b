//! A key in a snapshot: its base58 text, which is written only when the snapshot is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chain::base58::{self, KeyText, Pubkey};

/// A key that is kept, or the text that a snapshot says.
pub(super) enum KeyPart {
    Key(Pubkey),
    Text(String),
}

impl KeyPart {
    /// Returns the part of what may be absent: an empty text then.
    pub(super) fn maybe(key: Option<&Pubkey>) -> Self {
        key.map_or_else(|| Self::Text(String::new()), |key| Self::Key(*key))
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// Returns the key, `None` if the text is none.
    pub(super) fn read(&self) -> Option<Pubkey> {
        match self {
            Self::Key(key) => Some(*key),
            Self::Text(text) => base58::decode(text),
        }
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => to.write_str(KeyText::of(key).as_str()),
            Self::Text(text) => to.write_str(text),
        }
    }
}

impl Serialize for KeyPart {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Key(key) => to.serialize_str(KeyText::of(key).as_str()),
            Self::Text(text) => to.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for KeyPart {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::Text)
    }
}
