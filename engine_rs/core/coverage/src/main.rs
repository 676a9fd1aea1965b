//! Prints which lines of `core/src` its own Rust tests reach, by file; fails under the share asked for.
//!
//! `cambist-coverage PERCENT PROFILES` reads the messages of `cargo test --no-run --message-format=json`, which name the
//! instrumented test programs; PROFILES is the folder in which they left what they counted.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use llvm_profparser::{CoverageMapping, merge_profiles};

const SOURCES: &str = "core/src/";
/// Better files are not listed.
const LISTED_UNDER: f64 = 90.0;

type Lines = BTreeMap<usize, bool>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [least, profiles] = &arguments[..] else {
        panic!("cambist-coverage PERCENT PROFILES");
    };
    let mut messages = String::new();
    std::io::stdin()
        .read_to_string(&mut messages)
        .expect("text");
    let files = reached(&programs(&messages), Path::new(profiles));
    let share = |lines: &Lines| {
        let hit = lines.values().filter(|&&hit| hit).count();
        (hit, lines.len(), 100.0 * hit as f64 / lines.len() as f64)
    };
    let mut rows: Vec<_> = files
        .iter()
        .map(|(name, lines)| (share(lines), name))
        .collect();
    rows.sort_by(|one, other| one.0.2.total_cmp(&other.0.2));
    for ((hit, all, percent), name) in &rows {
        if *percent < LISTED_UNDER {
            println!("{percent:5.1} %  {hit:>4} of {all:>4}  {name}");
        }
    }
    let (hit, all) = rows
        .iter()
        .fold((0, 0), |sum, (row, _)| (sum.0 + row.0, sum.1 + row.1));
    let percent = 100.0 * hit as f64 / all as f64;
    println!(
        "core: {percent:.1} % of {all} lines in {} files",
        rows.len()
    );
    ExitCode::from(u8::from(
        all == 0 || percent < least.parse().expect("a percentage"),
    ))
}

/// Returns the test programs that cargo names.
fn programs(messages: &str) -> Vec<PathBuf> {
    let named = messages.lines().filter_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        Some(PathBuf::from(rest.split_once('"')?.0))
    });
    named.collect()
}

/// Returns the lines of each file that hold code, and whether any program reached them.
fn reached(programs: &[PathBuf], profiles: &Path) -> BTreeMap<String, Lines> {
    let found = std::fs::read_dir(profiles).expect("the folder of profiles");
    let found: Vec<PathBuf> = found.map(|entry| entry.expect("a file").path()).collect();
    let profile = merge_profiles(&found).expect("profiles of this compiler");
    let mut files: BTreeMap<String, Lines> = BTreeMap::new();
    for program in programs {
        let programs = [program.clone()];
        let mapping = CoverageMapping::new(&programs, &profile, true).expect("a program");
        let report = mapping.generate_report().expect("a report");
        for (path, result) in report.files {
            let path = path.to_string_lossy();
            let Some((_, name)) = path.split_once(SOURCES).filter(|(_, name)| !is_test(name))
            else {
                continue;
            };
            let text = std::fs::read_to_string(Path::new(SOURCES).join(name)).expect(name);
            let lines = files.entry(name.to_owned()).or_default();
            // Tests stand at the end of their file.
            for (at, line) in text.lines().enumerate() {
                if line.starts_with("#[cfg(test)]")
                    && text.lines().nth(at + 1) != Some("mod tests;")
                {
                    break;
                }
                if let Some(hits) = result.hits_for_line(at + 1) {
                    *lines.entry(at + 1).or_default() |= hits > 0;
                }
            }
        }
    }
    files.retain(|_, lines| !lines.is_empty());
    files
}

fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("tests/")
}
