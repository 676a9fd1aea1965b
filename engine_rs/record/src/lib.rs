//! The record: a 32-byte little-endian header and its body; a block is a run of them.
//!
//! seq u64 · `recv_ns` i64 · kind u8 · direction u8 · channel u16 · conn u32 · generation u32 · `body_len` u32
//!
//! Bit 7 of a frame's direction marks a moment: nothing more was on its way when it was taken, so that what moved is to be
//! judged now.
//!
//! What writes records and what reads them share this crate; `cambist/model/events.py` is its twin.
#![forbid(unsafe_code)]

use thiserror::Error;

/// Bytes of a header.
pub const HEADER: usize = 32;
/// Offset of the kind in a header.
pub const KIND_AT: usize = 16;
/// Offset of the direction in a header.
pub const DIRECTION_AT: usize = 17;
/// Longest body.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// Which way a frame went.
pub mod direction {
    pub const IN: u8 = 0;
    pub const OUT: u8 = 1;
    /// Set on top of either: a moment.
    pub const MOMENT: u8 = 0x80;
}

/// Kinds of records that a transport writes or an engine takes.
pub mod kind {
    pub const FRAME: u8 = 1;
    pub const TICK: u8 = 2;
    pub const COMMAND: u8 = 3;
    pub const GAP: u8 = 4;
    pub const CONNECTED: u8 = 5;
    pub const DISCONNECTED: u8 = 6;
    pub const FILL: u8 = 7;
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
    /// Whether what moved is to be judged once it is applied.
    pub moment: bool,
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
            kind: header[KIND_AT],
            direction: header[DIRECTION_AT] & !direction::MOMENT,
            moment: header[DIRECTION_AT] & direction::MOMENT != 0,
            channel: u16::from_le_bytes(part(header, 18)),
            conn: u32::from_le_bytes(part(header, 20)),
            generation: u32::from_le_bytes(part(header, 24)),
            body_len: u32::from_le_bytes(part(header, 28)),
        })
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&self.seq.to_le_bytes());
        header[8..16].copy_from_slice(&self.recv_ns.to_le_bytes());
        header[KIND_AT] = self.kind;
        header[DIRECTION_AT] = self.direction | if self.moment { direction::MOMENT } else { 0 };
        header[18..20].copy_from_slice(&self.channel.to_le_bytes());
        header[20..24].copy_from_slice(&self.conn.to_le_bytes());
        header[24..28].copy_from_slice(&self.generation.to_le_bytes());
        header[28..].copy_from_slice(&self.body_len.to_le_bytes());
        header
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (seq, recv_ns, channel, conn, generation) in any::<(u64, i64, u16, u32, u32)>(),
            (kind, direction, moment) in (any::<u8>(), 0..direction::MOMENT, any::<bool>()), body in prop::collection::vec(any::<u8>(), 0..64), cut in 0_usize..96,
        ) {
            let body_len = body.len() as u32;
            let header = Header { seq, recv_ns, kind, direction, moment, channel, conn, generation, body_len };
            let mut block = header.bytes().to_vec();
            block.extend(&body);
            prop_assert_eq!(Header::read(&block, 0), Ok(header));
            prop_assert_eq!(header.body(&block, 0), Ok((&body[..], block.len())));
            let whole = block.len();
            block.truncate(cut.min(whole));
            if cut < HEADER {
                prop_assert_eq!(Header::read(&block, 0).map_err(|error| error.offset), Err(0));
            } else {
                prop_assert_eq!(header.body(&block, 0).is_ok(), cut >= whole);
            }
        }
    }

    #[test]
    fn a_body_that_none_may_be_as_long_as_is_refused() {
        let header = Header {
            seq: 1,
            recv_ns: 0,
            kind: kind::FRAME,
            direction: direction::IN,
            moment: false,
            channel: 1,
            conn: 1,
            generation: 1,
            body_len: MAX_BODY as u32 + 1,
        };
        let mut block = header.bytes().to_vec();
        block.resize(HEADER + MAX_BODY + 1, 0);
        let error = header.body(&block, 0).unwrap_err();
        let text = format!(
            "damaged block at byte 0: body of {} bytes, {} bytes left",
            MAX_BODY + 1,
            MAX_BODY + 1
        );
        assert_eq!(error.to_string(), text);
    }
}
