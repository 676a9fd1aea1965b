//! Rows of numbers in a snapshot: a list where it is text; where it is binary the columns, each as its first number and
//! how it went on. Prices that are near each other are told in seven bytes, times in five, what stands still in one.
//!
//! Binary: the number of rows (u32), then of each column the first number (u64), the bytes of a step (u8, 1 to 8) and
//! the steps: difference to the row before, zigzag, little-endian like all of it. No rows are no bytes.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row of so many numbers.
pub trait Row<const N: usize>: Sized {
    /// Returns its numbers.
    fn numbers(&self) -> [u64; N];

    /// Returns the row of these numbers.
    fn of(numbers: [u64; N]) -> Self;
}

/// Rows of so many numbers, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<R, const N: usize>(pub Vec<R>);

impl<R, const N: usize> Default for Table<R, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R, const N: usize> FromIterator<R> for Table<R, N> {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<R: Row<N> + Serialize, const N: usize> Serialize for Table<R, N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            self.0.serialize(to)
        } else {
            to.serialize_bytes(&pack(&self.0))
        }
    }
}

impl<'de, R: Row<N> + Deserialize<'de>, const N: usize> Deserialize<'de> for Table<R, N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Vec::deserialize(from).map(Self)
        } else {
            from.deserialize_bytes(Packed(PhantomData))
        }
    }
}

struct Packed<R, const N: usize>(PhantomData<R>);

impl<R: Row<N>, const N: usize> Visitor<'_> for Packed<R, N> {
    type Value = Table<R, N>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{N} columns")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Table<R, N>, E> {
        let rows = unpack(bytes).ok_or_else(|| E::custom(format!("{N} columns of a table")))?;
        Ok(Table(rows))
    }
}

fn pack<R: Row<N>, const N: usize>(rows: &[R]) -> Vec<u8> {
    let rows: Vec<[u64; N]> = rows.iter().map(Row::numbers).collect();
    let Some(first) = rows.first() else {
        return Vec::new();
    };
    let mut out = Vec::with_capacity(4 + N * (9 + 7 * rows.len()));
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    for (column, first) in first.iter().enumerate() {
        let steps = rows
            .windows(2)
            .map(|pair| zigzag(pair[1][column].wrapping_sub(pair[0][column])));
        let all = steps.clone().fold(1, |all, step| all | step);
        let width = 8 - all.leading_zeros() as usize / 8;
        out.extend_from_slice(&first.to_le_bytes());
        out.push(width as u8);
        for step in steps {
            out.extend_from_slice(&step.to_le_bytes()[..width]);
        }
    }
    out
}

fn unpack<R: Row<N>, const N: usize>(bytes: &[u8]) -> Option<Vec<R>> {
    let Some((count, mut rest)) = bytes.split_first_chunk() else {
        return bytes.is_empty().then(Vec::new);
    };
    let steps = usize::try_from(u32::from_le_bytes(*count))
        .ok()?
        .checked_sub(1)?;
    let mut columns = [(); N].map(|()| (0, 1, [].as_slice()));
    for column in &mut columns {
        let (first, after) = rest.split_first_chunk()?;
        let (&width, after) = after.split_first()?;
        let width = usize::from(width);
        if !(1..=8).contains(&width) {
            return None;
        }
        let (steps_of, after) = after.split_at_checked(steps.checked_mul(width)?)?;
        *column = (u64::from_le_bytes(*first), width, steps_of);
        rest = after;
    }
    if !rest.is_empty() {
        return None;
    }
    let mut numbers = columns.map(|(first, ..)| first);
    let mut rows = Vec::with_capacity(steps + 1);
    rows.push(R::of(numbers));
    for at in 0..steps {
        for (number, (_, width, steps_of)) in numbers.iter_mut().zip(&columns) {
            let mut step = [0; 8];
            step[..*width].copy_from_slice(&steps_of[at * width..][..*width]);
            *number = number.wrapping_add(unzigzag(u64::from_le_bytes(step)));
        }
        rows.push(R::of(numbers));
    }
    Some(rows)
}

fn zigzag(step: u64) -> u64 {
    (step << 1) ^ ((step as i64 >> 63) as u64)
}

fn unzigzag(step: u64) -> u64 {
    (step >> 1) ^ (step & 1).wrapping_neg()
}

/// (time or its bucket, bits of a price).
impl Row<2> for (i64, u64) {
    fn numbers(&self) -> [u64; 2] {
        [self.0 as u64, self.1]
    }

    fn of([at, bits]: [u64; 2]) -> Self {
        (at as i64, bits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{pack, unpack};

    type Points = Vec<(i64, u64)>;

    fn points() -> impl Strategy<Value = Points> {
        let near = (0..90_i64, 0..90_u64);
        prop::collection::vec(prop_oneof![near, (any::<i64>(), any::<u64>())], 0..70)
    }

    #[test]
    fn a_table_is_its_columns() {
        let rows = [(-1, 7), (1, 4), (258, 5)];
        let columns = [
            &[3, 0, 0, 0][..],
            &[255; 8],
            &[2, 4, 0, 2, 2],
            &[7, 0, 0, 0, 0, 0, 0, 0],
            &[1, 5, 2],
        ];
        assert_eq!(pack(&rows), columns.concat());
        assert!(pack::<(i64, u64), 2>(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(rows in points()) {
            prop_assert_eq!(unpack(&pack(&rows)), Some(rows));
        }

        #[test]
        fn what_is_cut_short_or_longer_is_none(rows in points(), cut in any::<prop::sample::Index>()) {
            let whole = pack(&rows);
            if !whole.is_empty() {
                let at = 1 + cut.index(whole.len());
                prop_assert_eq!(unpack::<(i64, u64), 2>(&whole[..whole.len() - at]).filter(|rows| !rows.is_empty()), None);
            }
            prop_assert_eq!(unpack::<(i64, u64), 2>(&[whole, vec![0]].concat()), None);
        }

        #[test]
        fn any_bytes_are_rows_or_none(bytes in prop::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], 0..60)) {
            if let Some(rows) = unpack::<(i64, u64), 2>(&bytes) {
                prop_assert!(rows.len() <= bytes.len());
            }
        }
    }
}
