//! Lossless compressed quote history, read block by block.
//!
//! A quote is five whole numbers below 2⁶⁴: time in ns, bid price, bid size, ask price, ask size (prices and sizes × 10⁸,
//! as elsewhere). Quotes are in time order. All numbers of a file are little-endian:
//!
//! | part | bytes | what |
//! |---|---|---|
//! | head | 3 + 1 | `CQH`, version 1 |
//! | | 4 | number of blocks |
//! | | 4 | CRC-32 (IEEE) of the directory |
//! | directory, a block each | 8 | time of its first quote |
//! | | 8 | where it begins in the file |
//! | | 4 | how many quotes it has, 1 to 1,024 |
//! | | 4 | CRC-32 of the block |
//! | blocks | | five columns each, end to end |
//!
//! A column is its kind (1 byte), base (8) and step (8), then packed numbers. The step is the greatest common divisor of
//! the changes from quote to quote; 0 means that there were none: all values are the base, and nothing is packed. With
//! kind 0 a number is (value − base) ÷ step, and the base the least value; with kind 1 it is the change since the value
//! before (first: the base) ÷ step; with kind 2 how much that changed since the number before (first: 0). Numbers of kinds
//! 1 and 2 are zigzag. Sums and products are modulo 2⁶⁴, so that every change fits. The kind that packs smallest is used,
//! the lowest of equals.
//!
//! Numbers lie in groups of 64, the last may be shorter: one byte tells how many bits a number has, 0 to 64, then they
//! follow, lowest bit first, filled up to whole bytes with zeros. If its highest bit is set, a bit for each number comes
//! first, which tells whether it isn't 0, and only those follow: where that is shorter, as most prices repeat.
//!
//! A damaged file is refused in words that tell what was found where. What a file claims about sizes is checked against
//! its length before it is used: quotes take at most 376 times the bytes of their file.
//!
//! For users of the engine: no screen and no order uses it.
//!
//! One file: the layout above is written and read here, and nowhere else.

mod pack;

use thiserror::Error;

use crate::book::crc32::crc32;

/// Columns of a quote: time, bid price, bid size, ask price, ask size.
pub const COLUMNS: usize = 5;
/// Quotes of a block; only the last of a file may have fewer where this module wrote it.
pub const BLOCK_ROWS: usize = 1_024;
/// The most blocks of a file: 2³⁰ quotes.
pub const MAX_BLOCKS: usize = 1 << 20;

const MAGIC: [u8; 3] = *b"CQH";
const VERSION: u8 = 1;
const HEAD: usize = 12;
const ENTRY: usize = 24;

/// Why quotes can't be written or a file can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    #[error("column {column} has {found} values, time has {expected}")]
    Lengths {
        column: usize,
        found: usize,
        expected: usize,
    },
    #[error("{0} quotes, more than 1073741824")]
    TooMany(usize),
    #[error("quote {row} at {time_ns} is before the one at {before_ns}")]
    Order {
        row: usize,
        time_ns: u64,
        before_ns: u64,
    },
    #[error("file of {length} bytes, at least {expected} needed")]
    Short { length: usize, expected: usize },
    #[error("file begins with {0:02x?}, not 43 51 48")]
    Magic([u8; 3]),
    #[error("version was {0}, not 1")]
    Version(u8),
    #[error("{0} blocks, more than 1048576")]
    Blocks(u32),
    #[error("directory has the sum {found:08x}, not {stored:08x}")]
    DirectorySum { found: u32, stored: u32 },
    #[error("block {block} has {rows} quotes, not 1 to 1024")]
    Rows { block: usize, rows: u32 },
    #[error("block {block} begins at {offset}, not in {least} to {most}")]
    Offset {
        block: usize,
        offset: u64,
        least: usize,
        most: usize,
    },
    #[error("block {block} begins at time {time_ns}, the one before it at {before_ns}")]
    BlockOrder {
        block: usize,
        time_ns: u64,
        before_ns: u64,
    },
    #[error("block {block} of {blocks}")]
    NoBlock { block: usize, blocks: usize },
    #[error("block {block} has the sum {found:08x}, not {stored:08x}")]
    BlockSum {
        block: usize,
        found: u32,
        stored: u32,
    },
    #[error("block {block}, column {column}: {why}")]
    Column {
        block: usize,
        column: usize,
        why: ColumnError,
    },
    #[error("block {block}: {bytes} bytes after its last column")]
    Trailing { block: usize, bytes: usize },
    #[error("block {block} begins at {found}, its directory says {stored}")]
    FirstTime {
        block: usize,
        found: u64,
        stored: u64,
    },
    #[error("block {block}, quote {row} at {time_ns} is before the one at {before_ns}")]
    Disorder {
        block: usize,
        row: usize,
        time_ns: u64,
        before_ns: u64,
    },
}

/// What is wrong with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ColumnError {
    #[error("{have} bytes left, {need} needed")]
    Cut { have: usize, need: usize },
    #[error("kind was {0}, not 0 to 2")]
    Kind(u8),
    #[error("width was {0} bits, more than 64")]
    Width(usize),
    #[error("mask {mask:x} of a group of {count}")]
    Mask { mask: u64, count: usize },
}

/// A block as the directory tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteBlock {
    /// Time of its first quote.
    pub first_ns: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// How many quotes it has.
    pub rows: u32,
    pub crc32: u32,
}

/// Quotes, column after column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// `COLUMNS` × `rows` values.
    pub values: Vec<u64>,
    pub rows: usize,
}

impl Quotes {
    fn new(rows: usize) -> Self {
        Self {
            values: vec![0; COLUMNS * rows],
            rows,
        }
    }

    /// Returns one column.
    pub fn column(&self, column: usize) -> &[u64] {
        &self.values[column * self.rows..(column + 1) * self.rows]
    }

    fn put(&mut self, at: usize, block: &[Vec<u64>; COLUMNS], from: usize, to: usize) {
        for (column, values) in block.iter().enumerate() {
            let begin = column * self.rows + at;
            self.values[begin..begin + to - from].copy_from_slice(&values[from..to]);
        }
    }
}

/// Returns a file of quotes, the same bytes for the same quotes.
///
/// # Errors
/// `Lengths`, `TooMany` and `Order`.
pub fn encode_quotes(columns: [&[u64]; COLUMNS]) -> Result<Vec<u8>, CodecError> {
    check(&columns)?;
    let rows = columns[0].len();
    let blocks = rows.div_ceil(BLOCK_ROWS);
    let (mut directory, mut body) = (Vec::with_capacity(blocks * ENTRY), Vec::new());
    for begin in (0..rows).step_by(BLOCK_ROWS) {
        let end = rows.min(begin + BLOCK_ROWS);
        let offset = body.len();
        for column in columns {
            pack::write(&column[begin..end], &mut body);
        }
        let place = HEAD + blocks * ENTRY + offset;
        directory.extend(columns[0][begin].to_le_bytes());
        directory.extend((place as u64).to_le_bytes());
        directory.extend(((end - begin) as u32).to_le_bytes());
        directory.extend(crc32(&body[offset..]).to_le_bytes());
    }
    let mut file = Vec::with_capacity(HEAD + directory.len() + body.len());
    file.extend(MAGIC);
    file.push(VERSION);
    file.extend((blocks as u32).to_le_bytes());
    file.extend(crc32(&directory).to_le_bytes());
    file.extend(directory);
    file.extend(body);
    Ok(file)
}

fn check(columns: &[&[u64]; COLUMNS]) -> Result<(), CodecError> {
    let expected = columns[0].len();
    for (column, values) in columns.iter().enumerate() {
        if values.len() != expected {
            return Err(CodecError::Lengths {
                column,
                found: values.len(),
                expected,
            });
        }
    }
    if expected > MAX_BLOCKS * BLOCK_ROWS {
        return Err(CodecError::TooMany(expected));
    }
    match disorder(columns[0]) {
        None => Ok(()),
        Some((row, before_ns, time_ns)) => Err(CodecError::Order {
            row,
            time_ns,
            before_ns,
        }),
    }
}

/// Returns the first row whose time is before the one ahead of it, with the two.
fn disorder(times: &[u64]) -> Option<(usize, u64, u64)> {
    let at = times.windows(2).position(|pair| pair[1] < pair[0])?;
    Some((at + 1, times[at], times[at + 1]))
}

/// Returns the blocks of a file. Only its head and directory are read.
///
/// # Errors
/// What is wrong with the head or the directory.
pub fn quote_blocks(file: &[u8]) -> Result<Vec<QuoteBlock>, CodecError> {
    let length = file.len();
    let Some((head, rest)) = file.split_first_chunk::<HEAD>() else {
        let expected = HEAD;
        return Err(CodecError::Short { length, expected });
    };
    let [m0, m1, m2, version, n0, n1, n2, n3, c0, c1, c2, c3] = *head;
    if [m0, m1, m2] != MAGIC {
        return Err(CodecError::Magic([m0, m1, m2]));
    }
    if version != VERSION {
        return Err(CodecError::Version(version));
    }
    let count = u32::from_le_bytes([n0, n1, n2, n3]);
    if count as usize > MAX_BLOCKS {
        return Err(CodecError::Blocks(count));
    }
    let Some(directory) = rest.get(..count as usize * ENTRY) else {
        let expected = HEAD + count as usize * ENTRY;
        return Err(CodecError::Short { length, expected });
    };
    let (found, stored) = (crc32(directory), u32::from_le_bytes([c0, c1, c2, c3]));
    if found != stored {
        return Err(CodecError::DirectorySum { found, stored });
    }
    let (entries, _) = directory.as_chunks::<ENTRY>();
    let blocks: Vec<QuoteBlock> = entries.iter().map(entry).collect();
    check_blocks(&blocks, length)?;
    Ok(blocks)
}

fn entry(bytes: &[u8; ENTRY]) -> QuoteBlock {
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    QuoteBlock {
        first_ns: long(0),
        offset: long(8),
        rows: short(16),
        crc32: short(20),
    }
}

fn check_blocks(blocks: &[QuoteBlock], length: usize) -> Result<(), CodecError> {
    // The first block begins where the directory ends, each further one where there is room for one before it.
    let (mut least, mut most) = (HEAD + blocks.len() * ENTRY, HEAD + blocks.len() * ENTRY);
    let mut before_ns = 0;
    for (block, listed) in blocks.iter().enumerate() {
        let (rows, offset, time_ns) = (listed.rows, listed.offset, listed.first_ns);
        if rows == 0 || rows as usize > BLOCK_ROWS {
            return Err(CodecError::Rows { block, rows });
        }
        if offset < least as u64 || offset > most as u64 {
            return Err(CodecError::Offset {
                block,
                offset,
                least,
                most,
            });
        }
        if time_ns < before_ns {
            return Err(CodecError::BlockOrder {
                block,
                time_ns,
                before_ns,
            });
        }
        least = offset as usize + COLUMNS * pack::HEAD;
        most = length.max(least);
        before_ns = time_ns;
    }
    match (blocks.len(), length - HEAD) {
        (0, bytes @ 1..) => Err(CodecError::Trailing { block: 0, bytes }),
        (1.., _) if least > length => Err(CodecError::Short {
            length,
            expected: least,
        }),
        _ => Ok(()),
    }
}

/// Returns all quotes of a file.
///
/// # Errors
/// What is wrong with it first.
pub fn decode_quotes(file: &[u8]) -> Result<Quotes, CodecError> {
    let blocks = quote_blocks(file)?;
    let mut quotes = Quotes::new(blocks.iter().map(|block| block.rows as usize).sum());
    let (mut at, mut buffer, mut before_ns) = (0, Default::default(), 0);
    for block in 0..blocks.len() {
        read(file, &blocks, block, &mut buffer)?;
        follow(block, &buffer[0], &mut before_ns)?;
        let rows = buffer[0].len();
        quotes.put(at, &buffer, 0, rows);
        at += rows;
    }
    Ok(quotes)
}

/// Checks that a block begins no earlier than the one before it ended.
fn follow(block: usize, times: &[u64], before_ns: &mut u64) -> Result<(), CodecError> {
    let (Some(&time_ns), Some(&last)) = (times.first(), times.last()) else {
        return Ok(());
    };
    if time_ns < *before_ns {
        return Err(CodecError::Disorder {
            block,
            row: 0,
            time_ns,
            before_ns: *before_ns,
        });
    }
    *before_ns = last;
    Ok(())
}

/// Returns the quotes of one block; no other is read.
///
/// # Errors
/// `NoBlock`; what is wrong with the directory or the block.
pub fn decode_quote_block(file: &[u8], block: usize) -> Result<Quotes, CodecError> {
    let blocks = quote_blocks(file)?;
    let mut buffer = Default::default();
    read(file, &blocks, block, &mut buffer)?;
    let mut quotes = Quotes::new(buffer[0].len());
    quotes.put(0, &buffer, 0, buffer[0].len());
    Ok(quotes)
}

/// Returns the quotes from `from_ns` on and before `to_ns`; only blocks that can hold some are read.
///
/// # Errors
/// What is wrong with the directory or one of those blocks.
pub fn quotes_between(file: &[u8], from_ns: u64, to_ns: u64) -> Result<Quotes, CodecError> {
    let blocks = quote_blocks(file)?;
    // Quotes of the very time at which a block begins may be the last of the block before it.
    let begin = blocks
        .partition_point(|block| block.first_ns < from_ns)
        .saturating_sub(1);
    let end = blocks
        .partition_point(|block| block.first_ns < to_ns)
        .max(begin);
    let (mut found, mut rows) = (Vec::with_capacity(end - begin), 0);
    let (mut buffer, mut before_ns): ([Vec<u64>; COLUMNS], u64) = Default::default();
    for block in begin..end {
        read(file, &blocks, block, &mut buffer)?;
        follow(block, &buffer[0], &mut before_ns)?;
        let from = buffer[0].partition_point(|time| *time < from_ns);
        let to = buffer[0].partition_point(|time| *time < to_ns).max(from);
        rows += to - from;
        found.push((std::mem::take(&mut buffer), from, to));
    }
    let (mut quotes, mut at) = (Quotes::new(rows), 0);
    for (columns, from, to) in &found {
        quotes.put(at, columns, *from, *to);
        at += to - from;
    }
    Ok(quotes)
}

/// Reads a block into `columns`.
fn read(
    file: &[u8],
    blocks: &[QuoteBlock],
    block: usize,
    columns: &mut [Vec<u64>; COLUMNS],
) -> Result<(), CodecError> {
    let Some(listed) = blocks.get(block) else {
        let blocks = blocks.len();
        return Err(CodecError::NoBlock { block, blocks });
    };
    let end = blocks
        .get(block + 1)
        .map_or(file.len(), |next| next.offset as usize);
    let mut bytes = &file[listed.offset as usize..end];
    let found = crc32(bytes);
    if found != listed.crc32 {
        let stored = listed.crc32;
        return Err(CodecError::BlockSum {
            block,
            found,
            stored,
        });
    }
    for (column, values) in columns.iter_mut().enumerate() {
        bytes = pack::read(bytes, listed.rows as usize, values)
            .map_err(|why| CodecError::Column { block, column, why })?;
    }
    if !bytes.is_empty() {
        let bytes = bytes.len();
        return Err(CodecError::Trailing { block, bytes });
    }
    let (found, stored) = (columns[0][0], listed.first_ns);
    if found != stored {
        return Err(CodecError::FirstTime {
            block,
            found,
            stored,
        });
    }
    match disorder(&columns[0]) {
        None => Ok(()),
        Some((row, before_ns, time_ns)) => Err(CodecError::Disorder {
            block,
            row,
            time_ns,
            before_ns,
        }),
    }
}

#[cfg(test)]
mod tests;
