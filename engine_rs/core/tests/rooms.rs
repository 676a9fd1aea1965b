//! The rooms of the engine: both tables are whole, and nothing outside of them names a venue or an exchange.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cambist_core::exchanges::decimal::PriceScales;
use cambist_core::exchanges::{self, Continuity};
use cambist_core::fees::{SwapShape, swap_cu};
use cambist_core::venues::{KINDS, PoolKind, TABLE, TYPICAL, program_of};

/// What each room of pools has, besides its maths.
const FILES: [&str; 6] = ["events", "layout", "owned", "pool", "program", "swap"];
const NO_EVENT: [(&str, &str); 2] = [
    ("saber", "its program reports none"),
    ("serum", "its program reports none"),
];
/// Not a venue's word, but whoever writes one of these means a venue.
const OTHER_WORDS: [&str; 6] = [
    "raydium",
    "whirlpool",
    "meteora",
    "damm",
    "openbook",
    "usdm",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_two_rows_share_a_name_or_an_address() {
    let names: BTreeSet<&str> = TABLE.iter().map(|row| row.venue).collect();
    let ids: Vec<_> = TABLE.iter().flat_map(|row| row.ids).collect();
    assert_eq!(names.len(), TABLE.len());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    for row in TABLE {
        assert!(!row.ids.is_empty());
        for id in row.ids {
            assert_eq!(program_of(id), Some(*row));
        }
    }
    let names: BTreeSet<&str> = exchanges::TABLE.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), exchanges::TABLE.len());
}

#[test]
fn each_row_says_how_far_it_is_proved_and_what_it_reports() {
    for row in TABLE {
        assert!(row.proof.len() > 20, "{}", row.venue);
        let reports = !row.events.is_empty() || row.line.is_some() || row.fills.is_some();
        let silent = NO_EVENT.iter().any(|(venue, _)| *venue == row.venue);
        assert_ne!(reports, silent, "{}", row.venue);
        assert!((row.layout)(&[], &[]).is_none());
        for (tag, read) in row.events {
            let cut = read(&tag.to_be_bytes());
            assert!(
                cut.is_err(),
                "{}: an event that is cut off is refused",
                row.venue
            );
        }
    }
}

#[test]
fn each_pool_program_has_a_room_a_number_and_compute_units() {
    for (number, kind) in KINDS.iter().enumerate() {
        let venue = kind.venue();
        for file in FILES {
            let path = source().join(format!("venues/{venue}/{file}.rs"));
            assert!(path.is_file(), "{} is missing", path.display());
        }
        assert_eq!(PoolKind::named(venue), Some(*kind));
        assert_eq!(KINDS[number].venue(), TABLE[number].venue);
        for id in kind.program().ids {
            assert_eq!(PoolKind::of(id), Some(*kind));
        }
        let shape = SwapShape {
            venue,
            ..SwapShape::default()
        };
        assert!(
            swap_cu(&shape).is_some_and(|units| units > 20_000),
            "{venue}"
        );
    }
    assert!(TYPICAL.iter().all(|kind| KINDS.contains(kind)));
}

#[test]
fn each_exchange_says_how_its_books_go_on() {
    for row in exchanges::TABLE {
        assert!(
            !row.books.is_empty() && row.proof.len() > 10,
            "{}",
            row.name
        );
        for books in row.books {
            assert!(books.head.starts_with(row.name) && books.head.ends_with('.'));
            assert_eq!(
                Continuity::of(&format!("{}ws", books.head)),
                books.continuity
            );
            assert_eq!(books.continuity.rules(), books.rules);
        }
        assert!(
            (row.decode)(
                &format!("{}.nothing", row.name),
                "",
                b"{}",
                &PriceScales::EIGHT
            )
            .is_err()
        );
    }
}

#[test]
fn nothing_outside_the_rooms_names_a_venue() {
    let venues = TABLE.iter().map(|row| row.venue);
    let named = exchanges::TABLE.iter().map(|row| row.name);
    let words: Vec<&str> = venues
        .chain(named.filter(|name| *name != "cambist"))
        .chain(OTHER_WORDS)
        .collect();
    let mut all = Vec::new();
    files(&source(), &mut all);
    let mut naming = Vec::new();
    for path in &all {
        let room = path.strip_prefix(source()).unwrap();
        let is_test = room.ends_with("tests.rs") || room.iter().any(|part| part == "tests");
        if is_test || room.starts_with("venues") || room.starts_with("exchanges") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap().to_lowercase();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let found = |word: &&&str| {
            code.split(|c: char| !c.is_ascii_alphanumeric())
                .any(|part| part == **word)
        };
        naming.extend(
            words
                .iter()
                .filter(found)
                .map(|word| format!("{}: {word}", room.display())),
        );
    }
    assert_eq!(naming, Vec::<String>::new());
}

#[test]
fn a_room_does_not_know_another_room() {
    for kind in KINDS {
        let mut own = Vec::new();
        files(&source().join("venues").join(kind.venue()), &mut own);
        for path in own {
            let text = fs::read_to_string(&path).unwrap();
            for other in KINDS.iter().filter(|other| *other != kind) {
                let import = format!("venues::{}::", other.venue());
                assert!(!text.contains(&import), "{}: {import}", path.display());
            }
        }
    }
}
