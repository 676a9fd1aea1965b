//! Text that is said again and again: the value beside its canonical JSON, both made once and shared.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{self, Put};

/// A value and its JSON. A clone costs a count, writing it a copy of bytes: escaping the names of a cycle anew at each of
/// its decisions was a tenth of a swap's cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded<T>(Arc<(T, Vec<u8>)>);

impl<T: Serialize> From<T> for Encoded<T> {
    fn from(value: T) -> Self {
        let json = json::encode(&value);
        Self(Arc::new((value, json)))
    }
}

impl<T> Deref for Encoded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T> Put for Encoded<T> {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.1);
    }
}

impl<T: Serialize> Serialize for Encoded<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.0.serialize(to)
    }
}

impl<'de, T: Serialize + Deserialize<'de>> Deserialize<'de> for Encoded<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::from)
    }
}
