use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Rows = Vec<[u64; COLUMNS]>;

fn columns(rows: &Rows) -> [Vec<u64>; COLUMNS] {
    std::array::from_fn(|column| rows.iter().map(|row| row[column]).collect())
}

fn written(rows: &Rows) -> Vec<u8> {
    encode_quotes(columns(rows).each_ref().map(Vec::as_slice)).expect("in order")
}

/// Quotes as a market makes them: rising times, prices of one tick size that mostly stay.
fn walk(count: usize) -> Rows {
    let (mut state, mut time, mut bid) = (1_u64, 1_723_161_254_000_000_000, 6_183_763_000_000);
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            time += state >> 36;
            bid = bid + (state >> 20 & 3) * 1_000_000 - 1_000_000;
            let size = (state >> 40) * 1_000;
            [time, bid, size, bid + 1_000_000, size / 3]
        })
        .collect()
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let wild = vec(any::<[u64; COLUMNS]>(), 0..200);
    let edge = prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(1 << 63),
        Just(u64::MAX - 7),
        0..9_u64
    ];
    let edges = vec(proptest::array::uniform5(edge), 0..200);
    let market = (0..2_600_usize).prop_map(walk);
    prop_oneof![wild, edges, market].prop_map(|mut rows| {
        rows.sort_by_key(|row| row[0]);
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn quotes_come_back(rows in any_rows()) {
        let (file, expected) = (written(&rows), columns(&rows));
        let found = decode_quotes(&file).expect("as written");
        prop_assert_eq!(found.rows, rows.len());
        for (at, column) in expected.iter().enumerate() {
            prop_assert_eq!(found.column(at), column);
        }
        prop_assert_eq!(written(&rows), file);
    }

    #[test]
    fn a_block_is_its_part(rows in any_rows()) {
        let file = written(&rows);
        let blocks = quote_blocks(&file).expect("as written");
        prop_assert_eq!(blocks.len(), rows.len().div_ceil(BLOCK_ROWS));
        for (at, part) in rows.chunks(BLOCK_ROWS).enumerate() {
            let found = decode_quote_block(&file, at).expect("as written");
            prop_assert_eq!(found.values, columns(&part.to_vec()).concat());
            prop_assert_eq!(blocks[at].first_ns, part[0][0]);
        }
        let blocks = blocks.len();
        prop_assert_eq!(decode_quote_block(&file, blocks), Err(CodecError::NoBlock { block: blocks, blocks }));
    }

    #[test]
    fn a_range_is_what_lies_in_it(rows in any_rows(), from in 0.0..1.1_f64, long in 0.0..1.0_f64) {
        let file = written(&rows);
        let pick = |share: f64| rows.get((share * rows.len() as f64) as usize).map_or(u64::MAX, |row| row[0]);
        for (from_ns, to_ns) in [(pick(from), pick(from + long)), (pick(from + long), pick(from)), (0, u64::MAX)] {
            let inside: Rows = rows.iter().copied().filter(|row| from_ns <= row[0] && row[0] < to_ns).collect();
            let found = quotes_between(&file, from_ns, to_ns).expect("as written");
            prop_assert_eq!(found.values, columns(&inside).concat());
        }
    }

    #[test]
    fn a_changed_byte_is_found(rows in any_rows(), at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let mut file = written(&rows);
        let at = at.index(file.len());
        file[at] ^= change;
        prop_assert!(decode_quotes(&file).is_err());
        file.truncate(at);
        prop_assert!(decode_quotes(&file).is_err());
    }

    #[test]
    fn damage_under_right_sums_never_panics(
        rows in any_rows(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut file = written(&rows);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        seal(&mut file);
        let all = decode_quotes(&file);
        if let Ok(blocks) = quote_blocks(&file) {
            for block in 0..blocks.len().min(4) {
                let one = decode_quote_block(&file, block);
                prop_assert!(all.is_err() || one.is_ok());
            }
        }
        let between = quotes_between(&file, 5, u64::MAX);
        prop_assert!(all.is_err() || between.is_ok());
    }

    #[test]
    fn noise_never_panics(noise in vec(any::<u8>(), 0..300), sealed in any::<bool>()) {
        let mut file = noise;
        if sealed && file.len() >= HEAD {
            file[..8].copy_from_slice(b"CQH\x01\x01\0\0\0");
            seal(&mut file);
        }
        let _ = decode_quotes(&file);
        let _ = quotes_between(&file, 0, 1 << 40);
        let _ = decode_quote_block(&file, 0);
    }
}

/// Makes the sums right, as far as the file's parts can be found.
fn seal(file: &mut [u8]) {
    let Some(count) = file
        .get(4..8)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    else {
        return;
    };
    let count = (count as usize).min(file.len().saturating_sub(HEAD) / ENTRY);
    let offsets: Vec<usize> = (0..count)
        .map(|at| {
            entry(&std::array::from_fn(|byte| file[HEAD + at * ENTRY + byte])).offset as usize
        })
        .collect();
    for (at, &begin) in offsets.iter().enumerate() {
        let end = offsets.get(at + 1).copied().unwrap_or(file.len());
        if let Some(sum) = file.get(begin..end).map(crc32) {
            let place = HEAD + at * ENTRY + 20;
            file[place..place + 4].copy_from_slice(&sum.to_le_bytes());
        }
    }
    if file.len() >= HEAD {
        let sum = crc32(&file[HEAD..HEAD + count * ENTRY]);
        file[8..12].copy_from_slice(&sum.to_le_bytes());
    }
}

#[test]
fn sums_are_those_of_zlib() {
    assert_eq!(crc32(b""), 0);
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    assert_eq!(
        crc32(b"The quick brown fox jumps over the lazy dog"),
        0x414F_A339
    );
}

#[test]
fn an_empty_file_is_its_head() {
    let file = written(&vec![]);
    assert_eq!(file, b"CQH\x01\0\0\0\0\0\0\0\0");
    assert_eq!(decode_quotes(&file), Ok(Quotes::default()));
    let longer = [file.as_slice(), b"?"].concat();
    let trailing = CodecError::Trailing { block: 0, bytes: 1 };
    assert_eq!(decode_quotes(&longer), Err(trailing));
}

#[test]
fn quotes_of_a_market_take_a_fraction() {
    let rows = walk(10_000);
    let file = written(&rows);
    assert!(
        file.len() * 3 < rows.len() * COLUMNS * 8,
        "{} bytes",
        file.len()
    );
    let still = vec![[7, 1, 2, 3, 4]; 2 * BLOCK_ROWS];
    assert_eq!(
        written(&still).len(),
        HEAD + 2 * (ENTRY + COLUMNS * pack::HEAD)
    );
}

#[test]
fn what_cannot_be_written_is_told() {
    let (times, one) = ([5, 4], [0; 1]);
    let short = encode_quotes([&times, &times, &one, &times, &times]);
    let lengths = CodecError::Lengths {
        column: 2,
        found: 1,
        expected: 2,
    };
    assert_eq!(short, Err(lengths));
    let order = CodecError::Order {
        row: 1,
        time_ns: 4,
        before_ns: 5,
    };
    assert_eq!(encode_quotes([&times; COLUMNS]), Err(order));
}

fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> CodecError {
    let mut file = written(&walk(1_500));
    change(&mut file);
    seal(&mut file);
    decode_quotes(&file).expect_err("damaged")
}

#[test]
fn what_cannot_be_read_is_told() {
    let (first, second) = (HEAD, HEAD + ENTRY);
    let body = HEAD + 2 * ENTRY;
    let expected = HEAD;
    assert_eq!(
        damaged(|file| file.truncate(5)),
        CodecError::Short {
            length: 5,
            expected
        }
    );
    assert_eq!(
        damaged(|file| file[1] = 0),
        CodecError::Magic([0x43, 0, 0x48])
    );
    assert_eq!(damaged(|file| file[3] = 2), CodecError::Version(2));
    assert_eq!(damaged(|file| file[7] = 1), CodecError::Blocks(0x0100_0002));
    assert!(
        matches!(damaged(|file| file[6] = 1), CodecError::Short { expected, .. } if expected == HEAD + 0x1_0002 * ENTRY)
    );
    assert_eq!(
        damaged(|file| file[first + 17] = 5),
        CodecError::Rows {
            block: 0,
            rows: 0x500
        }
    );
    assert!(
        matches!(damaged(|file| file[first + 8] += 1), CodecError::Offset { block: 0, offset, least, most } if (offset as usize, least) == (body + 1, most))
    );
    assert!(matches!(
        damaged(|file| file[second + 12] = 1),
        CodecError::Offset { block: 1, .. }
    ));
    assert!(matches!(
        damaged(|file| file[second + 7] = 0),
        CodecError::BlockOrder { block: 1, .. }
    ));
    assert!(matches!(
        damaged(|file| file[first] ^= 1),
        CodecError::FirstTime { block: 0, .. }
    ));
    assert_eq!(
        damaged(|file| file[body] = 3),
        CodecError::Column {
            block: 0,
            column: 0,
            why: ColumnError::Kind(3)
        }
    );
    assert_eq!(
        damaged(|file| file[body + 17] = 65),
        CodecError::Column {
            block: 0,
            column: 0,
            why: ColumnError::Width(65)
        }
    );
    assert_eq!(
        damaged(|file| file.push(0)),
        CodecError::Trailing { block: 1, bytes: 1 }
    );
    assert!(matches!(
        damaged(|file| file.truncate(file.len() - 1)),
        CodecError::Column {
            block: 1,
            column: 4,
            why: ColumnError::Cut { .. }
        }
    ));
    let mut file = written(&walk(1_500));
    file[body + 30] ^= 1;
    assert!(matches!(
        decode_quotes(&file),
        Err(CodecError::BlockSum { block: 0, .. })
    ));
    file[first] ^= 1;
    assert!(matches!(
        decode_quotes(&file),
        Err(CodecError::DirectorySum { .. })
    ));
}

#[test]
fn a_block_that_begins_before_the_last_ended_is_refused() {
    let mut file = written(&walk(1_500));
    // The first block now begins and ends later than the second begins.
    let base = HEAD + 2 * ENTRY + 1;
    let second: [u8; 8] = std::array::from_fn(|byte| file[HEAD + ENTRY + byte]);
    file[HEAD..HEAD + 8].copy_from_slice(&second);
    file[base..base + 8].copy_from_slice(&second);
    seal(&mut file);
    assert!(matches!(
        decode_quotes(&file),
        Err(CodecError::Disorder {
            block: 1,
            row: 0,
            ..
        })
    ));
    assert!(decode_quote_block(&file, 1).is_ok());
}

#[test]
fn the_twin_writes_the_same_bytes() {
    let mut state = 1_u64;
    let mut next = |bits: u32| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> (64 - bits)
    };
    let (mut time, mut bid) = (1_u64 << 60, 1_u64 << 40);
    let rows: Rows = (0..2_500)
        .map(|_| {
            time += next(20);
            if next(4) == 0 {
                bid += next(3) * 1_000;
            }
            [time, bid, next(64), bid + 1_000, next(30) * 77]
        })
        .collect();
    let file = written(&rows);
    assert_eq!((file.len(), crc32(&file)), (37_261, 0x16E1_084B));
}

#[test]
fn zeros_between_cost_a_bit() {
    let mut prices = [5_000_u64; 64];
    prices[40..].fill(6_001);
    prices[50..].fill(6_000);
    let mut column = Vec::new();
    pack::write(&prices, &mut column);
    // Steps of 1 in zigzag: +1001 and −1 take 11 bits, their places 64.
    assert_eq!(column.len(), pack::HEAD + 1 + 8 + 3);
    let mut found = Vec::new();
    assert_eq!(pack::read(&column, 64, &mut found), Ok(&[][..]));
    assert_eq!(found, prices);
    column[pack::HEAD + 8] = 0xFF;
    assert!(matches!(
        pack::read(&column, 60, &mut found),
        Err(ColumnError::Mask { count: 60, .. })
    ));
}
