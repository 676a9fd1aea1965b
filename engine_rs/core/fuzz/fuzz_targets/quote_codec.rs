//! Files of quotes: read, with the sums mended that a mutation breaks, and written again. Bytes are also taken as quotes.
#![no_main]

use cambist_core::library::quote_codec::{COLUMNS, CodecError, Quotes, decode_quote_block, decode_quotes, encode_quotes, quote_blocks, quotes_between};
use libfuzzer_sys::fuzz_target;

const HEAD: usize = 12;
const ENTRY: usize = 24;

fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    // A sum is mended at most once for each block and each time that the directory changes by that.
    for _ in 0..64 {
        match decode_quotes(&file) {
            Ok(quotes) => return read(&file, &quotes),
            Err(CodecError::DirectorySum { found, .. }) => put(&mut file, 8, found),
            Err(CodecError::BlockSum { block, found, .. }) => {
                put(&mut file, HEAD + block * ENTRY + 20, found);
            }
            Err(_) => break,
        }
    }
    let _ = quotes_between(&file, 0, u64::MAX);
    write(data);
});

fn put(file: &mut [u8], at: usize, sum: u32) {
    file[at..at + 4].copy_from_slice(&sum.to_le_bytes());
}

fn columns(quotes: &Quotes) -> [&[u64]; COLUMNS] {
    std::array::from_fn(|column| quotes.column(column))
}

/// What was read is read alike block by block and from written bytes.
fn read(file: &[u8], quotes: &Quotes) {
    let written = encode_quotes(columns(quotes)).expect("quotes that were read can be written");
    assert_eq!(decode_quotes(&written).as_ref(), Ok(quotes));
    let blocks = quote_blocks(file).expect("all of it was read");
    let mut rows = 0;
    for block in 0..blocks.len() {
        let part = decode_quote_block(file, block).expect("all of it was read");
        for column in 0..COLUMNS {
            assert_eq!(
                part.column(column),
                &quotes.column(column)[rows..rows + part.rows]
            );
        }
        rows += part.rows;
    }
    assert_eq!(rows, quotes.rows);
    let until = quotes.column(0).last().copied().unwrap_or(0);
    let early = quotes_between(file, 0, until)
        .expect("all of it was read")
        .rows;
    let last = quotes_between(file, until, u64::MAX)
        .expect("all of it was read")
        .rows;
    let at_the_end = quotes
        .column(0)
        .iter()
        .filter(|time| **time == u64::MAX)
        .count();
    assert_eq!(early + last + at_the_end, quotes.rows);
}

/// What is written is read as it was.
fn write(data: &[u8]) {
    let (words, _) = data.as_chunks::<8>();
    let values: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let rows = values.len() / COLUMNS;
    let mut quotes = Quotes { values, rows };
    quotes.values[..rows].sort_unstable();
    quotes.values.truncate(COLUMNS * rows);
    let file = encode_quotes(columns(&quotes)).expect("times are in order");
    assert_eq!(decode_quotes(&file), Ok(quotes));
}
