//! Checked reads at fixed offsets.

use crate::chain::base58::Pubkey;

/// An account's bytes are not what its layout says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("{layout}: size was {was}, expected {expected}")]
    Size {
        layout: &'static str,
        was: usize,
        expected: usize,
    },
    #[error("{layout}: discriminator was {}", hex(*was))]
    Discriminator { layout: &'static str, was: [u8; 8] },
    #[error("{layout}: {field} was {was}")]
    Field {
        layout: &'static str,
        field: &'static str,
        was: String,
    },
    #[error("{layout}: extension {kind} ends at {end} of {size}")]
    Extension {
        layout: &'static str,
        kind: u16,
        end: usize,
        size: usize,
    },
    #[error("no account of role {0} belongs to pools of this program")]
    Role(u8),
    #[error("dynamic_tick_array: tick {offset} is cut off or has a bad tag, size {size}")]
    DynamicTick { offset: usize, size: usize },
}

impl LayoutError {
    /// Returns whether size or discriminator say that it is another kind of account.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self, Self::Size { .. } | Self::Discriminator { .. })
    }

    pub(crate) fn field(
        layout: &'static str,
        field: &'static str,
        was: impl std::fmt::Display,
    ) -> Self {
        Self::Field {
            layout,
            field,
            was: was.to_string(),
        }
    }
}

fn hex(bytes: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// An account's bytes, checked to hold every field that its layout reads.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Takes bytes of exactly `size`.
    pub(crate) fn exact(
        layout: &'static str,
        data: &'a [u8],
        size: usize,
    ) -> Result<Self, LayoutError> {
        if data.len() == size {
            return Ok(Self(data));
        }
        Err(LayoutError::Size {
            layout,
            was: data.len(),
            expected: size,
        })
    }

    /// Takes bytes of at least `size`.
    pub(crate) fn at_least(
        layout: &'static str,
        data: &'a [u8],
        size: usize,
    ) -> Result<Self, LayoutError> {
        if data.len() >= size {
            return Ok(Self(data));
        }
        Err(LayoutError::Size {
            layout,
            was: data.len(),
            expected: size,
        })
    }

    /// Takes bytes of at least `size` that start with `discriminator`.
    pub(crate) fn tagged(
        layout: &'static str,
        data: &'a [u8],
        discriminator: [u8; 8],
        size: usize,
    ) -> Result<Self, LayoutError> {
        let Some(&was) = data.first_chunk::<8>() else {
            return Err(LayoutError::Size {
                layout,
                was: data.len(),
                expected: 8,
            });
        };
        if was != discriminator {
            return Err(LayoutError::Discriminator { layout, was });
        }
        Self::at_least(layout, data, size)
    }

    pub(crate) fn data(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn bytes<const N: usize>(self, offset: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.0[offset..offset + N]);
        out
    }

    pub(crate) fn key(self, offset: usize) -> Pubkey {
        self.bytes(offset)
    }

    pub(crate) fn u8(self, offset: usize) -> u8 {
        self.0[offset]
    }

    pub(crate) fn u16(self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn u32(self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn u64(self, offset: usize) -> u64 {
        u64::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn u128(self, offset: usize) -> u128 {
        u128::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn i32(self, offset: usize) -> i32 {
        i32::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn i64(self, offset: usize) -> i64 {
        i64::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn i128(self, offset: usize) -> i128 {
        i128::from_le_bytes(self.bytes(offset))
    }
}
