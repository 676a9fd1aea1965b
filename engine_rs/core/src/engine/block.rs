//! The record: a 32-byte little-endian header and its body; a block is a run of them.
//!
//! seq u64 · `recv_ns` i64 · kind u8 · direction u8 · channel u16 · conn u32 · generation u32 · `body_len` u32

use thiserror::Error;

/// Bytes of a header.
pub const HEADER: usize = 32;
/// Longest body.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// Kinds of records an engine takes.
pub mod kind {
    pub const FRAME: u8 = 1;
    pub const TICK: u8 = 2;
    pub const GAP: u8 = 4;
    pub const CONNECTED: u8 = 5;
    pub const DISCONNECTED: u8 = 6;
    pub const CLOCK_STEP: u8 = 8;
    pub const CHANNEL: u8 = 9;
}

/// A block that doesn't hold whole records.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("damaged block at byte {offset}: {why}")]
pub struct BlockError {
    pub offset: usize,
    pub why: String,
}

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub seq: u64,
    pub recv_ns: i64,
    pub kind: u8,
    pub direction: u8,
    pub channel: u16,
    pub conn: u32,
    pub generation: u32,
    pub body_len: u32,
}

impl Header {
    /// Returns the header at `offset`.
    ///
    /// # Errors
    /// `BlockError` if fewer bytes are left than a header needs.
    pub fn read(block: &[u8], offset: usize) -> Result<Self, BlockError> {
        let rest = block.get(offset..).unwrap_or_default();
        let Some((header, _)) = rest.split_first_chunk::<HEADER>() else {
            return Err(BlockError {
                offset,
                why: format!("{} bytes left, a header needs {HEADER}", rest.len()),
            });
        };
        Ok(Self {
            seq: u64::from_le_bytes(part(header, 0)),
            recv_ns: i64::from_le_bytes(part(header, 8)),
            kind: header[16],
            direction: header[17],
            channel: u16::from_le_bytes(part(header, 18)),
            conn: u32::from_le_bytes(part(header, 20)),
            generation: u32::from_le_bytes(part(header, 24)),
            body_len: u32::from_le_bytes(part(header, 28)),
        })
    }

    /// Returns the body of the record at `offset` and the offset of the next record.
    ///
    /// # Errors
    /// `BlockError` if the body is cut short or longer than any may be.
    pub fn body<'a>(
        &self,
        block: &'a [u8],
        offset: usize,
    ) -> Result<(&'a [u8], usize), BlockError> {
        let (start, size) = (offset + HEADER, self.body_len as usize);
        match block.get(start..start + size) {
            Some(body) if size <= MAX_BODY => Ok((body, start + size)),
            _ => Err(BlockError {
                offset,
                why: format!("body of {size} bytes, {} bytes left", block.len() - start),
            }),
        }
    }
}

fn part<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}
